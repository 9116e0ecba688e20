//! Idle links to one upstream, on one core: newest first, retired before the upstream drops them.
//!
//! The upstream's idle timeout is learned by looking: a sweep four times a second finds links that ended while idle,
//! and how long they had been idle then; and those that are alive tell how long the upstream keeps them at least. A look
//! costs no system call unless the socket was reported readable.

use crate::clock::Moment;
use crate::upstream::UpstreamState;
use std::cell::RefCell;
use std::time::Duration;
use torwart_cause::Address;
use torwart_dial::{Idle, Stream};
use torwart_policy::idle;
use torwart_record::LinkGuard;

/// One established connection to an upstream.
pub struct Link {
    /// The socket.
    pub stream: Stream,
    /// The address behind it.
    pub address: Address,
    /// Counts it among the links, by state; a stream is none, its connection is.
    pub guard: Option<LinkGuard>,
}

struct Waiting {
    link: Link,
    since: Moment,
}

/// The idle links of one upstream.
#[derive(Default)]
pub struct IdleLinks {
    /// Oldest first.
    waiting: RefCell<Vec<Waiting>>,
}

/// How long links may be idle.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// Most links.
    pub links: usize,
    /// The operator's limit.
    pub time: Duration,
}

impl IdleLinks {
    /// The link used last, if it may carry this request. Whatever is too old or not quiet is dropped on the way.
    #[inline(always)]
    pub fn take(&self, keep: Keep, state: &UpstreamState, is_repeatable: bool, now: Moment) -> Option<Link> {
        let limit = limit(keep, state);
        let is_known = state.idle_seen().is_some() || state.idle_hinted().is_some();
        let wanted = if is_repeatable {
            limit
        } else {
            idle::limit_for_unrepeatable(limit, is_known, state.idle_survived())
        };
        let mut waiting = self.waiting.borrow_mut();
        loop {
            let newest = waiting.last()?;
            let age = now.since(newest.since);
            if age > limit {
                // The others are older still.
                waiting.clear();
                return None;
            }
            if age > wanted {
                return None;
            }
            let mut newest = waiting.pop()?;
            if newest.link.stream.is_quiet() {
                return Some(newest.link);
            }
        }
    }

    /// Puts a link back after a clean exchange. The oldest gives way when there are too many.
    pub fn put(&self, keep: Keep, link: Link, now: Moment) {
        if keep.links == 0 {
            return;
        }
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() >= keep.links {
            waiting.remove(0);
        }
        waiting.push(Waiting { link, since: now });
    }

    /// Drops what is too old or has ended, and learns from the latter.
    pub fn sweep(&self, keep: Keep, state: &UpstreamState, now: Moment) {
        let limit = limit(keep, state);
        let mut closed = Vec::new();
        self.waiting.borrow_mut().retain_mut(|waiting| {
            let age = now.since(waiting.since);
            if age > limit {
                return false;
            }
            match waiting.link.stream.poll_idle(&mut std::task::Context::from_waker(std::task::Waker::noop()))
            {
                std::task::Poll::Pending => {
                    state.see_alive(age);
                    true
                }
                std::task::Poll::Ready(Idle::Ended(_)) => {
                    // It may have ended at any time since the last look.
                    closed.push(age.saturating_sub(SWEEP));
                    false
                }
                std::task::Poll::Ready(Idle::Spoke(_)) => false,
            }
        });
        let known = state.idle_seen();
        if let Some(learned) = idle::learn(known, &closed)
            && Some(learned) != known
        {
            state.see_idle(learned);
        }
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }
}

fn limit(keep: Keep, state: &UpstreamState) -> Duration {
    idle::limit(keep.time, state.idle_seen(), state.idle_hinted())
}

/// How often idle links are looked at.
pub const SWEEP: Duration = Duration::from_millis(250);
