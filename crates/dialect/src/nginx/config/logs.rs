//! Where nginx writes its logs, and in which form.

use super::Nginx;
use super::scope::fact;
use super::syntax::Directive;
use crate::config::{Fact, GatewayConfig, LogFile, LogFormat, LogKind};
use std::path::{Path, PathBuf};

/// Gathers the logs of every block; the usual ones where none is written.
pub(super) fn read(nginx: &Nginx<'_>, root: &[Directive], config: &mut GatewayConfig) {
    let mut logs = Vec::new();
    gather(nginx, root, &[], 0, &mut logs);
    for (kind, name) in [(LogKind::Access, "access_log"), (LogKind::Error, "error_log")] {
        let is_outer = |one: &Directive| one.name == name;
        if root.iter().chain(nginx.http).any(is_outer) {
            continue;
        }
        let path = format!("/var/log/nginx/{}.log", name.trim_end_matches("_log"));
        let target = Fact::by_default(path.clone(), format!("{name} {path};"));
        let format = if kind == LogKind::Access { combined() } else { LogFormat::Usual };
        logs.push(LogFile { kind, path: Some(PathBuf::from(path)), target, format, names: Vec::new() });
    }
    config.logs = logs;
}

fn gather(nginx: &Nginx<'_>, layer: &[Directive], names: &[String], depth: u32, logs: &mut Vec<LogFile>) {
    for directive in layer {
        let kind = match directive.name.as_str() {
            "access_log" => LogKind::Access,
            "error_log" => LogKind::Error,
            "server" | "http" | "location" | "if" | "stream" if depth < DEEPEST => {
                let own: Vec<String> = directive
                    .inner()
                    .iter()
                    .filter(|inner| directive.name == "server" && inner.name == "server_name")
                    .flat_map(|inner| inner.args.clone())
                    .collect();
                let names = if own.is_empty() { names } else { &own };
                gather(nginx, directive.inner(), names, depth + 1, logs);
                continue;
            }
            _ => continue,
        };
        if directive.arg(0).is_empty() || directive.arg(0) == "off" {
            continue;
        }
        let path = path(nginx, directive.arg(0));
        let is_known = logs.iter().any(|log: &LogFile| {
            log.kind == kind && log.path == path && path.is_some() && log.names.as_slice() == names
        });
        if !is_known {
            let target = fact(directive, directive.arg(0).to_owned());
            let format = if kind == LogKind::Access { format(nginx, directive) } else { LogFormat::Usual };
            logs.push(LogFile { kind, path, target, format, names: names.to_vec() });
        }
    }
}

/// Nothing for what is no file that could be read later.
fn path(nginx: &Nginx<'_>, target: &str) -> Option<PathBuf> {
    let is_file = !target.starts_with("syslog:")
        && !target.starts_with("memory:")
        && !target.contains('$')
        && !matches!(target, "stderr" | "/dev/stdout" | "/dev/stderr" | "/dev/null");
    is_file.then(|| nginx.prefix.join(Path::new(target)))
}

fn format(nginx: &Nginx<'_>, log: &Directive) -> LogFormat {
    let name = match log.arg(1) {
        "" | "combined" => return combined(),
        name if name.contains('=') => return combined(),
        name => name,
    };
    let own = nginx.http.iter().find(|one| one.name == "log_format" && one.arg(0) == name);
    own.map_or_else(
        || LogFormat::Named(name.to_owned()),
        |own| {
            let words = own.args.iter().skip(1).filter(|word| !word.starts_with("escape="));
            LogFormat::Own(fact(own, words.map(String::as_str).collect::<String>()))
        },
    )
}

fn combined() -> LogFormat {
    LogFormat::Named("combined".to_owned())
}

/// Blocks in blocks that may hold a log.
const DEEPEST: u32 = 10;
