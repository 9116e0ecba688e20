//! Has this machine any way into a network, and into that of the site's addresses?
//!
//! Proves: no interface but loopback has an address while the site is elsewhere; or the site has IPv6 addresses only, and
//! no interface has one that leads beyond its own cable. Nobody else is asked for it.

use crate::{Case, Checked};
use std::net::IpAddr;
use torwart_cause::finding::client::{NO_IPV6, NO_NETWORK};
use torwart_cause::finding::{Finding, Hop, Where, said};
use torwart_kernel::interfaces;

pub async fn check(case: &Case) -> Checked {
    let Ok(local) = interfaces::addresses() else { return Checked::not_applicable() };
    let names = case.site().await;
    let site = &names.addresses;
    if site.iter().any(IpAddr::is_loopback) || names.host == "localhost" {
        return Checked::not_applicable();
    }
    let outward: Vec<IpAddr> =
        local.iter().filter(|known| known.is_up).map(|known| known.address).filter(leads_out).collect();
    // A name server on this very machine, with nothing beyond it, is how test benches look: then there is no telling.
    let asks_itself = names.setup.servers.iter().any(|server| server.ip().is_loopback());
    if outward.is_empty() && !asks_itself {
        let finding = Finding::new(&NO_NETWORK, 95, Where::hop(Hop::You))
            .proof_by(said("client-no-address"), "ip address");
        return Checked::found(vec![finding]);
    }
    let only_six = !site.is_empty() && site.iter().all(IpAddr::is_ipv6);
    if only_six && !outward.iter().any(IpAddr::is_ipv6) && !outward.is_empty() {
        let first = site.first().map(ToString::to_string).unwrap_or_default();
        let finding = Finding::new(&NO_IPV6, 92, Where::hop(Hop::You).name(&names.host))
            .proof_by(
                said("client-site-only-ipv6").with("name", &names.host).with("address", first),
                format!("getent ahosts {}", names.host),
            )
            .proof_by(said("client-no-ipv6-address"), "ip -6 address show scope global");
        return Checked::found(vec![finding]);
    }
    Checked::fine()
}

/// Whether packets with this source may leave the own cable.
fn leads_out(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local() && !v4.is_unspecified(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local() && !v6.is_unspecified(),
    }
}
