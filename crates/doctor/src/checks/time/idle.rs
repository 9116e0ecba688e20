//! Measures how long an upstream keeps idle connections: several at once, one request each, then waiting for the end.
//!
//! What an upstream advertises (`Keep-Alive: timeout=`) is a hint only: it is not believed, but tells how long to wait.

use crate::Case;
use crate::observe::exchange::{Exchange, Way, open};
use crate::together::together;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use torwart_cause::Attempt;
use torwart_config::plan::ExchangeDeadlines;
use torwart_dial::ask::{AnswerLimits, Question, hear};
use torwart_wire::http1::{write_field, write_request_line};

/// What an upstream does with idle connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Idle {
    /// It closes right after each answer.
    ClosesEach,
    /// It closes after this time, the same on every connection.
    Closes {
        /// The median of what was measured.
        after: Duration,
        /// What it advertises.
        advertised: Option<Duration>,
    },
    /// It had not closed after this time.
    Keeps {
        /// How long was waited.
        waited: Duration,
        /// What it advertises.
        advertised: Option<Duration>,
    },
    /// Nothing could be measured, or what was measured does not agree.
    Unclear,
}

/// One connection's story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sample {
    keeps_alive: bool,
    hint: Option<Duration>,
    /// From the last byte of the answer to the end; `None`: it had not come.
    closed_after: Option<Duration>,
    waited: Duration,
}

/// Measures. `longest` is how long to wait for what; it is told what the upstream advertises.
pub(super) async fn measure(
    case: &Case,
    way: &Way,
    host: &str,
    longest: impl Fn(Option<Duration>) -> Duration,
) -> Idle {
    let samples = together((0..CONNECTIONS).map(|_| one(case, way, host, &longest))).await;
    conclude(&samples.into_iter().flatten().collect::<Vec<_>>())
}

async fn one(
    case: &Case,
    way: &Way,
    host: &str,
    longest: impl Fn(Option<Duration>) -> Duration,
) -> Option<Sample> {
    case.budget().connection(&way.host).ok()?;
    case.budget().request(&way.host).ok()?;
    let mut attempt = Attempt::default();
    let mut stream = open(way, &mut attempt).await?;
    let patience = case.left().min(ANSWER);
    let deadlines = ExchangeDeadlines {
        send: patience,
        first_byte: patience,
        between_bytes: patience,
        ..ExchangeDeadlines::default()
    };
    let limits = AnswerLimits { body: 4 << 20, ..AnswerLimits::default() };
    let heard = hear(&mut stream, &question(case, host), &deadlines, &limits, &mut attempt).await;
    let last_byte = Instant::now();
    let exchange = Exchange::of(attempt, Some(heard), Duration::ZERO);
    let response = exchange.response.filter(|_| exchange.is_whole)?;
    let longest = longest(response.idle_hint).min(case.left().saturating_sub(RESERVE));
    let ended = timeout(longest, std::future::poll_fn(|context| stream.poll_idle(context))).await;
    let waited = last_byte.elapsed();
    Some(Sample {
        keeps_alive: response.keeps_alive,
        hint: response.idle_hint,
        closed_after: ended.is_ok().then_some(waited),
        waited,
    })
}

/// A plain request that asks for nothing but an answer, on a connection that may stay open.
fn question(case: &Case, host: &str) -> Question {
    let asked = case.question();
    let mut bytes = Vec::with_capacity(256);
    write_request_line(&mut bytes, b"GET", asked.url.target.as_bytes());
    write_field(&mut bytes, b"Host", host.as_bytes());
    for (name, value) in asked.fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")) {
        write_field(&mut bytes, name.as_bytes(), value.as_bytes());
    }
    write_field(&mut bytes, b"Connection", b"keep-alive");
    bytes.extend_from_slice(b"\r\n");
    Question::raw(bytes)
}

fn conclude(samples: &[Sample]) -> Idle {
    if samples.len() < CONNECTIONS {
        return Idle::Unclear;
    }
    let at_once =
        |sample: &Sample| !sample.keeps_alive || sample.closed_after.is_some_and(|after| after < AT_ONCE);
    if samples.iter().all(at_once) {
        return Idle::ClosesEach;
    }
    let advertised = samples.iter().find_map(|sample| sample.hint);
    let mut times: Vec<Duration> = samples.iter().filter_map(|sample| sample.closed_after).collect();
    if times.is_empty() {
        let waited = samples.iter().map(|sample| sample.waited).min().unwrap_or_default();
        return Idle::Keeps { waited, advertised };
    }
    times.sort();
    let (Some(&least), Some(&most), Some(&after)) = (times.first(), times.last(), times.get(times.len() / 2))
    else {
        return Idle::Unclear;
    };
    // A timer looked at once a second makes answers differ by a second.
    let agrees = times.len() == samples.len() && most - least <= (after / 5).max(Duration::from_millis(1100));
    if agrees { Idle::Closes { after, advertised } } else { Idle::Unclear }
}

/// Connections that are measured at once: a claim about time needs three.
const CONNECTIONS: usize = 3;
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// An end within this time belongs to the answer.
const AT_ONCE: Duration = Duration::from_millis(150);
/// Left for those who conclude something from it.
const RESERVE: Duration = Duration::from_millis(700);

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(closed_after: Option<u64>) -> Sample {
        let closed_after = closed_after.map(Duration::from_millis);
        Sample { keeps_alive: true, hint: None, closed_after, waited: Duration::from_secs(8) }
    }

    #[test]
    fn times_that_agree_are_a_timer() {
        let samples = [sample(Some(6010)), sample(Some(6020)), sample(Some(5990))];
        assert_eq!(conclude(&samples), Idle::Closes { after: Duration::from_millis(6010), advertised: None });
    }

    #[test]
    fn times_that_differ_tell_nothing() {
        assert_eq!(conclude(&[sample(Some(1000)), sample(Some(6000)), sample(Some(9000))]), Idle::Unclear);
        assert_eq!(conclude(&[sample(Some(5000)), sample(None), sample(Some(5000))]), Idle::Unclear);
        assert_eq!(conclude(&[sample(Some(5000)), sample(Some(5000))]), Idle::Unclear);
    }

    #[test]
    fn an_end_with_the_answer_is_no_idle_time() {
        assert_eq!(conclude(&[sample(Some(2)), sample(Some(1)), sample(Some(3))]), Idle::ClosesEach);
    }

    #[test]
    fn connections_that_stay_are_kept() {
        let waited = Duration::from_secs(8);
        assert_eq!(conclude(&[sample(None); 3]), Idle::Keeps { waited, advertised: None });
    }
}
