//! nginx's `upstream` blocks, and addresses written without one.

use super::scope::{Scope, duration, fact};
use super::syntax::Directive;
use crate::config::{Fact, GatewayConfig, NoteKind, Resolves, Scheme, UpstreamAddress, UpstreamConfig};
use std::time::Duration;

/// How many idle connections are kept to the upstreams, and for how long.
#[derive(Debug, Clone)]
pub(super) struct Idle {
    pub(super) keeps: Fact<u32>,
    pub(super) timeout: Option<Fact<Duration>>,
}

impl Idle {
    /// What holds where no `keepalive` is written.
    pub(super) fn usual(keeps_by_default: bool) -> Self {
        if keeps_by_default {
            let timeout = Fact::by_default(USUAL_IDLE, "keepalive_timeout 60s;");
            Idle { keeps: Fact::by_default(32, "keepalive 32 local;"), timeout: Some(timeout) }
        } else {
            Idle { keeps: Fact::by_default(0, "keepalive 0;"), timeout: None }
        }
    }

    /// What an `upstream` block says.
    pub(super) fn of(pool: &Directive, keeps_by_default: bool) -> Self {
        let scope = Scope::new(pool.inner());
        let Some(keepalive) = scope.one("keepalive") else { return Idle::usual(keeps_by_default) };
        let keeps = fact(keepalive, keepalive.arg(0).parse().unwrap_or(0));
        let timeout = (keeps.value > 0).then(|| scope.duration("keepalive_timeout", USUAL_IDLE));
        Idle { keeps, timeout }
    }
}

/// The `upstream` block of this name.
pub(super) fn find<'a>(layer: &'a [Directive], name: &str) -> Option<&'a Directive> {
    layer.iter().find(|directive| {
        directive.name == "upstream"
            && directive.block.is_some()
            && directive.arg(0).eq_ignore_ascii_case(name)
    })
}

/// The upstreams of an `upstream` block, for requests of this scheme.
pub(super) fn upstreams(
    pool: &Directive,
    scheme: Scheme,
    scope: &Scope<'_>,
    config: &mut GatewayConfig,
) -> Vec<UpstreamConfig> {
    let servers: Vec<&Directive> = pool.inner().iter().filter(|inner| inner.name == "server").collect();
    let is_single = servers.len() == 1;
    let within = scope.with(pool.inner());
    let mut upstreams = Vec::new();
    for server in servers {
        match upstream(server, scheme, is_single, &within) {
            Some(upstream) => {
                if matches!(upstream.resolves, Resolves::AtRunTime { resolver: None }) {
                    note(config, server, NoteKind::ResolverMissing { name: server.arg(0).to_owned() });
                }
                upstreams.push(upstream);
            }
            None => {
                let what = format!("invalid port in upstream \"{}\"", server.arg(0));
                note(config, server, NoteKind::Syntax { what });
            }
        }
    }
    upstreams
}

fn upstream(
    server: &Directive,
    scheme: Scheme,
    is_single: bool,
    scope: &Scope<'_>,
) -> Option<UpstreamConfig> {
    // The default port of a `server` is 80 whatever is spoken to it.
    let text = server.arg(0);
    let address =
        UpstreamAddress::parse(Scheme::Http, text).map(|address| UpstreamAddress { scheme, ..address })?;
    let mut upstream = UpstreamConfig::new(Some(server.at.clone()), server.written(), address);
    for word in server.args.iter().skip(1) {
        match word.split_once('=').unwrap_or((word, "")) {
            ("weight", value) => upstream.weight = value.parse().unwrap_or(1),
            ("max_conns", value) => {
                upstream.max_connections =
                    value.parse().ok().filter(|most| *most > 0).map(|n| fact(server, n));
            }
            ("max_fails", value) => upstream.max_fails = value.parse().ok().map(|n| fact(server, n)),
            ("fail_timeout", value) => upstream.fail_timeout = duration(value).map(|time| fact(server, time)),
            ("backup", _) => upstream.is_backup = true,
            ("down", _) => upstream.is_disabled = true,
            ("resolve", _) if upstream.address.name().is_some() => {
                upstream.resolves = Resolves::AtRunTime { resolver: resolver(scope) };
            }
            _ => {}
        }
    }
    // A single address is never taken out, whatever fails.
    if is_single && upstream.address.name().is_none() {
        upstream.max_fails = None;
        upstream.fail_timeout = None;
    } else {
        upstream.max_fails.get_or_insert_with(|| Fact::by_default(1, "max_fails=1"));
        upstream.fail_timeout.get_or_insert_with(|| Fact::by_default(USUAL_FAIL, "fail_timeout=10s"));
    }
    Some(upstream)
}

/// The name servers that hold here.
pub(super) fn resolver(scope: &Scope<'_>) -> Option<Fact<String>> {
    scope.one("resolver").map(|directive| fact(directive, directive.args.join(" ")))
}

/// Says what is wrong with a directive.
pub(super) fn note(config: &mut GatewayConfig, directive: &Directive, what: NoteKind) {
    config.note(Some(directive.at.clone()), what);
}

const USUAL_IDLE: Duration = Duration::from_secs(60);
const USUAL_FAIL: Duration = Duration::from_secs(10);
