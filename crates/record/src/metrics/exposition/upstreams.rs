//! What the page says about upstreams.

use super::Page;
use crate::UpstreamGauge;
use crate::metrics::Names;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// Whether each upstream is up, how busy it is, and how often it was left out.
pub(super) fn write(names: &Names, page: &mut Page) {
    let each = || names.upstreams.iter().map(|(name, gauge)| (labels(name), gauge));
    page.family("torwart_upstream_up", "gauge", "1 while an upstream is held to be up, else 0.");
    for (labels, gauge) in each() {
        page.sample("torwart_upstream_up", &labels, u64::from(gauge.is_up()));
    }
    page.family("torwart_upstream_in_flight", "gauge", "Attempts under way at an upstream.");
    for (labels, gauge) in each() {
        page.sample("torwart_upstream_in_flight", &labels, u64::from(gauge.in_flight()));
    }
    if each().any(|(_, gauge)| gauge.limit().is_some()) {
        let help = "How many requests an upstream may work on at once.";
        page.family("torwart_upstream_limit", "gauge", help);
        for (labels, gauge) in each() {
            if let Some(limit) = gauge.limit() {
                page.sample("torwart_upstream_limit", &labels, u64::from(limit));
            }
        }
    }
    page.family("torwart_queued", "gauge", "Requests that wait for an upstream of a pool to have room.");
    let mut queued = BTreeMap::new();
    for ((pool, _), gauge) in &names.upstreams {
        let most = queued.entry(&**pool).or_insert(0);
        *most = gauge.queued().max(*most);
    }
    for (pool, count) in queued {
        page.sample("torwart_queued", &[("pool", pool)], u64::from(count));
    }
    let is_timed = |(_, gauge): &(_, &UpstreamGauge)| gauge.latency_micros() > 0;
    if each().any(|one| is_timed(&one)) {
        let help = "How long answers of an upstream take to begin, as upstreams are compared by it.";
        page.family("torwart_upstream_latency_seconds", "gauge", help);
        for (labels, gauge) in each().filter(is_timed) {
            let micros = gauge.latency_micros();
            page.text.push_str("torwart_upstream_latency_seconds");
            page.labels(&labels);
            // Writing into a text cannot fail.
            let _ = writeln!(page.text, " {}.{:06}", micros / 1_000_000, micros % 1_000_000);
        }
    }
    if each().any(|(_, gauge)| !gauge.ejections().is_empty()) {
        let help = "How often an upstream was left out because of how requests to it fared, by the last failure's cause.";
        page.counter("torwart_upstream_ejections", help);
        for ([pool, upstream], gauge) in each() {
            for (cause, count) in gauge.ejections() {
                let labels = [pool, upstream, ("cause", cause)];
                page.sample("torwart_upstream_ejections_total", &labels, count);
            }
        }
    }
}

fn labels((pool, upstream): &(Arc<str>, Arc<str>)) -> [(&'static str, &str); 2] {
    [("pool", pool), ("upstream", upstream)]
}
