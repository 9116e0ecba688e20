//! Do the site's and the upstreams' names exist, and do they have addresses?
//!
//! Proves: a name server says "no such name" or "no address", none says otherwise, and the system finds nothing either.
//! A short or inner name of an upstream may well be known where the gateway runs: then it is said, not judged.

use super::subject::{self, Subject, answered, answering, dig, failed, shown};
use crate::{Case, Checked};
use std::net::{IpAddr, SocketAddr};
use torwart_cause::finding::dns::{NAME_UNKNOWN, NO_ADDRESS, RESOLVER_DEAD, UPSTREAM_UNRESOLVABLE};
use torwart_cause::finding::{Finding, FindingKind, Severity, said};
use torwart_dial::dns::{Kind, Question, Reply};
use torwart_dialect::config::Resolves;

pub async fn check(case: &Case) -> Checked {
    subject::each(case, one).await
}

async fn one(case: &Case, subject: &Subject) -> Checked {
    if let Some(checked) = by_gateways_own_server(case, subject).await {
        return checked;
    }
    let names = &subject.names;
    if !subject.is_unresolved() {
        let addresses = subject::listed(&names.addresses);
        return Checked::fine()
            .said(said("dns-leads-to").with("name", subject.host()).with("addresses", addresses));
    }
    let servers = names.servers(case).await;
    if servers.iter().any(|said| !said.addresses().is_empty()) {
        // Somebody knows it: that is a matter of who is asked.
        return Checked::fine();
    }
    let telling = answering(&servers).find(|said| said.knows_no_such_name() || said.knows_no_address());
    let Some(telling) = telling else {
        return Checked::fine();
    };
    let Some(reply) = telling
        .replies()
        .find(|reply| reply.rcode == Reply::NO_SUCH_NAME)
        .or_else(|| telling.replies().next())
    else {
        return Checked::fine();
    };
    if !reply.aliases(subject.host()).is_empty() {
        // It exists, and leads nowhere: the check of aliases says where it breaks.
        return Checked::fine();
    }
    if let Some(zone) = names.zone(case).await.as_ref()
        && zone.good().any(|server| !server.addresses().is_empty())
    {
        // The zone itself knows it: then a cache in between is at fault.
        return Checked::fine();
    }
    let exists = reply.rcode == Reply::NO_ERROR;
    let command = dig(telling.server, subject.host(), Kind::A, "");
    if subject.is_elsewhere() && !subject::is_gateway_here(case).await {
        let why = said("dns-unknown-here").with("name", subject.host());
        return Checked::could_not(why, Some(format!("getent hosts {}", subject.host())));
    }
    let (kind, confidence): (&'static FindingKind, u8) = match (&subject.upstream, exists) {
        (Some(_), _) => (&UPSTREAM_UNRESOLVABLE, 85),
        (None, false) => (&NAME_UNKNOWN, 96),
        (None, true) => (&NO_ADDRESS, 93),
    };
    // A site that answers well has its upstreams: the name is known there, if not here.
    let is_needless = subject.upstream.is_some() && case.front().await.has_good();
    let severity = if is_needless { Severity::Info } else { kind.severity };
    let mut finding = Finding::new(kind, confidence, subject.place())
        .severity(severity)
        .proof_by(answered(telling.server, subject.host(), reply), command);
    if exists {
        finding = finding.proof(said("dns-exists-without-address").with("name", subject.host()));
    }
    if let Some((zone, _)) = reply.zone() {
        let key = if zone == "." { "dns-no-such-top-level" } else { "dns-nearest-zone" };
        let command = dig(telling.server, zone, Kind::Soa, "");
        finding = finding.proof_by(said(key).with("name", subject.host()).with("zone", zone), command);
    } else if knows_no_root(case, subject, telling.server).await {
        let command = dig(telling.server, ".", Kind::Ns, "");
        finding.confidence = finding.confidence.min(WITHOUT_ROOT);
        finding =
            finding.proof_by(said("dns-server-without-root").with("server", shown(telling.server)), command);
    }
    Checked::found(vec![finding])
}

/// A gateway that asks a name server of its own has its own answer, whatever this machine finds; `None` where it asks as
/// the system does, or cannot be asked in its place.
async fn by_gateways_own_server(case: &Case, subject: &Subject) -> Option<Checked> {
    let upstream = subject.upstream.as_ref()?;
    let gateway = case.gateway().await;
    let (_, config) = gateway.route_to(&upstream.address)?;
    let Resolves::AtRunTime { resolver: Some(resolver) } = &config.resolves else { return None };
    let server = resolver.value.split_ascii_whitespace().find_map(server_of)?;
    if server.ip().is_loopback() && !subject::is_gateway_here(case).await {
        let why = said("dns-unknown-here").with("name", subject.host());
        return subject
            .is_unresolved()
            .then(|| Checked::could_not(why, Some(format!("getent hosts {}", subject.host()))));
    }
    let host = subject.host();
    let question = |kind| Question::recursive(host, kind);
    let v4 = subject.names.ask(case, server, question(Kind::A)).await;
    let command = dig(server, host, Kind::A, "");
    let place = match &resolver.at {
        Some(at) => subject.place().address(shown(server)).file(at.file.display(), at.line),
        None => subject.place().address(shown(server)),
    };
    let reply = match v4.as_ref() {
        Err(failure) => {
            let finding = Finding::new(&RESOLVER_DEAD, 92, place)
                .severity(Severity::Critical)
                .proof_by(failed(server, *failure), command)
                .proof(
                    said("dns-gateway-asks").with("server", shown(server)).with("written", &resolver.written),
                );
            return Some(Checked::found(vec![finding]));
        }
        Ok(reply) if !reply.addresses().is_empty() => return Some(Checked::fine()),
        Ok(reply) => reply,
    };
    let v6 = subject.names.ask(case, server, question(Kind::Aaaa)).await;
    if v6.as_ref().as_ref().is_ok_and(|reply| !reply.addresses().is_empty()) {
        return Some(Checked::fine());
    }
    let finding = Finding::new(&UPSTREAM_UNRESOLVABLE, 93, subject.place())
        .proof_by(answered(server, host, reply), command)
        .proof(said("dns-gateway-asks").with("server", shown(server)).with("written", &resolver.written));
    Some(Checked::found(vec![finding]))
}

/// A name server as nginx writes it: an address, perhaps with a port.
fn server_of(word: &str) -> Option<SocketAddr> {
    let word = word.trim_end_matches([';', ',']);
    word.parse().ok().or_else(|| {
        let bare = word.trim_start_matches('[').trim_end_matches(']');
        bare.parse().ok().map(|ip: IpAddr| SocketAddr::new(ip, 53))
    })
}

/// Whether a server does not even know the root: then it only serves inner names, and knows nothing of others.
async fn knows_no_root(case: &Case, subject: &Subject, server: SocketAddr) -> bool {
    let reply = subject.names.ask(case, server, Question::recursive(".", Kind::Ns)).await;
    reply.as_ref().as_ref().is_ok_and(|reply| reply.name_servers(".").is_empty())
}

/// In percent, where the server that knows no such name knows no root either.
const WITHOUT_ROOT: u8 = 75;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_servers_are_read_as_nginx_writes_them() {
        let shown = |word| server_of(word).map(|server| server.to_string());
        assert_eq!(shown("10.0.0.2").as_deref(), Some("10.0.0.2:53"));
        assert_eq!(shown("10.0.0.2:5353").as_deref(), Some("10.0.0.2:5353"));
        assert_eq!(shown("[2001:db8::1]").as_deref(), Some("[2001:db8::1]:53"));
        assert_eq!((shown("valid=10s"), shown("ipv6=off;")), (None, None));
    }
}
