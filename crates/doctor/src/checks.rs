//! All checks, area by area.

pub mod capacity;
pub mod client;
pub mod connect;
pub mod dns;
pub mod gateway;
pub mod host;
pub mod http;
pub mod time;
pub mod tls;

use crate::Check;

/// Every check, in the order of a request's way.
pub fn all() -> impl Iterator<Item = Check> {
    let areas = [
        client::CHECKS,
        dns::CHECKS,
        connect::CHECKS,
        tls::CHECKS,
        http::CHECKS,
        time::CHECKS,
        gateway::CHECKS,
        host::CHECKS,
        capacity::CHECKS,
    ];
    areas.into_iter().flatten().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_check_is_left_out_by_a_name_of_its_own() {
        let mut names = HashSet::new();
        for check in all() {
            assert!(names.insert(check.name), "two checks are called {}", check.name);
        }
    }
}
