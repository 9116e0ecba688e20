//! Parts of a file (RFC 9110 §14): which bytes a `Range` field asks for.

/// A part: its first byte and its length, never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The first byte.
    pub start: u64,
    /// How many.
    pub len: u64,
}

/// What a `Range` field asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// These parts.
    Parts(Vec<Part>),
    /// Nothing that is there.
    None,
    /// Nothing that has to be understood: the whole is sent.
    Ignored,
}

/// Reads a `Range` field for a file of `size` bytes. Parts that meet, and more than a player needs, are ignored together
/// with the field, for they serve nobody but an attacker (§17.15).
pub fn parse(field: &[u8], size: u64) -> Asked {
    let Some((unit, list)) = field.split_at_checked(6) else { return Asked::Ignored };
    if !unit.eq_ignore_ascii_case(b"bytes=") {
        return Asked::Ignored;
    }
    let mut parts: Vec<Part> = Vec::new();
    for (count, text) in list.split(|byte| *byte == b',').enumerate() {
        let Some(part) = part(text.trim_ascii(), size) else { return Asked::Ignored };
        if count >= MOST {
            return Asked::Ignored;
        }
        parts.extend(part);
    }
    let meets = |a: &Part, b: &Part| a.start < b.start + b.len && b.start < a.start + a.len;
    let is_greedy = parts
        .iter()
        .enumerate()
        .any(|(index, part)| parts.iter().skip(index + 1).any(|other| meets(part, other)));
    if is_greedy {
        return Asked::Ignored;
    }
    if parts.is_empty() { Asked::None } else { Asked::Parts(parts) }
}

/// One part; `Some(None)` where it is not there, `None` where it breaks the grammar.
fn part(text: &[u8], size: u64) -> Option<Option<Part>> {
    let dash = text.iter().position(|byte| *byte == b'-')?;
    let (first, last) = text.split_at_checked(dash)?;
    let last = last.get(1..)?;
    let (start, end) = match (number(first), number(last)) {
        (Some(start), Some(end)) if start <= end => (start, end.min(size.saturating_sub(1))),
        (Some(start), None) if last.is_empty() => (start, size.saturating_sub(1)),
        (None, Some(suffix)) if first.is_empty() => {
            let len = suffix.min(size);
            return Some((len > 0).then_some(Part { start: size - len, len }));
        }
        _ => return None,
    };
    Some((start < size).then(|| Part { start, len: end - start + 1 }))
}

fn number(text: &[u8]) -> Option<u64> {
    let text =
        std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

/// Most parts of one request.
const MOST: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(field: &str, expected: &str) {
        let said = match parse(field.as_bytes(), 100) {
            Asked::None => "none".to_owned(),
            Asked::Ignored => "ignored".to_owned(),
            Asked::Parts(parts) => {
                parts.iter().map(|part| format!("{}+{}", part.start, part.len)).collect::<Vec<_>>().join(" ")
            }
        };
        assert_eq!(said, expected, "{field}");
    }

    #[test]
    fn parts_are_cut_to_what_there_is() {
        check("bytes=0-9", "0+10");
        check("bytes=90-", "90+10");
        check("bytes=-10", "90+10");
        check("bytes=-1000", "0+100");
        check("bytes=95-1000", "95+5");
        check("Bytes=0-0, 99-99", "0+1 99+1");
        check("bytes=100-, 5-6", "5+2");
    }

    #[test]
    fn what_is_not_there_is_said_and_what_is_wrong_ignored() {
        check("bytes=100-", "none");
        check("bytes=-0", "none");
        for wrong in
            ["bytes=", "bytes=9-1", "bytes=a-b", "bytes=+1-2", "items=0-1", "bytes 0-1", "bytes=1", ""]
        {
            check(wrong, "ignored");
        }
    }

    #[test]
    fn many_parts_and_parts_that_meet_are_ignored() {
        check("bytes=0-9,5-20", "ignored");
        check("bytes=0-,0-,0-", "ignored");
        check("bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14", "0+1 2+1 4+1 6+1 8+1 10+1 12+1 14+1");
        check("bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16", "ignored");
        let empty = parse(b"bytes=0-", 0);
        assert_eq!(empty, Asked::None);
    }

    proptest! {
        #[test]
        fn parts_lie_within_the_file(field in "bytes=[0-9,\\- ]{0,30}", size in 0u64..50) {
            if let Asked::Parts(parts) = parse(field.as_bytes(), size) {
                prop_assert!(parts.iter().all(|part| part.len > 0 && part.start + part.len <= size));
                prop_assert!(parts.iter().map(|part| part.len).sum::<u64>() <= size);
            }
        }
    }
}
