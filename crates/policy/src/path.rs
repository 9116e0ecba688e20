//! The path as routes see it: percent-encoded letters decoded, dot segments resolved, empty segments dropped.
//!
//! What is forwarded stays as the client wrote it. So a path that gateway and upstream could resolve differently
//! would let a request pass a route that was meant to stop it; such a path is refused. That concerns dot segments
//! which appear only once `%2F`, `%5C`, `\` or a `;` suffix is read as a separator, or an escape is decoded a second
//! time (`%252e%252e`), as some servers do.
//! Two things stay the upstream's business, because valid paths use them: `%2F` inside a name is no separator here,
//! and `;` parameters are part of their segment.

use std::fmt;

/// Why a path cannot be routed safely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PathFault {
    /// Its dot segments lead above the root. The client must not send it.
    EscapesRoot,
    /// Two servers could resolve it to different resources. The client must not send it.
    Ambiguous,
    /// A percent sign is not followed by two hexadecimal digits, or stands for NUL. The client must not send it.
    BadEncoding,
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EscapesRoot => "path leads above the root",
            Self::Ambiguous => "path can be resolved in two ways",
            Self::BadEncoding => "path has a bad percent encoding",
        })
    }
}

/// The normal form of a path without query. Uses `scratch` only for a path that is not in normal form already, which
/// hardly any is.
///
/// # Errors
/// A path that cannot be routed safely.
pub fn normalise<'a>(path: &'a [u8], scratch: &'a mut Vec<u8>) -> Result<&'a [u8], PathFault> {
    if is_normal(path) {
        return Ok(path);
    }
    if !path.starts_with(b"/") {
        return Err(PathFault::Ambiguous);
    }
    scratch.clear();
    decode_unreserved(path, scratch)?;
    let length = resolve(scratch)?;
    scratch.truncate(length);
    Ok(scratch)
}

/// Whether nothing in the path needs a closer look. May say no to a normal path, never yes to another. Those of
/// `OPTIONS *` and CONNECT, which are none, need none.
fn is_normal(path: &[u8]) -> bool {
    let mut after_slash = false;
    for &byte in path {
        match byte {
            b'%' | b'\\' => return false,
            b'/' | b'.' if after_slash => return false,
            _ => after_slash = byte == b'/',
        }
    }
    true
}

/// Decodes what never needed encoding (RFC 3986, section 6.2.2.2) and writes other escapes in capitals.
fn decode_unreserved(path: &[u8], out: &mut Vec<u8>) -> Result<(), PathFault> {
    let mut rest = path;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            out.push(*first);
            continue;
        }
        let [high, low, tail @ ..] = rest else { return Err(PathFault::BadEncoding) };
        rest = tail;
        let (Some(high_value), Some(low_value)) = (hex(*high), hex(*low)) else {
            return Err(PathFault::BadEncoding);
        };
        match high_value << 4 | low_value {
            0 => return Err(PathFault::BadEncoding),
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => out.push(byte),
            _ => out.extend_from_slice(&[b'%', high.to_ascii_uppercase(), low.to_ascii_uppercase()]),
        }
    }
    Ok(())
}

/// Removes dot segments and empty segments in place and says how long the result is.
fn resolve(path: &mut [u8]) -> Result<usize, PathFault> {
    let mut read = 0;
    let mut written = 0;
    let mut ends_open = false;
    while read < path.len() {
        let start = read + usize::from(path.get(read) == Some(&b'/'));
        let end = memchr_slash(path, start);
        let segment = path.get(start..end).unwrap_or_default();
        match segment {
            b"" | b"." => ends_open = true,
            b".." => {
                written = path.get(..written).and_then(last_slash).ok_or(PathFault::EscapesRoot)?;
                ends_open = true;
            }
            _ if has_hidden_dots(segment) || has_encoded_twice(segment) => return Err(PathFault::Ambiguous),
            _ => {
                path.copy_within(start..end, written + 1);
                if let Some(slash) = path.get_mut(written) {
                    *slash = b'/';
                }
                written += 1 + (end - start);
                ends_open = false;
            }
        }
        read = end.max(read + 1);
    }
    if ends_open && let Some(slash) = path.get_mut(written) {
        *slash = b'/';
        written += 1;
    }
    Ok(written)
}

/// Whether a server that takes encoded slashes, backslashes or parameters for separators would see a dot segment.
fn has_hidden_dots(segment: &[u8]) -> bool {
    let mut piece_start = 0;
    let mut at = 0;
    let is_dots = |piece: &[u8]| {
        let name = piece.split(|byte| *byte == b';').next().unwrap_or_default();
        name == b"." || name == b".."
    };
    while at < segment.len() {
        let rest = segment.get(at..).unwrap_or_default();
        let width = match rest {
            [b'\\', ..] => 1,
            [b'%', b'2', b'F', ..] | [b'%', b'5', b'C', ..] => 3,
            _ => 0,
        };
        if width == 0 {
            at += 1;
            continue;
        }
        if segment.get(piece_start..at).is_some_and(is_dots) {
            return true;
        }
        at += width;
        piece_start = at;
    }
    segment.get(piece_start..).is_some_and(is_dots)
}

/// Whether a server that decodes more than once would see a dot segment. Other escapes of a percent sign are names.
fn has_encoded_twice(segment: &[u8]) -> bool {
    let mut again = segment.to_vec();
    while again.windows(3).any(|window| window == b"%25") {
        let mut once = Vec::with_capacity(again.len());
        let mut rest = again.as_slice();
        while let [first, tail @ ..] = rest {
            once.push(*first);
            rest = if rest.starts_with(b"%25") { tail.get(2..).unwrap_or_default() } else { tail };
        }
        again.clear();
        if decode_unreserved(&once, &mut again).is_err() {
            return false;
        }
        if again == b"." || again == b".." || has_hidden_dots(&again) {
            return true;
        }
    }
    false
}

fn memchr_slash(path: &[u8], from: usize) -> usize {
    path.iter().skip(from).position(|byte| *byte == b'/').map_or(path.len(), |offset| from + offset)
}

fn last_slash(path: &[u8]) -> Option<usize> {
    path.iter().rposition(|byte| *byte == b'/')
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(path: &str, expected: Result<&str, PathFault>) {
        let mut scratch = Vec::new();
        let found =
            normalise(path.as_bytes(), &mut scratch).map(|path| String::from_utf8_lossy(path).into_owned());
        assert_eq!(found, expected.map(str::to_owned), "{path}");
    }

    #[test]
    fn a_usual_path_is_borrowed() {
        let mut scratch = Vec::new();
        let path = b"/shop/a.b/c%20d".as_slice();
        assert!(normalise(b"/shop/a.b/", &mut scratch).is_ok());
        assert!(scratch.is_empty());
        assert_eq!(normalise(path, &mut scratch), Ok(path));
    }

    #[test]
    fn encoded_letters_and_dots_are_decoded() {
        check("/%61dmin", Ok("/admin"));
        check("/a/%2e%2E/b", Ok("/b"));
        check("/a%2fb", Ok("/a%2Fb"));
        check("/%c3%bc", Ok("/%C3%BC"));
    }

    #[test]
    fn dot_segments_and_double_slashes_go_away() {
        check("/a/./b/../c", Ok("/a/c"));
        check("//admin//x", Ok("/admin/x"));
        check("/a/b/..", Ok("/a/"));
        check("/a/.", Ok("/a/"));
        check("/a//", Ok("/a/"));
        check("/.well-known/x", Ok("/.well-known/x"));
        check("/...", Ok("/..."));
        check("/a/..", Ok("/"));
        check("*", Ok("*"));
        check("", Ok(""));
    }

    #[test]
    fn a_path_above_the_root_is_refused() {
        check("/..", Err(PathFault::EscapesRoot));
        check("/a/../../b", Err(PathFault::EscapesRoot));
        check("/%2e%2e/etc/passwd", Err(PathFault::EscapesRoot));
    }

    #[test]
    fn dots_hidden_behind_other_separators_are_refused() {
        for path in
            ["/static/..%2fadmin", "/a%2F..", "/a%5c..%5cb", "/a\\..\\b", "/a/..;/b", "/a/..;x=1/b", "/.;/a"]
        {
            check(path, Err(PathFault::Ambiguous));
        }
        check("/group%2Fproject", Ok("/group%2Fproject"));
        check("/a;v=1/b", Ok("/a;v=1/b"));
        check("/a%2f..b", Ok("/a%2F..b"));
    }

    #[test]
    fn dots_encoded_more_than_once_are_refused_and_other_percent_signs_are_names() {
        for path in [
            "/static/%252e%252e/admin",
            "/a/..%252fadmin",
            "/a/%252e%252e%252f/b",
            "/a/.%252E/b",
            "/%25252e%25252e/x",
            "/a%255c..%255cb",
            "/%25%32%65%25%32%65/x",
        ] {
            check(path, Err(PathFault::Ambiguous));
        }
        check("/100%25", Ok("/100%25"));
        check("/a%252fb", Ok("/a%252fb"));
        check("/50%25zz", Ok("/50%25zz"));
        check("/%2525", Ok("/%2525"));
    }

    #[test]
    fn a_bad_percent_encoding_is_refused() {
        for path in ["/100%", "/%2", "/%zz", "/a%00b", "/%%32%65"] {
            check(path, Err(PathFault::BadEncoding));
        }
    }

    proptest! {
        #[test]
        fn the_normal_form_is_stable_and_free_of_dot_segments(path in "/(/|\\.|%2[eEfF]|%5c|%41|a|;|\\\\|b){0,24}") {
            let mut scratch = Vec::new();
            let Ok(once) = normalise(path.as_bytes(), &mut scratch).map(<[u8]>::to_vec) else { return Ok(()) };
            let mut again = Vec::new();
            prop_assert_eq!(normalise(&once, &mut again), Ok(once.as_slice()));
            prop_assert!(once.split(|byte| *byte == b'/').all(|segment| segment != b"." && segment != b".."));
            prop_assert!(!once.windows(2).any(|pair| pair == b"//"));
        }

        #[test]
        fn no_bytes_panic(path in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = normalise(&path, &mut Vec::new());
        }
    }
}
