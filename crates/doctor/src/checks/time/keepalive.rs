//! Does the gateway stop reusing idle connections before the upstream closes them?
//!
//! Proves a mismatch by measuring when the upstream closes, against the idle time of the gateway's pool as its
//! configuration has it. What happens then is a race one round trip wide: only requests that must not be repeated fail of
//! it, a few a day. Where nobody switched the pool on and no log shows such failures, it is only worth knowing.

use super::seconds;
use super::shorten::{kept, place_of, shortened};
use crate::observe::gateway::Gateway;
use crate::observe::idle::{Idle, MARGIN, Pool};
use crate::{Case, Checked, Scheme, Upstream};
use std::time::Duration;
use torwart_cause::Cause;
use torwart_cause::finding::time::{KEEPALIVE_CLOSES_EACH, KEEPALIVE_MISMATCH, KEEPALIVE_SHORT_IDLE};
use torwart_cause::finding::{Finding, Hop, Severity, Where, said};
use torwart_dialect::config::Fact;

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
    let seen = case.idle(&upstream.address).await;
    match (&seen.idle, &seen.pool) {
        (Idle::Closes { after, .. }, Pool::Keeps { idle, is_wanted })
            if *after <= idle.value.saturating_add(MARGIN) =>
        {
            let it = Mismatch { after: *after, idle: idle.clone(), is_wanted: *is_wanted };
            mismatch(case, gateway, upstream, &it).await
        }
        (Idle::Closes { after, advertised }, Pool::Unknown) if *after < SHORT => {
            Checked::found(vec![short(upstream, *after, *advertised)])
        }
        (Idle::Closes { after, .. }, _) => {
            Checked::fine().said(said("time-idle-measured").with("seconds", seconds(*after)))
        }
        (Idle::Keeps { waited, .. }, _) => {
            Checked::fine().said(said("time-idle-kept").with("seconds", seconds(*waited)))
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
    let fix = shortened(gateway, upstream, &it.idle, it.after);
    let mut place = Where::hop(Hop::Gateway).address(&upstream.address);
    if let Some((file, line)) = fix.as_ref().and_then(|fix| fix.file.as_ref()) {
        place = place.file(file, *line);
    }
    let measured =
        said("time-idle-measured-of").with("upstream", &upstream.address).with("seconds", seconds(it.after));
    let command = format!(
        "(printf 'GET / HTTP/1.1\\r\\nHost: {}\\r\\n\\r\\n'; sleep 90) | time nc {}",
        case.question().url.authority(),
        place_of(upstream)
    );
    let mut finding =
        Finding::new(&KEEPALIVE_MISMATCH, 95, place).proof_by(measured, command).proof(kept(&it.idle));
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
    finding.fixes.extend(fix);
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

/// The most requests a day that can meet the race: the window is one round trip and a scheduling delay wide, and idle
/// times are at worst spread around the upstream's own (one in e of them falls near it).
fn most_failures(unsafe_a_day: u64, idle: Duration, round_trip: Duration) -> f64 {
    let window = round_trip.as_secs_f64() + 0.001;
    let share = (window / idle.as_secs_f64().max(0.1) / std::f64::consts::E).min(1.0);
    // Counts of requests are far below what a float holds exactly.
    f64::from(u32::try_from(unsafe_a_day).unwrap_or(u32::MAX)) * share
}

fn url_of(upstream: &Upstream) -> String {
    upstream.address.to_string()
}

/// How many upstreams are measured.
const MOST: usize = 2;
/// Below this time an upstream's idle time is shorter than that of any usual gateway's pool.
const SHORT: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_window_makes_few_failures() {
        let few = most_failures(100_000, Duration::from_secs(5), Duration::from_micros(200));
        assert!(few > 5.0 && few < 15.0, "{few}");
        let many = most_failures(100_000, Duration::from_secs(5), Duration::from_millis(300));
        assert!(many > 1000.0, "{many}");
    }
}
