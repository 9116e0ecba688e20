//! Routes: what they take, what they do, and what they have from their site.

use std::sync::Arc;

use super::{
    Build, cache, compress, door, files, headers, host, ladder, overload, path, pool, retry, secure_headers,
    shared,
};
use crate::{
    ByteSize, Place,
    file::{At, Group, nearest},
    plan::{
        Action, Door, ExchangeDeadlines, Files, HostPolicy, Overload, PathMatch, PoolIndex, Redirect, Route,
        RouteIndex,
    },
};

/// What the routes of a site have from it.
pub(super) struct Home<'a> {
    pub(super) name: &'a str,
    pub(super) group: &'a Group,
    /// What routes without an action of their own do.
    pub(super) action: Option<Done>,
    /// The site's door.
    pub(super) door: Door,
    /// What the site does under load.
    pub(super) overload: Option<Arc<Overload>>,
    /// The limit for request bodies where neither site nor route has one.
    pub(super) body_limit: ByteSize,
}

/// What is done with requests: files that are looked for first belong to it.
#[derive(Clone)]
pub(super) struct Done {
    pub(super) action: Action,
    pub(super) files: Option<Arc<Files>>,
}

/// A route of `[[site.NAME.route]]`.
pub(super) fn route(build: &mut Build<'_>, at: &At<&Group>, home: &Home<'_>) -> Route {
    let group = at.value;
    let path = match group.text("path") {
        Some(text) => path::rule(build, &text).unwrap_or_else(|| unlike_any_other(text.place)),
        None => PathMatch::Any,
    };
    let methods: Vec<_> = group.texts("methods").filter_map(|text| method(build, &text)).collect();
    let written = group.text("path").map_or("/", |text| text.value);
    let name =
        if methods.is_empty() { written.to_owned() } else { format!("{} {written}", methods.join(",")) };
    let pool_name = format!("{} {name}", home.name);
    let own = action(build, group, &pool_name, at.place, &[group, home.group]);
    misplaced(build, group, true);
    let action = own.or_else(|| home.action.clone()).unwrap_or_else(|| {
        if !group.is_doubtful {
            build.complaints.error(at.place, "route_without_action");
        }
        Done { action: Action::Deny, files: None }
    });
    let headers = headers::required(build, group);
    let mut route = forwarding(build, &[group, home.group], action, home.body_limit, at.place);
    route.name = shared(&name);
    route.path = path;
    route.methods = methods;
    route.headers = headers;
    route.door = door::within(build, &home.door, group, &pool_name);
    route.overload = overload::overload(build, home.overload.as_ref(), group, &pool_name);
    if let (Some(place), false) = (group.key_place("rewrite"), matches!(route.action, Action::Forward(_))) {
        build.complaints.error(place, "rewrite_without_forward");
    }
    if let (Some(place), Some(_)) = (group.key_place("rewrite"), &route.script) {
        build.complaints.error(place, "rewrite_with_script");
    }
    route
}

/// The route for everything that a site's own action makes.
pub(super) fn own(build: &mut Build<'_>, action: Done, home: &Home<'_>, place: Place) -> Route {
    let overload = home.overload.clone();
    let route = forwarding(build, &[home.group], action, home.body_limit, place);
    Route { door: home.door.clone(), overload, ..route }
}

/// The action a table names, if it does, with the files beside it.
pub(super) fn action(
    build: &mut Build<'_>,
    group: &Group,
    pool_name: &str,
    place: Place,
    layers: &[&Group],
) -> Option<Done> {
    let files = files::files(build, group).map(Arc::new);
    let action = action_proper(build, group, pool_name, place, layers);
    if let (Some(place), Some(Action::Redirect(_) | Action::Deny)) = (group.key_place("files"), &action) {
        build.complaints.error(place, "two_actions");
    }
    let action = action.or_else(|| group.has("files").then_some(Action::Files))?;
    Some(Done { action, files })
}

fn action_proper(
    build: &mut Build<'_>,
    group: &Group,
    pool_name: &str,
    place: Place,
    layers: &[&Group],
) -> Option<Action> {
    let is_denied = group.switch("deny") == Some(true);
    let given = ["pool", "upstreams", "redirect", "deny"]
        .into_iter()
        .filter(|key| group.has(key) && (*key != "deny" || is_denied))
        .filter_map(|key| group.key_place(key));
    let given: Vec<Place> = given.collect();
    if let [first, second, ..] = given.as_slice() {
        build.complaints.error(*second, "two_actions").and(*first);
    }
    if is_denied {
        return Some(Action::Deny);
    }
    if let Some(name) = group.text("pool") {
        return Some(Action::Forward(use_pool(build, &name)));
    }
    if group.has("upstreams") {
        return Some(Action::Forward(pool::pool(build, pool_name, place, layers)));
    }
    // An action that was complained about is one nonetheless.
    redirect(build, group).map(Action::Redirect).or((!given.is_empty()).then_some(Action::Deny))
}

/// Complains about keys that say how links are made where no upstreams are named; a site's deadlines are there for
/// all of its routes.
pub(super) fn misplaced(build: &mut Build<'_>, group: &Group, is_route: bool) {
    if group.has("upstreams") {
        return;
    }
    let links = [
        "tls",
        "resolve",
        "concurrency",
        "queue",
        "proxy_protocol",
        "link_local",
        "balance",
        "eject",
        "slow_start",
        "idle",
        "response_limit",
    ]
    .iter()
    // Beside `at_once` it is the route's own queue.
    .filter(|key| **key != "queue" || !group.has("at_once"))
    .filter_map(|key| Some((key.to_string(), group.key_place(key)?)));
    let deadline = group.group("deadline").filter(|_| is_route);
    let steps = ["resolve", "connect", "handshake"]
        .iter()
        .filter_map(|key| Some((format!("deadline.{key}"), deadline?.key_place(key)?)));
    let budget = ["percent", "per_second"]
        .iter()
        .filter_map(|key| Some((format!("retry.{key}"), group.group("retry")?.key_place(key)?)));
    for (key, place) in links.chain(steps).chain(budget).collect::<Vec<_>>() {
        build.complaints.error(place, "belongs_to_pool").text("key", key);
    }
}

/// Everything but the conditions.
fn forwarding(
    build: &mut Build<'_>,
    layers: &[&Group],
    done: Done,
    body_limit: ByteSize,
    place: Place,
) -> Route {
    let Done { action, files } = done;
    let script = files::script(build, layers, &action, files.as_ref(), place);
    let mut patience = layers.to_vec();
    let pool_group = match &action {
        Action::Forward(index) => {
            build.named.iter().find(|named| named.index == *index).map(|named| named.group.clone())
        }
        Action::Files | Action::Redirect(_) | Action::Deny => None,
    };
    patience.extend(&pool_group);
    if let Action::Forward(index) = &action
        && let Some(link) = build.pools.get(index.0).map(|pool| pool.deadlines.clone())
    {
        ladder::check(build, &patience, &link);
    }
    let forwards_to = match &action {
        Action::Forward(index) => build.pools.get(index.0).cloned(),
        Action::Files | Action::Redirect(_) | Action::Deny => None,
    };
    let retry = retry::rules(build, &patience);
    let hedge = retry::hedge(build, &patience, forwards_to.as_ref());
    let index = RouteIndex(build.routes);
    build.routes += 1;
    let mut response_headers = headers::rules(build, layers, "response_headers");
    let preset = layers.iter().find_map(|layer| layer.text("secure_headers")).map(|text| text.value);
    secure_headers::add(preset.or(build.secure_headers.as_deref()), &mut response_headers);
    Route {
        index,
        name: shared("*"),
        path: PathMatch::Any,
        methods: Vec::new(),
        headers: Vec::new(),
        rewrite: layers.first().and_then(|group| path::rewrite(build, group)),
        host: host_policy(build, layers),
        request_headers: headers::rules(build, layers, "request_headers"),
        response_headers,
        deadlines: ExchangeDeadlines { hedge, ..ladder::exchange(&patience) },
        body_limit: layers.iter().find_map(|layer| layer.size("body_limit")).unwrap_or(body_limit),
        server_timing: layers.iter().find_map(|layer| layer.switch("server_timing")).unwrap_or(false),
        upgrade: layers.iter().find_map(|layer| layer.switch("upgrade")).unwrap_or(true),
        buffers: ladder::buffers(&patience),
        retry,
        cache: cache::rules(build, layers),
        compress: compress::compress(build, layers),
        door: Door::default(),
        overload: None,
        files,
        script,
        action,
    }
}

fn host_policy(build: &mut Build<'_>, layers: &[&Group]) -> HostPolicy {
    let Some(text) = layers.iter().find_map(|layer| layer.text("host")) else { return HostPolicy::Client };
    match text.value {
        "client" => HostPolicy::Client,
        "upstream" => HostPolicy::Upstream,
        _ => host::authority(build, &text).map_or(HostPolicy::Client, HostPolicy::Literal),
    }
}

fn use_pool(build: &mut Build<'_>, name: &At<&str>) -> PoolIndex {
    if let Some(named) = build.named.iter_mut().find(|named| named.name == name.value) {
        named.is_used = true;
        return named.index;
    }
    let near = nearest(name.value, build.named.iter().map(|named| named.name.as_str())).map(str::to_owned);
    match near {
        Some(near) => {
            for named in build.named.iter_mut().filter(|named| named.name == near) {
                named.is_used = true;
            }
            build.complaints.error(name.place, "unknown_pool_near").text("near", near)
        }
        None => build.complaints.error(name.place, "unknown_pool"),
    }
    .text("name", name.value);
    PoolIndex(usize::MAX)
}

fn redirect(build: &mut Build<'_>, group: &Group) -> Option<Redirect> {
    if let Some(text) = group.text("redirect") {
        return Some(Redirect { status: 308, to: headers::location(build, &text)? });
    }
    let redirect = group.group("redirect")?;
    let status = redirect.count("status").unwrap_or(308);
    if let Some(at) = redirect.find("status").filter(|_| !matches!(status, 301 | 302 | 303 | 307 | 308)) {
        build.complaints.error(at.place, "bad_redirect_status").text("value", status.to_string());
    }
    let to = redirect.text("to").and_then(|text| headers::location(build, &text))?;
    Some(Redirect { status: u16::try_from(status).unwrap_or(308), to })
}

pub(super) fn method(build: &mut Build<'_>, text: &At<&str>) -> Option<Arc<str>> {
    let is_token = !text.value.is_empty()
        && text.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let upper = text.value.to_ascii_uppercase();
    if !is_token {
        build.complaints.error(text.place, "bad_method").text("value", text.value);
        return None;
    }
    if METHODS.contains(&upper.as_str()) && upper != text.value {
        build
            .complaints
            .error(text.place, "method_in_capitals")
            .text("value", text.value)
            .text("near", upper);
        return None;
    }
    if let Some(near) = nearest(text.value, METHODS).filter(|near| *near != text.value) {
        build.complaints.warn(text.place, "unusual_method").text("value", text.value).text("near", near);
    }
    Some(shared(text.value))
}

/// Stands in for a path that was complained about, so that no route seems to be hidden by it.
fn unlike_any_other(place: Place) -> PathMatch {
    PathMatch::Exact(shared(&format!("wrong at {}", place.start)))
}

/// The methods nobody writes in small letters on purpose.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
