//! Does SELinux or AppArmor forbid the gateway what it needs?
//!
//! Proves it by the denials in the kernel's or the audit log, which only root may read; and, without any, by the policy
//! itself: a gateway confined as `httpd_t` may dial other ports than the usual ones only where a boolean allows it.

use super::bearing::{self, Bearing, HOUR};
use crate::observe::host::kernel_log::KernelWord;
use crate::{Case, Checked, Place};
use torwart_cause::finding::host::{APPARMOR_DENIED, SELINUX_DENIED};
use torwart_cause::finding::{Finding, Fix, Hop, Said, Where, said};

/// Looks.
pub async fn check(case: &Case) -> Checked {
    let bearing = bearing::find(case).await;
    if !bearing.is_here || !bearing.is_failing {
        return Checked::not_applicable();
    }
    let mut findings: Vec<Finding> = told(&bearing).into_iter().collect();
    if findings.is_empty() {
        findings.extend(by_policy(case, &bearing).await);
    }
    Checked::found(findings)
}

/// The last denial of a process that matters.
fn told(bearing: &Bearing) -> Option<Finding> {
    let mut events: Vec<_> = bearing.host.kernel_since(HOUR).collect();
    events.sort_by_key(|event| event.age);
    events.into_iter().find_map(|event| {
        let (kind, process, wanted, command) = match &event.what {
            KernelWord::Selinux { process, wanted } => {
                (&SELINUX_DENIED, process, wanted, "ausearch -m avc -ts recent")
            }
            KernelWord::Apparmor { process, wanted } => {
                (&APPARMOR_DENIED, process, wanted, "journalctl -k --grep 'apparmor=\"DENIED\"'")
            }
            _ => return None,
        };
        let hop = bearing.hop_of(process)?;
        let fact = said("host-denied")
            .with("process", process)
            .with("wanted", wanted)
            .with("minutes", event.age.as_secs() / 60);
        let finding = Finding::new(kind, 93, Where::hop(hop).name(process));
        Some(finding.proof(fact).proof_by(Said::Text(event.line.clone()), command))
    })
}

async fn by_policy(case: &Case, bearing: &Bearing) -> Option<Finding> {
    if !bearing.host.is_selinux_enforcing {
        return None;
    }
    let is_confined = |label: &str| label.contains(":httpd_t:");
    let (gateway, _) = bearing
        .processes()
        .find(|(it, hop)| *hop == Hop::Gateway && it.label.as_deref().is_some_and(is_confined))?;
    let boolean = std::fs::read_to_string(BOOLEAN).ok()?;
    if !boolean.trim_start().starts_with('0') {
        return None;
    }
    let upstreams = case.upstreams().await;
    let odd = upstreams.iter().find(|upstream| match &upstream.address.place {
        Place::Ip(address) => !ALLOWED.contains(&address.port()),
        Place::Name { port, .. } => !ALLOWED.contains(port),
        Place::Unix(_) => false,
    })?;
    let fact = said("host-selinux-policy").with("process", &gateway.name).with("upstream", &odd.address);
    let fix = Fix {
        product: Some("SELinux".to_owned()),
        after: "setsebool -P httpd_can_network_connect 1".to_owned(),
        ..Fix::default()
    };
    let finding = Finding::new(&SELINUX_DENIED, 88, Where::hop(Hop::Gateway).name(&gateway.name));
    Some(finding.proof_by(fact, "getsebool httpd_can_network_connect").fix(fix))
}

/// Where the kernel shows whether web servers may dial any port: the current and the pending value.
const BOOLEAN: &str = "/sys/fs/selinux/booleans/httpd_can_network_connect";
/// The ports of `http_port_t`, which a confined web server may dial in any case.
const ALLOWED: [u16; 8] = [80, 81, 443, 488, 8008, 8009, 8443, 9000];
