//! `health`: what upstreams are asked, and what follows when one stays down.

use std::{ops::RangeInclusive, sync::Arc};

use super::{Build, headers, host, narrow32, shared, upstream};
use crate::{
    Place, defaults,
    file::{At, Group, Written},
    plan::{Expected, HealthPlan, HealthQuestion, OnDown, Scheme, UpstreamTls, Webhook},
};

/// Reads `health` of a pool.
pub(super) fn health(build: &mut Build<'_>, pool: &Group) -> Option<HealthPlan> {
    let (group, place) = (pool.group("health")?, pool.key_place("health")?);
    Some(HealthPlan {
        question: question(build, group, place)?,
        every: group.duration("every").unwrap_or(defaults::HEALTH_EVERY),
        every_down: group.duration("every_down").unwrap_or(defaults::HEALTH_EVERY_DOWN),
        jitter: group.count("jitter").map_or(defaults::HEALTH_JITTER, narrow32),
        deadline: group.duration("deadline").unwrap_or(defaults::HEALTH_DEADLINE),
        rise: group.count("rise").map_or(defaults::HEALTH_RISE, narrow32),
        fall: group.count("fall").map_or(defaults::HEALTH_FALL, narrow32),
        on_down: on_down(build, group),
    })
}

fn question(build: &mut Build<'_>, group: &Group, place: Place) -> Option<HealthQuestion> {
    let path = group.text("path");
    if group.switch("tcp") == Some(true) {
        for key in ["path", "method", "host", "status", "body", "header"] {
            if let Some(place) = group.key_place(key) {
                build.complaints.error(place, "health_tcp_only").text("key", key);
            }
        }
        return Some(HealthQuestion::Connection);
    }
    let Some(path) = path else {
        if !group.is_doubtful && !group.has("path") {
            build.complaints.error(place, "health_without_question");
        }
        return None;
    };
    if !path.value.starts_with('/') || !path.value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
    {
        build.complaints.error(path.place, "health_path").text("value", path.value);
    }
    let is_head = group.text("method").is_some_and(|method| method.value == "HEAD");
    if let Some(place) = group.key_place("body").filter(|_| is_head) {
        build.complaints.error(place, "health_head_body");
    }
    Some(HealthQuestion::Request {
        is_head,
        target: shared(path.value),
        host: group.text("host").and_then(|text| host::name(build, &text)).map(|name| shared(&name)),
        expected: Expected {
            statuses: statuses(build, group),
            body: group.text("body").filter(|text| !text.value.is_empty()).map(|text| shared(text.value)),
            header: group.text("header").and_then(|text| header(build, &text)),
        },
    })
}

fn statuses(build: &mut Build<'_>, group: &Group) -> Vec<RangeInclusive<u16>> {
    let mut ranges = Vec::new();
    for at in group.list("status") {
        match &at.value {
            Written::Count(status) => {
                ranges.extend(u16::try_from(*status).ok().map(|status| status..=status));
            }
            Written::Text(text) => match range(text) {
                Some(range) => ranges.push(range),
                None => {
                    build.complaints.error(at.place, "health_status").text("value", text.as_str());
                }
            },
            _ => {}
        }
    }
    if ranges.is_empty() {
        ranges.push(defaults::HEALTH_STATUSES);
    }
    ranges
}

/// `204`, `200-299` or `2xx`.
fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let status = |text: &str| {
        text.trim().parse::<u16>().ok().filter(|status| (100..600).contains(status) && text.len() >= 3)
    };
    if let Some(class) = text.strip_suffix("xx") {
        let class = class.parse::<u16>().ok().filter(|class| (1..6).contains(class))?;
        return Some(class * 100..=class * 100 + 99);
    }
    match text.split_once('-') {
        Some((first, last)) => {
            let (first, last) = (status(first)?, status(last)?);
            (first <= last).then_some(first..=last)
        }
        None => status(text).map(|status| status..=status),
    }
}

/// `name` or `name: value`.
fn header(build: &mut Build<'_>, text: &At<&str>) -> Option<(Arc<str>, Option<Arc<str>>)> {
    let (name, value) = match text.value.split_once(':') {
        Some((name, value)) => (name, Some(value.trim())),
        None => (text.value, None),
    };
    let name = headers::any_name(build, &At { place: text.place, value: name.trim() })?;
    Some((name, value.filter(|value| !value.is_empty()).map(shared)))
}

fn on_down(build: &mut Build<'_>, group: &Group) -> Option<OnDown> {
    let (hook, place) = (group.group("on_down")?, group.key_place("on_down")?);
    let mut command: Vec<Arc<str>> = hook.texts("command").map(|text| shared(text.value)).collect();
    if let (Some(text), Some(first)) = (hook.texts("command").next(), command.first_mut())
        && (text.value.contains('/') || text.value.is_empty())
    {
        // A path is a file and starts from here; a plain name is looked for as shells do.
        *first = shared(&build.file(&text).to_string_lossy());
    }
    let url = hook.text("url").and_then(|text| webhook(build, &text));
    if command.is_empty() && !hook.has("url") {
        build.complaints.error(place, "on_down_nothing");
    }
    Some(OnDown {
        command,
        url,
        after: hook.duration("after").unwrap_or(defaults::ON_DOWN_AFTER),
        at_most_every: hook.duration("at_most_every").unwrap_or(defaults::ON_DOWN_EVERY),
        deadline: hook.duration("deadline").unwrap_or(defaults::ON_DOWN_DEADLINE),
    })
}

fn webhook(build: &mut Build<'_>, text: &At<&str>) -> Option<Webhook> {
    let scheme_end = text.value.find("://").map_or(0, |at| at + 3);
    let path_at = text.value.get(scheme_end..)?.find('/').map_or(text.value.len(), |at| scheme_end + at);
    let (service, target) = text.value.split_at(path_at);
    let target = if target.is_empty() { "/" } else { target };
    let service = upstream::upstream(build, &At { place: text.place, value: service })?;
    if service.scheme == Scheme::FastCgi || !target.chars().all(|c| c.is_ascii_graphic() && c != '#') {
        build.complaints.error(text.place, "bad_upstream").text("value", text.value);
        return None;
    }
    Some(Webhook { service, tls: UpstreamTls::default(), target: shared(target) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_alone_as_range_and_as_class() {
        assert_eq!(range("204"), Some(204..=204));
        assert_eq!(range("200-299"), Some(200..=299));
        assert_eq!(range("3xx"), Some(300..=399));
        for wrong in ["", "2x", "xx", "0xx", "6xx", "99", "600", "300-200", "200-", "-200", "200-299-", "ok"]
        {
            assert_eq!(range(wrong), None, "{wrong}");
        }
    }
}
