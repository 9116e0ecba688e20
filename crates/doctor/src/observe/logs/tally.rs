//! Counts what the lines of the logs tell, by cause and upstream.

use super::cause_of;
use super::trouble::{Traffic, Trouble, What};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;
use torwart_cause::{Actor, Cause};
use torwart_dialect::Product;
use torwart_dialect::config::LogKind;
use torwart_dialect::log::LogLine;

/// One line that counts.
pub(super) struct Line<'l> {
    pub(super) path: &'l Path,
    pub(super) number: u32,
    pub(super) text: &'l str,
    pub(super) line: &'l LogLine,
    pub(super) age: Duration,
}

/// The counts while reading.
#[derive(Debug, Default)]
pub(super) struct Tally {
    by_error: HashMap<Key, Trouble>,
    by_access: HashMap<Key, Trouble>,
    traffic: Option<Traffic>,
    pub(super) has_error_lines: bool,
}

type Key = (What, Option<String>, Option<String>);

impl Tally {
    /// Counts a line.
    pub(super) fn add(&mut self, one: &Line<'_>) {
        let is_access = one.line.kind == LogKind::Access;
        if is_access {
            self.count_request(one);
        } else {
            self.has_error_lines = true;
        }
        let Some(what) = what(one) else { return };
        let upstream = one.line.upstream().filter(|name| !name.is_empty() && *name != "-").map(str::to_owned);
        let flags = one.line.words.flags.clone();
        let of = if is_access && !tells_causes(one.line.product) {
            &mut self.by_access
        } else {
            &mut self.by_error
        };
        let trouble = of.entry((what, upstream.clone(), flags.clone())).or_insert_with(|| Trouble {
            what,
            meaning: None,
            flags,
            upstream,
            in_hour: 0,
            in_day: 0,
            total: 0,
            first: one.age,
            last: Duration::MAX,
            place: (one.path.to_path_buf(), one.number),
            line: String::new(),
            status: None,
            product: one.line.product,
        });
        trouble.total += 1;
        trouble.in_hour += u32::from(one.age <= HOUR);
        trouble.in_day += u32::from(one.age <= DAY);
        trouble.first = trouble.first.max(one.age);
        if one.age <= trouble.last {
            trouble.last = one.age;
            trouble.place = (one.path.to_path_buf(), one.number);
            trouble.line = one.text.chars().take(LINE).collect();
            trouble.meaning = one.line.words.said.clone();
            trouble.status = one.line.answer.status.or(trouble.status);
        }
    }

    /// The troubles, the most frequent of the last hour first, and the traffic. Where an error log tells the causes, an
    /// access log's own failures do not count again, but for what only it tells.
    pub(super) fn result(self, has_causes: bool) -> (Vec<Trouble>, Option<Traffic>) {
        let only_there =
            |trouble: &Trouble| !has_causes || trouble.what == What::Cause(Cause::UpstreamSaidSo);
        let mut troubles: Vec<Trouble> = self.by_error.into_values().collect();
        troubles.extend(self.by_access.into_values().filter(only_there));
        troubles.sort_by_key(|it| {
            (std::cmp::Reverse((it.in_hour, it.in_day, it.total)), it.last, it.line.clone())
        });
        (troubles, self.traffic)
    }

    fn count_request(&mut self, one: &Line<'_>) {
        let fresh = Traffic { first: one.age, last: one.age, ..Traffic::default() };
        let traffic = self.traffic.get_or_insert(fresh);
        traffic.requests += 1;
        let method = one.line.request.method.as_deref().unwrap_or("GET");
        traffic.unsafe_requests += u32::from(matches!(method, "POST" | "PATCH"));
        let is_error = matches!(one.line.answer.status, Some(502..=504));
        traffic.gateway_errors += u32::from(is_error);
        traffic.gateway_errors_in_hour += u32::from(is_error && one.age <= HOUR);
        traffic.first = traffic.first.max(one.age);
        traffic.last = traffic.last.min(one.age);
    }
}

/// What a line tells; `None` where all is well, or the client alone is to blame.
fn what(one: &Line<'_>) -> Option<What> {
    let message = one.line.words.message.as_deref().unwrap_or_default();
    if message.contains("exited on signal") || message.contains("exit signal") {
        let is_crash =
            ["signal 11", "signal 6", "signal 7", "signal 4", "Segmentation fault", "Abort", "Bus error"];
        return is_crash.iter().any(|word| message.contains(word)).then_some(What::WorkerCrashed);
    }
    if message.contains("worker_connections are not enough") || message.contains("AH00484") {
        return Some(What::ConnectionsSpent);
    }
    let verdict = one.line.verdict()?;
    match cause_of(&verdict) {
        Some(cause) if cause.actor() == Actor::Client || cause.actor() == Actor::Nobody => None,
        Some(cause) => Some(What::Cause(cause)),
        None => matches!(one.line.answer.status, Some(502..=504)).then_some(What::Failed),
    }
}

/// Whether the access lines of this product tell the causes of failures themselves.
const fn tells_causes(product: Product) -> bool {
    matches!(product, Product::Haproxy | Product::Caddy | Product::Traefik)
}

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
/// No more of a line is kept as evidence.
const LINE: usize = 400;
