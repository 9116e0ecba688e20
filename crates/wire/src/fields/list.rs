//! Comma-separated lists (RFC 9110 §5.6.1).

use crate::ascii::trim;

/// The members of a list of tokens, empty ones left out. Quoted strings are not understood: see [`quoted`].
pub fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&b| b == b',').map(trim).filter(|member| !member.is_empty())
}

/// Whether a list of tokens holds this one, in any case of letters.
pub fn has_token(value: &[u8], token: &str) -> bool {
    tokens(value).any(|member| member.eq_ignore_ascii_case(token.as_bytes()))
}

/// The members of a list whose members may hold quoted strings and comments, empty ones left out.
pub fn quoted(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    split(value, b',')
}

/// Splits at a separator outside of quoted strings and comments; parts are trimmed, empty ones left out.
pub(crate) fn split(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    let mut depth = 0_u32;
    value
        .split(move |&byte| {
            if is_escaped {
                is_escaped = false;
                return false;
            }
            match byte {
                b'\\' if is_quoted || depth > 0 => is_escaped = true,
                b'"' if depth == 0 => is_quoted = !is_quoted,
                b'(' if !is_quoted => depth += 1,
                b')' if !is_quoted => depth = depth.saturating_sub(1),
                _ => return byte == separator && !is_quoted && depth == 0,
            }
            false
        })
        .map(trim)
        .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_trimmed_and_empty_ones_left_out() {
        let members: Vec<_> = tokens(b" a ,,\tb,c , ").collect();
        assert_eq!(members, [b"a", b"b", b"c"]);
        assert!(has_token(b"keep-alive, Upgrade", "upgrade"));
        assert!(!has_token(b"keep-alive-x", "keep-alive"));
    }

    #[test]
    fn commas_in_quotes_and_comments_do_not_split() {
        let members: Vec<_> = quoted(br#"for="a,b\",c";by=x, 1.1 y (a, (b), c\)), "z""#).collect();
        assert_eq!(members, [br#"for="a,b\",c";by=x"#.as_slice(), br"1.1 y (a, (b), c\))", br#""z""#]);
    }
}
