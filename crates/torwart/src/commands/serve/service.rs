//! Talking with the service manager: sockets it has bound for us, and what it wants to hear (sd_notify).
//!
//! Outside of a service manager nothing of this says or does anything.

use listenfd::ListenFd;
use sd_notify::NotifyState;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};
use torwart_gateway::{Gateway, Inherited};

/// Takes the sockets that were handed over (`LISTEN_FDS`). Before any thread is started, and once: it changes the
/// environment.
pub(super) fn inherited() -> Inherited {
    let mut handed = ListenFd::from_env();
    let mut inherited = Inherited::default();
    for index in 0..handed.len() {
        // What is no TCP socket that listens stays for the next question.
        let taken = match handed.take_tcp_listener(index) {
            Ok(Some(socket)) => inherited.add_tcp(socket),
            _ => match handed.take_unix_listener(index) {
                Ok(Some(socket)) => inherited.add_unix(socket),
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            },
        };
        if let Err(error) = taken {
            tracing::warn!(%error, index, "a socket that was handed over cannot be used");
        }
    }
    inherited
}

/// Everything listens and works.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// A new plan is being taken over, until [`ready`] is told again.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// What runs has this time to end; the service manager shall not lose its patience earlier.
pub(super) fn stopping(within: Duration) {
    let patience = u32::try_from((within + SOME_MORE).as_micros()).unwrap_or(u32::MAX);
    tell(&[
        NotifyState::Stopping,
        NotifyState::ExtendTimeoutUsec(patience),
        NotifyState::WatchdogUsec(patience),
    ]);
}

/// This process is the main one from now on.
pub(super) fn hand_to(process: u32) {
    tell(&[NotifyState::MainPid(process)]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "the service manager does not listen");
    }
}

/// The sign of life the service manager waits for, if it does (`WATCHDOG_USEC`).
pub(super) struct Watchdog {
    every: Option<Duration>,
    next: Instant,
}

impl Watchdog {
    /// As the environment says.
    pub(super) fn from_environment() -> Self {
        // Half of it, as sd_watchdog_enabled(3) advises.
        Self { every: sd_notify::watchdog_enabled().map(|patience| patience / 2), next: Instant::now() }
    }

    /// Waits until a sign is due; for ever where nobody waits for one.
    pub(super) async fn due(&mut self) {
        match self.every {
            Some(_) => sleep_until(self.next).await,
            None => std::future::pending().await,
        }
    }

    /// Gives the sign, if every worker gives its own.
    pub(super) async fn feel(&mut self, gateway: &Gateway) {
        let Some(every) = self.every else { return };
        self.next = Instant::now() + every;
        match timeout(every / 2, gateway.beats()).await {
            Ok(true) => tell(&[NotifyState::Watchdog]),
            _ => tracing::error!("a worker does not take its turns any more"),
        }
    }
}

/// The cores need a moment to close what is left, and the process one to end.
const SOME_MORE: Duration = Duration::from_secs(15);
