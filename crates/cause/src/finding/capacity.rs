//! What is too little.

use super::kinds;

kinds! {
    /// The upstream takes connection and request, and answers nothing.
    NO_ANSWER "capacity.no_answer" Critical Application Root [HeadTimedOut, DeadlineSpent];
    /// The upstream answers one request in time, but not a handful at once.
    OVERLOADED "capacity.overloaded" Critical Upstream Root [HeadTimedOut, QueueTimedOut, UpstreamFull, DeadlineSpent];
    /// The upstream works on one request, or very few, at a time.
    ONE_AT_A_TIME "capacity.one_at_a_time" Info Application Root [HeadTimedOut, QueueTimedOut];
    /// The upstream turns connections away beyond a small number.
    CONNECTION_LIMIT "capacity.connection_limit" Warning Upstream Root [UpstreamFull, ConnectRefused, ConnectReset, ClosedBeforeHead, ResetBeforeHead];
    /// A listening socket's queue is full: the process does not accept fast enough.
    ACCEPT_QUEUE_FULL "capacity.accept_queue_full" Critical Upstream Root [ConnectTimedOut, LocalResourcesSpent, HeadTimedOut];
    /// Every worker of a php-fpm pool is busy, and requests wait.
    PHP_FPM_FULL "capacity.php_fpm_full" Critical Upstream Root [ConnectTimedOut, LocalResourcesSpent, HeadTimedOut, UpstreamFull];
}
