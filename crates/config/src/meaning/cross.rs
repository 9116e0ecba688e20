//! What the parts of a plan mean together: names given twice, certificates without listeners, routes never reached.

use std::collections::HashMap;

use super::{Build, listen::Listen, site::Built};
use crate::{
    Place,
    file::Group,
    plan::{Action, HostPattern, PathMatch, Route},
};

/// Looks at listeners, sites and pools together.
pub(super) fn check(build: &mut Build<'_>, root: &Group, listen: &Listen, sites: &[Built]) {
    if sites.is_empty()
        && let Some(place) = root.key_place("site")
    {
        build.complaints.error(place, "no_site");
    }
    hosts_given_twice(build, sites);
    certificates(build, listen, sites);
    secured(build, listen, sites);
    for named in build.named.iter().filter(|named| !named.is_used) {
        build.complaints.warn(named.place, "pool_unused").text("name", &named.name);
    }
}

/// Complains about routes that an earlier one hides, and about refusals a pattern may bypass; `routes` stand in the
/// order of decision.
pub(super) fn shadows(build: &mut Build<'_>, routes: &[(Route, Place)]) {
    for (at, (route, place)) in routes.iter().enumerate() {
        let earlier = || routes.iter().take(at);
        if let Some((pattern, by)) = earlier().find(|(earlier, _)| bypasses(earlier, route)) {
            let complaint = build.complaints.warn(*place, "denial_bypassed").and(*by);
            complaint.text("path", &*route.name).text("pattern", &*pattern.name);
        }
        if let Some((_, by)) = earlier().find(|(earlier, _)| hides(earlier, route)) {
            build.complaints.error(*place, "route_hidden").and(*by).text("path", &*route.name);
        }
    }
}

/// Whether no request is left for routes after this one.
pub(super) fn takes_everything(route: &Route) -> bool {
    route.path == PathMatch::Any && route.methods.is_empty() && route.headers.is_empty()
}

/// Whether every request `later` takes is taken by `earlier`. Patterns are compared by their text only.
fn hides(earlier: &Route, later: &Route) -> bool {
    let path = match (&earlier.path, &later.path) {
        (PathMatch::Regex(pattern), PathMatch::Prefix(_) | PathMatch::Any | PathMatch::Regex(_))
            if ["", "^", "^/", ".*", "^/.*", "^.*$", "^/.*$"].contains(&pattern.regex().as_str()) =>
        {
            true
        }
        (earlier, later) => earlier == later,
    };
    let methods = earlier.methods.is_empty()
        || (!later.methods.is_empty() && later.methods.iter().all(|method| earlier.methods.contains(method)));
    path && methods && earlier.headers.iter().all(|condition| later.headers.contains(condition))
}

/// Whether a pattern that lets requests through may take some that the prefix `denied` is there to refuse. Only the
/// plain beginning of an anchored pattern is understood; where it is another one, they do not meet.
fn bypasses(pattern: &Route, denied: &Route) -> bool {
    let (PathMatch::Regex(regex), PathMatch::Prefix(prefix)) = (&pattern.path, &denied.path) else {
        return false;
    };
    if pattern.action == Action::Deny || denied.action != Action::Deny {
        return false;
    }
    let Some(anchored) = regex.regex().as_str().strip_prefix('^') else { return true };
    let plain = anchored
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_')))
        .unwrap_or(anchored.len());
    let special = anchored.get(plain..).unwrap_or_default();
    // What a repetition follows may be missing.
    let plain = if special.starts_with(['?', '*', '{']) { plain.saturating_sub(1) } else { plain };
    let beginning = anchored.get(..plain).unwrap_or_default();
    let has_branches = anchored.contains('|') && !special.starts_with('(');
    has_branches || beginning.starts_with(&**prefix) || prefix.starts_with(beginning)
}

fn hosts_given_twice(build: &mut Build<'_>, sites: &[Built]) {
    let mut seen: HashMap<&HostPattern, Place> = HashMap::new();
    for (host, place) in sites.iter().flat_map(|built| &built.hosts) {
        if let Some(first) = seen.get(host) {
            build.complaints.error(*place, "host_twice").and(*first);
        } else {
            seen.insert(host, *place);
        }
    }
}

fn certificates(build: &mut Build<'_>, listen: &Listen, sites: &[Built]) {
    let is_any = sites.iter().any(|built| built.certificate.is_some());
    if let (Some(https), false) = (listen.https, is_any) {
        build.complaints.error(https, "https_without_certificate");
    }
    for built in sites {
        match (listen.https, built.certificate, built.redirect_to_https) {
            (None, Some(certificate), _) => {
                build.complaints.error(certificate, "certificate_without_https");
            }
            (None, None, Some(redirect)) => {
                build.complaints.error(redirect, "redirect_without_https");
            }
            (Some(_), None, redirect) if is_any => {
                let place = redirect.unwrap_or(built.place);
                build.complaints.warn(place, "site_without_certificate").text("name", &*built.site.name);
            }
            _ => {}
        }
    }
}

/// What only makes sense where clients speak TLS.
fn secured(build: &mut Build<'_>, listen: &Listen, sites: &[Built]) {
    let has_http = listen.listeners.iter().any(|listener| !listener.tls);
    for built in sites {
        for (place, key) in [(built.client_certificate, "client_certificate"), (built.hsts, "hsts")] {
            if let (Some(place), None) = (place, listen.https) {
                build.complaints.error(place, "needs_https").text("key", key);
            }
        }
        let is_required = built.site.client_certificate.as_ref().is_some_and(|rule| rule.is_required);
        if let Some(place) = built.client_certificate
            && is_required
            && has_http
            && listen.https.is_some()
            && !built.site.redirect_to_https
        {
            build.complaints.warn(place, "client_certificate_over_http");
        }
    }
}
