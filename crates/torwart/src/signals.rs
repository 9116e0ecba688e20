//! The signals the program listens to.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What somebody asked for by a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// SIGHUP: read the configuration again.
    Reload,
    /// SIGUSR1: open the log anew.
    Reopen,
    /// SIGUSR2: let a new process take over.
    Upgrade,
    /// SIGTERM or SIGINT: end.
    Stop,
}

/// All of them, from the moment this is made.
pub(crate) struct Signals {
    hangup: Signal,
    user: Signal,
    second_user: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens to them. Must be called within a runtime.
    ///
    /// # Errors
    /// Where the system does not let us.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            user: signal(SignalKind::user_defined1())?,
            second_user: signal(SignalKind::user_defined2())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// The next wish. Nothing is lost if it is not waited for to the end.
    pub(crate) async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.terminate.recv() => Wish::Stop,
            _ = self.interrupt.recv() => Wish::Stop,
            _ = self.hangup.recv() => Wish::Reload,
            _ = self.user.recv() => Wish::Reopen,
            _ = self.second_user.recv() => Wish::Upgrade,
        }
    }

    /// Waits until somebody wants an end, whatever else is asked for.
    pub(crate) async fn stop(&mut self) {
        while self.next().await != Wish::Stop {}
    }
}
