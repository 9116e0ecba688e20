//! A configuration as text, one line for each thing, `~` before what holds by default.

use std::fmt::{Debug, Write};
use torwart_dialect::config::{At, Fact, GatewayConfig, HostRule, Listener, PathRule, Route, UpstreamConfig};

pub fn show(config: &GatewayConfig) -> String {
    let mut out = String::new();
    for file in &config.files {
        line(&mut out, format!("file {}", file.display()));
    }
    for listener in &config.listeners {
        line(&mut out, show_listener(listener));
    }
    for route in &config.routes {
        show_route(&mut out, route);
    }
    for log in &config.logs {
        line(
            &mut out,
            format!("log {:?} {} {:?} {}", log.kind, fact(&log.target), log.names, log_format(log)),
        );
    }
    for note in &config.notes {
        let fatal = if note.what.is_fatal() { " (fatal)" } else { "" };
        line(&mut out, format!("note {}{}{fatal} {:?}", note.what.id(), at(&note.at), note.what.facts()));
    }
    out
}

fn log_format(log: &torwart_dialect::config::LogFile) -> String {
    match &log.format {
        torwart_dialect::config::LogFormat::Own(own) => format!("own {} {}", own.value, at(&own.at)),
        other => format!("{other:?}"),
    }
}

fn show_listener(listener: &Listener) -> String {
    let mut text = format!("listen {}{} for {}", listener.address, at(&listener.at), hosts(&listener.names));
    if listener.is_fallback {
        text.push_str(" fallback");
    }
    if listener.is_tls {
        text.push_str(" tls");
    }
    if listener.expects_proxy_protocol.value {
        text.push_str(" proxy-protocol");
    }
    for file in listener.certificates.iter().chain(&listener.keys) {
        let _ = write!(text, " {}", file.value.display());
    }
    if let Some(idle) = &listener.client_idle {
        let _ = write!(text, " idle {}", fact(idle));
    }
    text
}

fn show_route(out: &mut String, route: &Route) {
    let mut head = format!("\nroute {} {}{}", hosts(&route.hosts), path(&route.path), at(&route.at));
    let _ = write!(head, " listeners {:?}", route.listeners);
    for (flag, name) in [(route.is_conditional, " conditional"), (route.is_internal, " internal")] {
        if flag {
            head.push_str(name);
        }
    }
    if let Some(pool) = &route.pool {
        let _ = write!(head, " pool {}", fact(pool));
    }
    line(out, head);
    if route.upstreams.is_empty() {
        return;
    }
    for upstream in &route.upstreams {
        show_upstream(out, upstream);
    }
    let deadlines = &route.deadlines;
    for (name, deadline) in [
        ("connect", &deadlines.connect),
        ("first_byte", &deadlines.first_byte),
        ("between_bytes", &deadlines.between_bytes),
        ("send", &deadlines.send),
        ("pool_idle", &deadlines.pool_idle),
        ("client_idle", &deadlines.client_idle),
        ("queue", &deadlines.queue),
        ("tunnel", &deadlines.tunnel),
    ] {
        if let Some(deadline) = deadline {
            line(out, format!("  {name} {}", fact(deadline)));
        }
    }
    if let Some(keeps) = &deadlines.keeps_idle {
        line(out, format!("  keeps_idle {}", fact(keeps)));
    }
    if route.upstreams.iter().any(|upstream| upstream.address.scheme.is_tls()) {
        show_tls(out, route);
    }
    line(out, format!("  header_buffer {}", fact(&route.header_buffer)));
    if let Some(limit) = &route.body_limit {
        line(out, format!("  body_limit {}", fact(limit)));
    }
    if let Some(host) = &route.host_header {
        line(out, format!("  host {}", fact(host)));
    }
    line(out, format!("  version {}", fact(&route.http_version)));
    line(out, format!("  upgrades {}", fact(&route.upgrades)));
    if route.sends_proxy_protocol.value {
        line(out, format!("  proxy_protocol {}", fact(&route.sends_proxy_protocol)));
    }
    if let Some(retries) = &route.retries {
        line(out, format!("  retries {}", fact(retries)));
    }
    line(out, format!("  buffered {}", fact(&route.is_buffered)));
}

fn show_tls(out: &mut String, route: &Route) {
    let tls = &route.tls;
    line(out, format!("  verify {}", fact(&tls.verify)));
    line(out, format!("  checks_name {}", fact(&tls.checks_name)));
    line(out, format!("  sni {}", fact(&tls.sni)));
    for name in tls.name.iter().chain(&tls.versions) {
        line(out, format!("  tls name/versions {}", fact(name)));
    }
    for file in tls.trust.iter().chain(&tls.client_certificate).chain(&tls.client_key) {
        line(out, format!("  tls file {}", fact(file)));
    }
    if let Some(depth) = &tls.verify_depth {
        line(out, format!("  verify_depth {}", fact(depth)));
    }
}

fn show_upstream(out: &mut String, upstream: &UpstreamConfig) {
    let mut text = format!("  -> {}{} `{}`", upstream.address, at(&upstream.at), upstream.written);
    let _ = write!(text, " weight {} {:?}", upstream.weight, resolves(upstream));
    for (flag, name) in [(upstream.is_backup, " backup"), (upstream.is_disabled, " disabled")] {
        if flag {
            text.push_str(name);
        }
    }
    if let Some(most) = &upstream.max_connections {
        let _ = write!(text, " most {}", most.value);
    }
    if let (Some(fails), Some(time)) = (&upstream.max_fails, &upstream.fail_timeout) {
        let _ = write!(text, " out after {} for {:?}", fails.value, time.value);
    }
    line(out, text);
    if let Some(check) = &upstream.check {
        let mut text = format!("     check `{}` {:?} {:?}", check.written, check.method, check.path);
        let _ = write!(text, " host {:?} port {:?} tls {}", check.host, check.port, check.is_tls);
        for time in check.interval.iter().chain(&check.timeout) {
            let _ = write!(text, " {}", fact(time));
        }
        if let Some(expected) = &check.expected {
            let _ = write!(text, " expects {}", fact(expected));
        }
        line(out, text);
    }
}

fn resolves(upstream: &UpstreamConfig) -> String {
    use torwart_dialect::config::Resolves;
    match &upstream.resolves {
        Resolves::AtStart => "at start".to_owned(),
        Resolves::AtRunTime { resolver: None } => "at run time".to_owned(),
        Resolves::AtRunTime { resolver: Some(resolver) } => format!("at run time by {}", resolver.value),
        Resolves::NotAName => "no name".to_owned(),
    }
}

fn hosts(rules: &[HostRule]) -> String {
    if rules.is_empty() {
        return "anybody".to_owned();
    }
    let shown = rules.iter().map(|rule| match rule {
        HostRule::Exact(name) => format!("\"{name}\""),
        HostRule::Below(ending) => format!("*{ending}"),
        HostRule::Begins(beginning) => format!("{beginning}*"),
        HostRule::Regex(pattern) => format!("~{pattern}"),
        HostRule::Any => "any".to_owned(),
    });
    shown.collect::<Vec<_>>().join(" ")
}

fn path(rule: &PathRule) -> String {
    match rule {
        PathRule::Prefix(text) => format!("prefix {text}"),
        PathRule::StrictPrefix(text) => format!("strict {text}"),
        PathRule::Segments(text) => format!("segments {text}"),
        PathRule::Exact(text) => format!("exact {text}"),
        PathRule::Suffix(text) => format!("suffix {text}"),
        PathRule::Regex { pattern, ignores_case } => format!("regex {pattern} i={ignores_case}"),
        PathRule::Any => "any".to_owned(),
    }
}

fn fact<T: Debug>(fact: &Fact<T>) -> String {
    let default = if fact.is_default { "~" } else { "" };
    format!("{default}{:?} `{}`{}", fact.value, fact.written, at(&fact.at))
}

fn at(at: &Option<At>) -> String {
    let Some(at) = at else { return String::new() };
    let name = at.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!(" [{name}:{}]", at.line)
}

fn line(out: &mut String, text: String) {
    out.push_str(text.trim_end());
    out.push('\n');
}
