//! Does everybody wait long enough, and let go in the right order?

mod first_byte;
mod idle_state;
mod keepalive;
mod ladder;
mod shorten;

use crate::Check;
use std::time::Duration;

/// The checks of this area.
pub const CHECKS: &[Check] = &[
    Check::new("keepalive", |case| Box::pin(keepalive::check(case))),
    Check::new("idle_state", |case| Box::pin(idle_state::check(case))),
    Check::new("first_byte", |case| Box::pin(first_byte::check(case))),
    Check::new("ladder", |case| Box::pin(ladder::check(case))),
];

/// A time in seconds as a sentence has it: milliseconds below a tenth, else one digit behind the point.
pub(super) fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 0.1 { format!("{seconds:.3}") } else { format!("{seconds:.1}") }
}
