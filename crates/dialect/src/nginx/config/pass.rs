//! Where an nginx location passes its requests: the words after `proxy_pass`, `fastcgi_pass` and their like.

use super::Nginx;
use super::pool::{self, Idle};
use super::scope::{Scope, fact};
use super::syntax::Directive;
use super::variables::{expand, variables};
use crate::config::address::split_port;
use crate::config::{
    Fact, GatewayConfig, NoteKind, Place, Resolves, Scheme, UpstreamAddress, UpstreamConfig,
};

/// The five ways of passing a request on, each with its own family of directives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Family {
    /// What the directives begin with.
    pub(super) prefix: &'static str,
    pass: &'static str,
    scheme: Scheme,
}

pub(super) const FAMILIES: [Family; 5] = [
    Family { prefix: "proxy_", pass: "proxy_pass", scheme: Scheme::Http },
    Family { prefix: "fastcgi_", pass: "fastcgi_pass", scheme: Scheme::Fastcgi },
    Family { prefix: "uwsgi_", pass: "uwsgi_pass", scheme: Scheme::Uwsgi },
    Family { prefix: "scgi_", pass: "scgi_pass", scheme: Scheme::Scgi },
    Family { prefix: "grpc_", pass: "grpc_pass", scheme: Scheme::Grpc },
];

impl Family {
    /// The full name of one of its directives.
    pub(super) fn word(self, rest: &str) -> String {
        format!("{}{rest}", self.prefix)
    }
}

/// The passing directive that stands in this block itself: it is never inherited.
pub(super) fn find(layer: &[Directive]) -> Option<(Family, &Directive)> {
    layer.iter().find_map(|directive| {
        let family = FAMILIES.into_iter().find(|family| family.pass == directive.name)?;
        Some((family, directive))
    })
}

/// Where requests go, as far as the files tell.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    pub(super) upstreams: Vec<UpstreamConfig>,
    pub(super) pool: Option<Fact<String>>,
    pub(super) idle: Idle,
    /// What `$proxy_host` holds: the host as it is written, with its port if that is not the usual one.
    pub(super) host: String,
    pub(super) is_tls: bool,
}

/// Finds the upstreams of a passing directive.
pub(super) fn destination(
    nginx: &Nginx<'_>,
    family: Family,
    pass: &Directive,
    scope: &Scope<'_>,
    config: &mut GatewayConfig,
) -> Destination {
    let http = nginx.http;
    let is_variable = !variables(pass.arg(0)).is_empty();
    let mut destination = Destination {
        upstreams: Vec::new(),
        pool: None,
        // Of what is named without an `upstream` block, no version keeps connections; of a single site's file, the block
        // may stand elsewhere.
        idle: Idle::usual(nginx.is_fragment && nginx.keeps_idle_by_default),
        host: String::new(),
        is_tls: false,
    };
    for text in expand(pass.arg(0), scope) {
        let Some((scheme, rest)) = split_scheme(family, &text) else {
            // A map may also hold values meant for something else; only a literal one is refused.
            if !is_variable {
                pool::note(config, pass, NoteKind::Syntax { what: "invalid URL prefix".to_owned() });
            } else if text.starts_with('$') {
                let address = UpstreamAddress { scheme: family.scheme, place: Place::Variable(text) };
                destination.upstreams.push(UpstreamConfig::new(
                    Some(pass.at.clone()),
                    pass.written(),
                    address,
                ));
            }
            continue;
        };
        let host = host_part(rest);
        if destination.host.is_empty() {
            destination.host = usual_port_cut(scheme, host);
            destination.is_tls = scheme.is_tls();
        }
        if let Some(block) = pool::find(http, host) {
            destination.upstreams.append(&mut pool::upstreams(block, scheme, scope, config));
            destination.pool = Some(fact(block, host.to_owned()));
            destination.idle = Idle::of(block, nginx.keeps_idle_by_default);
        } else {
            if let Some((name, Some(port))) = split_port(host).filter(|_| !host.starts_with("unix:"))
                && pool::find(http, name).is_some()
            {
                let what = format!("upstream \"{name}\" may not have port {port}");
                pool::note(config, pass, NoteKind::Syntax { what });
            }
            let upstream = single(nginx, scheme, host, pass, scope, config);
            destination.upstreams.extend(upstream);
        }
    }
    destination
}

fn single(
    nginx: &Nginx<'_>,
    scheme: Scheme,
    host: &str,
    pass: &Directive,
    scope: &Scope<'_>,
    config: &mut GatewayConfig,
) -> Option<UpstreamConfig> {
    let is_variable = !variables(pass.arg(0)).is_empty();
    let has_usual_port = matches!(scheme, Scheme::Http | Scheme::Https | Scheme::Grpc | Scheme::Grpcs);
    let has_port = host.starts_with("unix:") || has_usual_port || host.rsplit(']').next()?.contains(':');
    let Some(address) = UpstreamAddress::parse(scheme, host).filter(|_| has_port || host.contains('$'))
    else {
        let sentence = if has_port { "invalid port" } else { "no port" };
        // A fragment may name an `upstream` that stands in another file.
        if !is_variable && (has_port || !nginx.is_fragment) {
            pool::note(config, pass, NoteKind::Syntax { what: format!("{sentence} in upstream \"{host}\"") });
        }
        return None;
    };
    let mut upstream = UpstreamConfig::new(Some(pass.at.clone()), pass.written(), address);
    if is_variable
        && (upstream.address.name().is_some() || matches!(upstream.address.place, Place::Variable(_)))
    {
        let resolver = pool::resolver(scope);
        if resolver.is_none() && upstream.address.name().is_some() {
            pool::note(config, pass, NoteKind::ResolverMissing { name: host.to_owned() });
        }
        upstream.resolves = Resolves::AtRunTime { resolver };
    }
    Some(upstream)
}

fn split_scheme(family: Family, text: &str) -> Option<(Scheme, &str)> {
    let strip = |prefix: &str| {
        let start = text.get(..prefix.len())?;
        if start.eq_ignore_ascii_case(prefix) { text.get(prefix.len()..) } else { None }
    };
    let schemes: &[(&str, Scheme)] = match family.scheme {
        Scheme::Http => &[("http://", Scheme::Http), ("https://", Scheme::Https)],
        Scheme::Grpc => &[("grpc://", Scheme::Grpc), ("grpcs://", Scheme::Grpcs)],
        Scheme::Uwsgi => &[("uwsgi://", Scheme::Uwsgi), ("suwsgi://", Scheme::Uwsgi)],
        Scheme::Scgi => &[("scgi://", Scheme::Scgi)],
        _ => &[],
    };
    let found = schemes.iter().find_map(|(prefix, scheme)| Some((*scheme, strip(prefix)?)));
    found.or_else(|| (family.scheme != Scheme::Http).then_some((family.scheme, text)))
}

/// `host:port` of `host:port/path`, `unix:/path` of `unix:/path:/uri`.
fn host_part(rest: &str) -> &str {
    if let Some(path) = rest.strip_prefix("unix:") {
        let length = path.find(':').unwrap_or(path.len());
        return rest.get(..length + "unix:".len()).unwrap_or(rest);
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    rest.get(..end).unwrap_or(rest)
}

fn usual_port_cut(scheme: Scheme, host: &str) -> String {
    if host.starts_with("unix:") {
        return "localhost".to_owned();
    }
    let usual = scheme.usual_port().map(|port| format!(":{port}")).unwrap_or_default();
    match host.strip_suffix(&usual) {
        Some(cut) if !usual.is_empty() => cut.to_owned(),
        _ => host.to_owned(),
    }
}
