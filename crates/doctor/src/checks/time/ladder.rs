//! Does everybody along the chain wait longer than the one behind?
//!
//! The gateway's deadlines come from its configuration; that of a server process on this host from its command line. An
//! inner limit beyond the outer one does no harm until something is slow: then the gateway gives up while the work goes on
//! unseen. So it is worth a warning only where the site fails and the log shows time-outs.

use super::seconds;
use crate::observe::host::Host;
use crate::observe::host::processes::Process;
use crate::{Case, Checked, Place, Upstream};
use std::time::Duration;
use torwart_cause::Cause;
use torwart_cause::finding::time::LADDER_INVERTED;
use torwart_cause::finding::{Finding, Hop, Severity, Where, said};
use torwart_dialect::config::NoteKind;

/// Compares.
pub async fn check(case: &Case) -> Checked {
    let gateway = case.gateway().await;
    let Some(config) = &gateway.config else { return Checked::not_applicable() };
    let host = case.host().await;
    let logs = case.logs().await;
    let is_seen = logs.of_cause(Cause::HeadTimedOut).any(|trouble| trouble.in_hour > 0);
    let is_failing = case.front().await.worst().is_some();
    let severity = if is_seen && is_failing { Severity::Warning } else { Severity::Info };
    let mut findings = Vec::new();
    for upstream in case.upstreams().await.iter() {
        let Some((route, _)) = gateway.route_to(&upstream.address) else { continue };
        let Some(outer) = &route.deadlines.first_byte else { continue };
        let Some((process, inner)) = own_limit(case, &host, upstream).await else { continue };
        if inner.limit <= outer.value {
            continue;
        }
        let mut place = Where::hop(Hop::Gateway).address(&upstream.address);
        if let Some(at) = &outer.at {
            place = place.file(at.file.display(), at.line);
        }
        let process = said("time-inner-limit")
            .with("process", process)
            .with("written", inner.written)
            .with("seconds", seconds(inner.limit));
        let outer =
            said("time-outer-limit").with("written", &outer.written).with("seconds", seconds(outer.value));
        findings
            .push(Finding::new(&LADDER_INVERTED, 85, place).severity(severity).proof(process).proof(outer));
    }
    for note in &config.notes {
        let NoteKind::DeadlineOrder { inner, inner_value, outer, outer_value } = &note.what else { continue };
        let mut place = Where::hop(Hop::Gateway);
        if let Some(at) = &note.at {
            place = place.file(at.file.display(), at.line);
        }
        let fact = said("time-order")
            .with("inner", inner)
            .with("inner_seconds", seconds(*inner_value))
            .with("outer", outer)
            .with("outer_seconds", seconds(*outer_value));
        findings.push(Finding::new(&LADDER_INVERTED, 80, place).severity(severity).proof(fact));
    }
    let checked = Checked::found(findings);
    match gateway.route().and_then(|route| route.deadlines.first_byte.as_ref()) {
        Some(deadline) => checked.said(
            said("time-outer-limit")
                .with("written", &deadline.written)
                .with("seconds", seconds(deadline.value)),
        ),
        None => checked,
    }
}

/// A limit a server process was started with.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OwnLimit {
    limit: Duration,
    written: String,
}

/// The limit of the process on this host that serves an upstream.
async fn own_limit(case: &Case, host: &Host, upstream: &Upstream) -> Option<(String, OwnLimit)> {
    let inodes: Vec<u64> = match &upstream.address.place {
        Place::Unix(path) => {
            let path = path.to_str()?;
            host.unix.iter().filter(|row| row.path == path).map(|row| row.inode).collect()
        }
        Place::Ip(_) | Place::Name { .. } => {
            let address = case.socket_address(&upstream.address).await?;
            if !Host::owns(address.ip()) {
                return None;
            }
            host.listeners(address).map(|row| row.inode).collect()
        }
    };
    let mut holders = inodes.iter().flat_map(|inode| host.holders(*inode));
    holders.find_map(|process| Some((process.name.clone(), of_process(process)?)))
}

/// What a command line says of how long one request may take.
fn of_process(process: &Process) -> Option<OwnLimit> {
    let line = process.command_line();
    let flags: &[&str] = if line.contains("gunicorn") {
        &["--timeout", "-t"]
    } else if line.contains("uwsgi") {
        &["--harakiri", "-t"]
    } else {
        return None;
    };
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let value = words.iter().enumerate().find_map(|(index, word)| {
        flags.iter().find_map(|flag| {
            if word == flag {
                return Some((format!("{flag} {}", words.get(index + 1)?), *words.get(index + 1)?));
            }
            let value = word.strip_prefix(flag)?.strip_prefix('=')?;
            Some((format!("{flag}={value}"), value))
        })
    });
    let (written, value) = value?;
    let limit: u64 = value.parse().ok()?;
    // Zero means no limit at all.
    (limit > 0).then_some(OwnLimit { limit: Duration::from_secs(limit), written })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(command: &str) -> Option<(u64, String)> {
        let command = command.split(' ').map(str::to_owned).collect();
        let found = of_process(&Process { command, ..Process::default() })?;
        Some((found.limit.as_secs(), found.written))
    }

    #[test]
    fn limits_stand_on_command_lines() {
        assert_eq!(limit("python gunicorn app:app --timeout 120"), Some((120, "--timeout 120".to_owned())));
        assert_eq!(limit("gunicorn: master --timeout=90 app"), Some((90, "--timeout=90".to_owned())));
        assert_eq!(limit("uwsgi --http :80 --harakiri 20"), Some((20, "--harakiri 20".to_owned())));
        assert_eq!(limit("gunicorn app:app --timeout 0"), None);
        assert_eq!(limit("node server.js --timeout 5"), None);
    }
}
