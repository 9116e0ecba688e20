//! Addresses to listen on, addresses of servers, and networks.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

use super::Build;
use crate::{file::At, plan::ListenAddress};

/// An address to listen on: `0.0.0.0:80`, `[::]:80`, `unix:/run/torwart.sock`.
pub(super) fn listen(build: &mut Build<'_>, text: &At<&str>) -> Option<ListenAddress> {
    if let Some(path) = text.value.strip_prefix("unix:") {
        if path.is_empty() {
            build.complaints.error(text.place, "socket_without_path");
            return None;
        }
        return Some(ListenAddress::Unix(build.folder.join(path)));
    }
    socket(build, text).map(ListenAddress::Tcp)
}

/// An IP address with a port.
pub(super) fn socket(build: &mut Build<'_>, text: &At<&str>) -> Option<SocketAddr> {
    if let Ok(address) = text.value.parse() {
        return Some(address);
    }
    let suggested = suggest(text.value);
    match suggested {
        Some(near) => build.complaints.error(text.place, "bad_address_near").text("near", near),
        None => build.complaints.error(text.place, "bad_address"),
    }
    .text("value", text.value);
    None
}

/// A name server: an IP address, on port 53 if it names none.
pub(super) fn server(build: &mut Build<'_>, text: &At<&str>) -> Option<SocketAddr> {
    match text.value.parse::<IpAddr>() {
        Ok(address) => Some(SocketAddr::new(address, 53)),
        Err(_) => socket(build, text),
    }
}

/// A network: `10.0.0.0/8`, or a single address.
pub(super) fn network(build: &mut Build<'_>, text: At<&str>) -> Option<IpNet> {
    if let Ok(address) = text.value.parse::<IpAddr>() {
        return Some(address.into());
    }
    match text.value.parse::<IpNet>() {
        Ok(network) if network.trunc() == network => Some(network),
        Ok(network) => {
            let meant = network.trunc().to_string();
            build
                .complaints
                .error(text.place, "network_host_bits")
                .text("value", text.value)
                .text("near", meant);
            None
        }
        Err(_) => {
            build.complaints.error(text.place, "bad_network").text("value", text.value);
            None
        }
    }
}

/// What was probably meant by an address that is none.
fn suggest(text: &str) -> Option<String> {
    let text = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).unwrap_or(text);
    let text = text.strip_suffix('/').unwrap_or(text);
    let meant = match text.rsplit_once(':') {
        _ if text.parse::<SocketAddr>().is_ok() => text.to_owned(),
        _ if text.parse::<u16>().is_ok() => format!("0.0.0.0:{text}"),
        Some(("" | "*", port)) => format!("0.0.0.0:{port}"),
        Some(("localhost", port)) => format!("127.0.0.1:{port}"),
        Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() => format!("[{address}]:{port}"),
        _ => return None,
    };
    meant.parse::<SocketAddr>().is_ok().then_some(meant)
}
