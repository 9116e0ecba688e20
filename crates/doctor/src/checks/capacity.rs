//! Is there enough room: workers, connections, places in queues?

mod listen_queue;
mod parallel;
mod php_fpm;

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[
    Check::new("parallel", |case| Box::pin(parallel::check(case))),
    Check::new("listen_queue", |case| Box::pin(listen_queue::check(case))),
    Check::new("php_fpm", |case| Box::pin(php_fpm::check(case))),
];
