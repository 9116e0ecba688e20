//! Whether an id that a client sends for its request may be passed on.
//!
//! Such ids end up in logs and in other people's headers, so one from a stranger passes only if it is short and made of
//! what ids are made of: UUIDs, numbers, trace ids, base64.

/// Whether an `X-Request-Id` is short and harmless.
#[must_use]
pub fn is_harmless(id: &[u8]) -> bool {
    let is_usual = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(byte);
    (1..=LONGEST).contains(&id.len()) && id.iter().all(is_usual)
}

/// Twice the longest usual one.
const LONGEST: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_ids_pass_and_nothing_else() {
        for id in [
            "1",
            "0af76519-16cd-43dd-8448-eb211c80319c",
            "bakim-toruf-zalan",
            "Root=1-67891233-abcdef",
            "a+b/c==",
        ] {
            assert!(is_harmless(id.as_bytes()), "{id}");
        }
        for id in ["", "a b", "a,b", "<x>", "a\"b", "\u{1b}[2J", "ü", "a;b", "$(id)"] {
            assert!(!is_harmless(id.as_bytes()), "{id}");
        }
        assert!(is_harmless(&[b'a'; 128]) && !is_harmless(&[b'a'; 129]));
    }
}
