//! Serialising the bare items of structured fields (RFC 9651): the only way our texts get into such a field.

/// A value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare<'a> {
    /// An integer; cut to the 15 digits that are allowed.
    Integer(i64),
    /// A token if the text is one, else a string.
    Token(&'a str),
    /// A string.
    Text(&'a str),
}

impl Bare<'_> {
    /// Appends the value.
    pub fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Integer(number) => {
                let number = number.clamp(-LARGEST, LARGEST);
                if number < 0 {
                    out.push(b'-');
                }
                crate::http1::write_number(out, number.unsigned_abs());
            }
            Self::Token(text) if is_token(text) => out.extend_from_slice(text.as_bytes()),
            Self::Token(text) | Self::Text(text) => write_string(out, text),
        }
    }
}

/// Whether the text is an sf-token (RFC 9651 §3.3.4).
pub fn is_token(text: &str) -> bool {
    let [first, rest @ ..] = text.as_bytes() else { return false };
    (first.is_ascii_alphabetic() || *first == b'*')
        && rest.iter().all(|&b| matches!(b, b':' | b'/') || crate::ascii::is(b, crate::ascii::TOKEN))
}

/// Appends an sf-string (RFC 9651 §3.3.3). Quote and backslash are escaped; what a string cannot hold becomes `?`.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend_from_slice(&[b'\\', character as u8]),
            ' '..='~' => out.push(character as u8),
            _ => out.push(b'?'),
        }
    }
    out.push(b'"');
}

/// Appends `;name=value`. The name is one of ours: a key by RFC 9651 §3.1.2.
pub fn write_parameter(out: &mut Vec<u8>, name: &'static str, value: Bare<'_>) {
    out.push(b';');
    out.extend_from_slice(name.as_bytes());
    out.push(b'=');
    value.write(out);
}

const LARGEST: i64 = 999_999_999_999_999;
