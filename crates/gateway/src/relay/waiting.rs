//! Which deadline a conversation is under: the one of whoever is waited for, and the exchange's own end.

use crate::clock::Moment;
use crate::exchange::Exchange;
use std::task::{Context, Poll};
use std::time::Duration;
use torwart_cause::{Deadline, Ending};

/// What is waited for, and since when.
#[derive(Debug)]
pub struct Waiting {
    what: Deadline,
    since: Moment,
}

impl Waiting {
    /// Waiting for `what` from `since` on.
    pub fn new(what: Deadline, since: Moment) -> Self {
        Self { what, since }
    }

    /// Now `what` is waited for. The time begins anew where that is another thing than before, or where bytes moved.
    pub fn wait_for(&mut self, what: Deadline, moved: bool) {
        if moved || what != self.what {
            self.what = what;
            self.since = Moment::now();
        }
    }

    /// Since when.
    pub fn since(&self) -> Moment {
        self.since
    }

    /// Ready with the ending when a deadline passed.
    pub fn poll(&self, x: &mut Exchange<'_>, cx: &Context<'_>) -> Poll<Ending> {
        let own = self.since + lasts(x, self.what);
        let end = x.nearest_end();
        let until = end.map_or(own, |end| end.min(own));
        if x.client.poll_deadline(cx, until).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(if until == own { Ending::TimedOut(self.what) } else { x.end_reached() })
    }
}

fn lasts(x: &Exchange<'_>, what: Deadline) -> Duration {
    let client = &x.view.snapshot.plan.deadlines;
    match what {
        Deadline::ClientBody => client.body,
        Deadline::ClientWrite => client.send,
        Deadline::Send => x.deadlines.send,
        Deadline::BetweenBytes => x.deadlines.between_bytes,
        _ => x.deadlines.first_byte,
    }
}
