//! Where HAProxy sends its logs: it writes no files, the system's log service does so for it.

use super::Haproxy;
use super::scope::Scope;
use super::syntax::Line;
use crate::config::{GatewayConfig, LogFile, LogFormat, LogKind};
use std::path::PathBuf;

/// Gathers the targets, and the forms in which the proxies write there.
pub(super) fn read(haproxy: &Haproxy<'_>, config: &mut GatewayConfig) {
    let fronts = haproxy.fronts().filter_map(|place| Scope::new(haproxy.sections, place));
    for front in fronts {
        let lines = front.all_or_defaults(&["log"]);
        let is_global = lines.iter().any(|line| line.word(1) == "global");
        let targets = if is_global { haproxy.global.logs.clone() } else { lines };
        for target in targets {
            let log = log(target, &front);
            if !config.logs.contains(&log) {
                config.logs.push(log);
            }
        }
    }
}

fn log(target: &Line, front: &Scope<'_>) -> LogFile {
    let text = target.word(1);
    let is_local = text == "/dev/log"
        || ["127.", "localhost", "[::1]", "::1", "/run/", "/var/", "udp@127."]
            .iter()
            .any(|own| text.starts_with(own));
    // A line with a level takes only what is as grave as that: events, no requests.
    let is_filtered = target.rest(2).iter().any(|word| LEVELS.contains(&word.as_str()));
    let kind = if is_filtered { LogKind::Error } else { LogKind::Access };
    LogFile {
        kind,
        path: is_local.then(|| PathBuf::from(USUAL_FILE)),
        target: target.fact(text.to_owned()),
        format: if kind == LogKind::Access { format(front) } else { LogFormat::Usual },
        names: Vec::new(),
    }
}

fn format(front: &Scope<'_>) -> LogFormat {
    if let Some(own) = front.one(&["log-format"]) {
        return LogFormat::Own(own.fact(own.word(1).to_owned()));
    }
    let named = ["httplog", "httpslog", "tcplog"].into_iter().find(|name| front.option(name).is_some());
    named.map_or(LogFormat::Usual, |name| LogFormat::Named(name.to_owned()))
}

/// Levels that leave out the lines of requests, which are of level `info`.
const LEVELS: &[&str] = &["emerg", "alert", "crit", "err", "warning", "notice"];
/// Where the distributions' packages have the log service write.
const USUAL_FILE: &str = "/var/log/haproxy.log";
