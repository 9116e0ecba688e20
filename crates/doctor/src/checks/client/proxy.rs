//! Do environment variables send this user's requests through a proxy, and does that proxy work?
//!
//! Proves: the variables apply to the site's URL (which `no_proxy` may except); and, by asking the proxy for the site once,
//! that it is dead or answers with an error of its own while the site takes connections directly. The doctor itself never
//! goes through it.

use crate::observe::names::Touch;
use crate::{Case, Checked, SiteUrl};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use torwart_cause::finding::client::{PROXY_FAILS, PROXY_SET};
use torwart_cause::finding::{Finding, Hop, Said, Where, said};

pub async fn check(case: &Case) -> Checked {
    let url = &case.question().url;
    let Some((variable, value)) = applies(case) else { return Checked::not_applicable() };
    let place = Where::hop(Hop::You).name(variable).address(hidden(value));
    let set = said("client-proxy-variable")
        .with("variable", variable)
        .with("value", hidden(value))
        .with("url", url);
    let shown = format!("env | grep -i {variable}");
    let info = Finding::new(&PROXY_SET, 99, place.clone()).proof_by(set.clone(), &shown);
    let Some(authority) = authority(value) else { return Checked::found(vec![info]) };
    let Some(trouble) = trouble(case, url, &authority).await else { return Checked::found(vec![info]) };
    let site = case.site().await;
    let mut works = None;
    for address in site.addresses.iter().take(3) {
        let address = SocketAddr::new(*address, url.port);
        if *site.touch(case, address).await == Touch::Accepts {
            works = Some(address);
            break;
        }
    }
    let Some(works) = works else {
        // Perhaps nothing leaves this network but through the proxy: then it is not for us to say whose fault it is.
        return Checked::found(vec![info.proof(trouble)]);
    };
    let finding = Finding::new(&PROXY_FAILS, 92, place)
        .proof_by(set, shown)
        .proof_by(trouble, format!("curl -sv -o /dev/null -x {authority} {url}"))
        .proof_by(
            said("client-direct-works").with("address", works),
            format!("curl -sv -o /dev/null --noproxy '*' {url}"),
        );
    Checked::found(vec![finding])
}

/// The variable that applies to the site's URL, as curl reads them: small letters first; `HTTP_PROXY` does not count, as
/// a server's environment may have it from a request's `Proxy` field.
pub(super) fn applies(case: &Case) -> Option<(&'static str, &str)> {
    let question = case.question();
    let names: &[&'static str] = match question.url.is_https {
        true => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
        false => &["http_proxy", "all_proxy", "ALL_PROXY"],
    };
    let found = names.iter().find_map(|name| Some((*name, question.variable(name)?)))?;
    let excepted = question.variable("no_proxy").or_else(|| question.variable("NO_PROXY"));
    let is_excepted = excepted.is_some_and(|list| excepts(list, &question.url.host));
    (!is_excepted).then_some(found)
}

/// Whether `no_proxy` excepts a host: `*`, the host, or a domain above it, with or without its leading dot.
fn excepts(list: &str, host: &str) -> bool {
    let entries = list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty());
    entries.into_iter().any(|entry| {
        let domain = entry
            .strip_prefix("*.")
            .or_else(|| entry.strip_prefix('.'))
            .unwrap_or(entry)
            .to_ascii_lowercase();
        let is_below = host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'));
        entry == "*" || domain == host || is_below || in_network(&domain, host)
    })
}

/// `10.0.0.0/8` and the like.
fn in_network(entry: &str, host: &str) -> bool {
    let Some((network, length)) = entry.split_once('/') else { return false };
    let (Ok(IpAddr::V4(network)), Ok(IpAddr::V4(host))) = (network.parse(), host.parse()) else {
        return false;
    };
    let Ok(length @ 0..=32) = length.parse::<u32>() else { return false };
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    u32::from(network) & mask == u32::from(host) & mask
}

/// Host and port of a proxy's URL; `None` for those we cannot speak to (SOCKS, TLS).
fn authority(value: &str) -> Option<String> {
    let rest = match value.split_once("://") {
        Some((scheme, rest)) => scheme.eq_ignore_ascii_case("http").then_some(rest)?,
        None => value,
    };
    let rest = rest.split('/').next()?.rsplit('@').next()?;
    let has_port = rest.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    Some(if has_port { rest.to_owned() } else { format!("{rest}:1080") })
}

/// Without name and password.
fn hidden(value: &str) -> String {
    match (value.split_once("://"), value.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://***@{host}"),
        (None, Some((_, host))) => format!("***@{host}"),
        (_, None) => value.to_owned(),
    }
}

/// What is wrong with the proxy, if something is.
async fn trouble(case: &Case, url: &SiteUrl, authority: &str) -> Option<Said> {
    let (host, port) = authority.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let found = match host.trim_matches(['[', ']']).parse() {
        Ok(address) => vec![address],
        Err(_) => case.names_of(host).await.addresses.clone(),
    };
    let Some(address) = found.first().map(|ip| SocketAddr::new(*ip, port)) else {
        return Some(said("client-proxy-unknown").with("proxy", host));
    };
    case.budget().connection(host).ok()?;
    let talk = timeout(PATIENCE.min(case.left()), ask(address, url)).await;
    match talk {
        Err(_) => Some(said("client-proxy-silent").with("proxy", address)),
        Ok(Err(error)) => Some(said("client-proxy-dead").with("proxy", address).with("error", error)),
        Ok(Ok(None)) => Some(said("client-proxy-garbled").with("proxy", address)),
        Ok(Ok(Some(status @ (407 | 500..=599 | 403)))) => {
            Some(said("client-proxy-status").with("proxy", address).with("status", status))
        }
        Ok(Ok(Some(_))) => None,
    }
}

/// Asks the proxy for the site: a tunnel for https, the head of the page for http. Gives the status.
async fn ask(proxy: SocketAddr, url: &SiteUrl) -> std::io::Result<Option<u16>> {
    let mut stream = TcpStream::connect(proxy).await?;
    let authority = url.authority();
    let request = match url.is_https {
        true => {
            let host = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.clone() };
            let port = url.port;
            format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n")
        }
        false => {
            format!("HEAD http://{authority}/ HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n")
        }
    };
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    let mut limited = stream.take(FIRST_LINE);
    while !head.contains(&b'\n') && limited.read_buf(&mut head).await? > 0 {}
    let line = String::from_utf8_lossy(&head).into_owned();
    let mut words = line.split_ascii_whitespace();
    let is_http = words.next().is_some_and(|word| word.starts_with("HTTP/1."));
    Ok(words.next().and_then(|word| word.parse().ok()).filter(|_| is_http))
}

/// A proxy that needs longer to open a connection is no help.
const PATIENCE: Duration = Duration::from_secs(8);

/// A status line is shorter.
const FIRST_LINE: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_read_as_curl_reads_them() {
        for (list, host, expected) in [
            ("*", "shop.example", true),
            ("example", "shop.example", true),
            (".example", "shop.example", true),
            ("*.example", "shop.example", true),
            ("localhost, shop.example", "shop.example", true),
            ("ample", "shop.example", false),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("", "shop.example", false),
        ] {
            assert_eq!(excepts(list, host), expected, "{list} {host}");
        }
    }

    #[test]
    fn proxies_are_written_in_many_ways() {
        assert_eq!(authority("http://u:p@proxy:3128/").as_deref(), Some("proxy:3128"));
        assert_eq!(authority("proxy").as_deref(), Some("proxy:1080"));
        assert_eq!(authority("socks5://proxy:1080"), None);
        assert_eq!(hidden("http://u:p@proxy:3128"), "http://***@proxy:3128");
        assert_eq!(hidden("http://proxy:3128"), "http://proxy:3128");
    }
}
