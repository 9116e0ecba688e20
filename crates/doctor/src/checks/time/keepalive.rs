//! Does the gateway stop reusing idle connections before the upstream closes them?
//!
//! Proves a mismatch by measuring when the upstream closes, against the idle time of the gateway's pool as its
//! configuration has it. What happens then is a race one round trip wide: only requests that must not be repeated fail of
//! it, a few a day. Where nobody switched the pool on and no log shows such failures, it is only worth knowing.

use super::idle::{self, Idle};
use super::seconds;
use crate::observe::answer::way_to;
use crate::observe::gateway::Gateway;
use crate::{Case, Checked, Scheme, Upstream};
use std::time::Duration;
use tokio::time::timeout;
use torwart_cause::Cause;
use torwart_cause::finding::time::{KEEPALIVE_CLOSES_EACH, KEEPALIVE_MISMATCH, KEEPALIVE_SHORT_IDLE};
use torwart_cause::finding::{Finding, Fix, Hop, Severity, Where, said};
use torwart_dialect::Product;
use torwart_dialect::config::{Fact, HttpVersion, NoteKind};

/// How the gateway keeps idle connections to an upstream.
#[derive(Clone, Debug, PartialEq)]
enum Pool {
    /// It keeps none.
    None,
    /// It keeps them for so long.
    Keeps {
        idle: Fact<Duration>,
        /// Whether somebody switched it on, or the product does so by itself.
        is_wanted: bool,
    },
    /// Nothing is known of it.
    Unknown,
}

/// Measures, and compares.
pub async fn check(case: &Case) -> Checked {
    let upstreams = case.upstreams().await;
    let gateway = case.gateway().await;
    let asked = upstreams.iter().filter(|it| matches!(it.address.scheme, Scheme::Http | Scheme::Https));
    let mut checked = Checked::not_applicable();
    let each = asked.take(MOST).map(|upstream| one(case, &gateway, upstream));
    for one in crate::together::together(each).await {
        checked = checked.and(one);
    }
    checked
}

async fn one(case: &Case, gateway: &Gateway, upstream: &Upstream) -> Checked {
    let pool = pool(gateway, upstream);
    if pool == Pool::None || !case.reach(&upstream.address).await.is_connected() {
        return Checked::not_applicable();
    }
    let Some(way) = way_to(case, &upstream.address).await else { return Checked::not_applicable() };
    // The visitors' own answer comes first: a small upstream should not be kept busy by us meanwhile.
    let _ = timeout(FRONT, case.front()).await;
    let host = case.question().url.authority();
    let is_deep = case.question().is_deep;
    let measured = idle::measure(case, &way, &host, |advertised| longest(&pool, advertised, is_deep)).await;
    match (measured, pool) {
        (Idle::Closes { after, .. }, Pool::Keeps { idle, is_wanted }) if after <= idle.value + MARGIN => {
            mismatch(case, gateway, upstream, &Mismatch { after, idle, is_wanted }).await
        }
        (Idle::Closes { after, advertised }, Pool::Unknown) if after < SHORT => {
            Checked::found(vec![short(upstream, after, advertised)])
        }
        (Idle::Closes { after, .. }, _) => {
            Checked::fine().said(said("time-idle-measured").with("seconds", seconds(after)))
        }
        (Idle::Keeps { waited, .. }, _) => {
            Checked::fine().said(said("time-idle-kept").with("seconds", seconds(waited)))
        }
        (Idle::ClosesEach, Pool::Keeps { is_wanted: true, .. }) => {
            let place = Where::hop(Hop::Upstream).address(&upstream.address);
            let fact = said("time-closes-each").with("upstream", &upstream.address);
            let command = format!("curl -sv -o /dev/null {0} -o /dev/null {0}", url_of(upstream));
            Checked::found(vec![Finding::new(&KEEPALIVE_CLOSES_EACH, 90, place).proof_by(fact, command)])
        }
        (Idle::ClosesEach, _) => {
            Checked::fine().said(said("time-closes-each").with("upstream", &upstream.address))
        }
        (Idle::Unclear, _) => Checked::not_applicable(),
    }
}

/// An upstream that closes before its gateway.
struct Mismatch {
    after: Duration,
    idle: Fact<Duration>,
    is_wanted: bool,
}

async fn mismatch(case: &Case, gateway: &Gateway, upstream: &Upstream, it: &Mismatch) -> Checked {
    let logs = case.logs().await;
    let causes = [Cause::StaleLink, Cause::SendCut, Cause::ClosedBeforeHead, Cause::ResetBeforeHead];
    let is_seen = causes.iter().any(|cause| logs.of_cause(*cause).any(|trouble| trouble.in_day > 0));
    let route = gateway.route_to(&upstream.address).map(|(route, _)| route);
    let pool = route.and_then(|route| route.pool.as_ref()?.at.as_ref());
    let file = it.idle.at.as_ref().or(pool).map(|at| (at.file.display().to_string(), at.line));
    let mut place = Where::hop(Hop::Gateway).address(&upstream.address);
    if let Some((file, line)) = &file {
        place = place.file(file, *line);
    }
    let measured =
        said("time-idle-measured-of").with("upstream", &upstream.address).with("seconds", seconds(it.after));
    let command = format!(
        "(printf 'GET / HTTP/1.1\\r\\nHost: {}\\r\\n\\r\\n'; sleep 90) | time nc {}",
        case.question().url.authority(),
        place_of(upstream)
    );
    let kept = said(if it.idle.is_default { "time-pool-idle-default" } else { "time-pool-idle" })
        .with("seconds", seconds(it.idle.value))
        .with("written", &it.idle.written);
    let mut finding = Finding::new(&KEEPALIVE_MISMATCH, 95, place).proof_by(measured, command).proof(kept);
    if !it.is_wanted && !is_seen {
        finding = finding.severity(Severity::Info);
    }
    if let Some(unsafe_a_day) = logs.traffic.and_then(|traffic| traffic.unsafe_per_day()) {
        let round_trip = case.reach(&upstream.address).await.connected().and_then(|it| it.round_trip);
        let most = most_failures(unsafe_a_day, it.after, round_trip.unwrap_or_default());
        let fact = said("time-expected-failures")
            .with("requests", unsafe_a_day)
            .with("failures", format!("{most:.1}"));
        finding = finding.proof(fact);
    }
    let before = it.idle.at.as_ref().map(|_| it.idle.written.clone());
    if let Some(after) = gateway.product().and_then(|product| shorter(product, it.after)) {
        let product = gateway.product().map(|product| product.name().to_owned());
        finding = finding.fix(Fix { product, file, before, after });
    }
    Checked::found(vec![finding])
}

fn short(upstream: &Upstream, after: Duration, advertised: Option<Duration>) -> Finding {
    let place = Where::hop(Hop::Upstream).address(&upstream.address);
    let fact =
        said("time-idle-measured-of").with("upstream", &upstream.address).with("seconds", seconds(after));
    let finding = Finding::new(&KEEPALIVE_SHORT_IDLE, 90, place).proof(fact);
    match advertised {
        Some(time) => finding.proof(said("time-idle-advertised").with("seconds", time.as_secs())),
        None => finding,
    }
}

/// What the configuration says of the pool for an upstream.
fn pool(gateway: &Gateway, upstream: &Upstream) -> Pool {
    let Some((route, _)) = gateway.route_to(&upstream.address) else { return Pool::Unknown };
    let deadlines = &route.deadlines;
    let is_unused = gateway.config.iter().flat_map(|config| &config.notes).any(|note| match &note.what {
        NoteKind::KeepAliveUnused { pool, .. } => route.pool.as_ref().is_some_and(|own| own.value == *pool),
        _ => false,
    });
    let keeps_none = deadlines.keeps_idle.as_ref().is_some_and(|fact| fact.value == 0);
    match &deadlines.pool_idle {
        Some(idle) if !is_unused && !keeps_none && route.http_version.value != HttpVersion::Http10 => {
            let is_wanted =
                !idle.is_default || deadlines.keeps_idle.as_ref().is_some_and(|fact| !fact.is_default);
            Pool::Keeps { idle: idle.clone(), is_wanted }
        }
        _ => Pool::None,
    }
}

/// How long to wait for the upstream's end: no longer than the gateway would reuse the connection.
fn longest(pool: &Pool, advertised: Option<Duration>, is_deep: bool) -> Duration {
    let needed = match pool {
        Pool::Keeps { idle, .. } => idle.value + MARGIN + Duration::from_millis(500),
        Pool::Unknown | Pool::None if is_deep => DEEP,
        Pool::Unknown | Pool::None => UNKNOWN,
    };
    if is_deep {
        return needed.min(DEEP);
    }
    let hinted = advertised.map_or(USUAL, |time| time + Duration::from_millis(2500)).max(USUAL);
    needed.min(hinted)
}

/// The most requests a day that can meet the race: the window is one round trip and a scheduling delay wide, and idle
/// times are at worst spread around the upstream's own (one in e of them falls near it).
fn most_failures(unsafe_a_day: u64, idle: Duration, round_trip: Duration) -> f64 {
    let window = round_trip.as_secs_f64() + 0.001;
    let share = (window / idle.as_secs_f64().max(0.1) / std::f64::consts::E).min(1.0);
    // Counts of requests are far below what a float holds exactly.
    f64::from(u32::try_from(unsafe_a_day).unwrap_or(u32::MAX)) * share
}

/// The product's own words for an idle time one second below the upstream's.
fn shorter(product: Product, idle: Duration) -> Option<String> {
    let seconds = idle.as_secs().saturating_sub(1 + u64::from(idle.subsec_millis() < 200)).max(1);
    match product {
        Product::Nginx => Some(format!("keepalive_timeout {seconds}s;")),
        Product::Haproxy => Some(format!("pool-purge-delay {seconds}s")),
        Product::Apache => Some(format!("ttl={seconds}")),
        Product::Caddy => Some(format!("keepalive {seconds}s")),
        Product::Traefik => Some(format!("idleConnTimeout: {seconds}s")),
    }
}

fn url_of(upstream: &Upstream) -> String {
    upstream.address.to_string()
}

/// Host and port as `nc` takes them.
fn place_of(upstream: &Upstream) -> String {
    let shown = upstream.address.to_string();
    let place = shown.split_once("://").map_or(shown.as_str(), |(_, rest)| rest);
    match (place.strip_prefix("unix:"), place.rsplit_once(':')) {
        (Some(path), _) => format!("-U {path}"),
        (None, Some((host, port))) => format!("{} {port}", host.trim_matches(['[', ']'])),
        (None, None) => place.to_owned(),
    }
}

/// How long the visitors' own answer is waited for first.
const FRONT: Duration = Duration::from_millis(1500);
/// How many upstreams are measured.
const MOST: usize = 2;
/// An upstream has to keep connections this much longer than the gateway.
const MARGIN: Duration = Duration::from_millis(500);
/// Below this time an upstream's idle time is shorter than that of any usual gateway's pool.
const SHORT: Duration = Duration::from_secs(15);
/// How long is waited where nothing is known of the gateway: the short usual idle times are 2, 5 and 6 seconds.
const UNKNOWN: Duration = Duration::from_millis(6800);
/// How long is waited where the upstream advertises nothing.
const USUAL: Duration = Duration::from_secs(12);
/// How long is waited where the user wants it exactly.
const DEEP: Duration = Duration::from_secs(76);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_has_to_be_a_second_shorter() {
        assert_eq!(
            shorter(Product::Nginx, Duration::from_millis(6010)).as_deref(),
            Some("keepalive_timeout 4s;")
        );
        assert_eq!(
            shorter(Product::Nginx, Duration::from_millis(5900)).as_deref(),
            Some("keepalive_timeout 4s;")
        );
        assert_eq!(
            shorter(Product::Traefik, Duration::from_millis(2004)).as_deref(),
            Some("idleConnTimeout: 1s")
        );
    }

    #[test]
    fn a_narrow_window_makes_few_failures() {
        let few = most_failures(100_000, Duration::from_secs(5), Duration::from_micros(200));
        assert!(few > 5.0 && few < 15.0, "{few}");
        let many = most_failures(100_000, Duration::from_secs(5), Duration::from_millis(300));
        assert!(many > 1000.0, "{many}");
    }

    #[test]
    fn waiting_ends_where_the_gateway_would_not_reuse_any_more() {
        let keeps = |seconds| Pool::Keeps {
            idle: Fact::by_default(Duration::from_secs(seconds), ""),
            is_wanted: true,
        };
        assert_eq!(longest(&keeps(3), None, false), Duration::from_secs(4));
        assert_eq!(longest(&keeps(60), None, false), USUAL);
        assert_eq!(longest(&keeps(60), Some(Duration::from_secs(20)), false), Duration::from_millis(22_500));
        assert_eq!(longest(&keeps(60), None, true), Duration::from_secs(61));
        assert_eq!(longest(&Pool::Unknown, None, false), UNKNOWN);
    }
}
