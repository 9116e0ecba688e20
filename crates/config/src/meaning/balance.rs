//! How the upstreams of a pool are chosen, and when one is left out.

use super::{Build, headers, narrow32, shared};
use crate::{
    file::{At, Group},
    plan::{Balance, EjectionPlan, HashKey, StickyCookie},
};

/// `balance`.
pub(super) fn balance(build: &mut Build<'_>, group: &Group) -> Balance {
    if let Some(word) = group.text("balance") {
        return match word.value {
            "round_robin" => Balance::RoundRobin,
            "least_in_flight" => Balance::LeastInFlight,
            _ => Balance::TwoChoices,
        };
    }
    let (Some(by), Some(place)) = (group.group("balance"), group.key_place("balance")) else {
        return Balance::default();
    };
    let secret = by.text("secret").map(|file| build.file(&file));
    match (by.text("hash"), by.text("cookie")) {
        (Some(_), Some(second)) => {
            build.complaints.error(second.place, "balance_twice");
            Balance::default()
        }
        (Some(hash), None) => {
            if let Some(place) = by.key_place("secret") {
                build.complaints.error(place, "belongs_to").text("key", "secret").text("other", "cookie");
            }
            hash_key(build, &hash).map_or(Balance::default(), Balance::Hash)
        }
        (None, Some(name)) => cookie_name(build, &name)
            .map_or(Balance::default(), |name| Balance::Cookie(StickyCookie { name: shared(&name), secret })),
        (None, None) => {
            if !by.is_doubtful && !by.has("hash") && !by.has("cookie") {
                build.complaints.error(place, "balance_empty");
            }
            Balance::default()
        }
    }
}

/// `eject`; none where it is switched off.
pub(super) fn ejection(build: &mut Build<'_>, group: &Group) -> Option<EjectionPlan> {
    let standard = EjectionPlan::default();
    if let Some(is_on) = group.switch("eject") {
        return is_on.then_some(standard);
    }
    let Some(rules) = group.group("eject") else { return Some(standard) };
    let plan = EjectionPlan {
        failures: rules.count("failures").map_or(standard.failures, narrow32),
        margin: rules.count("margin").map_or(standard.margin, narrow32),
        time: rules.duration("time").unwrap_or(standard.time),
        longest: rules.duration("longest").unwrap_or(standard.longest),
        share: rules.count("share").map_or(standard.share, narrow32),
    };
    if plan.longest < plan.time
        && let Some(place) = rules.key_place("longest").or(rules.key_place("time"))
    {
        build.complaints.error(place, "eject_longest_below_time");
    }
    Some(EjectionPlan { longest: plan.longest.max(plan.time), ..plan })
}

/// `client`, `path`, `header:NAME` or `cookie:NAME`.
fn hash_key(build: &mut Build<'_>, text: &At<&str>) -> Option<HashKey> {
    match text.value.split_once(':') {
        None if text.value == "client" => return Some(HashKey::Client),
        None if text.value == "path" => return Some(HashKey::Path),
        Some(("header", name)) => {
            let name = At { place: text.place, value: name.trim() };
            return headers::any_name(build, &name).map(|name| HashKey::Header(shared(&name)));
        }
        Some(("cookie", name)) => {
            let name = At { place: text.place, value: name.trim() };
            return cookie_name(build, &name).map(|name| HashKey::Cookie(shared(&name)));
        }
        _ => {}
    }
    build.complaints.error(text.place, "bad_hash_key").text("value", text.value);
    None
}

/// A cookie's name is a token (RFC 6265 §4.1.1).
fn cookie_name(build: &mut Build<'_>, text: &At<&str>) -> Option<String> {
    let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if text.value.is_empty() || !text.value.bytes().all(is_of_token) {
        build.complaints.error(text.place, "bad_cookie_name").text("value", text.value);
        return None;
    }
    Some(text.value.to_owned())
}
