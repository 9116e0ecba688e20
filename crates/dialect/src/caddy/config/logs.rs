//! Where Caddy writes its logs.

use super::lines::Line;
use crate::config::{Fact, GatewayConfig, LogFile, LogFormat, LogKind};
use std::path::PathBuf;

/// The `log` of a site: its requests.
pub(super) fn read_site(line: &Line, names: &[String], config: &mut GatewayConfig) {
    let log = log_of(line, LogKind::Access, names.to_vec());
    config.logs.push(log);
}

/// The `log` options: what Caddy says of itself, errors of requests among it.
pub(super) fn read_global(options: &[Line], config: &mut GatewayConfig) {
    let mut has_default = false;
    for line in options.iter().filter(|line| line.name() == "log") {
        has_default |= matches!(line.arg(0), "" | "default");
        let includes_requests = line.inner().iter().any(|inner| {
            inner.name() == "include" && inner.args().iter().any(|arg| arg.starts_with("http.log.access"))
        });
        let kind = if includes_requests { LogKind::Access } else { LogKind::Error };
        config.logs.push(log_of(line, kind, Vec::new()));
    }
    if !has_default {
        config.logs.push(standard_error());
    }
}

/// Caddy's own log where nothing is said.
pub(super) fn standard_error() -> LogFile {
    LogFile {
        kind: LogKind::Error,
        path: None,
        target: Fact::by_default("stderr".to_owned(), "output stderr"),
        format: LogFormat::Named("json".to_owned()),
        names: Vec::new(),
    }
}

fn log_of(line: &Line, kind: LogKind, names: Vec<String>) -> LogFile {
    let output = line.inner().iter().find(|inner| inner.name() == "output");
    let format =
        line.inner().iter().find(|inner| inner.name() == "format").map_or("json", |inner| inner.arg(0));
    let path = output.filter(|output| output.arg(0) == "file").map(|output| PathBuf::from(output.arg(1)));
    LogFile {
        kind,
        path: path.filter(|path| !path.as_os_str().is_empty()),
        target: match output {
            Some(output) => Fact::written(output.args().join(" "), output.at.clone(), output.written()),
            None => Fact::written("stderr".to_owned(), line.at.clone(), line.written()),
        },
        format: LogFormat::Named(format.to_owned()),
        names,
    }
}
