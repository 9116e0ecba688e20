//! Values on the command line: text in, a value that cannot be wrong out, or a sentence in the user's language.

use crate::words::{fill, say};
use std::net::SocketAddr;
use std::time::Duration;
use torwart_config::plan::ListenAddress;
use torwart_config::{DurationFault, parse_duration};
use torwart_report::Lang;

/// Where clients connect: an address with port, `:8080` for every address of this machine, `8080` for this machine
/// alone, or `unix:/path`.
pub(crate) fn listen_address(text: &str, lang: Lang) -> Result<ListenAddress, String> {
    match text.strip_prefix("unix:") {
        Some("") => Err(say(lang, "value-socket-path")),
        Some(path) => Ok(ListenAddress::Unix(path.into())),
        None => socket_address(text, lang).map(ListenAddress::Tcp),
    }
}

/// As [`listen_address`], but TCP only.
pub(crate) fn socket_address(text: &str, lang: Lang) -> Result<SocketAddr, String> {
    let bare = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    let written = match bare.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None if bare.starts_with(':') => format!("0.0.0.0{bare}"),
        None if !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("127.0.0.1:{bare}")
        }
        None => bare.to_owned(),
    };
    written.parse().map_err(|_| say(lang, "value-address"))
}

/// As [`socket_address`], or `off`.
pub(crate) fn admin_address(text: &str, lang: Lang) -> Result<Option<SocketAddr>, String> {
    if text == "off" { Ok(None) } else { socket_address(text, lang).map(Some) }
}

/// A span of time: `30s`, `1m30s`, `500ms`.
pub(crate) fn duration(text: &str, lang: Lang) -> Result<Duration, String> {
    let fault = |fault| match fault {
        DurationFault::NoUnit => fill(lang, "value-duration-unit", &[("value", text)]),
        DurationFault::Fraction | DurationFault::Form => say(lang, "value-duration"),
    };
    let duration = parse_duration(text).map_err(fault)?;
    if duration.is_zero() { Err(say(lang, "value-duration")) } else { Ok(duration) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_means_this_machine_alone() {
        let check = |text: &str, expected: &str| {
            let address = socket_address(text, Lang::En).expect("an address");
            assert_eq!(address.to_string(), expected, "{text}");
        };
        check("8080", "127.0.0.1:8080");
        check(":8080", "0.0.0.0:8080");
        check("localhost:8080", "127.0.0.1:8080");
        check("http://127.0.0.1:9180/", "127.0.0.1:9180");
        check("[::1]:80", "[::1]:80");
        for text in ["", "x", "127.0.0.1", "127.0.0.1:70000", ":", "shop.example:80", "99999"] {
            assert!(socket_address(text, Lang::En).is_err(), "{text}");
        }
    }

    #[test]
    fn a_socket_needs_a_path() {
        assert_eq!(listen_address("unix:/run/a", Lang::En), Ok(ListenAddress::Unix("/run/a".into())));
        assert!(listen_address("unix:", Lang::De).is_err());
    }
}
