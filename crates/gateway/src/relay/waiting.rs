//! Which deadline a conversation is under: the one of whoever is waited for, and the exchange's own end.

use crate::clock::Moment;
use crate::exchange::Exchange;
use std::task::{Context, Poll};
use std::time::Duration;
use torwart_cause::{Deadline, Ending};
use torwart_config::plan::LeastPace;
use torwart_policy::overload::pace;

/// What is waited for, and since when.
#[derive(Debug)]
pub struct Waiting {
    what: Deadline,
    since: Moment,
    /// How long the client was waited for in all, without the wait under way.
    on_client: Duration,
}

impl Waiting {
    /// Waiting for `what` from `since` on.
    pub fn new(what: Deadline, since: Moment) -> Self {
        Self { what, since, on_client: Duration::ZERO }
    }

    /// Now `what` is waited for. The time begins anew where that is another thing than before, or where bytes moved.
    pub fn wait_for(&mut self, what: Deadline, moved: bool) {
        if moved || what != self.what {
            let now = Moment::now();
            if matches!(self.what, Deadline::ClientBody | Deadline::ClientWrite) {
                self.on_client += now.since(self.since);
            }
            self.what = what;
            self.since = now;
        }
    }

    /// Since when.
    pub fn since(&self) -> Moment {
        self.since
    }

    /// When a deadline passes at the latest.
    pub fn ends_at(&self, x: &Exchange<'_>) -> Moment {
        let own = self.since + self.lasts(x);
        x.nearest_end().map_or(own, |end| end.min(own))
    }

    /// Ready with the ending when a deadline passed.
    pub fn poll(&self, x: &mut Exchange<'_>, cx: &Context<'_>) -> Poll<Ending> {
        let own = self.since + self.lasts(x);
        let end = x.nearest_end();
        let until = end.map_or(own, |end| end.min(own));
        if let Some(place) = &mut x.place
            && let Some(overdue_at) = place.overdue_at().filter(|at| *at < until)
        {
            if x.client.poll_deadline(cx, overdue_at).is_pending() {
                return Poll::Pending;
            }
            place.excuse();
        }
        if x.client.poll_deadline(cx, until).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(if until == own { Ending::TimedOut(self.what) } else { x.end_reached() })
    }
}

impl Waiting {
    fn lasts(&self, x: &Exchange<'_>) -> Duration {
        let client = &x.view.snapshot.plan.deadlines;
        match self.what {
            Deadline::ClientBody => self.left(client.body_pace, x.received).min(client.body),
            Deadline::ClientWrite => self.left(client.send_pace, x.sent).min(client.send),
            Deadline::Send => x.deadlines.send,
            Deadline::BetweenBytes => x.deadlines.between_bytes,
            _ => x.deadlines.first_byte,
        }
    }

    /// How much longer a client that has moved so many bytes may be waited for.
    fn left(&self, pace: Option<LeastPace>, moved: u64) -> Duration {
        pace.map_or(Duration::MAX, |pace| pace::allowance(pace, moved).saturating_sub(self.on_client))
    }
}
