//! One connection left alone after an answer, and what several of them say together.

use super::reuse::{Fate, Reused, reuse};
use super::{CONNECTIONS, RESERVE, Site};
use crate::observe::exchange::{Exchange, open};
use std::time::Duration;
use tokio::time::{Instant, timeout};
use torwart_cause::Attempt;
use torwart_config::plan::ExchangeDeadlines;
use torwart_dial::Stream;
use torwart_dial::ask::{AnswerLimits, Question, hear};

/// What an upstream does with idle connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Idle {
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
    #[default]
    Unclear,
}

/// A connection that carried one request and is left alone.
pub(super) struct Left {
    stream: Stream,
    sample: Sample,
    fate: Option<Fate>,
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

impl Left {
    /// Asks over a connection of its own, then leaves it alone until it ends. `longest` is how long to wait for that; it is
    /// told what the upstream advertises.
    pub(super) async fn alone(
        site: &Site<'_>,
        longest: impl Fn(Option<Duration>) -> Duration,
    ) -> Option<Self> {
        let case = site.case;
        case.budget().connection(&site.way.host).ok()?;
        case.budget().request(&site.way.host).ok()?;
        let mut attempt = Attempt::default();
        let mut stream = open(site.way, &mut attempt).await?;
        let patience = case.left().min(ANSWER);
        let deadlines = ExchangeDeadlines {
            send: patience,
            first_byte: patience,
            between_bytes: patience,
            ..ExchangeDeadlines::default()
        };
        let limits = AnswerLimits { body: 4 << 20, ..AnswerLimits::default() };
        let question = Question::raw(site.request.clone());
        let heard = hear(&mut stream, &question, &deadlines, &limits, &mut attempt).await;
        let since = Instant::now();
        let exchange = Exchange::of(attempt, Some(heard), Duration::ZERO);
        let response = exchange.response.filter(|_| exchange.is_whole)?;
        let sample = Sample {
            keeps_alive: response.keeps_alive,
            hint: response.idle_hint,
            closed_after: None,
            waited: Duration::ZERO,
        };
        let mut left = Self { stream, sample, fate: None };
        // The second request is counted with the first: a connection that cannot carry it would be waited for in vain.
        case.budget().request(&site.way.host).ok()?;
        let longest = longest(response.idle_hint).min(case.left().saturating_sub(RESERVE));
        let quiet = std::future::poll_fn(|context| left.stream.poll_idle(context));
        let is_ended = timeout(longest, quiet).await.is_ok();
        left.sample.waited = since.elapsed();
        left.sample.closed_after = is_ended.then_some(left.sample.waited);
        Some(left)
    }

    /// Sends a second request, if there is still something to send it over.
    pub(super) async fn reuse(&mut self, request: &[u8]) {
        if self.is_open() && self.sample.keeps_alive {
            self.fate = reuse(&mut self.stream, request).await;
        }
    }

    /// Whether it has not ended yet.
    pub(super) const fn is_open(&self) -> bool {
        self.sample.closed_after.is_none()
    }

    /// What became of the second request.
    pub(super) fn reused(&self) -> Option<Reused> {
        self.fate.map(|fate| Reused { idle: self.sample.waited, fate })
    }
}

/// What the connections say together.
pub(super) fn conclude(left: &[Left]) -> Idle {
    agreed(&left.iter().map(|one| one.sample).collect::<Vec<_>>())
}

fn agreed(samples: &[Sample]) -> Idle {
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

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// An end within this time belongs to the answer.
const AT_ONCE: Duration = Duration::from_millis(150);

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
        assert_eq!(agreed(&samples), Idle::Closes { after: Duration::from_millis(6010), advertised: None });
    }

    #[test]
    fn times_that_differ_tell_nothing() {
        assert_eq!(agreed(&[sample(Some(1000)), sample(Some(6000)), sample(Some(9000))]), Idle::Unclear);
        assert_eq!(agreed(&[sample(Some(5000)), sample(None), sample(Some(5000))]), Idle::Unclear);
        assert_eq!(agreed(&[sample(Some(5000)), sample(Some(5000))]), Idle::Unclear);
    }

    #[test]
    fn an_end_with_the_answer_is_no_idle_time() {
        assert_eq!(agreed(&[sample(Some(2)), sample(Some(1)), sample(Some(3))]), Idle::ClosesEach);
    }

    #[test]
    fn connections_that_stay_are_kept() {
        let waited = Duration::from_secs(8);
        assert_eq!(agreed(&[sample(None); 3]), Idle::Keeps { waited, advertised: None });
    }
}
