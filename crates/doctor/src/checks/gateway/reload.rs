//! Does the gateway run on the configuration that lies on its disk?
//!
//! Compares the time at which a file was last changed with the start of the gateway's newest process: nginx, HAProxy and
//! Apache start new ones at each reload. Caddy and Traefik reload without, so nothing is said of them.

use crate::observe::gateway::Gateway;
use crate::observe::host::Host;
use crate::{Case, Checked};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use torwart_cause::finding::gateway::RELOAD_PENDING;
use torwart_cause::finding::{Finding, Hop, Severity, Where, said};
use torwart_dialect::Product;

/// What the gateway runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// What lies on the disk.
    Current,
    /// Something older than this file, which was changed so long after the last start.
    Older(PathBuf, Duration),
    /// It cannot be told, or it does not run.
    Unknown,
}

/// Compares.
pub async fn check(case: &Case) -> Checked {
    let gateway = case.gateway().await;
    let host = case.host().await;
    let (file, after) = match state(&gateway, &host) {
        State::Current => return Checked::fine(),
        State::Unknown => return Checked::not_applicable(),
        State::Older(file, after) => (file, after),
    };
    let product = gateway.product().map(|product| product.name()).unwrap_or_default();
    let fact = said("gateway-reload-pending")
        .with("product", product)
        .with("file", file.display())
        .with("minutes", after.as_secs().div_ceil(60));
    let pids = gateway.pids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let command = format!("ls -l --time-style=full-iso {}; ps -o lstart=,args= -p {pids}", file.display());
    let place = Where::hop(Hop::Gateway).file(file.display(), 0);
    let finding = Finding::new(&RELOAD_PENDING, 85, place).proof_by(fact, command);
    let is_failing = case.front().await.worst().is_some();
    Checked::found(vec![if is_failing { finding.severity(Severity::Warning) } else { finding }])
}

/// What the gateway runs on.
pub(super) fn state(gateway: &Gateway, host: &Host) -> State {
    let Some(config) = &gateway.config else { return State::Unknown };
    let starts_anew = matches!(config.product, Product::Nginx | Product::Haproxy | Product::Apache);
    let newest = gateway.pids.iter().filter_map(|pid| host.process(*pid)).map(|process| process.age).min();
    let Some(newest) = newest.filter(|_| starts_anew) else { return State::Unknown };
    let changed = config.files.iter().filter_map(|file| Some((file, since_change(file)?)));
    match changed.min_by_key(|(_, age)| *age) {
        Some((file, age)) if age + MARGIN < newest => State::Older(file.clone(), newest - age),
        Some(_) => State::Current,
        None => State::Unknown,
    }
}

/// How long ago a file was changed.
fn since_change(file: &Path) -> Option<Duration> {
    SystemTime::now().duration_since(std::fs::metadata(file).ok()?.modified().ok()?).ok()
}

/// Whoever writes a file and starts the gateway at once may be a little late.
const MARGIN: Duration = Duration::from_secs(3);
