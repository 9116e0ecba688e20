//! May the gateway's user open the upstreams' unix sockets?
//!
//! Proves it by owner, group and mode of the socket and the folders above, against the user and groups of the gateway's
//! workers. The doctor's own user proves nothing, least of all root.

use super::{bearing, disk};
use crate::observe::host::disk::owner;
use crate::{Case, Checked, Place};
use torwart_cause::finding::host::SOCKET_DENIED;
use torwart_cause::finding::{Finding, Hop, Where, said};

/// Looks.
pub async fn check(case: &Case) -> Checked {
    let gateway = case.gateway().await;
    let upstreams = case.upstreams().await;
    let sockets: Vec<_> = upstreams
        .iter()
        .filter_map(|upstream| match &upstream.address.place {
            Place::Unix(path) => Some(path),
            Place::Ip(_) | Place::Name { .. } => None,
        })
        .collect();
    if sockets.is_empty() || gateway.pids.is_empty() {
        return Checked::not_applicable();
    }
    let bearing = bearing::find(case).await;
    let Some(worker) = disk::worker(&bearing, &gateway) else { return Checked::not_applicable() };
    let mut findings = Vec::new();
    for path in sockets {
        let Some(barred) = disk::barred(worker, path, WRITE) else { continue };
        let Some(own) = owner(&barred) else { continue };
        let fact = said("host-socket-denied")
            .with("socket", path.display())
            .with("barred", barred.display())
            .with("mode", format!("{:o}", own.mode))
            .with("owner", own.uid)
            .with("group", own.gid)
            .with("process", &worker.name)
            .with("uid", worker.uid);
        let place = Where::hop(Hop::Gateway).address(path.display());
        let command = format!("namei -l {}; id {}", path.display(), worker.uid);
        findings.push(Finding::new(&SOCKET_DENIED, 93, place).proof_by(fact, command));
    }
    Checked::found(findings)
}

/// Connecting to a unix socket needs the right to write (unix(7)).
const WRITE: u32 = 2;
