//! Where Apache writes its logs, and in which form.

use super::Apache;
use super::scope::Scope;
use super::syntax::Directive;
use super::target::Target;
use crate::config::{Fact, GatewayConfig, LogFile, LogFormat, LogKind};

/// Gathers the logs of the main server and of every site.
pub(super) fn read(apache: &Apache<'_>, config: &mut GatewayConfig) {
    gather(apache, apache.root, &[], config);
    for site in apache.sites() {
        let names =
            site.inner().iter().filter(|one| matches!(one.name.as_str(), "servername" | "serveralias"));
        let names: Vec<String> =
            names.flat_map(|one| one.args.iter().map(|name| Target::host_name(name).to_owned())).collect();
        gather(apache, site.inner(), &names, config);
    }
    if !apache.root.iter().any(|one| one.name == "errorlog") {
        let path = apache.folder.join("logs/error_log");
        let target = Fact::by_default(path.to_string_lossy().into_owned(), "ErrorLog logs/error_log");
        let (kind, format) = (LogKind::Error, LogFormat::Usual);
        config.logs.push(LogFile { kind, path: Some(path), target, format, names: Vec::new() });
    }
}

fn gather(apache: &Apache<'_>, layer: &[Directive], names: &[String], config: &mut GatewayConfig) {
    for directive in layer {
        let (kind, format) = match directive.name.as_str() {
            "errorlog" => (LogKind::Error, error_format(apache)),
            "customlog" => (LogKind::Access, format(apache, layer, directive)),
            "transferlog" => (LogKind::Access, LogFormat::Named("common".to_owned())),
            _ => continue,
        };
        let target = directive.arg(0);
        let is_file = !target.starts_with('|')
            && !target.starts_with("syslog")
            && !matches!(target, "" | "/dev/stdout" | "/dev/stderr" | "/dev/null")
            && !target.contains("${");
        let path = is_file.then(|| apache.folder.join(target));
        let target = directive.fact(target.to_owned());
        let log = LogFile { kind, path, target, format, names: names.to_vec() };
        if !config.logs.contains(&log) {
            config.logs.push(log);
        }
    }
}

fn error_format(apache: &Apache<'_>) -> LogFormat {
    let own = Scope::new(apache.root).one("errorlogformat").filter(|one| one.args.len() == 1);
    own.map_or(LogFormat::Usual, |own| LogFormat::Own(own.fact(own.arg(0).to_owned())))
}

/// A nickname that `LogFormat` defines, or the format itself.
fn format(apache: &Apache<'_>, layer: &[Directive], log: &Directive) -> LogFormat {
    let name = log.arg(1);
    if name.contains('%') {
        return LogFormat::Own(log.fact(name.to_owned()));
    }
    let scope = Scope::new(apache.root).with(layer);
    let own = scope.all("logformat").find(|one| one.arg(1).eq_ignore_ascii_case(name));
    own.map_or_else(
        || LogFormat::Named(name.to_owned()),
        |own| LogFormat::Own(own.fact(own.arg(0).to_owned())),
    )
}
