//! Which `Host` fields the admin address accepts, and whose pages.
//!
//! A web page can make a browser resolve its own name to this address (DNS rebinding) and then read what it likes,
//! as the same-origin rule compares names. It cannot make the browser name an IP address or `localhost` instead.

use crate::reply::Refusal;
use hyper::header::HOST;
use hyper::{Request, Version};
use std::net::IpAddr;

/// Lets a request pass whose host is an IP address, `localhost` or one of the operator's names.
pub(crate) fn check<B>(request: &Request<B>, names: &[String]) -> Result<(), Refusal> {
    let mut fields = request.headers().get_all(HOST).iter();
    let field = fields.next().map(|value| value.to_str().unwrap_or_default());
    let target = request.uri().authority().map(|authority| authority.as_str());
    if fields.next().is_some() {
        return Err(Refusal::ForeignHost);
    }
    // Browsers always send Host. Health checks that speak HTTP/1.0 do not have to.
    if field.is_none() && target.is_none() && request.version() != Version::HTTP_10 {
        return Err(Refusal::NoHost);
    }
    let are_known = [field, target].into_iter().flatten().all(|authority| is_known(authority, names));
    if are_known { Ok(()) } else { Err(Refusal::ForeignHost) }
}

/// Lets a request pass that no page of another site has made a browser send. Programs send neither field.
pub(crate) fn check_page<B>(request: &Request<B>) -> Result<(), Refusal> {
    let text = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let is_own_origin = text("origin").is_none_or(|origin| {
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        authority
            .is_some_and(|authority| text("host").is_some_and(|host| authority.eq_ignore_ascii_case(host)))
    });
    let is_own_site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    if is_own_origin && is_own_site { Ok(()) } else { Err(Refusal::ForeignPage) }
}

fn is_known(authority: &str, names: &[String]) -> bool {
    let Some(host) = host_of(authority) else { return false };
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(literal) = bare {
        return literal.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6());
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4())
        || name.eq_ignore_ascii_case("localhost")
        || names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The host without its port; `None` if there is anything but a port behind it.
fn host_of(authority: &str) -> Option<&str> {
    let end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let (host, port) = match authority.get(end..)?.find(':') {
        Some(colon) => (authority.get(..end + colon)?, authority.get(end + colon + 1..)?),
        None => (authority, ""),
    };
    port.bytes().all(|byte| byte.is_ascii_digit()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_localhost_and_listed_names_pass() {
        let names = ["gate.internal".to_owned()];
        for host in [
            "127.0.0.1",
            "127.0.0.1:9180",
            "[::1]:9180",
            "[::1]",
            "localhost",
            "LOCALHOST:80",
            "10.0.0.1",
            "gate.internal:9180",
        ] {
            assert!(is_known(host, &names), "{host}");
        }
    }

    #[test]
    fn other_names_do_not_pass() {
        let names = ["gate.internal".to_owned()];
        for host in [
            "",
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evil.example:127.0.0.1",
            "[evil.example]",
            "[127.0.0.1]",
            "127.0.0.1:80:evil.example",
            "user@127.0.0.1",
            "0x7f000001",
            "2130706433",
            "::1",
            "internal",
        ] {
            assert!(!is_known(host, &names), "{host}");
        }
    }
}
