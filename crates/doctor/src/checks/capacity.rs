//! Is there enough room: workers, connections, places in queues?

mod accept_queue;
mod parallel;
mod php_fpm;

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[
    Check::new("parallel", |case| Box::pin(parallel::check(case))),
    Check::new("accept_queue", |case| Box::pin(accept_queue::check(case))),
    Check::new("php_fpm", |case| Box::pin(php_fpm::check(case))),
];
