//! Defaults that were loosened: every one is a risk taken knowingly, so each is named with what it means.

use std::net::SocketAddr;
use torwart_config::plan::{Auth, ClientDeadlines, ClientLimits, Lenient, ListenAddress, Listener};
use torwart_config::{Plan, defaults, show_duration};

/// One loosened default.
#[derive(Clone, Debug)]
pub(super) struct Loosened {
    /// The key in the file, with its place.
    pub(super) key: String,
    /// Which sentence explains it.
    pub(super) text: String,
}

/// Everything a plan loosens.
pub(super) fn of(plan: &Plan) -> Vec<Loosened> {
    let mut found = Vec::new();
    let mut add = |key: String, text: &str| found.push(Loosened { key, text: text.to_owned() });
    for pool in plan.pools.iter().filter(|pool| !pool.tls.verify) {
        add(format!("pool.{}: tls.verify = false", pool.name), "loose-verify");
    }
    for name in Lenient::NAMES.into_iter().filter(|name| is_on(plan.lenient, name)) {
        add(format!("lenient: {name}"), &format!("loose-{}", name.replace('_', "-")));
    }
    if plan.admin.is_some_and(|address: SocketAddr| !address.ip().is_loopback()) {
        add("listen.admin".to_owned(), "loose-admin");
    }
    for pool in &plan.pools {
        if pool.upstreams.iter().any(|upstream| upstream.may_be_link_local) {
            add(format!("pool.{}: link_local = true", pool.name), "loose-link-local");
        }
    }
    found.extend(of_clients(plan));
    let mut add = |key: String, text: &str| found.push(Loosened { key, text: text.to_owned() });
    if let Some(network) = plan.trusted.iter().find(|network| network.prefix_len() == 0) {
        add(format!("trusted: {network}"), "loose-trusted");
    }
    if plan.early_data {
        add("listen.early_data = true".to_owned(), "loose-early-data");
    }
    if !plan.process.confine {
        add("confine = false".to_owned(), "loose-confine");
    } else if plan.acme.as_ref().is_some_and(|acme| acme.dns_hook.is_some()) {
        add("acme.dns_hook".to_owned(), "loose-hooks");
    }
    for listener in &plan.listeners {
        if let ListenAddress::Unix(path) = &listener.address
            && listener.access.mode & 0o002 != 0
        {
            add(format!("listen: {} ({:04o})", path.display(), listener.access.mode), "loose-socket");
        }
    }
    found
}

/// Limits and deadlines of clients above their defaults, and passwords in the clear.
fn of_clients(plan: &Plan) -> Vec<Loosened> {
    let mut found = Vec::new();
    let mut add = |is_looser: bool, key: String, text: &str| {
        if is_looser {
            found.push(Loosened { key, text: text.to_owned() });
        }
    };
    let (limits, usual) = (&plan.limits, ClientLimits::default());
    let per_address = plan.per_address.most;
    add(
        per_address > defaults::PER_ADDRESS,
        format!("client.per_address = {per_address}"),
        "loose-per-address",
    );
    let connections = plan.connections;
    add(
        connections > defaults::CONNECTIONS,
        format!("client.connections = {connections}"),
        "loose-connections",
    );
    add(limits.head > usual.head, format!("client.limit.head = \"{}\"", limits.head), "loose-size");
    add(limits.fields > usual.fields, format!("client.limit.fields = {}", limits.fields), "loose-size");
    add(limits.target > usual.target, format!("client.limit.target = \"{}\"", limits.target), "loose-size");
    add(limits.body > usual.body, format!("client.limit.body = \"{}\"", limits.body), "loose-size");
    add(
        limits.streams > usual.streams,
        format!("client.limit.streams = {}", limits.streams),
        "loose-streams",
    );
    add(
        limits.windows > usual.windows,
        format!("client.limit.windows = \"{}\"", limits.windows),
        "loose-windows",
    );
    let (waits, usual) = (&plan.deadlines, ClientDeadlines::default());
    for (key, wait, usual) in [
        ("handshake", waits.handshake, usual.handshake),
        ("head", waits.head, usual.head),
        ("body", waits.body, usual.body),
        ("send", waits.send, usual.send),
        ("keep_alive", waits.keep_alive, usual.keep_alive),
        ("linger", waits.linger, usual.linger),
    ] {
        add(wait > usual, format!("client.deadline.{key} = \"{}\"", show_duration(wait)), "loose-time");
    }
    let is_open = |listener: &Listener| {
        !listener.tls
            && matches!(listener.address, ListenAddress::Tcp(address) if !address.ip().is_loopback())
    };
    let in_the_clear = plan.listeners.iter().any(is_open);
    for (site, route) in plan.all_routes() {
        let asks = matches!(route.door.auth.as_deref(), Some(Auth::Basic { .. }));
        let is_looser = asks && in_the_clear && !site.redirect_to_https;
        add(is_looser, format!("{} {}: auth.basic", site.name, route.name), "loose-basic");
        let is_large = route.body_limit > limits.body;
        add(
            is_large,
            format!("{} {}: body_limit = \"{}\"", site.name, route.name, route.body_limit),
            "loose-size",
        );
    }
    found
}

fn is_on(lenient: Lenient, name: &str) -> bool {
    match name {
        "equal_lengths" => lenient.equal_lengths,
        "coding_beats_length" => lenient.coding_beats_length,
        "bare_lf" => lenient.bare_lf,
        "obs_fold" => lenient.obs_fold,
        "space_before_colon" => lenient.space_before_colon,
        "missing_host" => lenient.missing_host,
        "target_characters" => lenient.target_characters,
        "control_bytes" => lenient.control_bytes,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words;
    use torwart_report::Lang;

    #[test]
    fn every_option_is_known_and_explained() {
        let all = Lenient {
            equal_lengths: true,
            coding_beats_length: true,
            bare_lf: true,
            obs_fold: true,
            space_before_colon: true,
            missing_host: true,
            target_characters: true,
            control_bytes: true,
        };
        for name in Lenient::NAMES {
            assert!(is_on(all, name), "{name}");
            let key = format!("loose-{}", name.replace('_', "-"));
            assert!(Lang::ALL.iter().all(|lang| words::has(*lang, &key)), "{key}");
        }
    }
}
