//! Is a listening socket's queue full, so that new connections are dropped?
//!
//! Proves it on this host only: the kernel tells the length and limit of every listener's queue, looked at four times
//! within a second and a half. A queue that was full once is a burst; one that is full each time is a process that does not
//! accept. Totals since the host started say nothing about now and are left out.

use crate::observe::host::Host;
use crate::observe::host::queues::{Listens, Queue};
use crate::{Case, Checked, Place};
use torwart_cause::finding::capacity::ACCEPT_QUEUE_FULL;
use torwart_cause::finding::{Finding, Hop, Where, said};

/// Looks.
pub async fn check(case: &Case) -> Checked {
    let host = case.host().await;
    let mut wanted = Vec::new();
    for upstream in case.upstreams().await.iter() {
        match &upstream.address.place {
            Place::Unix(path) => wanted.push((Listens::Unix(path.display().to_string()), Hop::Upstream)),
            Place::Ip(_) | Place::Name { .. } => {
                let Some(address) = case.socket_address(&upstream.address).await else { continue };
                if Host::owns(address.ip()) {
                    wanted
                        .extend(host.listeners(address).map(|row| (Listens::Tcp(row.local), Hop::Upstream)));
                }
            }
        }
    }
    let url = &case.question().url;
    if case.gateway().await.is_here {
        wanted.extend(host.on_port(url.port).map(|row| (Listens::Tcp(row.local), Hop::Gateway)));
    }
    if wanted.is_empty() {
        return Checked::not_applicable();
    }
    let watched = host.watched().await;
    if watched.looks.len() < 3 {
        return Checked::not_applicable();
    }
    let full = watched.always_full();
    let find =
        |queue: &&Queue| Some((wanted.iter().find(|(place, _)| *place == queue.place)?.1, (*queue).clone()));
    let findings = full.iter().filter_map(find).map(|(hop, queue)| {
        let holder =
            host.holders(queue.inode).next().map(|process| format!("{} ({})", process.name, process.pid));
        let fact = said("capacity-queue-full")
            .with("place", &queue.place)
            .with("waiting", queue.waiting)
            .with("limit", queue.limit)
            .with("looks", watched.looks.len());
        let mut place = Where::hop(hop).address(&queue.place);
        let mut finding = Finding::new(&ACCEPT_QUEUE_FULL, 95, place.clone());
        if let Some(holder) = holder {
            place = place.name(holder);
            finding = Finding::new(&ACCEPT_QUEUE_FULL, 95, place);
        }
        let finding = finding.proof_by(fact, "ss -lntx");
        match watched.growth.listen_overflows {
            0 => finding,
            dropped => finding.proof_by(
                said("capacity-queue-drops").with("dropped", dropped),
                "nstat -az TcpExtListenOverflows TcpExtListenDrops",
            ),
        }
    });
    Checked::found(findings.collect())
}
