//! `Strict-Transport-Security` (RFC 6797), off unless asked for: browsers remember it for long.

use std::{sync::Arc, time::Duration};

use super::{Build, shared};
use crate::{defaults, file::Group};

/// What the field of a site says, if it is sent.
pub(super) fn policy(build: &mut Build<'_>, group: &Group) -> Option<Arc<str>> {
    if group.switch("hsts") == Some(true) {
        return Some(field(defaults::HSTS_AGE, false, false));
    }
    let hsts = group.group("hsts")?;
    let age = hsts.duration("max_age").unwrap_or(defaults::HSTS_AGE);
    let subdomains = hsts.switch("subdomains") == Some(true);
    let preload = hsts.switch("preload") == Some(true);
    if let Some(place) = hsts.key_place("preload").filter(|_| preload && !(subdomains && age >= PRELOAD_AGE))
    {
        build.complaints.error(place, "hsts_preload");
    }
    Some(field(age, subdomains, preload))
}

fn field(age: Duration, subdomains: bool, preload: bool) -> Arc<str> {
    let subdomains = if subdomains { "; includeSubDomains" } else { "" };
    let preload = if preload { "; preload" } else { "" };
    shared(&format!("max-age={}{subdomains}{preload}", age.as_secs()))
}

/// What the browsers' preload lists ask for.
const PRELOAD_AGE: Duration = Duration::from_secs(31_536_000);
