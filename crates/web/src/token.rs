//! The token that keeps strangers from an admin address that more than this machine can reach.
//!
//! It is compared in a time that does not tell where a guess goes wrong, and shown nowhere.

use crate::reply::Refusal;
use hyper::Request;
use hyper::header::AUTHORIZATION;
use subtle::ConstantTimeEq;

/// What whoever asks has to know.
#[derive(Clone)]
pub struct Token(Box<[u8]>);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Token {
    /// A token, if the text is long enough and can stand in a field.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_fit = text.len() >= SHORTEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_fit.then(|| Self(text.as_bytes().into()))
    }

    /// Lets a request pass that carries it: `Authorization: Bearer TOKEN` (RFC 6750 §2.1).
    pub(crate) fn check<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        let mut fields = request.headers().get_all(AUTHORIZATION).iter();
        let only = fields.next().filter(|_| fields.next().is_none());
        let sent = only.and_then(|field| {
            let (scheme, token) = field.as_bytes().split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
        });
        let is_right = sent.is_some_and(|sent| bool::from(sent.ct_eq(&self.0)));
        if is_right { Ok(()) } else { Err(Refusal::NoToken) }
    }
}

/// Shorter ones can be guessed.
const SHORTEST: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(fields: &[&str]) -> bool {
        let token = Token::new("0123456789abcdef").expect("long enough");
        let mut request = Request::new(());
        for field in fields {
            request.headers_mut().append(AUTHORIZATION, field.parse().expect("a field"));
        }
        token.check(&request).is_ok()
    }

    #[test]
    fn only_the_token_passes() {
        assert!(passes(&["Bearer 0123456789abcdef"]));
        assert!(passes(&["bearer  0123456789abcdef "]));
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdef0",
            "Basic 0123456789abcdef",
            "0123456789abcdef",
        ] {
            assert!(!passes(&[wrong]), "{wrong}");
        }
        assert!(!passes(&[]) && !passes(&["Bearer 0123456789abcdef", "Bearer 0123456789abcdef"]));
    }

    #[test]
    fn a_short_or_odd_token_is_none_and_no_token_is_shown() {
        for text in ["", "short", "0123456789 abcdef", "0123456789abcdefü"] {
            assert!(Token::new(text).is_none(), "{text}");
        }
        let shown = format!("{:?}", Token::new("0123456789abcdef"));
        assert!(!shown.contains("0123"), "{shown}");
    }
}
