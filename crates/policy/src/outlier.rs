//! When an upstream is left out because of how its attempts fared, and for how long.

use std::time::Duration;
use torwart_cause::{Cause, Retry, Stage};

/// Whether a failed attempt speaks against its upstream. A link that went stale does not, nor does what this host, the
/// client or the whole exchange's deadline did.
pub fn is_upstreams_doing(cause: Cause) -> bool {
    !matches!(
        cause,
        Cause::StaleLink | Cause::LocalResourcesSpent | Cause::ConnectDenied | Cause::DeadlineSpent
    ) && matches!(
        cause.stage(),
        Stage::Resolve | Stage::Connect | Stage::Handshake | Stage::Send | Stage::Head | Stage::Body
    )
}

/// Whether so many failures in a row are enough. Who cannot be reached once is not asked next.
pub fn is_enough(cause: Cause, in_a_row: u32) -> bool {
    in_a_row >= if cause.retry() == Retry::Always { 1 } else { IN_A_ROW }
}

/// For how long, after so many times before.
pub fn time(before: u32) -> Duration {
    FIRST * (1 << before.min(MOST_DOUBLINGS))
}

const IN_A_ROW: u32 = 5;

const FIRST: Duration = Duration::from_millis(500);

/// 500 ms doubled this often is 8 s.
const MOST_DOUBLINGS: u32 = 4;
