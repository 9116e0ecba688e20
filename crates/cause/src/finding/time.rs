//! What is wrong with deadlines and idle connections.

use super::kinds;

kinds! {
    /// The upstream closes idle connections before the gateway stops reusing them.
    KEEPALIVE_MISMATCH "keepalive.mismatch" Warning Gateway Root [StaleLink, SendCut, ClosedBeforeHead, ResetBeforeHead];
    /// The upstream closes after every answer, though the gateway would keep its connections.
    KEEPALIVE_CLOSES_EACH "keepalive.closes_each" Info Upstream Root [];
    /// The upstream closes idle connections early, and what the gateway does with them is not known.
    KEEPALIVE_SHORT_IDLE "keepalive.short_idle" Info Upstream Root [StaleLink];
    /// The upstream's answer begins later than the gateway waits for it.
    SLOWER_THAN_GATEWAY "time.slower_than_gateway" Critical Application Root [HeadTimedOut, DeadlineSpent];
    /// The upstream's answer begins shortly before the gateway gives up.
    CLOSE_TO_DEADLINE "time.close_to_deadline" Warning Application Root [HeadTimedOut];
    /// An inner station is allowed more time than the one that waits for it.
    LADDER_INVERTED "time.ladder_inverted" Info Gateway Root [HeadTimedOut, DeadlineSpent];
    /// The upstream's answers begin after the same time each: a timer runs out inside.
    CONSTANT_DELAY "time.constant_delay" Info Application Root [HeadTimedOut];
}
