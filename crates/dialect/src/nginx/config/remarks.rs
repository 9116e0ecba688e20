//! What is odd about an nginx route: settings that contradict or cancel each other.

use super::Nginx;
use super::location::{closes_each, sent_header};
use super::pass::{Destination, Family};
use super::pool::{find, note};
use super::scope::{Scope, size};
use super::syntax::Directive;
use crate::config::{Fact, GatewayConfig, NoteKind, Route, Scheme};

/// Looks at one route.
pub(super) fn on_route(
    nginx: &Nginx<'_>,
    scope: &Scope<'_>,
    family: Family,
    destination: &Destination,
    route: &Route,
    config: &mut GatewayConfig,
) {
    unused_keep_alive(nginx, scope, family, destination, route, config);
    buffers(scope, family, config);
    trust_missing(scope, family, destination, config);
    retry_too_short(scope, family, route, config);
    if family.prefix == "proxy_" {
        lost_host(scope, config);
        upgrade_always(scope, route, config);
    }
}

/// The pool keeps connections, the location closes them.
fn unused_keep_alive(
    nginx: &Nginx<'_>,
    scope: &Scope<'_>,
    family: Family,
    destination: &Destination,
    route: &Route,
    config: &mut GatewayConfig,
) {
    let Some(pool) = &destination.pool else { return };
    let Some(block) = find(nginx.http, &pool.value) else { return };
    let Some(keepalive) = block.inner().iter().find(|inner| inner.name == "keepalive") else { return };
    // A path for WebSocket alone has nothing to reuse.
    if keepalive.arg(0) == "0" || route.upgrades.value && !route.path.is_everything() {
        return;
    }
    if let Some(closing) = closes_each(nginx, scope, family, &route.http_version) {
        let what = NoteKind::KeepAliveUnused { pool: pool.value.clone(), because: closing.written.clone() };
        match closing.at {
            Some(at) => config.note(Some(at), what),
            None => note(config, keepalive, what),
        }
    }
}

/// The product's own arithmetic for `proxy_busy_buffers_size` at its start.
fn buffers(scope: &Scope<'_>, family: Family, config: &mut GatewayConfig) {
    if !matches!(family.prefix, "proxy_" | "fastcgi_" | "uwsgi_" | "scgi_") {
        return;
    }
    let head = scope.size(&family.word("buffer_size"), PAGE);
    let name = family.word("buffers");
    let buffers = scope.one(&name);
    let count: u64 = buffers.and_then(|buffers| buffers.arg(0).parse().ok()).unwrap_or(8);
    let each = buffers.and_then(|buffers| size(buffers.arg(1))).unwrap_or(PAGE);
    let busy_name = family.word("busy_buffers_size");
    let busy = scope.one(&busy_name).and_then(|busy| size(busy.arg(0)));
    let largest = head.value.max(each);
    let limit = count.saturating_sub(1).saturating_mul(each);
    let what = if busy.is_some_and(|busy| busy < largest) {
        format!(
            "\"{busy_name}\" must be equal to or greater than the maximum of the value of \"{}\" and one of the \"{name}\"",
            family.word("buffer_size")
        )
    } else if busy.unwrap_or(largest.saturating_mul(2)) > limit {
        format!("\"{busy_name}\" must be less than the size of all \"{name}\" minus one buffer")
    } else {
        return;
    };
    let written =
        [head.at, buffers.map(|one| one.at.clone()), scope.one(&busy_name).map(|one| one.at.clone())];
    if let Some(at) = written.into_iter().flatten().next() {
        config.note(Some(at), NoteKind::BufferConflict { what });
    }
}

fn trust_missing(scope: &Scope<'_>, family: Family, destination: &Destination, config: &mut GatewayConfig) {
    let verify = scope.switch(&family.word("ssl_verify"), false);
    let trust = family.word("ssl_trusted_certificate");
    if let Some(at) = verify.at.filter(|_| verify.value && destination.is_tls && scope.one(&trust).is_none())
    {
        let what = format!("no {trust} for {}", family.word("ssl_verify"));
        config.note(Some(at), NoteKind::Syntax { what });
    }
    let name = scope.one(&family.word("ssl_name"));
    let sends = scope.switch(&family.word("ssl_server_name"), false).value;
    if let Some(name) = name.filter(|_| destination.is_tls && !verify.value && !sends) {
        let because = format!("{} off;", family.word("ssl_server_name"));
        note(config, name, NoteKind::WithoutEffect { directive: name.written(), because });
    }
}

/// A second attempt comes only if the first one ends early enough.
fn retry_too_short(scope: &Scope<'_>, family: Family, route: &Route, config: &mut GatewayConfig) {
    let name = family.word("next_upstream_timeout");
    let all = scope.duration(&name, std::time::Duration::ZERO);
    let Some(connect) = &route.deadlines.connect else { return };
    if let Some(at) = all.at.clone()
        && !all.value.is_zero()
        && all.value <= connect.value
        && route.upstreams.len() > 1
    {
        let what = NoteKind::DeadlineOrder {
            inner: connect.written.clone(),
            inner_value: connect.value,
            outer: all.written,
            outer_value: all.value,
        };
        config.note(Some(at), what);
    }
}

/// A block with any `proxy_set_header` of its own inherits none: a `Host` set further out is lost.
fn lost_host(scope: &Scope<'_>, config: &mut GatewayConfig) {
    let is_header = |directive: &&Directive| directive.name == "proxy_set_header";
    let mut layers = scope.layers().map(|layer| layer.iter().filter(is_header).collect::<Vec<_>>());
    let Some(own) = layers.find(|headers| !headers.is_empty()) else { return };
    let is_host = |directive: &&&Directive| directive.arg(0).eq_ignore_ascii_case("host");
    if own.iter().any(|header| is_host(&header)) {
        return;
    }
    let Some(lost) = layers.flatten().find(|header| header.arg(0).eq_ignore_ascii_case("host")) else {
        return;
    };
    let Some(own) = own.first() else { return };
    let because = format!("{} ({})", own.written(), own.at);
    note(config, lost, NoteKind::WithoutEffect { directive: lost.written(), because });
}

/// On a path that serves everything, plain requests claim to be upgrades too.
fn upgrade_always(scope: &Scope<'_>, route: &Route, config: &mut GatewayConfig) {
    let connection: Option<Fact<String>> = sent_header(scope, "Connection");
    if let Some(connection) =
        connection.filter(|one| route.path.is_everything() && one.value.eq_ignore_ascii_case("upgrade"))
        && let Some(at) = connection.at
        && route
            .upstreams
            .iter()
            .any(|upstream| matches!(upstream.address.scheme, Scheme::Http | Scheme::Https))
    {
        config.note(Some(at), NoteKind::UpgradeAlways);
    }
}

/// A memory page: what the buffers are made of where nothing else is said.
const PAGE: u64 = 4096;
