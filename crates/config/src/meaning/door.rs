//! The door of a route: what root, site and route say about it, joined; and secrets.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use super::{Build, address, crawlers, headers, narrow, overload, shared, upstream};
use crate::{
    defaults,
    file::{At, Group, duration, is_name},
    plan::{Addresses, Auth, Door, ForwardAuth, Limit, LimitBy, Rate, Roots, Scheme, Secret, UpstreamTls},
};

/// The door of a table within a wider one. Refusals add up; for everything else the nearest table counts.
pub(super) fn within(build: &mut Build<'_>, wider: &Door, group: &Group, name: &str) -> Door {
    let mut door = wider.clone();
    let denied = addresses(build, group, "deny_addresses");
    door.denied.networks.extend(denied.networks);
    door.denied.files.extend(denied.files);
    if group.has("allow_addresses") {
        let allowed = addresses(build, group, "allow_addresses");
        // An empty list takes a wider one back; one whose entries are all wrong does not matter.
        door.allowed = (!group.list("allow_addresses").is_empty()).then_some(allowed);
    }
    if group.has("limit") {
        door.limit = limit(build, group, name).map(Arc::new);
    }
    if group.has("auth") {
        door.auth = auth(build, group, name).map(Arc::new);
    }
    if let Some(crawlers) = crawlers::crawlers(build, group) {
        door.crawlers = crawlers;
    }
    door
}

/// The secret of a key: where it is, not what it is.
pub(super) fn secret(build: &mut Build<'_>, group: &Group, key: &str) -> Option<Secret> {
    let place = group.key_place(key)?;
    let table = group.group(key)?;
    match (table.text("file"), table.text("env")) {
        (Some(file), None) => Some(Secret::File(build.file(&file))),
        (None, Some(name)) if is_name(name.value) => Some(Secret::Environment(shared(name.value))),
        (None, Some(name)) => {
            build.complaints.error(name.place, "bad_name").text("name", name.value);
            None
        }
        (Some(first), Some(second)) => {
            build.complaints.error(second.place, "secret_twice").and(first.place);
            None
        }
        (None, None) => {
            build.complaints.error(place, "secret_empty").text("key", key);
            None
        }
    }
}

fn addresses(build: &mut Build<'_>, group: &Group, key: &str) -> Addresses {
    let mut addresses = Addresses::default();
    for text in group.texts(key) {
        if is_like_an_address(text.value) {
            addresses.networks.extend(address::network(build, text));
        } else {
            addresses.files.push(build.file(&text));
        }
    }
    addresses
}

/// Whether a text is meant to be a network: one that is wrong should not be taken for the name of a file.
fn is_like_an_address(text: &str) -> bool {
    let is_of_address = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':' | b'/');
    text.bytes().all(is_of_address) && text.contains(['.', ':']) && !text.starts_with(['.', '/'])
}

fn limit(build: &mut Build<'_>, group: &Group, name: &str) -> Option<Limit> {
    let place = group.key_place("limit")?;
    let mut limit = Limit {
        name: shared(name),
        rate: None,
        concurrent: None,
        by: LimitBy::Address,
        keys: defaults::LIMIT_KEYS,
    };
    if let Some(text) = group.text("limit") {
        if text.value == "off" {
            return None;
        }
        limit.rate = rate(build, &text);
        return Some(limit);
    }
    let table = group.group("limit")?;
    limit.rate = table.text("rate").and_then(|text| rate(build, &text));
    match (&mut limit.rate, table.count("burst").and_then(few)) {
        (Some(rate), Some(burst)) => rate.burst = burst,
        (None, Some(_)) if !table.has("rate") => {
            let place = table.key_place("burst").unwrap_or(place);
            build.complaints.error(place, "belongs_to").text("key", "burst").text("other", "rate");
        }
        _ => {}
    }
    limit.concurrent = table.count("concurrent").and_then(few);
    limit.by = table.text("by").and_then(|text| limit_by(build, &text)).unwrap_or(LimitBy::Address);
    limit.keys = table.count("keys").map_or(limit.keys, narrow);
    if !table.has("rate") && !table.has("concurrent") && !table.is_doubtful {
        build.complaints.error(place, "limit_empty");
    }
    Some(limit)
}

/// `100/s`, `600/m`, `5000/h`, `10/30s`.
fn rate(build: &mut Build<'_>, text: &At<&str>) -> Option<Rate> {
    let read = read_rate(text.value);
    if read.is_none() {
        build.complaints.error(text.place, "bad_rate").text("value", text.value);
    }
    read
}

fn read_rate(text: &str) -> Option<Rate> {
    let (count, per) = text.split_once('/')?;
    let count: NonZeroU32 = count.trim().parse().ok()?;
    let per = per.trim();
    let per = if per.starts_with(|c: char| c.is_ascii_digit()) {
        duration::parse(per).ok()?
    } else {
        duration::parse(&format!("1{per}")).ok()?
    };
    let each = per.as_micros() / u128::from(count.get());
    if each == 0 || each > Duration::from_secs(86_400).as_micros() {
        return None;
    }
    // What comes in a second, but enough for the page of a browser, and never more than the rate's own number.
    let in_a_second = u32::try_from(1_000_000 / each).unwrap_or(u32::MAX);
    let burst = in_a_second.max(defaults::LEAST_BURST).min(count.get());
    Some(Rate { count, per, burst: NonZeroU32::new(burst)? })
}

fn few(count: u64) -> Option<NonZeroU32> {
    u32::try_from(count).ok().and_then(NonZeroU32::new)
}

fn limit_by(build: &mut Build<'_>, text: &At<&str>) -> Option<LimitBy> {
    match text.value {
        "address" => return Some(LimitBy::Address),
        "everybody" => return Some(LimitBy::Everybody),
        "path" => return Some(LimitBy::Path),
        _ => {}
    }
    if let Some(name) = text.value.strip_prefix("cookie:").map(str::trim)
        && overload::is_cookie(name)
    {
        return Some(LimitBy::Cookie(shared(name)));
    }
    let Some(name) = text.value.strip_prefix("header:") else {
        build.complaints.error(text.place, "bad_limit_by").text("value", text.value);
        return None;
    };
    headers::any_name(build, &At { place: text.place, value: name.trim() }).map(LimitBy::Header)
}

fn auth(build: &mut Build<'_>, group: &Group, name: &str) -> Option<Auth> {
    let place = group.key_place("auth")?;
    let table = group.group("auth")?;
    for (key, other) in
        [("realm", "basic"), ("headers", "forward"), ("deadline", "forward"), ("ca", "forward")]
    {
        if let Some(place) = table.key_place(key).filter(|_| !table.has(other)) {
            build.complaints.error(place, "belongs_to").text("key", key).text("other", other);
        }
    }
    match (table.text("basic"), table.text("forward")) {
        (Some(users), None) => {
            let realm = table.text("realm");
            if let Some(realm) = realm.as_ref().filter(|realm| !is_realm(realm.value)) {
                build.complaints.error(realm.place, "bad_realm").text("value", realm.value);
            }
            let realm = realm.map_or_else(|| name.split(' ').next().unwrap_or(name), |realm| realm.value);
            Some(Auth::Basic { users: build.file(&users), realm: shared(realm) })
        }
        (None, Some(service)) => forward(build, &service, table).map(Box::new).map(Auth::Forward),
        (Some(first), Some(second)) => {
            build.complaints.error(second.place, "auth_twice").and(first.place);
            None
        }
        (None, None) => {
            if !table.is_doubtful {
                build.complaints.error(place, "auth_empty");
            }
            None
        }
    }
}

/// What can stand between quotes in a field without escapes.
fn is_realm(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| !c.is_control() && !matches!(c, '"' | '\\'))
}

fn forward(build: &mut Build<'_>, text: &At<&str>, table: &Group) -> Option<ForwardAuth> {
    let scheme_end = text.value.find("://").map_or(0, |at| at + 3);
    let path_at = text.value.get(scheme_end..)?.find('/').map_or(text.value.len(), |at| scheme_end + at);
    let (service, target) = text.value.split_at(path_at);
    let target = if target.is_empty() { "/" } else { target };
    if !target.chars().all(|c| c.is_ascii_graphic() && c != '#') {
        build.complaints.error(text.place, "bad_upstream").text("value", text.value);
        return None;
    }
    let service = upstream::upstream(build, &At { place: text.place, value: service })?;
    if service.scheme == Scheme::FastCgi {
        build.complaints.error(text.place, "bad_upstream").text("value", text.value);
        return None;
    }
    let mut tls = UpstreamTls::default();
    if let Some(ca) = table.text("ca") {
        if service.scheme != Scheme::Https {
            build.complaints.error(ca.place, "belongs_to").text("key", "ca").text("other", "https://");
        }
        tls.roots = Roots::File(build.file(&ca));
    }
    Some(ForwardAuth {
        service,
        tls,
        target: shared(target),
        headers: table.texts("headers").filter_map(|text| headers::any_name(build, &text)).collect(),
        deadline: table.duration("deadline").unwrap_or(defaults::AUTHORISE),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_with_a_burst_that_fits() {
        let check = |text: &str, count, millis, burst| {
            let rate = read_rate(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (rate.count.get(), rate.per.as_millis(), rate.burst.get()),
                (count, millis, burst),
                "{text}"
            );
        };
        check("100/s", 100, 1000, 100);
        check("1000 / s", 1000, 1000, 1000);
        check("600/m", 600, 60_000, 20);
        check("5/m", 5, 60_000, 5);
        check("10/30s", 10, 30_000, 10);
        check("1000000/s", 1_000_000, 1000, 1_000_000);
        for text in ["", "100", "0/s", "/s", "100/", "100/x", "-1/s", "2000000/s", "1/10d", "1.5/s", "5/0s"] {
            assert_eq!(read_rate(text), None, "{text}");
        }
    }

    #[test]
    fn a_mistyped_network_is_no_file() {
        for text in ["10.0.0.0/33", "10.0.0", "fe80::/129", "::1"] {
            assert!(is_like_an_address(text), "{text}");
        }
        for text in ["bots.txt", "/etc/bad", "lists/a", "./10.0.0.1", "bad"] {
            assert!(!is_like_an_address(text), "{text}");
        }
    }
}
