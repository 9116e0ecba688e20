//! The race between the addresses of one name (RFC 8305, "Happy Eyeballs").

use super::{SocketPlan, connect_one};
use std::future::{Future, poll_fn};
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use torwart_cause::Ending;

/// How long an attempt runs alone before the next address joins (RFC 8305 §8).
pub const CONNECTION_ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The order in which addresses are tried: families alternate, beginning with the family of the first one
/// (RFC 8305 §4). With a source address the other family is left out.
pub(super) fn interleave(addresses: &[SocketAddr], bind: Option<IpAddr>) -> Vec<SocketAddr> {
    let mut fitting = addresses.to_vec();
    fitting.retain(|address| bind.is_none_or(|source| source.is_ipv6() == address.is_ipv6()));
    let Some(first) = fitting.first().copied() else { return fitting };
    let (mut same, mut other): (Vec<_>, Vec<_>) =
        fitting.into_iter().partition(|address| address.is_ipv6() == first.is_ipv6());
    same.reverse();
    other.reverse();
    let mut order = Vec::with_capacity(same.len() + other.len());
    while !(same.is_empty() && other.is_empty()) {
        order.extend(same.pop());
        order.extend(other.pop());
    }
    order
}

/// Races the addresses; `None` when all failed, with the most telling failure left in `failed`.
pub(super) async fn race(
    plan: &SocketPlan,
    order: &[SocketAddr],
    failed: &mut Option<(SocketAddr, Ending)>,
) -> Option<(TcpStream, SocketAddr)> {
    // The usual case needs neither timer nor list.
    if let [only] = order {
        return match connect_one(plan, *only).await {
            Ok(stream) => Some((stream, *only)),
            Err(ending) => {
                *failed = Some((*only, ending));
                None
            }
        };
    }
    let mut waiting = order.iter().copied().peekable();
    let mut running: Vec<Attempt<'_>> = Vec::with_capacity(order.len());
    let mut delay = pin!(sleep_until(Instant::now()));
    poll_fn(|context| {
        loop {
            let before = running.len();
            if let Some(winner) = poll_running(&mut running, failed, context) {
                return Poll::Ready(Some(winner));
            }
            let has_failed = running.len() < before;
            if waiting.peek().is_none() {
                return if running.is_empty() { Poll::Ready(None) } else { Poll::Pending };
            }
            // The next one starts when the delay is over, or at once when one has failed.
            if !(has_failed || running.is_empty() || delay.as_mut().poll(context).is_ready()) {
                return Poll::Pending;
            }
            if let Some(address) = waiting.next() {
                running.push((address, Box::pin(connect_one(plan, address))));
                delay.as_mut().reset(Instant::now() + CONNECTION_ATTEMPT_DELAY);
            }
        }
    })
    .await
}

type Attempt<'a> = (SocketAddr, Pin<Box<dyn Future<Output = Result<TcpStream, Ending>> + Send + 'a>>);

/// Polls every attempt once; takes out those that failed, returns the first that connected.
fn poll_running(
    running: &mut Vec<Attempt<'_>>,
    failed: &mut Option<(SocketAddr, Ending)>,
    context: &mut Context<'_>,
) -> Option<(TcpStream, SocketAddr)> {
    let mut winner = None;
    running.retain_mut(|(address, attempt)| {
        if winner.is_some() {
            return true;
        }
        match attempt.as_mut().poll(context) {
            Poll::Pending => true,
            Poll::Ready(Ok(stream)) => {
                winner = Some((stream, *address));
                false
            }
            Poll::Ready(Err(ending)) => {
                note_failure(failed, *address, ending);
                false
            }
        }
    });
    winner
}

/// The last failure is reported, except that a missing route never hides a failure that reached the upstream's host.
fn note_failure(failed: &mut Option<(SocketAddr, Ending)>, address: SocketAddr, ending: Ending) {
    if ending != Ending::Unroutable || failed.is_none() {
        *failed = Some((address, ending));
    }
}
