//! Is there a source port left for each upstream?
//!
//! Proves it on the gateway's host, by counting the sockets to one destination, those in TIME_WAIT too, against the range
//! of ports for outgoing connections. Many sockets in TIME_WAIT are no fault as long as ports are left.

use crate::observe::host::sockets::by_destination;
use crate::{Case, Checked};
use torwart_cause::finding::host::PORTS_SPENT;
use torwart_cause::finding::{Finding, Hop, Severity, Where, said};

/// Counts.
pub async fn check(case: &Case) -> Checked {
    let host = case.host().await;
    let gateway = case.gateway().await;
    let Some((first, last)) = host.ports.filter(|_| !gateway.pids.is_empty() || gateway.is_here) else {
        return Checked::not_applicable();
    };
    let range = usize::from(last.saturating_sub(first)) + 1;
    // A connection within this host has two ends in the table; the end at the destination does not use a port up.
    let outgoing: Vec<_> =
        host.tcp.iter().filter(|row| (first..=last).contains(&row.local.port())).copied().collect();
    let Some((destination, count)) = by_destination(&outgoing).into_iter().next() else {
        return Checked::fine();
    };
    let severity = match count * 100 / range {
        95.. => Severity::Critical,
        80.. => Severity::Warning,
        _ => return Checked::fine(),
    };
    let waiting = outgoing.iter().filter(|row| row.remote == destination && row.is_time_wait()).count();
    let fact = said("host-ports")
        .with("destination", destination)
        .with("count", count)
        .with("range", range)
        .with("waiting", waiting);
    let command = format!("ss -tan dst {destination} | wc -l; sysctl net.ipv4.ip_local_port_range");
    let place = Where::hop(Hop::Gateway).address(destination);
    Checked::found(vec![Finding::new(&PORTS_SPENT, 93, place).severity(severity).proof_by(fact, command)])
}
