//! What is done under load, as meant; settings that make an overload worse are warned about with the reason.

use std::{num::NonZeroU32, sync::Arc};

use super::{Build, headers, narrow, narrow32, shared};
use crate::{
    defaults,
    file::{At, Group, duration},
    plan::{Concurrency, LeastPace, Overload, Priorities, Queue, WaitingRoom, Who},
};

/// How many requests each upstream of a pool gets at once.
pub(super) fn concurrency(build: &mut Build<'_>, group: &Group) -> Concurrency {
    let standard = Concurrency::default();
    if let Some(fixed) = group.count("concurrency").and_then(fixed) {
        return fixed;
    }
    if let Some(text) = group.text("concurrency") {
        if text.value == "off" {
            build.complaints.warn(text.place, "concurrency_off");
            return Concurrency::Off;
        }
        return standard;
    }
    let (Concurrency::Adaptive { least, most }, Some(table)) = (standard, group.group("concurrency")) else {
        return standard;
    };
    let (own_least, own_most) = (table.count("least").map(narrow32), table.count("most").map(narrow32));
    let least = own_least.unwrap_or(least).min(own_most.filter(|_| own_least.is_none()).unwrap_or(u32::MAX));
    let most = own_most.unwrap_or(most.max(least));
    if least > most
        && let Some(place) = table.key_place("least")
    {
        build.complaints.error(place, "least_above_most").text("least", least.to_string());
    }
    Concurrency::Adaptive { least, most }
}

/// Who waits for a place; warned about once where the same table speaks of upstreams and of a route.
pub(super) fn queue(build: &mut Build<'_>, group: &Group) -> Queue {
    let mut queue = Queue::default();
    if group.text("queue").is_some_and(|text| text.value == "off") {
        queue.length = 0;
        return queue;
    }
    let Some(table) = group.group("queue") else { return queue };
    queue.length = table.count("length").map_or(queue.length, narrow);
    queue.time = table.duration("time").unwrap_or(queue.time);
    queue.target = table.duration("target").unwrap_or(queue.target).min(queue.time);
    if let Some(place) = table.key_place("length").filter(|_| queue.length > LONG_QUEUE) {
        build.complaints.warn(place, "queue_long").text("value", queue.length.to_string());
    }
    if let Some(place) = table.key_place("time").filter(|_| queue.time > LONG_WAIT) {
        build.complaints.warn(place, "queue_waits").text("value", duration::show(queue.time));
    }
    queue
}

/// What a route does under load; what routes have from their site they have together.
pub(super) fn overload(
    build: &mut Build<'_>,
    wider: Option<&Arc<Overload>>,
    group: &Group,
    name: &str,
) -> Option<Arc<Overload>> {
    if !KEYS.iter().any(|key| group.has(key)) {
        return wider.cloned();
    }
    let mut own = wider.map_or_else(
        || Overload {
            name: shared(name),
            at_once: Concurrency::Off,
            queue: Queue::default(),
            priorities: Priorities::default(),
            room: None,
        },
        |wider| Overload::clone(wider),
    );
    if group.has("at_once") {
        own.name = shared(name);
        own.at_once = match group.text("at_once").map(|text| text.value) {
            Some("adaptive") => Concurrency::default(),
            _ => group.count("at_once").and_then(fixed).unwrap_or(Concurrency::Off),
        };
    }
    if group.has("queue") && group.has("at_once") {
        own.queue = queue(build, group);
    }
    if let Some(table) = group.group("priority") {
        let standard = Priorities::default();
        own.priorities = Priorities {
            first: all_who(build, table, "first"),
            early: all_who(build, table, "early"),
            last: if table.has("last") { all_who(build, table, "last") } else { standard.last },
        };
    }
    if group.has("waiting_room") {
        own.room = group.group("waiting_room").and_then(|table| room(build, table, name)).map(Arc::new);
    }
    Some(Arc::new(own))
}

/// The least pace of clients: when they send a body, and when they read.
pub(super) fn pace(client: Option<&Group>) -> (Option<LeastPace>, Option<LeastPace>) {
    if client.and_then(|group| group.text("pace")).is_some_and(|text| text.value == "off") {
        return (None, None);
    }
    let table = client.and_then(|group| group.group("pace"));
    let grace = table.and_then(|table| table.duration("grace")).unwrap_or(defaults::PACE_GRACE);
    let of = |key: &str| {
        let bytes_per_second = table.and_then(|table| table.count(key)).unwrap_or(defaults::LEAST_PACE);
        Some(LeastPace { bytes_per_second, grace })
    };
    (of("body"), of("send"))
}

fn room(build: &mut Build<'_>, table: &Group, name: &str) -> Option<WaitingRoom> {
    let visitors = table.count("visitors").and_then(|count| NonZeroU32::new(narrow32(count)))?;
    Some(WaitingRoom {
        name: shared(name),
        visitors,
        stay: table.duration("stay").unwrap_or(defaults::STAY),
        bypass: all_who(build, table, "bypass"),
        secret: table.text("secret").map(|file| build.file(&file)),
    })
}

fn all_who(build: &mut Build<'_>, table: &Group, key: &str) -> Vec<Who> {
    table.texts(key).filter_map(|text| who(build, &text)).collect()
}

fn who(build: &mut Build<'_>, text: &At<&str>) -> Option<Who> {
    let value = |at: &str| At { place: text.place, value: at.trim().to_owned() };
    match text.value.split_once(':') {
        None if text.value == "bots" => return Some(Who::Bots),
        Some(("path", path)) if path.starts_with('/') => return Some(Who::Path(shared(path))),
        Some(("cookie", name)) if is_cookie(name) => return Some(Who::Cookie(shared(name))),
        Some(("header", name)) => {
            let name = value(name);
            return headers::any_name(build, &At { place: name.place, value: &name.value }).map(Who::Header);
        }
        _ => {}
    }
    build.complaints.error(text.place, "bad_who").text("value", text.value);
    None
}

/// What can be the name of a cookie (RFC 6265 §4.1.1).
pub(super) fn is_cookie(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}

fn fixed(count: u64) -> Option<Concurrency> {
    NonZeroU32::new(narrow32(count)).map(Concurrency::Fixed)
}

const KEYS: [&str; 3] = ["at_once", "priority", "waiting_room"];

/// Whoever stands behind so many has left before his turn comes.
const LONG_QUEUE: usize = 10_000;

/// Visitors leave before that, and browsers ask again.
const LONG_WAIT: std::time::Duration = std::time::Duration::from_secs(30);
