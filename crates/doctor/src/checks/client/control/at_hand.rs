//! What tells of the way out without asking anybody: the router's place in the neighbourhood, the routing table, and the
//! name servers that were asked anyway.

use super::{Site, Standing, offline};
use crate::observe::control::is_neighbour_there;
use crate::observe::reach::{Routes, Way};
use crate::{Case, Checked, Controls};
use std::net::IpAddr;
use torwart_cause::finding::client::ONLINE;
use torwart_cause::finding::{Finding, Hop, Where, said};
use torwart_kernel::interfaces;

/// No control speaks: what can be told all the same.
pub(super) async fn compare(case: &Case, site: &Site) -> Checked {
    let routes = Routes::read();
    let ways = ways(site, &routes);
    let is_gone = |way: &Way| matches!(way, Way::Via(router) if is_neighbour_there(*router) == Some(false));
    if !ways.is_empty() && ways.iter().all(is_gone) {
        return Checked::found(vec![with_router(Finding { confidence: 94, ..offline(site) }, site)]);
    }
    let is_astray = |way: &Way| *way == Way::None;
    if routes.leads_anywhere() == Some(false)
        && is_in_a_network()
        && site.addresses.iter().all(|ip| is_public(*ip))
        && !ways.is_empty()
        && ways.iter().all(is_astray)
    {
        let fact = said("client-no-default-route");
        let finding = Finding { confidence: 94, ..offline(site) }.proof_by(fact, "ip route; ip -6 route");
        return Checked::found(vec![finding]);
    }
    if let Some(server) = heard(case, site).await {
        let finding = Finding::new(&ONLINE, 85, Where::hop(Hop::You).name(server)).proof_by(
            said("client-server-answers").with("server", server),
            format!("dig @{server} {}", site.name),
        );
        return Checked::found(vec![finding]);
    }
    if ways.iter().any(|way| matches!(way, Way::Via(_))) && case.question().controls == Controls::AtHand {
        let command = format!("torwart doctor {} --control URL", case.question().url);
        return Checked::could_not(said("client-control-none").with("name", &site.name), Some(command));
    }
    Checked::fine()
}

/// The ways to the site; those to anywhere, where its name led nowhere.
fn ways(site: &Site, routes: &Routes) -> Vec<Way> {
    if site.standing == Standing::Unresolved {
        return routes.routers().map(Way::Via).collect();
    }
    site.addresses.iter().map(|ip| routes.way(*ip)).collect()
}

/// A public name server that answered over the very router the way to the site takes.
pub(super) async fn heard(case: &Case, site: &Site) -> Option<IpAddr> {
    let routes = Routes::read();
    let sites: Vec<Way> = site.addresses.iter().map(|ip| routes.way(*ip)).collect();
    let is_alike = |ip: &IpAddr| {
        let way = routes.way(*ip);
        is_public(*ip) && matches!(way, Way::Via(_)) && sites.contains(&way)
    };
    if !site.addresses.iter().any(|ip| is_public(*ip)) {
        return None;
    }
    let names = case.site().await;
    let servers = names.servers(case).await;
    let alive = servers.iter().filter(|said| said.is_alive()).map(|said| said.server.ip());
    if let Some(server) = alive.into_iter().find(is_alike) {
        return Some(server);
    }
    let zone = names.zone(case).await;
    let authorities = zone.as_ref().as_ref()?.servers.iter();
    let answering = authorities.filter(|one| one.replies().next().is_some());
    answering.map(|one| one.address.ip()).find(is_alike)
}

/// With the fact that the router on the way is gone, if it is.
pub(super) fn with_router(finding: Finding, site: &Site) -> Finding {
    let routes = Routes::read();
    let mut routers = ways(site, &routes).into_iter().filter_map(|way| match way {
        Way::Via(router) => Some(router),
        Way::Own | Way::OnLink | Way::None | Way::Unknown => None,
    });
    let Some(router) = routers.find(|router| is_neighbour_there(*router) == Some(false)) else {
        return finding;
    };
    let mut finding = finding
        .proof_by(said("client-router-gone").with("router", router), format!("ip neigh show {router}"));
    finding.confidence = finding.confidence.max(94);
    finding
}

/// Whether some interface has an address beyond this machine.
fn is_in_a_network() -> bool {
    let local = interfaces::addresses().unwrap_or_default();
    local.iter().any(|known| known.is_up && !known.address.is_loopback())
}

/// Whether an address means the same everywhere.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let is_shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || is_shared)
        }
        IpAddr::V6(v6) => v6.segments()[0] & 0xe000 == 0x2000,
    }
}
