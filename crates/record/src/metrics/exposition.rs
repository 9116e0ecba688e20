//! The metrics as text: Prometheus' format 0.0.4, or OpenMetrics 1.0 for who asks for it.

mod upstreams;

use super::histogram::{BOUNDS, Sum};
use super::shard::CLASSES;
use super::{ClientState, LinkState, Lookup, Metrics, Names};
use crate::ServedBy;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::Ordering;
use torwart_cause::{Cause, Stage};

/// A text format of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposition {
    /// Prometheus' own, version 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Exposition {
    /// The format that an `Accept` field asks for: OpenMetrics where it is named, else Prometheus' own.
    pub fn accepted(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") { Self::OpenMetrics } else { Self::Prometheus }
    }

    /// The value of `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

impl Metrics {
    /// All metrics as text.
    pub fn scrape(&self, exposition: Exposition) -> String {
        let names = self.names();
        let mut page = Page { text: String::with_capacity(16 * 1024), exposition };
        self.exchanges(&names, &mut page);
        self.causes(&names, &mut page);
        self.crawlers(&mut page);
        self.durations(&mut page);
        self.attempts(&names, &mut page);
        self.gauges(&names, &mut page);
        self.cached(&mut page);
        self.process(&names, &mut page);
        if exposition == Exposition::OpenMetrics {
            page.text.push_str("# EOF\n");
        }
        page.text
    }

    fn exchanges(&self, names: &Names, page: &mut Page) {
        page.counter("torwart_exchanges", "Finished exchanges by route, class of status and who served.");
        for (number, (site, route)) in names.routes.numbered() {
            for (class, class_id) in CLASSES.iter().enumerate() {
                for served_by in ServedBy::ALL {
                    let count = self.sum(|shard| {
                        let counters = shard.routes.find(number)?;
                        Some(counters.exchanges[class][served_by as usize].value())
                    });
                    // Good answers and our own errors stand there from the beginning, so that their first increase shows.
                    let is_expected = matches!(
                        (class, served_by),
                        (2, ServedBy::Upstream) | (5, ServedBy::Upstream | ServedBy::Answer)
                    );
                    if count > 0 || is_expected && !route.is_empty() {
                        let labels = [
                            ("site", site),
                            ("route", route),
                            ("class", class_id),
                            ("served_by", served_by.id()),
                        ];
                        page.sample("torwart_exchanges_total", &labels, count);
                    }
                }
            }
        }
    }

    fn causes(&self, names: &Names, page: &mut Page) {
        page.counter("torwart_causes", "Failed exchanges by what happened to them.");
        for (number, (site, pool)) in names.causes.numbered() {
            for &cause in Cause::ALL {
                let count = self.sum(|shard| Some(shard.causes.find(number)?.value(cause)));
                if count > 0 {
                    let labels = [("site", site), ("pool", pool), ("cause", cause.id())];
                    page.sample("torwart_causes_total", &labels, count);
                }
            }
        }
    }

    fn crawlers(&self, page: &mut Page) {
        let mut counts = BTreeMap::new();
        self.shards.iter().for_each(|shard| shard.crawlers.add_to(&mut counts));
        if counts.is_empty() {
            return;
        }
        let help = "Exchanges of crawlers, by what they call themselves. Routes without `crawlers` count failed ones only.";
        page.counter("torwart_crawler_exchanges", help);
        for ((crawler, class), count) in counts {
            let verified = match crawler.is_verified {
                Some(true) => "yes",
                Some(false) => "no",
                None => "unknown",
            };
            let kind = if crawler.is_ads { "ads" } else { "search" };
            let labels = [
                ("crawler", crawler.name),
                ("kind", kind),
                ("verified", verified),
                ("class", CLASSES[class]),
            ];
            page.sample("torwart_crawler_exchanges_total", &labels, count);
        }
    }

    fn durations(&self, page: &mut Page) {
        page.family("torwart_exchange_seconds", "histogram", "From a request's first byte to its end.");
        let mut sum = Sum::default();
        self.shards.iter().for_each(|shard| shard.exchange_seconds.add_to(&mut sum));
        page.histogram("torwart_exchange_seconds", None, &sum);
        page.family("torwart_stage_seconds", "histogram", "Time spent in each stage, failed ones included.");
        for stage in Stage::ALL {
            let mut sum = Sum::default();
            for shard in &self.shards {
                shard.stage_seconds[stage as usize].add_to(&mut sum);
            }
            if sum.classes.iter().any(|count| *count > 0) {
                page.histogram("torwart_stage_seconds", Some(("stage", stage.id())), &sum);
            }
        }
    }

    fn attempts(&self, names: &Names, page: &mut Page) {
        page.counter("torwart_attempts", "Attempts at upstreams: answered, or the cause of the failure.");
        for (number, (pool, _)) in names.pools.numbered() {
            let answered = self.sum(|shard| Some(shard.pools.find(number)?.answered.value()));
            page.sample("torwart_attempts_total", &[("pool", pool), ("outcome", "answered")], answered);
            for &cause in Cause::ALL {
                let failed = self.sum(|shard| Some(shard.pools.find(number)?.failed.value(cause)));
                if failed > 0 {
                    page.sample("torwart_attempts_total", &[("pool", pool), ("outcome", cause.id())], failed);
                }
            }
        }
    }

    fn gauges(&self, names: &Names, page: &mut Page) {
        page.family("torwart_links", "gauge", "Connections to upstreams by what they are doing.");
        for (number, (pool, _)) in names.pools.numbered() {
            for state in LinkState::ALL {
                let links = self.sum(|shard| Some(shard.pools.find(number)?.links[state as usize].value()));
                page.sample("torwart_links", &[("pool", pool), ("state", state.id())], not_negative(links));
            }
        }
        upstreams::write(names, page);
        if !names.health.is_empty() {
            let help = "1 while active checks find an upstream well, 0 while they do not.";
            page.family("torwart_upstream_health", "gauge", help);
            for ((pool, upstream), counts) in &names.health {
                let labels = [("pool", &**pool), ("upstream", upstream)];
                page.sample("torwart_upstream_health", &labels, u64::from(counts.is_up));
            }
            page.counter(
                "torwart_upstream_downs",
                "How often active checks found that an upstream went down.",
            );
            for ((pool, upstream), counts) in &names.health {
                for (cause, count) in &counts.downs {
                    let labels = [("pool", &**pool), ("upstream", upstream), ("cause", cause)];
                    page.sample("torwart_upstream_downs_total", &labels, *count);
                }
            }
        }
        page.family("torwart_clients", "gauge", "Client connections by what they are doing.");
        for state in ClientState::ALL {
            let clients = self.sum(|shard| Some(shard.clients[state as usize].value()));
            page.sample("torwart_clients", &[("state", state.id())], not_negative(clients));
        }
    }

    fn cached(&self, page: &mut Page) {
        let cache = &self.cache;
        if !cache.is_used() {
            return;
        }
        page.counter("torwart_cache_requests", "Requests to routes with a cache, by what the cache did.");
        for lookup in Lookup::ALL {
            let labels = [("result", lookup.id())];
            page.sample("torwart_cache_requests_total", &labels, cache.lookups(lookup));
        }
        page.counter("torwart_cache_changes", "Answers stored, and pages evicted or purged.");
        for (change, count) in cache.changes() {
            page.sample("torwart_cache_changes_total", &[("change", change)], count);
        }
        let (objects, bytes) = cache.size();
        page.family("torwart_cache_objects", "gauge", "Pages in the cache.");
        page.sample("torwart_cache_objects", &[], objects);
        page.family("torwart_cache_bytes", "gauge", "Bytes the cache takes in memory.");
        page.sample("torwart_cache_bytes", &[], bytes);
    }

    fn process(&self, names: &Names, page: &mut Page) {
        page.counter("torwart_records_dropped", "Log lines dropped because the writer could not keep up.");
        page.sample("torwart_records_dropped_total", &[], self.dropped.load(Ordering::Relaxed));
        page.counter("torwart_journal_errors", "Failed attempts to write or open the access log.");
        page.sample("torwart_journal_errors_total", &[], self.journal_errors.load(Ordering::Relaxed));
        if !names.certificates.is_empty() {
            let help = "When a certificate expires, in seconds since 1970.";
            page.family("torwart_certificate_expiry_seconds", "gauge", help);
            for (name, end) in &names.certificates {
                page.sample("torwart_certificate_expiry_seconds", &[("name", name)], *end);
            }
        }
        let automatic = self.status.automatic_certificates();
        if !automatic.is_empty() {
            let help = "Attempts to renew a certificate that failed since the last one that did not.";
            page.family("torwart_certificate_failures", "gauge", help);
            for certificate in &automatic {
                let labels = [("name", certificate.site.as_str())];
                page.sample("torwart_certificate_failures", &labels, u64::from(certificate.failures));
            }
        }
        page.family("torwart_plan_generation", "gauge", "Counts the plans that came into force.");
        page.sample("torwart_plan_generation", &[], self.status.generation());
        page.family("torwart_build_info", "gauge", "The running version, as a label.");
        page.sample("torwart_build_info", &[("version", self.status.version())], 1);
        page.family(
            "torwart_start_time_seconds",
            "gauge",
            "When the process started, in seconds since 1970.",
        );
        page.sample("torwart_start_time_seconds", &[], self.status.started().seconds());
    }

    /// The sum over cores; cores that never counted have nothing to add.
    fn sum(&self, value: impl Fn(&super::Shard) -> Option<u64>) -> u64 {
        self.shards.iter().filter_map(|shard| value(shard)).fold(0, u64::wrapping_add)
    }
}

impl super::Numbered {
    fn numbered(&self) -> impl Iterator<Item = (u32, (&str, &str))> {
        (0..).zip(self.names.iter().map(|(first, second)| (&**first, &**second)))
    }
}

/// Cores are read one after the other, so a guard that moved in between may show as one below zero.
const fn not_negative(gauge: u64) -> u64 {
    if gauge > i64::MAX as u64 { 0 } else { gauge }
}

/// A page of metrics in the making. Writing to a string does not fail, so results of `write!` are not looked at.
struct Page {
    text: String,
    exposition: Exposition,
}

impl Page {
    /// Begins a family of counters. OpenMetrics names the family without the suffix of its samples.
    fn counter(&mut self, name: &str, help: &str) {
        match self.exposition {
            Exposition::Prometheus => self.family(&format!("{name}_total"), "counter", help),
            Exposition::OpenMetrics => self.family(name, "counter", help),
        }
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        self.text.push_str(name);
        self.labels(labels);
        let _ = writeln!(self.text, " {value}");
    }

    fn histogram(&mut self, name: &str, label: Option<(&str, &str)>, sum: &Sum) {
        let mut count = 0;
        let bounds = BOUNDS.iter().map(|(_, text)| *text).chain(["+Inf"]);
        for (class, bound) in sum.classes.iter().zip(bounds) {
            count += class;
            let labels: Vec<_> = label.into_iter().chain([("le", bound)]).collect();
            self.sample(&format!("{name}_bucket"), &labels, count);
        }
        let labels: Vec<_> = label.into_iter().collect();
        self.text.push_str(name);
        self.text.push_str("_sum");
        self.labels(&labels);
        let _ = writeln!(self.text, " {}.{:06}", sum.micros / 1_000_000, sum.micros % 1_000_000);
        self.sample(&format!("{name}_count"), &labels, count);
    }

    fn labels(&mut self, labels: &[(&str, &str)]) {
        for (index, (name, value)) in labels.iter().enumerate() {
            let _ = write!(self.text, "{}{name}=\"", if index == 0 { '{' } else { ',' });
            for character in value.chars() {
                match character {
                    '\\' => self.text.push_str("\\\\"),
                    '"' => self.text.push_str("\\\""),
                    '\n' => self.text.push_str("\\n"),
                    _ => self.text.push(character),
                }
            }
            self.text.push('"');
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
    }
}
