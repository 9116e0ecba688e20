//! Does the gateway use an address that its upstream's name does not have any more?
//!
//! Proves: an address the gateway uses (its open connections on this machine, its error log) is not in the current
//! answer for the name, and the current address takes connections.

use super::subject::{self, Subject, listed};
use crate::observe::names::Touch;
use crate::{Case, Checked, Place, UpstreamAddress};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use torwart_cause::finding::dns::STALE_IN_PROXY;
use torwart_cause::finding::{Finding, Fix, Said, Severity, said};
use torwart_dialect::Product;

pub async fn check(case: &Case) -> Checked {
    let mut checked = Checked::not_applicable();
    for subject in subject::all(case).await {
        if subject.upstream.is_some() && subject.host() != "localhost" {
            checked = checked.and(one(case, &subject).await);
        }
    }
    checked
}

async fn one(case: &Case, subject: &Subject) -> Checked {
    let mut current = subject.names.addresses.clone();
    current.extend(subject.names.heard(case).await);
    let Some(works) = working(case, subject, &current).await else { return Checked::fine() };
    for used in used(case, subject).await {
        if current.contains(&used.address.ip()) {
            continue;
        }
        let touch = *subject.names.touch(case, used.address).await;
        let Some((severity, confidence)) = weight(case, &used, touch).await else { continue };
        let host = subject.host();
        let mut finding = Finding::new(&STALE_IN_PROXY, confidence, subject.place().address(used.address))
            .severity(severity)
            .proof_by(used.said, used.command)
            .proof_by(
                said("dns-system-says").with("name", host).with("addresses", listed(&current)),
                format!("getent ahosts {host}"),
            )
            .proof(said("dns-address-works").with("address", works).with("port", subject.port));
        if touch.is_dead() {
            finding = finding.proof(
                said("dns-address-dead").with("address", used.address.ip()).with("port", used.address.port()),
            );
        }
        if let Some(fix) = fix(case, subject).await {
            finding = finding.fix(fix);
        }
        return Checked::found(vec![finding]);
    }
    Checked::fine()
}

/// An address the gateway uses, and how we know.
struct Used {
    address: SocketAddr,
    said: Said,
    command: String,
    /// Requests failed there, as the log has it.
    is_logged: bool,
}

/// How bad it is. Names that lead to some of many addresses, another few each time, are used like this all day: an old
/// address that still answers, or one that hurts nobody, is no fault.
async fn weight(case: &Case, used: &Used, touch: Touch) -> Option<(Severity, u8)> {
    let is_broken = !case.front().await.has_good();
    match (touch.is_dead(), used.is_logged, is_broken) {
        (true, _, true) => Some((Severity::Critical, 96)),
        (true, true, false) => Some((Severity::Warning, 85)),
        (true, false, false) => Some((Severity::Info, 70)),
        (false, true, true) => Some((Severity::Warning, 60)),
        (false, _, _) => None,
    }
}

/// What the gateway's error log and its own connections show; the latter only where it runs on this machine.
async fn used(case: &Case, subject: &Subject) -> Vec<Used> {
    let mut used = Vec::new();
    for trouble in case.logs().await.since(RECENT) {
        let address = trouble.upstream.as_deref().and_then(|text| text.parse::<UpstreamAddress>().ok());
        let Some(Place::Ip(address)) = address.map(|address| address.place) else { continue };
        let is_known = used.iter().any(|known: &Used| known.address == address);
        if address.port() == subject.port && !is_known && !is_other(case, address).await {
            let (file, line) = &trouble.place;
            let said = said("dns-gateway-logged")
                .with("address", address)
                .with("times", trouble.total)
                .with("line", &trouble.line);
            let command = match line {
                0 => format!("grep -F '{address}' {}", file.display()),
                line => format!("sed -n {line}p {}", file.display()),
            };
            used.push(Used { address, said, command, is_logged: true });
        }
    }
    let (gateway, host) = tokio::join!(case.gateway(), case.host());
    let processes = host.processes.iter().filter(|process| gateway.pids.contains(&process.pid));
    let inodes: Vec<u64> = processes.filter_map(|process| process.sockets.clone()).flatten().collect();
    for row in &host.tcp {
        let is_wanted = row.remote.port() == subject.port && !row.listens() && inodes.contains(&row.inode);
        if is_wanted
            && used.iter().all(|known: &Used| known.address != row.remote)
            && !is_other(case, row.remote).await
        {
            let said = said("dns-gateway-connected").with("address", row.remote);
            used.push(Used {
                address: row.remote,
                said,
                command: format!("ss -tnp dst {}", row.remote),
                is_logged: false,
            });
        }
    }
    used
}

/// Whether another upstream, or the visitor's own way, has this address.
async fn is_other(case: &Case, address: SocketAddr) -> bool {
    for upstream in case.upstreams().await.iter() {
        if case.socket_address(&upstream.address).await == Some(address) {
            return true;
        }
    }
    false
}

async fn working(case: &Case, subject: &Subject, current: &[IpAddr]) -> Option<IpAddr> {
    for address in current.iter().take(3) {
        if *subject.names.touch(case, subject.socket(*address)).await == Touch::Accepts {
            return Some(*address);
        }
    }
    None
}

/// The lines that make the product look names up while it runs.
async fn fix(case: &Case, subject: &Subject) -> Option<Fix> {
    let upstream = subject.upstream.as_ref()?;
    let gateway = case.gateway().await;
    let (_, config) = gateway.route_to(&upstream.address)?;
    let resolver = subject.names.setup.servers.first().map_or_else(
        || "127.0.0.11".to_owned(),
        |server| match server.ip() {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => format!("[{v6}]"),
        },
    );
    let (host, port) = (subject.host(), subject.port);
    let product = gateway.product()?;
    let written = &config.written;
    let after = match product {
        Product::Nginx if written.starts_with("server") => {
            format!("resolver {resolver} valid=10s;\nzone NAME 64k;\nserver {host}:{port} resolve;")
        }
        Product::Nginx => {
            format!(
                "resolver {resolver} valid=10s;\nset $upstream http://{host}:{port};\nproxy_pass $upstream;"
            )
        }
        Product::Haproxy => format!("{written} resolvers dns init-addr last,libc,none"),
        Product::Caddy => format!("dynamic a {host} {port}"),
        Product::Apache | Product::Traefik => return None,
    };
    let file = config.at.as_ref().map(|at| (at.file.display().to_string(), at.line));
    Some(Fix { product: Some(product.name().to_owned()), file, before: Some(written.clone()), after })
}

/// What a log told longer ago is about yesterday's addresses.
const RECENT: Duration = Duration::from_secs(3600);
