//! What the system's own resolver says: the one that browsers and gateways on this machine use.

use std::cell::RefCell;
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::{OnceCell, oneshot};
use tokio::time::timeout;
use torwart_kernel::resolver::{self, LookupError};

/// The system's answer, on its way or there.
#[derive(Debug, Default)]
pub(super) struct System {
    waiting: RefCell<Option<oneshot::Receiver<SystemSaid>>>,
    said: OnceCell<SystemSaid>,
}

/// What the system's resolver says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemSaid {
    /// The addresses in the system's order.
    pub result: Result<Vec<IpAddr>, SystemFault>,
    /// How long it took.
    pub took: Duration,
}

/// Why the system has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemFault {
    /// The name does not exist, as far as it can tell.
    UnknownName,
    /// The name exists and has no address.
    NoAddress,
    /// A name server failed; it may know better later.
    Failed(LookupError),
    /// No answer in all that time.
    TimedOut,
}

impl System {
    /// Begins to ask.
    pub(super) fn ask(host: &str) -> Self {
        let (tell, waiting) = oneshot::channel();
        let host = host.to_owned();
        let started = Instant::now();
        let ask = move || {
            let result = resolver::lookup(&host).map_err(|error| match error {
                error if error.is_unknown_name() => SystemFault::UnknownName,
                error if error.is_without_address() => SystemFault::NoAddress,
                error => SystemFault::Failed(error),
            });
            // Nobody may be waiting any more.
            let _ = tell.send(SystemSaid { result, took: started.elapsed() });
        };
        // A thread of its own, on which nobody waits at the end: getaddrinfo(3) cannot be cancelled, and the runtime's
        // own threads would hold up the end of the program until it is back.
        let waiting =
            thread::Builder::new().name("getaddrinfo".to_owned()).spawn(ask).is_ok().then_some(waiting);
        Self { waiting: RefCell::new(waiting), said: OnceCell::new() }
    }

    /// The answer, once it is there.
    pub(super) async fn said(&self) -> &SystemSaid {
        let wait = async || {
            let started = Instant::now();
            let late = |_| SystemSaid { result: Err(SystemFault::TimedOut), took: started.elapsed() };
            // Taken out while waiting, and put back by a guard: whoever gives up leaves it to the next.
            let mut waiting = Waiting { place: &self.waiting, receiver: self.waiting.take() };
            let Some(receiver) = waiting.receiver.as_mut() else { return late(()) };
            timeout(LONGEST, receiver)
                .await
                .map_err(|_| ())
                .and_then(|said| said.map_err(|_| ()))
                .unwrap_or_else(late)
        };
        self.said.get_or_init(wait).await
    }
}

struct Waiting<'s> {
    place: &'s RefCell<Option<oneshot::Receiver<SystemSaid>>>,
    receiver: Option<oneshot::Receiver<SystemSaid>>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.place.replace(self.receiver.take());
    }
}

impl SystemSaid {
    /// The addresses, none where there is a fault.
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.result.clone().unwrap_or_default()
    }
}

impl SystemFault {
    /// The error's name in `getaddrinfo(3)`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::UnknownName => "EAI_NONAME",
            Self::NoAddress => "EAI_NODATA",
            Self::Failed(_) => "EAI_AGAIN",
            Self::TimedOut => "-",
        }
    }
}

/// glibc gives up after two rounds of five seconds for each of up to three servers; nobody waits that long for a page.
const LONGEST: Duration = Duration::from_secs(8);
