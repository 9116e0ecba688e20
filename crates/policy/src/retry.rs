//! May a failed attempt be followed by another one, and where?
//!
//! What provably was not processed may go again with any method; what perhaps was, only with idempotent methods
//! (RFC 9110 §9.2.2). Another upstream is preferred; the same one is tried again only where it may do better at once.

use crate::budget::Failure;
use std::time::Duration;
use torwart_cause::{Cause, Retry};

/// What the decision needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Failed {
    /// What happened to the attempt.
    pub cause: Cause,
    /// Whether the request may be executed twice: its method is idempotent, or the operator says so.
    pub is_idempotent: bool,
    /// Whether failures with this cause are repeated on the route.
    pub is_wanted: bool,
    /// Whether the body, as far as it was sent, can be sent again.
    pub is_replayable: bool,
    /// Whether a reused link ended before it brought a byte: it says as much about the link as about its upstream.
    pub is_lost_link: bool,
    /// Attempts made so far, this one included.
    pub attempts: u32,
    /// The most attempts one exchange may make.
    pub most: u32,
    /// Upstreams of the pool that this exchange has not tried yet.
    pub untried: usize,
}

/// Where the next attempt goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// No further attempt.
    Stop,
    /// An upstream not tried yet.
    Other,
    /// The same upstream, on a fresh link, at once.
    SameFresh,
    /// The same upstream, on a fresh link, after [`back_off`].
    SameLater,
}

/// Decides about a further attempt. Whether the budget allows it is asked afterwards, and only where [`price`] names one.
pub fn next(failed: Failed) -> Next {
    let may = match failed.cause.retry() {
        Retry::Always => true,
        Retry::Idempotent => failed.is_idempotent,
        Retry::Never => false,
    };
    if !may || !failed.is_wanted || !failed.is_replayable || failed.attempts >= failed.most {
        return Next::Stop;
    }
    // A link that went stale says nothing about its upstream.
    if failed.cause == Cause::StaleLink {
        return Next::SameFresh;
    }
    if failed.untried > 0 {
        return Next::Other;
    }
    match (is_worth_same(failed.cause), failed.is_lost_link) {
        (true, true) => Next::SameFresh,
        (true, false) => Next::SameLater,
        (false, _) => Next::Stop,
    }
}

/// How long to wait before the same upstream is asked again, after so many attempts: longer each time, and by chance
/// (0–255) up to half shorter, so that clients who failed together do not come back together.
pub fn back_off(attempts: u32, chance: u8) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << attempts.saturating_sub(1).min(MOST_DOUBLINGS));
    longest - longest.saturating_mul(u32::from(chance)) / 512
}

/// What a further attempt costs. Failing over after a refused connection is free, and so is replacing a link that was
/// lost before it brought a byte: neither loads an upstream twice.
pub fn price(cause: Cause, is_lost_link: bool) -> Option<Failure> {
    match cause {
        Cause::SendTimedOut | Cause::HeadTimedOut | Cause::BodyStalled => Some(Failure::Late),
        _ if cause.retry() != Retry::Idempotent || is_lost_link => None,
        _ => Some(Failure::Quick),
    }
}

/// Whether the method is idempotent (RFC 9110 §9.2.2; RFC 5789 leaves PATCH out).
pub fn is_idempotent(method: &[u8]) -> bool {
    matches!(method, b"GET" | b"HEAD" | b"PUT" | b"DELETE" | b"OPTIONS" | b"TRACE")
}

/// Whether the same upstream may do better at once: a lost connection or a garbled answer can be one worker's fault.
/// A refused port, a bad certificate, a missed deadline or an answer above a limit would only be met again.
fn is_worth_same(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::SendCut
            | Cause::ClosedBeforeHead
            | Cause::ResetBeforeHead
            | Cause::HeadCut
            | Cause::HeadMalformed
            | Cause::NotHttp
            | Cause::BodyCut
            | Cause::ChunkMalformed
            | Cause::ConnectReset
            | Cause::HandshakeCut
            | Cause::StreamRefused
            | Cause::StreamReset
    )
}

/// Before the second attempt at the same upstream: a worker is replaced within a few of these.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// 20 ms doubled this often is 640 ms.
const MOST_DOUBLINGS: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(cause: Cause) -> Failed {
        Failed {
            cause,
            is_idempotent: true,
            is_wanted: true,
            is_replayable: true,
            is_lost_link: false,
            attempts: 1,
            most: 3,
            untried: 1,
        }
    }

    #[test]
    fn a_post_that_may_have_been_processed_never_goes_again() {
        let post = Failed { is_idempotent: false, ..failed(Cause::ResetBeforeHead) };
        assert_eq!(next(post), Next::Stop);
    }

    #[test]
    fn a_post_that_was_not_taken_goes_to_another_upstream() {
        let post = Failed { is_idempotent: false, ..failed(Cause::ConnectRefused) };
        assert_eq!(next(post), Next::Other);
    }

    #[test]
    fn a_refused_port_is_not_asked_twice() {
        assert_eq!(next(Failed { untried: 0, ..failed(Cause::ConnectRefused) }), Next::Stop);
    }

    #[test]
    fn a_lost_connection_is_tried_again_at_the_only_upstream() {
        let first = Failed { untried: 0, ..failed(Cause::ClosedBeforeHead) };
        assert_eq!(next(first), Next::SameLater);
        assert_eq!(next(Failed { is_lost_link: true, ..first }), Next::SameFresh);
        assert_eq!(next(Failed { attempts: 3, ..first }), Next::Stop);
        assert_eq!(next(Failed { cause: Cause::HeadTimedOut, ..first }), Next::Stop);
    }

    #[test]
    fn a_stale_link_is_replaced_at_the_same_upstream_for_any_method() {
        let post = Failed { is_idempotent: false, untried: 0, ..failed(Cause::StaleLink) };
        assert_eq!(next(post), Next::SameFresh);
    }

    #[test]
    fn attempts_are_bounded() {
        assert_eq!(next(Failed { attempts: 3, ..failed(Cause::ConnectRefused) }), Next::Stop);
    }

    #[test]
    fn a_body_that_is_gone_cannot_go_again() {
        assert_eq!(next(Failed { is_replayable: false, ..failed(Cause::ConnectRefused) }), Next::Stop);
    }

    #[test]
    fn failing_over_after_a_refused_connection_is_free() {
        assert_eq!(price(Cause::ConnectRefused, false), None);
        assert_eq!(price(Cause::ResetBeforeHead, false), Some(Failure::Quick));
        assert_eq!(price(Cause::ResetBeforeHead, true), None);
        assert_eq!(price(Cause::HeadTimedOut, true), Some(Failure::Late));
    }

    #[test]
    fn what_the_route_does_not_want_repeated_is_not() {
        assert_eq!(next(Failed { is_wanted: false, ..failed(Cause::ConnectRefused) }), Next::Stop);
    }

    #[test]
    fn pauses_grow_and_differ() {
        assert_eq!(back_off(1, 0), Duration::from_millis(20));
        assert_eq!(back_off(2, 0), Duration::from_millis(40));
        assert!(back_off(2, 255) > Duration::from_millis(20) && back_off(2, 255) < Duration::from_millis(21));
        assert_eq!(back_off(40, 0), Duration::from_millis(640));
    }
}
