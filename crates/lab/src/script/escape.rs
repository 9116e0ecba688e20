//! Escapes in the texts of a script: `\r \n \t \0 \\ \" \xNN`, where `\xNN` is one raw byte.

/// The bytes a text stands for.
pub(super) fn octets(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match rest.next() {
            Some('r') => bytes.push(b'\r'),
            Some('n') => bytes.push(b'\n'),
            Some('t') => bytes.push(b'\t'),
            Some('0') => bytes.push(0),
            Some('\\') => bytes.push(b'\\'),
            Some('"') => bytes.push(b'"'),
            Some('x') => bytes.push(hex(rest.next(), rest.next())?),
            Some(other) => return Err(format!("unknown escape \\{other} in {text:?}")),
            None => return Err(format!("a lone backslash ends {text:?}")),
        }
    }
    Ok(bytes)
}

fn hex(high: Option<char>, low: Option<char>) -> Result<u8, String> {
    let digit = |c: Option<char>| c.and_then(|c| c.to_digit(16));
    let (Some(high), Some(low)) = (digit(high), digit(low)) else {
        return Err("\\x needs two hexadecimal digits".to_owned());
    };
    u8::try_from(high * 16 + low).map_err(|error| error.to_string())
}
