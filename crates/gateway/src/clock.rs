//! The data plane's clock: moments as plain numbers, and one reading of the clock per turn of a task.
//!
//! Between two waits a task only computes, so everything it does in one turn happens "now": the clock is read when it
//! is first asked for, and not again until the task runs the next time. Deadlines and durations are exact to the
//! length of a turn, far below the width of a slot of the timer wheel.

use std::cell::Cell;
use std::ops::Add;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// A moment in nanoseconds since the process began to count; lasts for five centuries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

thread_local! {
    /// The moment of the turn under way, [`UNREAD`] or [`OUTSIDE`].
    static TURN: Cell<u64> = const { Cell::new(OUTSIDE) };
}

/// A turn is under way, and nobody has asked for the time.
const UNREAD: u64 = u64::MAX;

/// No turn is under way: every question reads the clock.
const OUTSIDE: u64 = u64::MAX - 1;

impl Moment {
    /// When the process began to count.
    pub const BEGIN: Self = Self(0);

    /// Now, as of the turn under way.
    pub fn now() -> Self {
        match TURN.get() {
            OUTSIDE => Self::read(),
            UNREAD => {
                let now = Self::read();
                TURN.set(now.0);
                now
            }
            nanos => Self(nanos),
        }
    }

    /// Now, read from the clock.
    fn read() -> Self {
        Self(nanos(EPOCH.elapsed()))
    }

    /// The time from an earlier moment to this one; zero if it was later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The time from this moment until now.
    pub fn elapsed(self) -> Duration {
        Self::now().since(self)
    }

    /// The time from the clock's beginning to this moment.
    pub const fn clock(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// Nanoseconds since the clock's beginning.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// The moment so many nanoseconds after the clock's beginning.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Whole milliseconds since the clock's beginning.
    pub const fn millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// The same moment on the clock that timers of the runtime know.
    pub fn instant(self) -> Instant {
        *EPOCH + self.clock()
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(nanos(later)))
    }
}

/// A future whose turns each see one moment.
pub async fn in_turns<T>(mut task: Pin<Box<impl Future<Output = T>>>) -> T {
    std::future::poll_fn(|cx| {
        let _turn = Turn::begin();
        task.as_mut().poll(cx)
    })
    .await
}

/// The turn under way; over when dropped.
struct Turn;

impl Turn {
    fn begin() -> Self {
        TURN.set(UNREAD);
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        TURN.set(OUTSIDE);
    }
}

/// Times beyond five centuries are as good as endless.
fn nanos(time: Duration) -> u64 {
    let whole = time.as_secs().saturating_mul(1_000_000_000);
    whole.saturating_add(u64::from(time.subsec_nanos())).min(OUTSIDE - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets time pass without giving the turn away.
    fn pass(time: Duration) {
        let begin = Instant::now();
        while begin.elapsed() < time {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn a_turn_sees_one_moment_and_the_next_turn_a_later_one() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(in_turns(Box::pin(async {
            let first = Moment::now();
            pass(Duration::from_millis(2));
            assert_eq!(Moment::now(), first);
            tokio::task::yield_now().await;
            assert!(first.elapsed() >= Duration::from_millis(2));
        })));
        let outside = Moment::now();
        pass(Duration::from_millis(1));
        assert!(Moment::now() > outside);
    }

    #[test]
    fn endless_times_do_not_wrap() {
        let far = Moment::now() + Duration::MAX;
        assert!(far > Moment::now());
        assert!(far + Duration::MAX >= far);
    }
}
