//! The doctor's values on the command line: curl's words mean what they mean to curl.

use crate::words::{fill, say};
use std::net::{IpAddr, SocketAddr};
use torwart_doctor::question::BadAddress;
use torwart_doctor::{Control, SiteUrl, UpstreamAddress};
use torwart_report::Lang;

/// The page that does not work.
pub(super) fn url(text: &str, lang: Lang) -> Result<SiteUrl, String> {
    text.parse().map_err(|fault| match fault {
        BadAddress::Scheme => say(lang, "doctor-value-url-scheme"),
        fault => why(fault, lang),
    })
}

/// A server behind the gateway.
pub(super) fn upstream(text: &str, lang: Lang) -> Result<UpstreamAddress, String> {
    text.parse().map_err(|fault| why(fault, lang))
}

/// A place to compare the site with; `None` for the word `none`.
pub(super) fn control(text: &str, lang: Lang) -> Result<Option<Control>, String> {
    if text == "none" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|fault| match fault {
        BadAddress::Scheme => say(lang, "doctor-value-url-scheme"),
        fault => why(fault, lang),
    })
}

/// A name server: an address, with port 53 unless it says another.
pub(super) fn resolver(text: &str, lang: Lang) -> Result<SocketAddr, String> {
    let bare = text.strip_prefix('@').unwrap_or(text);
    let ip = bare.trim_start_matches('[').trim_end_matches(']');
    let with_port = |ip: IpAddr| SocketAddr::new(ip, 53);
    bare.parse()
        .or_else(|_| ip.parse().map(with_port))
        .map_err(|_| fill(lang, "doctor-value-resolver", &[("value", text)]))
}

/// `HOST:PORT:ADDR`, as for curl; an IPv6 address may have brackets.
pub(super) fn resolve(text: &str, lang: Lang) -> Result<(String, u16, IpAddr), String> {
    let parse = || {
        let (host, rest) = host_of(text)?;
        let (port, address) = rest.split_once(':')?;
        let address = address.trim_start_matches('[').trim_end_matches(']');
        Some((host.to_ascii_lowercase(), port.parse().ok()?, address.parse().ok()?))
    };
    parse().ok_or_else(|| say(lang, "doctor-value-resolve"))
}

/// Host and port as asked, host and port to connect to instead.
pub(super) type ConnectTo = ((String, u16), (String, u16));

/// `HOST1:PORT1:HOST2:PORT2`, as for curl.
pub(super) fn connect_to(text: &str, lang: Lang) -> Result<ConnectTo, String> {
    let parse = || {
        let (from, rest) = host_of(text)?;
        let (from_port, rest) = rest.split_once(':')?;
        let (to, to_port) = host_of(rest)?;
        let from = (from.to_ascii_lowercase(), from_port.parse().ok()?);
        Some((from, (to.to_ascii_lowercase(), to_port.parse().ok()?)))
    };
    parse().ok_or_else(|| say(lang, "doctor-value-connect-to"))
}

/// `Name: value`.
pub(super) fn field(text: &str, lang: Lang) -> Result<(String, String), String> {
    let is_token = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    let is_value = |value: &str| value.bytes().all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f));
    match text.split_once(':') {
        Some((name, value)) if is_token(name) && is_value(value) => {
            Ok((name.to_owned(), value.trim().to_owned()))
        }
        _ => Err(say(lang, "doctor-value-field")),
    }
}

/// A method that changes nothing: the doctor repeats requests.
pub(super) fn method(text: &str, lang: Lang) -> Result<String, String> {
    let method = text.to_ascii_uppercase();
    if SAFE_METHODS.contains(&method.as_str()) { Ok(method) } else { Err(say(lang, "doctor-value-method")) }
}

fn why(fault: BadAddress, lang: Lang) -> String {
    say(
        lang,
        match fault {
            BadAddress::Scheme => "doctor-value-scheme",
            BadAddress::NoHost => "doctor-value-no-host",
            BadAddress::NoPort => "doctor-value-no-port",
            BadAddress::Port => "doctor-value-port",
            BadAddress::Socket => "value-socket-path",
            BadAddress::Character => "doctor-value-character",
        },
    )
}

/// The host, in brackets where it has colons, and what follows its colon.
fn host_of(text: &str) -> Option<(&str, &str)> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once("]:")?,
        None => text.split_once(':')?,
    };
    (!host.is_empty()).then_some((host, rest))
}

/// Requests with these change nothing (RFC 9110 section 9.2.1).
const SAFE_METHODS: [&str; 4] = ["GET", "HEAD", "OPTIONS", "TRACE"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curls_words_are_understood() {
        let loopback: IpAddr = [127, 0, 0, 1].into();
        assert_eq!(
            resolve("Shop.example:443:127.0.0.1", Lang::En),
            Ok(("shop.example".into(), 443, loopback))
        );
        assert!(resolve("shop.example:443:[::1]", Lang::En).is_ok());
        assert!(resolve("shop.example:443", Lang::En).is_err());
        let elsewhere = (("a".to_owned(), 443), ("::1".to_owned(), 8443));
        assert_eq!(connect_to("a:443:[::1]:8443", Lang::En), Ok(elsewhere));
        assert!(connect_to("a:443", Lang::De).is_err());
        assert_eq!(field("X-Probe:  1 ", Lang::En), Ok(("X-Probe".into(), "1".into())));
        assert!(field("X Probe: 1", Lang::En).is_err() && field("X-Probe: a\r\nb", Lang::En).is_err());
    }

    #[test]
    fn resolvers_have_port_53_unless_they_say_another() {
        let check = |text: &str, expected: &str| {
            assert_eq!(resolver(text, Lang::En).map(|address| address.to_string()), Ok(expected.to_owned()));
        };
        check("9.9.9.9", "9.9.9.9:53");
        check("@127.0.0.1:5353", "127.0.0.1:5353");
        check("2620:fe::fe", "[2620:fe::fe]:53");
        check("[::1]:5353", "[::1]:5353");
        assert!(resolver("dns.example", Lang::En).is_err());
    }

    #[test]
    fn only_requests_that_change_nothing_are_sent() {
        assert_eq!(method("head", Lang::En), Ok("HEAD".to_owned()));
        assert!(method("DELETE", Lang::De).is_err());
    }
}
