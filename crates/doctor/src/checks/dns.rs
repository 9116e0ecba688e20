//! Do the names lead where they should?

mod agreement;
mod alias;
mod authority;
mod cache;
mod dead_ipv6;
mod name_exists;
mod name_servers;
mod search_domain;
mod servfail;
mod split_horizon;
mod stale_in_proxy;
mod subject;
mod ttl;

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[
    Check::new("name_exists", |case| Box::pin(name_exists::check(case))),
    Check::new("servfail", |case| Box::pin(servfail::check(case))),
    Check::new("name_servers", |case| Box::pin(name_servers::check(case))),
    Check::new("authority", |case| Box::pin(authority::check(case))),
    Check::new("agreement", |case| Box::pin(agreement::check(case))),
    Check::new("alias", |case| Box::pin(alias::check(case))),
    Check::new("cache", |case| Box::pin(cache::check(case))),
    Check::new("ttl", |case| Box::pin(ttl::check(case))),
    Check::new("split_horizon", |case| Box::pin(split_horizon::check(case))),
    Check::new("stale_in_proxy", |case| Box::pin(stale_in_proxy::check(case))),
    Check::new("search_domain", |case| Box::pin(search_domain::check(case))),
    Check::new("dead_ipv6", |case| Box::pin(dead_ipv6::check(case))),
];
