//! After a failed attempt: another one at once, after a pause, once an upstream is back, or none.
//!
//! Whether the request may go again is decided by [`outcome::may_repeat`]; here is the waiting that may lie in between.

use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::{cache, outage, outcome};
use std::task::Poll;
use std::time::Duration;
use torwart_dial::Stop;
use torwart_policy::retry::{self, Next};

/// Returns when the next attempt is due; `Stop` means that there is none.
pub async fn prepare(x: &mut Exchange<'_>) -> Result<(), Stop> {
    match outcome::may_repeat(x) {
        Next::Other => x.needs_fresh_link = false,
        Next::SameFresh => x.needs_fresh_link = true,
        Next::SameLater => {
            x.needs_fresh_link = true;
            let attempts = u32::try_from(x.desk.evidence.attempts.len()).unwrap_or(u32::MAX);
            // The clock's last digits are as good as chance here.
            let chance = (Moment::now().nanos() >> 8).to_le_bytes()[0];
            pause(x, retry::back_off(attempts, chance)).await?;
        }
        Next::Stop => {
            let cause = outcome::absence(x)?;
            if cache::has_stand_in(x) {
                return Err(Stop);
            }
            outage::wait(x, cause).await?;
        }
    }
    Ok(())
}

/// Waits, but not longer than the exchange and its client last.
async fn pause(x: &mut Exchange<'_>, time: Duration) -> Result<(), Stop> {
    let due = Moment::now() + time;
    std::future::poll_fn(|cx| {
        if x.poll_leaving(cx).is_some() || x.nearest_end().is_some_and(|end| end <= due) {
            return Poll::Ready(Err(Stop));
        }
        x.client.poll_deadline(cx, due).map(Ok)
    })
    .await
}
