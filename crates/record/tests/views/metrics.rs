//! Counters follow the records, over cores and reloads, and the pages are well formed.

use crate::exposition::{Scraped, read};
use crate::sample::{failed, good, labels, metrics, turned_away};
use std::sync::atomic::Ordering;
use torwart_cause::Cause;
use torwart_record::{ClientState, Exposition, LinkState, Metrics, PoolLabels, Record, RouteLabels, Series};

fn scrape(metrics: &Metrics) -> Scraped {
    let open = read(&metrics.scrape(Exposition::OpenMetrics), true).unwrap();
    let plain = read(&metrics.scrape(Exposition::Prometheus), false).unwrap();
    assert_eq!(open.families.len(), plain.families.len());
    plain
}

fn count(metrics: &Metrics, core: usize, series: &Series, record: Record<'_>) {
    metrics.core(core).count(&Record { series, ..record });
}

#[test]
fn one_record_raises_every_counter_it_concerns() {
    let metrics = metrics();
    let series = metrics.adopt(&labels());
    count(&metrics, 0, &series, failed().record());
    count(&metrics, 1, &series, good().record());
    count(&metrics, 1, &series, good().record());
    count(&metrics, 1, &series, turned_away().record());
    let page = scrape(&metrics);
    let shop = r#"route="/",served_by"#;
    for (sample, value) in [
        (format!(r#"torwart_exchanges_total{{class="2xx",{shop}="upstream",site="shop.example"}}"#), 2.0),
        (format!(r#"torwart_exchanges_total{{class="5xx",{shop}="answer",site="shop.example"}}"#), 1.0),
        (format!(r#"torwart_exchanges_total{{class="5xx",{shop}="upstream",site="shop.example"}}"#), 0.0),
        (r#"torwart_exchanges_total{class="4xx",route="",served_by="answer",site=""}"#.into(), 1.0),
        (r#"torwart_causes_total{cause="not_http",pool="shop",site="shop.example"}"#.into(), 1.0),
        (r#"torwart_causes_total{cause="no_route",pool="",site=""}"#.into(), 1.0),
        (r#"torwart_attempts_total{outcome="answered",pool="shop"}"#.into(), 2.0),
        (r#"torwart_attempts_total{outcome="connect_refused",pool="shop"}"#.into(), 1.0),
        (r#"torwart_attempts_total{outcome="not_http",pool="shop"}"#.into(), 1.0),
        ("torwart_exchange_seconds_count".into(), 4.0),
        (r#"torwart_exchange_seconds_bucket{le="0.01"}"#.into(), 4.0),
        (r#"torwart_exchange_seconds_bucket{le="0.005"}"#.into(), 0.0),
        ("torwart_exchange_seconds_sum".into(), 0.036_168),
        (r#"torwart_stage_seconds_count{stage="head"}"#.into(), 3.0),
        (r#"torwart_stage_seconds_count{stage="connect"}"#.into(), 2.0),
        (r#"torwart_upstream_up{pool="shop",upstream="http://10.0.0.11:3000"}"#.into(), 1.0),
        ("torwart_plan_generation".into(), 1.0),
        ("torwart_records_dropped_total".into(), 0.0),
    ] {
        assert_eq!(page.value(&sample), Some(value), "{sample}");
    }
}

#[test]
fn a_reload_loses_no_counts_and_forgets_upstreams_that_left() {
    let metrics = metrics();
    let old = metrics.adopt(&labels());
    count(&metrics, 0, &old, good().record());
    old.upstream(0, 1).unwrap().set(false);
    let mut changed = labels();
    changed
        .routes
        .insert(0, RouteLabels { site: "api.example".into(), route: "/v1/".into(), pools: vec![0] });
    changed.routes[1].pools = vec![1];
    changed.pools.insert(0, PoolLabels { name: "api".into(), upstreams: vec!["http://10.0.2.1".into()] });
    changed.pools[1].upstreams.remove(0);
    let new = metrics.adopt(&changed);
    // An exchange that began under the old plan, and one of the new plan at other indexes.
    count(&metrics, 0, &old, good().record());
    count(&metrics, 0, &new, Record { route: Some(1), pool: Some(1), ..good().record() });
    let page = scrape(&metrics);
    let shop = r#"torwart_exchanges_total{class="2xx",route="/",served_by="upstream",site="shop.example"}"#;
    assert_eq!(page.value(shop), Some(3.0));
    assert_eq!(page.value(r#"torwart_attempts_total{outcome="answered",pool="shop"}"#), Some(3.0));
    assert_eq!(page.value(r#"torwart_attempts_total{outcome="answered",pool="api"}"#), Some(0.0));
    assert_eq!(page.value(r#"torwart_upstream_up{pool="shop",upstream="http://10.0.0.12:3000"}"#), Some(0.0));
    assert_eq!(page.count("torwart_upstream_up"), 2);
    assert!(!new.upstream(1, 0).unwrap().is_up());
}

#[test]
fn an_upstream_shows_its_load_and_why_it_was_left_out() {
    let metrics = metrics();
    let series = metrics.adopt(&labels());
    let upstream = series.upstream(0, 1).unwrap();
    upstream.load(3, std::time::Duration::from_micros(12_500));
    upstream.ejected(Cause::HeadTimedOut);
    upstream.ejected(Cause::HeadTimedOut);
    let page = scrape(&metrics);
    let labels = r#"pool="shop",upstream="http://10.0.0.12:3000""#;
    assert_eq!(page.value(&format!("torwart_upstream_in_flight{{{labels}}}")), Some(3.0));
    assert_eq!(page.value(&format!("torwart_upstream_latency_seconds{{{labels}}}")), Some(0.0125));
    let ejections = format!(r#"torwart_upstream_ejections_total{{cause="head_timed_out",{labels}}}"#);
    assert_eq!(page.value(&ejections), Some(2.0));
    assert_eq!(page.count("torwart_upstream_latency_seconds"), 1, "nobody has timed the other one");
}

#[test]
fn a_pool_nobody_announced_is_counted_all_the_same() {
    let metrics = metrics();
    let mut labels = labels();
    labels.routes[0].pools.clear();
    let series = metrics.adopt(&labels);
    count(&metrics, 0, &series, failed().record());
    count(&metrics, 0, &series, Record { route: Some(77), pool: Some(77), ..failed().record() });
    let page = scrape(&metrics);
    assert_eq!(
        page.value(r#"torwart_causes_total{cause="not_http",pool="",site="shop.example"}"#),
        Some(1.0)
    );
    assert_eq!(page.value(r#"torwart_causes_total{cause="not_http",pool="",site=""}"#), Some(1.0));
}

#[test]
fn gauges_follow_their_guards() {
    let metrics = metrics();
    let series = metrics.adopt(&labels());
    let (one, two) = (metrics.core(0), metrics.core(1));
    let mut first = one.client(ClientState::Handshake);
    let second = two.client(ClientState::Idle);
    first.set(ClientState::Active);
    let mut link = two.link(&series, 0, LinkState::Connecting);
    link.set(LinkState::Idle);
    let stray = two.link(&series, 9, LinkState::Active);
    let page = scrape(&metrics);
    for (sample, value) in [
        (r#"torwart_clients{state="handshake"}"#, 0.0),
        (r#"torwart_clients{state="active"}"#, 1.0),
        (r#"torwart_clients{state="idle"}"#, 1.0),
        (r#"torwart_links{pool="shop",state="idle"}"#, 1.0),
        (r#"torwart_links{pool="shop",state="connecting"}"#, 0.0),
    ] {
        assert_eq!(page.value(sample), Some(value), "{sample}");
    }
    drop((first, second, link, stray));
    let page = scrape(&metrics);
    assert_eq!(page.value(r#"torwart_clients{state="active"}"#), Some(0.0));
    assert_eq!(page.value(r#"torwart_links{pool="shop",state="idle"}"#), Some(0.0));
}

#[test]
fn label_values_may_hold_anything() {
    let metrics = metrics();
    let mut labels = labels();
    labels.routes[0].route = "~^/a\\d+\"\n{x=\"y\"} 1".into();
    let series = metrics.adopt(&labels);
    count(&metrics, 0, &series, good().record());
    metrics.set_certificates([("shop \"new\"\\".to_owned(), 1_800_000_000)]);
    let page = scrape(&metrics);
    assert_eq!(page.value(r#"torwart_certificate_expiry_seconds{name="shop \"new\"\\"}"#), Some(1.8e9));
    assert_eq!(page.count("torwart_exchanges_total"), 3);
}

#[test]
fn what_counts_itself_is_on_the_page() {
    let metrics = metrics();
    metrics.dropped_records().fetch_add(7, Ordering::Relaxed);
    metrics.journal_errors().fetch_add(2, Ordering::Relaxed);
    let page = scrape(&metrics);
    assert_eq!(page.value("torwart_records_dropped_total"), Some(7.0));
    assert_eq!(page.value("torwart_journal_errors_total"), Some(2.0));
    assert_eq!(page.value(r#"torwart_build_info{version="1.2.3"}"#), Some(1.0));
}

#[test]
fn cores_count_at_the_same_time() {
    let metrics = metrics();
    let series = metrics.adopt(&labels());
    std::thread::scope(|scope| {
        for core in 0..2 {
            let (metrics, series) = (&metrics, &series);
            scope.spawn(move || {
                let (core, sample) = (metrics.core(core), good());
                for _ in 0..10_000 {
                    core.count(&Record { series, ..sample.record() });
                }
            });
        }
        for _ in 0..20 {
            scrape(&metrics);
        }
    });
    assert_eq!(scrape(&metrics).value("torwart_exchange_seconds_count"), Some(20_000.0));
}
