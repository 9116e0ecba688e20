//! Does the upstream take a handful of requests at once as it takes one?
//!
//! One request alone, then six at once, no more. Answers in steps (one time, twice, three times) show how many workers
//! there are; some turned away while one alone is answered show a limit of connections. A slow answer to six is no fault as
//! long as the gateway waits for it; only where the six fail is something wrong.

use crate::checks::time::seconds;
use crate::observe::answer::{question, way_to};
use crate::observe::exchange::{Exchange, exchange};
use crate::together::together;
use crate::{Case, Checked, Scheme, Upstream};
use std::time::Duration;
use torwart_cause::Cause;
use torwart_cause::finding::capacity::{CONNECTION_LIMIT, ONE_AT_A_TIME, OVERLOADED};
use torwart_cause::finding::{Finding, Hop, Severity, Where, said};

/// Asks.
pub async fn check(case: &Case) -> Checked {
    let upstreams = case.upstreams().await;
    let upstream = upstreams.iter().find(|it| matches!(it.address.scheme, Scheme::Http | Scheme::Https));
    let Some(upstream) = upstream else { return Checked::not_applicable() };
    let _ = tokio::time::timeout(Duration::from_secs(5), case.front()).await;
    let alone = case.answer(&upstream.address).await;
    let Some((way, first)) = alone.made() else { return Checked::not_applicable() };
    let way = way_to(case, &upstream.address).await.unwrap_or_else(|| way.clone());
    let needed = first.waited() * u32::try_from(AT_ONCE + 1).unwrap_or(u32::MAX);
    let is_polite = case.budget().connections_left(&way.host) >= KEPT + u32::try_from(AT_ONCE).unwrap_or(0);
    if !first.is_good() || needed > GENTLE.min(case.left().saturating_sub(RESERVE)) || !is_polite {
        return Checked::not_applicable();
    }
    let deadline = deadline(case, upstream).await;
    let question = question(case, &alone.host, &[]);
    let patience = deadline.unwrap_or(USUAL_DEADLINE).min(case.left().saturating_sub(RESERVE));
    let burst = together((0..AT_ONCE).map(|_| exchange(case, &way, &question, patience))).await;
    let burst: Vec<Exchange> = burst.into_iter().flatten().collect();
    if burst.len() < AT_ONCE {
        return Checked::not_applicable();
    }
    // A wait cut short by our own time proves nothing about the gateway's.
    let deadline = deadline.filter(|deadline| patience >= *deadline);
    judge(case, upstream, first, &burst, deadline).await
}

async fn judge(
    case: &Case,
    upstream: &Upstream,
    first: &Exchange,
    burst: &[Exchange],
    deadline: Option<Duration>,
) -> Checked {
    let good = burst.iter().filter(|it| it.is_good()).count();
    let place = Where::hop(Hop::Upstream).address(&upstream.address);
    let times = times(burst);
    let fact = said("capacity-burst")
        .with("upstream", &upstream.address)
        .with("alone", seconds(first.waited()))
        .with("requests", burst.len())
        .with("good", good)
        .with("times", times.iter().map(|time| seconds(*time)).collect::<Vec<_>>().join(", "));
    if good == burst.len() {
        return match workers(first.waited(), &times) {
            Some(workers) => {
                let kind = Finding::new(&ONE_AT_A_TIME, 75, place);
                Checked::found(vec![
                    kind.proof(fact).proof(said("capacity-workers").with("workers", workers)),
                ])
            }
            None => Checked::fine().said(fact),
        };
    }
    // Whether one alone is still answered decides between too many at once and something that just broke.
    let Some(way) = way_to(case, &upstream.address).await else { return Checked::not_applicable() };
    let host = case.question().url.authority();
    let after = exchange(
        case,
        &way,
        &question(case, &host, &[]),
        deadline.unwrap_or(USUAL_DEADLINE).min(case.left()),
    )
    .await;
    if !after.is_some_and(|after| after.is_good()) {
        return Checked::not_applicable();
    }
    let late = burst.iter().filter(|it| it.cause() == Some(Cause::HeadTimedOut)).count();
    let is_waited_out = late > 0 && late + good == burst.len() && deadline.is_some();
    let is_turned_away = |it: &&Exchange| {
        let cause = it.cause();
        let is_limit = matches!(it.status(), Some(429 | 503));
        is_limit
            || matches!(
                cause,
                Some(
                    Cause::ConnectRefused
                        | Cause::ConnectReset
                        | Cause::ClosedBeforeHead
                        | Cause::ResetBeforeHead
                )
            )
    };
    let turned_away = burst.iter().filter(is_turned_away).count();
    let repeat = format!(
        "seq {} | xargs -P{0} -I{{}} curl -sko /dev/null -w '%{{http_code}} %{{time_total}}\\n' -H 'Host: {host}' '{}{}'",
        burst.len(),
        upstream.address,
        case.question().url.target
    );
    if is_waited_out {
        let finding = Finding::new(&OVERLOADED, 85, place).proof_by(fact, repeat);
        let is_failing = case.front().await.worst().is_some();
        return Checked::found(vec![if is_failing { finding } else { finding.severity(Severity::Warning) }]);
    }
    if turned_away > 0 && turned_away + good == burst.len() {
        return Checked::found(vec![Finding::new(&CONNECTION_LIMIT, 85, place).proof_by(fact, repeat)]);
    }
    Checked::fine().said(fact)
}

async fn deadline(case: &Case, upstream: &Upstream) -> Option<Duration> {
    let gateway = case.gateway().await;
    let (route, _) = gateway.route_to(&upstream.address)?;
    route.deadlines.first_byte.as_ref().map(|fact| fact.value)
}

fn times(burst: &[Exchange]) -> Vec<Duration> {
    let mut times: Vec<Duration> = burst.iter().filter(|it| it.is_good()).map(Exchange::waited).collect();
    times.sort();
    times
}

/// How many workers there seem to be: answers come in steps of the time one takes alone. `None` where they do not, or
/// where one answer is too quick to tell.
fn workers(alone: Duration, times: &[Duration]) -> Option<usize> {
    let (Some(&least), Some(&most)) = (times.first(), times.last()) else { return None };
    if alone < TELLING || least * 2 < alone || least > alone * 2 || most < alone * 19 / 10 {
        return None;
    }
    let rounds = (most.as_secs_f64() / least.as_secs_f64()).round();
    let workers = (1..=times.len()).find(|workers| times.len().div_ceil(*workers) as f64 <= rounds)?;
    (workers < times.len()).then_some(workers)
}

/// How many requests are made at once.
const AT_ONCE: usize = 6;
/// Connections to a host that are left to others.
const KEPT: u32 = 12;
/// An upstream that six requests would keep busy for longer is left alone.
const GENTLE: Duration = Duration::from_secs(6);
/// Below this time steps cannot be told from chance.
const TELLING: Duration = Duration::from_millis(80);
/// The usual first-byte deadline of gateways.
const USUAL_DEADLINE: Duration = Duration::from_secs(20);
/// Left for those who conclude something from it.
const RESERVE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(alone: u64, times: [u64; 6]) -> Option<usize> {
        workers(Duration::from_millis(alone), &times.map(Duration::from_millis))
    }

    #[test]
    fn answers_in_steps_show_the_number_of_workers() {
        assert_eq!(guess(200, [200, 400, 600, 800, 1000, 1200]), Some(1));
        assert_eq!(guess(200, [200, 205, 400, 405, 600, 610]), Some(2));
        assert_eq!(guess(200, [200, 205, 210, 400, 405, 410]), Some(3));
    }

    #[test]
    fn answers_together_show_nothing() {
        assert_eq!(guess(200, [200, 205, 210, 220, 230, 260]), None);
        assert_eq!(guess(5, [5, 10, 15, 20, 25, 30]), None);
    }
}
