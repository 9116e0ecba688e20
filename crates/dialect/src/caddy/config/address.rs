//! The addresses of a Caddyfile's sites, and where Caddy listens for them.

use crate::config::ListenAddress;
use std::path::PathBuf;

/// An address of a site.
pub(super) struct Address {
    /// The name, lower case; empty means any.
    pub(super) host: String,
    /// The port.
    pub(super) port: u16,
    /// Clients speak TLS there.
    pub(super) is_tls: bool,
    /// The paths it is limited to.
    pub(super) path: Option<String>,
}

impl Address {
    /// Reads `https://shop.example:8443/path*`, `shop.example`, `:8080`, `http://`.
    pub(super) fn parse(text: &str, http_port: u16, https_port: u16) -> Option<Self> {
        let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
        let (authority, path) = match rest.find('/') {
            Some(place) => (rest.get(..place)?, rest.get(place..).filter(|path| *path != "/")),
            None => (rest, None),
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !host.ends_with(':') && port.parse::<u16>().is_ok() => {
                (host, port.parse().ok())
            }
            _ => (authority, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        // Without a scheme the plain port, and a port without a name, mean no TLS.
        let is_tls = match scheme {
            "https" => true,
            "http" => false,
            _ => port != Some(http_port) && (!host.is_empty() || port == Some(https_port)),
        };
        let port = port.unwrap_or(if is_tls { https_port } else { http_port });
        Some(Address { host, port, is_tls, path: path.map(str::to_owned) })
    }

    /// Where the site listens: on the addresses given (`127.0.0.1`, `tcp6/[::]`, `unix//run/caddy.sock`), or on all.
    pub(super) fn listens(&self, binds: &[String]) -> Vec<ListenAddress> {
        let on = |host: Option<&str>| ListenAddress::Tcp { host: host.map(str::to_owned), port: self.port };
        if binds.is_empty() {
            return vec![on(None)];
        }
        binds
            .iter()
            .filter_map(|bind| match bind.split_once('/') {
                Some(("unix", path)) => {
                    let path = path.split('|').next().unwrap_or(path).trim_start_matches('/');
                    Some(ListenAddress::Unix(PathBuf::from(format!("/{path}"))))
                }
                Some(("tcp" | "tcp4" | "tcp6", host)) => Some(on(Some(without_brackets(host)))),
                Some(_) => None,
                None => Some(on(Some(without_brackets(bind)))),
            })
            .collect()
    }
}

fn without_brackets(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}
