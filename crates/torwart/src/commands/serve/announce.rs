//! What `serve` says once it serves: where, to whom, and how to stop it.

use super::protection::Protection;
use crate::Console;
use std::net::SocketAddr;
use torwart_config::Plan;
use torwart_config::plan::{Action, ListenAddress, LogTarget, Site};
use torwart_gateway::{Bound, Gateway};
use torwart_report::terminal::Tone;

/// Tells people on standard error, or programs on standard output.
pub(super) fn started(
    gateway: &Gateway,
    plan: &Plan,
    admin: Option<SocketAddr>,
    protection: &Protection,
    is_json: bool,
    console: &Console,
) {
    let listening: Vec<String> = gateway.addresses().iter().map(url).collect();
    let process = std::process::id();
    if is_json {
        let document = serde_json::json!({
            "schema": 1,
            "event": "started",
            "process": process,
            "listen": listening,
            "admin": admin.map(|address| format!("http://{address}")),
            "generation": gateway.status().generation(),
            "protection": protection.document(),
        });
        return console.line(&document.to_string());
    }
    let say = |key| console.say(key);
    let running = console
        .fill("serve-running", &[("version", env!("CARGO_PKG_VERSION")), ("process", &process.to_string())]);
    let workers = console.count("serve-threads", gateway.status().workers());
    console.note(&format!("{} ({workers})", console.err.paint(Tone::Strong, &running)));
    let mut rows: Vec<[String; 2]> = Vec::new();
    let mut add = |label: &str, values: &[String]| {
        for (index, value) in values.iter().enumerate() {
            let label = if index == 0 { format!("  {}", console.say(label)) } else { String::new() };
            rows.push([label, value.clone()]);
        }
    };
    add("serve-listens", &listening);
    add("serve-forwards", &forwarded(plan));
    let admin = match admin {
        Some(address) => format!("http://{address}/metrics /healthz /readyz /exchanges"),
        None => say("serve-no-admin"),
    };
    add("serve-admin-at", &[admin]);
    add("serve-log-to", &[log(plan, console)]);
    add("serve-protection", &[protection.describe(console)]);
    add("serve-stop", &[console.fill("serve-stop-how", &[("process", &process.to_string())])]);
    console.note(console.err.table(&rows).trim_end());
}

/// An address as people type it into a browser.
pub(super) fn url(bound: &Bound) -> String {
    let scheme = if bound.is_tls { "https" } else { "http" };
    match &bound.address {
        ListenAddress::Tcp(address) => format!("{scheme}://{address}"),
        ListenAddress::Unix(path) => format!("unix:{} ({scheme})", path.display()),
        ListenAddress::Quic(address) => format!("{scheme}://{address} (HTTP/3)"),
    }
}

fn log(plan: &Plan, console: &Console) -> String {
    match plan.log.access.as_ref().map(|log| &log.target) {
        None => console.say("serve-log-off"),
        Some(LogTarget::Stdout) => console.say("serve-log-stdout"),
        Some(LogTarget::Stderr) => console.say("serve-log-stderr"),
        Some(LogTarget::File(file)) => file.display().to_string(),
    }
}

/// One line per site: its hosts, and the folders and upstreams behind its routes.
fn forwarded(plan: &Plan) -> Vec<String> {
    let line = |site: &Site| {
        let mut upstreams: Vec<String> = Vec::new();
        for route in &site.routes {
            if let Some(files) = &route.files {
                let folder = files.root.display().to_string();
                if !upstreams.contains(&folder) {
                    upstreams.push(folder);
                }
            }
            let Action::Forward(pool) = &route.action else { continue };
            for upstream in &plan.pool(*pool).upstreams {
                if !upstreams.iter().any(|known| **known == *upstream.label) {
                    upstreams.push(upstream.label.to_string());
                }
            }
        }
        let rest = upstreams.len().saturating_sub(SHOWN);
        upstreams.truncate(SHOWN);
        let more = if rest > 0 { format!(", +{rest}") } else { String::new() };
        format!("{} -> {}{more}", site.name, upstreams.join(", "))
    };
    let mut lines: Vec<String> = plan.sites.iter().take(SHOWN).map(line).collect();
    if plan.sites.len() > SHOWN {
        lines.push(format!("+{}", plan.sites.len() - SHOWN));
    }
    lines
}

/// More than this nobody reads while a program starts.
const SHOWN: usize = 8;
