//! Does this machine's own packet filter keep the connection from getting out?
//!
//! Three signs: the kernel could hand down none of the repeated SYNs (a proof, without any privilege); an ICMP refusal from an
//! address of this machine (a proof); or packets with a life of one hop stay unanswered for this port while the first router
//! answers for another port of the same host (likely).

use super::judged::{Failed, Judgement, cases_of};
use crate::observe::reach::Outcome;
use crate::{Case, Checked};
use torwart_cause::finding::connect::FIREWALL_OWN_EGRESS;
use torwart_cause::finding::{Finding, Fix, Hop, said};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let failed = cases_of(case, Judgement::OwnEgress).await;
    Checked::found(failed.iter().map(finding).collect())
}

fn finding(failed: &Failed) -> Finding {
    let (host, port) = failed.host_and_port();
    let connect = format!("nc -vz -w 3 {host} {port}");
    let (confidence, told) = match failed.attempted.outcome {
        Outcome::HeldBack => {
            let told = said("connect-held-back").with("syns", failed.attempted.repeated_syns);
            (98, told.with("address", &failed.attempted.far))
        }
        Outcome::Rejected(message) => {
            let from = message.from.map(|from| from.to_string()).unwrap_or_default();
            let told = said("connect-rejected-here").with("address", &failed.attempted.far);
            (97, told.with("message", message).with("from", from))
        }
        _ => (82, said("connect-first-hop-mute").with("address", &failed.attempted.far)),
    };
    let mut finding = failed.finding(&FIREWALL_OWN_EGRESS, confidence, Hop::Path).proof_by(told, connect);
    finding = finding.proof_by(said("connect-look-at-output"), "nft list chains; iptables -vnL OUTPUT");
    let source = failed.attempted.local.map(|local| local.to_string());
    finding.place.name = source.or(finding.place.name);
    let family = if host.contains(':') { "ip6" } else { "ip" };
    let product = Some("nftables".to_owned());
    let after = format!("{family} daddr {host} tcp dport {port} accept");
    finding.fix(Fix { product, after, ..Fix::default() })
}
