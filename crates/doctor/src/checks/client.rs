//! Is it only this machine, or this network?

mod captive_portal;
mod control;
mod hosts_file;
mod own_clock;
mod own_network;
mod proxy;

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[
    Check::new("own_network", |case| Box::pin(own_network::check(case))),
    Check::new("proxy", |case| Box::pin(proxy::check(case))),
    Check::new("hosts_file", |case| Box::pin(hosts_file::check(case))),
    Check::new("captive_portal", |case| Box::pin(captive_portal::check(case))),
    Check::new("control", |case| Box::pin(control::check(case))),
    Check::new("own_clock", |case| Box::pin(own_clock::check(case))),
];
