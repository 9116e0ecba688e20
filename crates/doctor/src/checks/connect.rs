//! Does a connection come through, and if not, what stops it?
//!
//! `judged` decides once what each failed attempt is a case of; the checks tell their cases, with the evidence. Those at
//! the end look at connections that do come through, but not always, not in time, or not for large packets.

mod accept_queue;
mod denied_here;
mod egress_proxy;
mod foreign_reset;
mod host_down;
mod ipv6;
mod judged;
mod latency;
mod loopback_only;
mod mtu;
mod no_route;
mod nothing_listens;
mod own_egress;
mod reject;
mod silent;
mod silent_drop;
mod source_blocked;
mod spent;
mod unix_socket;
mod unsteady;
mod wrong_port;

use crate::Check;
use crate::observe::reach::Surroundings;
use judged::Failed;
use torwart_cause::finding::{Finding, Fix, Said, said};

/// The checks of this area.
pub const CHECKS: &[Check] = &[
    Check::new("nothing_listens", |case| Box::pin(nothing_listens::check(case))),
    Check::new("wrong_port", |case| Box::pin(wrong_port::check(case))),
    Check::new("loopback_only", |case| Box::pin(loopback_only::check(case))),
    Check::new("foreign_reset", |case| Box::pin(foreign_reset::check(case))),
    Check::new("reject", |case| Box::pin(reject::check(case))),
    Check::new("silent_drop", |case| Box::pin(silent_drop::check(case))),
    Check::new("silent", |case| Box::pin(silent::check(case))),
    Check::new("accept_queue", |case| Box::pin(accept_queue::check(case))),
    Check::new("own_egress", |case| Box::pin(own_egress::check(case))),
    Check::new("source_blocked", |case| Box::pin(source_blocked::check(case))),
    Check::new("host_down", |case| Box::pin(host_down::check(case))),
    Check::new("no_route", |case| Box::pin(no_route::check(case))),
    Check::new("denied_here", |case| Box::pin(denied_here::check(case))),
    Check::new("spent", |case| Box::pin(spent::check(case))),
    Check::new("unix_socket", |case| Box::pin(unix_socket::check(case))),
    Check::new("ipv6", |case| Box::pin(ipv6::check(case))),
    Check::new("egress_proxy", |case| Box::pin(egress_proxy::check(case))),
    Check::new("unsteady", |case| Box::pin(unsteady::check(case))),
    Check::new("latency", |case| Box::pin(latency::check(case))),
    Check::new("mtu", |case| Box::pin(mtu::check(case))),
];

/// That nobody answered, and how often it was asked.
fn silent(failed: &Failed) -> Said {
    said("connect-silent")
        .with("address", &failed.attempted.far)
        .with("syns", failed.attempted.repeated_syns + 1)
        .with("millis", failed.millis())
}

/// Where the silence begins, as far as the hops on the way tell.
fn whereabouts(finding: Finding, failed: &Failed, around: &Surroundings) -> Finding {
    let Some(trace) = &around.trace else { return finding };
    let (host, port) = failed.host_and_port();
    let repeat = format!("traceroute -n -T -p {port} {host}");
    let finding = match trace.last_router() {
        Some((hop, router)) => {
            finding.proof_by(said("connect-last-router").with("router", router).with("hop", hop), repeat)
        }
        None => finding.proof_by(said("connect-no-router"), repeat),
    };
    let other = around.other_trace.as_ref().and_then(|trace| trace.distance());
    let port = around.answering_ports().next().and_then(|attempt| attempt.address());
    match (other, port) {
        (Some(distance), Some(other)) => {
            finding.proof(said("connect-host-distance").with("address", other).with("hops", distance))
        }
        _ => finding,
    }
}

/// With the rules that let the connection through, in the words of the usual filters.
fn allow(finding: Finding, failed: &Failed) -> Finding {
    let (_, port) = failed.host_and_port();
    let Some(source) = failed.attempted.local.filter(|_| port != 0) else { return finding };
    let family = if source.is_ipv6() { "ip6" } else { "ip" };
    let rule =
        |product: &str, after: String| Fix { product: Some(product.to_owned()), after, ..Fix::default() };
    finding
        .fix(rule("nftables", format!("{family} saddr {source} tcp dport {port} accept")))
        .fix(rule("ufw", format!("ufw allow from {source} to any port {port} proto tcp")))
}
