//! How long a request waits for an upstream when none of its pool can be reached.
//!
//! A restart takes a moment, and whoever asks in that moment is better served late than turned away. But a pool that is
//! down for good must say so at once: so requests wait only for a while after the *outage* began, and never for a pool
//! that was not seen to work.

use std::time::Duration;
use torwart_cause::Cause;

/// What the decision needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Absence {
    /// What happened to the last attempt; `None` where no upstream could be chosen.
    pub cause: Option<Cause>,
    /// How long ago the pool's last upstream was found gone; `None` where the pool was never seen to work.
    pub gone_for: Option<Duration>,
    /// How long after that requests wait.
    pub wait: Duration,
    /// How many wait already.
    pub waiting: usize,
}

/// How much longer the request may wait; `None` where it should be answered at once.
pub fn wait(absence: Absence) -> Option<Duration> {
    let left = absence.wait.checked_sub(absence.gone_for?).filter(|left| !left.is_zero())?;
    (absence.waiting < MOST_WAITING && absence.cause.is_none_or(is_absence)).then_some(left)
}

/// How long after a vain look the next one follows: often at first, because most restarts are short.
pub fn pause_between_looks(gone_for: Duration) -> Duration {
    (gone_for / 16).clamp(FIRST_PAUSE, LONGEST_PAUSE)
}

/// What a client is told who waited in vain: an outage lasts about as long again as it has lasted.
pub fn come_back_in(gone_for: Duration) -> Duration {
    gone_for.clamp(Duration::from_secs(2), Duration::from_secs(60))
}

/// Whether the cause says that nobody is there, as while a server is being restarted.
fn is_absence(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::ConnectRefused
            | Cause::ConnectReset
            | Cause::ConnectTimedOut
            | Cause::AddressUnroutable
            | Cause::SocketMissing
            | Cause::NameUnknown
            | Cause::UpstreamsDown
    )
}

/// Per core and pool: what a pool gets in its busiest seconds, and few enough to be answered within a second after.
const MOST_WAITING: usize = 1000;

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    const RESTART: Absence = Absence {
        cause: Some(Cause::ConnectRefused),
        gone_for: Some(Duration::from_secs(1)),
        wait: Duration::from_secs(5),
        waiting: 10,
    };

    #[test]
    fn a_restart_is_waited_for() {
        assert_eq!(wait(RESTART), Some(Duration::from_secs(4)));
        assert!(wait(Absence { cause: None, ..RESTART }).is_some());
    }

    #[test]
    fn what_is_gone_for_good_is_said_at_once() {
        assert_eq!(wait(Absence { gone_for: Some(Duration::from_secs(5)), ..RESTART }), None);
        assert_eq!(wait(Absence { gone_for: None, ..RESTART }), None);
    }

    #[test]
    fn a_crowd_does_not_wait() {
        assert_eq!(wait(Absence { waiting: MOST_WAITING, ..RESTART }), None);
    }

    #[test]
    fn who_is_there_but_fails_is_not_waited_for() {
        assert_eq!(wait(Absence { cause: Some(Cause::TlsExpired), ..RESTART }), None);
        assert_eq!(wait(Absence { cause: Some(Cause::ClosedBeforeHead), ..RESTART }), None);
    }

    #[test]
    fn looks_become_rarer() {
        assert_eq!(pause_between_looks(Duration::ZERO), Duration::from_millis(10));
        assert_eq!(pause_between_looks(Duration::from_secs(60)), Duration::from_millis(100));
    }
}
