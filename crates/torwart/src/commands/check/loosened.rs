//! Defaults that were loosened: every one is a risk taken knowingly, so each is named with what it means.

use std::net::SocketAddr;
use torwart_config::Plan;
use torwart_config::plan::{Lenient, ListenAddress};

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
    if let Some(network) = plan.trusted.iter().find(|network| network.prefix_len() == 0) {
        add(format!("trusted: {network}"), "loose-trusted");
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
