//! Does this machine have what it needs?
//!
//! These checks speak only of the gateway's or an upstream's host, and only when run there. What they find is as bad as what
//! visitors see of it: where the site answers well, the past is no finding.

mod bearing;
mod clock;
mod conntrack;
mod cpu;
mod crashes;
mod denials;
mod descriptors;
mod disk;
mod memory;
mod ports;
mod socket_rights;

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[
    Check::new("descriptors", |case| Box::pin(descriptors::check(case))),
    Check::new("memory", |case| Box::pin(memory::check(case))),
    Check::new("crashes", |case| Box::pin(crashes::check(case))),
    Check::new("cpu", |case| Box::pin(cpu::check(case))),
    Check::new("disk", |case| Box::pin(disk::check(case))),
    Check::new("socket_rights", |case| Box::pin(socket_rights::check(case))),
    Check::new("denials", |case| Box::pin(denials::check(case))),
    Check::new("conntrack", |case| Box::pin(conntrack::check(case))),
    Check::new("ports", |case| Box::pin(ports::check(case))),
    Check::new("clock", |case| Box::pin(clock::check(case))),
];
