//! Sites: their hosts, certificates and routes in the order of decision.

use super::{Build, answers, client_certificate, cross, door, host, hsts, overload, pool, route, shared};
use crate::{
    Place,
    file::{At, Group, Written},
    plan::{AcmePlan, Answers, CertificateFiles, ClientLimits, HostPattern, PathMatch, Route, Site},
};

/// A site, with the places that matter when sites are compared.
pub(super) struct Built {
    pub(super) site: Site,
    pub(super) place: Place,
    pub(super) hosts: Vec<(HostPattern, Place)>,
    pub(super) certificate: Option<Place>,
    pub(super) redirect_to_https: Option<Place>,
    pub(super) client_certificate: Option<Place>,
    pub(super) hsts: Option<Place>,
}

/// Builds all sites.
pub(super) fn sites(
    build: &mut Build<'_>,
    root: &Group,
    answers: &Answers,
    limits: &ClientLimits,
    acme: Option<&AcmePlan>,
) -> Vec<Built> {
    let mut sites = Vec::new();
    for (name, value) in root.group("site").map(|group| group.entries.as_slice()).unwrap_or_default() {
        if let Written::Group(group) = &value.value {
            let mut built = site(build, name, group, answers, limits);
            if let Some(acme) = acme.filter(|_| built.site.is_automatic) {
                let file = acme.certificate_file(&built.site);
                built.site.certificates = vec![CertificateFiles { chain: file.clone(), key: file }];
            }
            sites.push(built);
        }
    }
    sites
}

fn site(
    build: &mut Build<'_>,
    name: &At<String>,
    group: &Group,
    answers: &Answers,
    limits: &ClientLimits,
) -> Built {
    let own_name = At { place: name.place, value: name.value.as_str() };
    let mut hosts = Vec::new();
    for text in std::iter::once(own_name).chain(group.texts("aliases")) {
        let place = text.place;
        hosts.extend(host::pattern(build, text).map(|pattern| (pattern, place)));
    }
    let certificates: Vec<_> =
        group.groups("certificate").filter_map(|at| pool::certificate(build, at.value)).collect();
    let redirect_to_https = group.switch("redirect_to_https") == Some(true);
    Built {
        place: name.place,
        certificate: group.key_place("certificate").filter(|_| !group.list("certificate").is_empty()),
        redirect_to_https: group.key_place("redirect_to_https").filter(|_| redirect_to_https),
        client_certificate: group.key_place("client_certificate"),
        hsts: group.key_place("hsts").filter(|_| group.switch("hsts") != Some(false)),
        site: Site {
            is_automatic: group.text("certificate").is_some_and(|text| text.value == "auto"),
            client_certificate: client_certificate::rule(build, group),
            hsts: hsts::policy(build, group),
            name: shared(&name.value),
            hosts: hosts.iter().map(|(pattern, _)| pattern.clone()).collect(),
            certificates,
            redirect_to_https,
            answers: answers::answers(build, group, Some(answers)),
            routes: routes(build, name, group, limits),
        },
        hosts,
    }
}

fn routes(build: &mut Build<'_>, name: &At<String>, group: &Group, limits: &ClientLimits) -> Vec<Route> {
    let action = route::action(build, group, &name.value, name.place, &[group]);
    route::misplaced(build, group, false);
    let wider = build.door.clone();
    let door = door::within(build, &wider, group, &name.value);
    let overload = overload::overload(build, None, group, &name.value);
    let home = route::Home { name: &name.value, group, action, door, overload, body_limit: limits.body };
    let mut routes: Vec<(Route, Place)> = Vec::new();
    for at in group.groups("route") {
        routes.push((route::route(build, &at, &home), at.place));
    }
    let is_all_taken = routes.iter().any(|(route, _)| cross::takes_everything(route));
    match &home.action {
        Some(action) if !is_all_taken => {
            routes.push((route::own(build, action.clone(), &home, name.place), name.place));
        }
        Some(_) => {}
        None if routes.is_empty() && !group.is_doubtful => {
            build.complaints.error(name.place, "site_without_action").text("name", &name.value);
        }
        None => {}
    }
    routes.sort_by_key(|(route, _)| rank(route));
    cross::shadows(build, &routes);
    tell_apart(&mut routes);
    routes.into_iter().map(|(route, _)| route).collect()
}

/// The order of decision: exact paths, patterns in file order, prefixes from long to short, everything; among equal
/// paths the one with more conditions first.
fn rank(route: &Route) -> (u8, usize, usize) {
    let conditions = usize::MAX - usize::from(!route.methods.is_empty()) - route.headers.len();
    match &route.path {
        PathMatch::Exact(_) => (0, 0, conditions),
        PathMatch::Regex(_) => (1, 0, 0),
        PathMatch::Prefix(prefix) => (2, usize::MAX - prefix.len(), conditions),
        PathMatch::Any => (3, 0, conditions),
    }
}

/// Numbers routes that would have the same name in metrics.
fn tell_apart(routes: &mut [(Route, Place)]) {
    for at in 1..routes.len() {
        let (before, rest) = routes.split_at_mut(at);
        let Some((route, _)) = rest.first_mut() else { continue };
        let is_same = |name: &str| {
            name == &*route.name || name.strip_prefix(&*route.name).is_some_and(|end| end.starts_with(" #"))
        };
        let count = before.iter().filter(|(other, _)| is_same(&other.name)).count();
        if count > 0 {
            route.name = shared(&format!("{} #{}", route.name, count + 1));
        }
    }
}
