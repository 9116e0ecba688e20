//! Connections to authorisers that wait for the next question; each core has its own few.
//!
//! A question is a GET and may be asked twice, so a connection that dies while it is asked is no misfortune. They are kept
//! for seconds only: shorter than any service keeps them, and nobody is left with one that its service has forgotten.

use super::forward::Authoriser;
use crate::clock::Moment;
use std::cell::RefCell;
use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;
use torwart_dial::Stream;

/// The connections of one core.
#[derive(Default)]
pub struct Parked(RefCell<Vec<Link>>);

struct Link {
    service: Weak<Authoriser>,
    stream: Stream,
    since: Moment,
}

impl Parked {
    /// A connection to this service that is quiet and alive.
    pub(super) async fn take(&self, service: &Arc<Authoriser>) -> Option<Stream> {
        loop {
            let mut stream = self.take_any(service)?;
            // A pending answer means that it is silent, as it should be.
            if poll_fn(|cx| Poll::Ready(stream.poll_idle(cx).is_pending())).await {
                return Some(stream);
            }
        }
    }

    /// Keeps a connection for the next question.
    pub(super) fn put(&self, service: &Arc<Authoriser>, stream: Stream) {
        let mut links = self.0.borrow_mut();
        if links.len() < MOST {
            links.push(Link { service: Arc::downgrade(service), stream, since: Moment::now() });
        }
    }

    /// Closes those that waited for too long.
    pub fn sweep(&self, now: Moment) {
        self.0.borrow_mut().retain(|link| now.since(link.since) < KEPT);
    }

    fn take_any(&self, service: &Arc<Authoriser>) -> Option<Stream> {
        self.sweep(Moment::now());
        let mut links = self.0.borrow_mut();
        // The one used last is the one most surely alive.
        let at = links.iter().rposition(|link| std::ptr::eq(link.service.as_ptr(), Arc::as_ptr(service)))?;
        Some(links.swap_remove(at).stream)
    }
}

/// As many questions as a core has under way at a time, mostly.
const MOST: usize = 32;

/// Shorter than the five seconds of the least patient servers.
const KEPT: Duration = Duration::from_secs(4);
