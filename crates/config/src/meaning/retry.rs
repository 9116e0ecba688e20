//! What is repeated on a route. Given at a route, its site or its pool; the narrowest table wins.

use torwart_cause::{Cause, Retry};

use super::{Build, narrow32, route::method, shared};
use crate::{
    defaults,
    file::{At, Group, Written, nearest},
    plan::{Pool, Protocol, RetryOn, RetryPlan, RetryRules, Scheme},
};

/// What is repeated; `layers` go from narrow to wide.
pub(super) fn rules(build: &mut Build<'_>, layers: &[&Group]) -> RetryRules {
    let standard = RetryRules::default();
    let tables = || layers.iter().filter_map(|layer| layer.group("retry"));
    RetryRules {
        attempts: tables().find_map(|group| group.count("attempts")).map_or(standard.attempts, narrow32),
        on: tables().find(|group| group.has("on")).map_or(standard.on, |group| on(build, group)),
        methods: tables()
            .find(|group| group.has("methods"))
            .map(|group| methods(build, group))
            .unwrap_or_default(),
        wait: match layers.iter().find(|layer| layer.has("wait")) {
            Some(layer) if layer.switch("wait") == Some(false) => None,
            Some(layer) => layer.duration("wait").or(standard.wait),
            None => standard.wait,
        },
    }
}

/// What retrying may cost a pool.
pub(super) fn budget(build: &mut Build<'_>, group: &Group) -> RetryPlan {
    let standard = RetryPlan::default();
    let Some(group) = group.group("retry") else { return standard };
    let plan = RetryPlan {
        percent: group.count("percent").map_or(standard.percent, narrow32),
        per_second: group.count("per_second").map_or(standard.per_second, narrow32),
    };
    if let Some(place) = group.key_place("percent").filter(|_| plan.percent > MOST_PERCENT) {
        build.complaints.warn(place, "retry_storm").text("value", plan.percent.to_string());
    }
    plan
}

fn on(build: &mut Build<'_>, group: &Group) -> RetryOn {
    let mut on = RetryOn { failures: false, causes: Vec::new(), statuses: Vec::new() };
    for at in group.list("on") {
        match &at.value {
            Written::Count(status) => {
                match u16::try_from(*status).ok().filter(|status| may_repeat(*status)) {
                    Some(status) => on.statuses.push(status),
                    None => {
                        build.complaints.error(at.place, "retry_status").text("value", status.to_string());
                    }
                }
            }
            Written::Text(text) => word(build, &At { place: at.place, value: text.as_str() }, &mut on),
            _ => {}
        }
    }
    on
}

fn word(build: &mut Build<'_>, at: &At<&str>, on: &mut RetryOn) {
    if at.value == FAILURES {
        on.failures = true;
    } else if let Some(cause) = Cause::from_id(at.value) {
        if cause.retry() == Retry::Never {
            build.complaints.error(at.place, "retry_never").text("value", at.value);
        }
        on.causes.push(cause);
    } else if let Some(status) = at.value.parse().ok().filter(|status| may_repeat(*status)) {
        on.statuses.push(status);
    } else {
        let known = Cause::ALL.iter().map(|cause| cause.id()).chain([FAILURES]);
        match nearest(at.value, known) {
            Some(near) => build.complaints.error(at.place, "retry_on_near").text("near", near),
            None => build.complaints.error(at.place, "retry_on"),
        }
        .text("value", at.value);
    }
}

/// Methods beyond the idempotent ones, each with a warning: the operator has to know that they may run twice.
fn methods(build: &mut Build<'_>, group: &Group) -> Vec<std::sync::Arc<str>> {
    let mut named = Vec::new();
    for text in group.texts("methods") {
        let Some(known) = method(build, &text) else { continue };
        if !IDEMPOTENT.contains(&&*known) {
            build.complaints.warn(text.place, "retry_twice").text("value", text.value);
            named.push(shared(&known));
        }
    }
    named
}

/// When a second attempt runs beside the first.
pub(super) fn hedge(
    build: &mut Build<'_>,
    layers: &[&Group],
    pool: Option<&Pool>,
) -> Option<std::time::Duration> {
    let layer = layers.iter().find(|layer| layer.has("hedge"))?;
    let hedge = layer.duration("hedge")?;
    let speaks_http1 = |pool: &Pool| {
        pool.protocol == Protocol::Http1
            && pool.proxy_protocol.is_none()
            && pool.upstreams.iter().all(|upstream| upstream.scheme != Scheme::FastCgi)
    };
    if let (Some(place), true) = (layer.key_place("hedge"), pool.is_some_and(|pool| !speaks_http1(pool))) {
        build.complaints.error(place, "hedge_without_http1");
    }
    Some(hedge)
}

/// Answers that a second attempt may better: the upstream, or somebody behind it, could not do it now.
const fn may_repeat(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// The word for every failure that may be repeated.
const FAILURES: &str = defaults::RETRY_FAILURES;

/// Above it, a pool in trouble gets so much more load that it may not recover.
const MOST_PERCENT: u32 = 50;

/// RFC 9110 §9.2.2.
const IDEMPOTENT: [&str; 6] = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"];
