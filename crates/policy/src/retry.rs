//! May a failed attempt be followed by another one, and where?
//!
//! What provably was not processed may go again with any method; what perhaps was, only with idempotent methods
//! (RFC 9110 §9.2.2). Another upstream is preferred; the same one is tried again only where it may do better at once.

use torwart_cause::{Cause, Retry};

/// What the decision needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Failed {
    /// What happened to the attempt.
    pub cause: Cause,
    /// Whether the request's method is idempotent.
    pub is_idempotent: bool,
    /// Whether the body, as far as it was sent, can be sent again.
    pub is_replayable: bool,
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
    /// The same upstream, on a fresh link.
    SameFresh,
}

/// Decides about a further attempt. Whether the budget allows it is asked afterwards, and only where [`is_costly`].
pub fn next(failed: Failed) -> Next {
    let may = match failed.cause.retry() {
        Retry::Always => true,
        Retry::Idempotent => failed.is_idempotent,
        Retry::Never => false,
    };
    if !may || !failed.is_replayable || failed.attempts >= failed.most {
        return Next::Stop;
    }
    // A link that went stale says nothing about its upstream.
    if failed.cause == Cause::StaleLink {
        return Next::SameFresh;
    }
    if failed.untried > 0 {
        return Next::Other;
    }
    if is_worth_same(failed.cause) { Next::SameFresh } else { Next::Stop }
}

/// Whether a further attempt loads an upstream again and so draws on the budget: failing over after a refused
/// connection is free, repeating a request that reached an upstream is not.
pub fn is_costly(cause: Cause) -> bool {
    cause.retry() == Retry::Idempotent
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

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(cause: Cause) -> Failed {
        Failed { cause, is_idempotent: true, is_replayable: true, attempts: 1, most: 3, untried: 1 }
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
        assert_eq!(next(first), Next::SameFresh);
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
        assert!(!is_costly(Cause::ConnectRefused));
        assert!(is_costly(Cause::ResetBeforeHead));
    }
}
