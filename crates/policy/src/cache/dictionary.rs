//! Dictionaries of structured fields (RFC 9651 §3.2), as far as directives need them: bare items, parameters ignored.

/// A member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: Value<'a>,
}

/// A value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A whole number that is not negative.
    Integer(&'a [u8]),
    /// A text without its quotes.
    Text(&'a [u8]),
    /// True, which is what a name alone means.
    True,
    /// Anything else.
    Other,
}

/// The members; `None` where the text is no dictionary, which must be ignored as a whole (RFC 9651 §4.2).
pub(super) fn parse(text: &[u8]) -> Option<Vec<Member<'_>>> {
    let mut rest = skip(text, b" ");
    let mut members = Vec::new();
    while !rest.is_empty() {
        let (name, after) = key(rest)?;
        let (value, after) = match after.strip_prefix(b"=") {
            Some(after) => item(after)?,
            None => (Value::True, after),
        };
        members.push(Member { name, value });
        rest = skip(parameters(after)?, b" \t");
        if rest.is_empty() {
            break;
        }
        rest = skip(rest.strip_prefix(b",")?, b" \t");
        if rest.is_empty() {
            return None;
        }
    }
    Some(members)
}

fn parameters(mut rest: &[u8]) -> Option<&[u8]> {
    while let Some(after) = rest.strip_prefix(b";") {
        let (_, after) = key(skip(after, b" "))?;
        rest = match after.strip_prefix(b"=") {
            Some(after) => item(after)?.1,
            None => after,
        };
    }
    Some(rest)
}

fn key(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_first = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'*';
    text.first().filter(|byte| is_first(byte))?;
    let is_rest = |byte: &u8| is_first(byte) || byte.is_ascii_digit() || b"_-.".contains(byte);
    let end = text.iter().position(|byte| !is_rest(byte)).unwrap_or(text.len());
    text.split_at_checked(end)
}

fn item(text: &[u8]) -> Option<(Value<'_>, &[u8])> {
    match text.first()? {
        b'"' => {
            let inner = text.get(1..)?;
            let end = memchr::memchr(b'"', inner)?;
            let (value, rest) = inner.split_at_checked(end)?;
            // None of the values we look at has anything to escape.
            let value = if value.contains(&b'\\') { return None } else { Value::Text(value) };
            Some((value, rest.get(1..)?))
        }
        b'?' => match text.get(1)? {
            b'1' => Some((Value::True, text.get(2..)?)),
            b'0' => Some((Value::Other, text.get(2..)?)),
            _ => None,
        },
        b'-' | b'0'..=b'9' => {
            let end = text.iter().position(|byte| !byte.is_ascii_digit() && !b"-.".contains(byte));
            let (number, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
            let is_whole = number.iter().all(u8::is_ascii_digit);
            Some((if is_whole { Value::Integer(number) } else { Value::Other }, rest))
        }
        byte if byte.is_ascii_alphabetic() || *byte == b'*' => {
            let end = text
                .iter()
                .position(|byte| !byte.is_ascii_alphanumeric() && !b"!#$%&'*+-.^_`|~:/".contains(byte));
            Some((Value::Other, text.split_at_checked(end.unwrap_or(text.len()))?.1))
        }
        b':' => {
            let end = memchr::memchr(b':', text.get(1..)?)?;
            Some((Value::Other, text.get(end + 2..)?))
        }
        b'(' => {
            let end = memchr::memchr(b')', text)?;
            Some((Value::Other, text.get(end + 1..)?))
        }
        _ => None,
    }
}

fn skip<'a>(text: &'a [u8], what: &[u8]) -> &'a [u8] {
    let start = text.iter().position(|byte| !what.contains(byte)).unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}
