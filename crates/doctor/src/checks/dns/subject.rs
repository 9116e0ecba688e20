//! The names a case is about: that of the site, and those of its upstreams.

use crate::observe::names::{Names, ServerSaid};
use crate::{Case, Checked, Place, Source, Upstream};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use torwart_cause::finding::{Hop, Where, said};
use torwart_dial::dns::{Failure, FailureKind, Kind, Reply};

/// A name, and what it is for.
pub(super) struct Subject {
    /// What it leads to.
    pub(super) names: Rc<Names>,
    /// The port that is wanted there.
    pub(super) port: u16,
    /// The upstream it belongs to; none for the site's own name.
    pub(super) upstream: Option<Upstream>,
}

/// All names of a case; hosts written as addresses have none.
pub(super) async fn all(case: &Case) -> Vec<Subject> {
    let mut subjects = Vec::new();
    subjects.extend(site(case).await);
    for upstream in case.upstreams().await.iter() {
        let Place::Name { host, port } = &upstream.address.place else { continue };
        let is_known = |subject: &Subject| subject.upstream.is_some() && subject.names.host == *host;
        let is_new = !subjects.iter().any(is_known) && !is_given(case, host, *port);
        if is_new && subjects.len() <= MOST_NAMES {
            let names = case.names_of(host).await;
            subjects.push(Subject { names, port: *port, upstream: Some(upstream.clone()) });
        }
    }
    subjects
}

/// The site's own name alone.
pub(super) async fn site(case: &Case) -> Option<Subject> {
    let url = &case.question().url;
    if url.ip().is_some() || is_given(case, &url.host, url.port) {
        return None;
    }
    Some(Subject { names: case.site().await, port: url.port, upstream: None })
}

/// Whether the user says where to connect, so that the name's own addresses are of no account.
fn is_given(case: &Case, host: &str, port: u16) -> bool {
    let question = case.question();
    question.resolve.iter().any(|(name, at, _)| name == host && *at == port)
        || question.connect_to.iter().any(|((name, at), _)| name == host && *at == port)
}

/// Runs one check on every name, one after the other: they share their observations, and most cases have one name.
pub(super) async fn each(case: &Case, check: impl AsyncFn(&Case, &Subject) -> Checked) -> Checked {
    let mut checked = Checked::not_applicable();
    for subject in all(case).await {
        checked = checked.and(check(case, &subject).await);
    }
    checked
}

impl Subject {
    /// The name.
    pub(super) fn host(&self) -> &str {
        &self.names.host
    }

    /// Where a finding about the name is.
    pub(super) fn place(&self) -> Where {
        match &self.upstream {
            None => Where::hop(Hop::Dns).name(self.host()),
            Some(upstream) => {
                let place = Where::hop(Hop::Path).name(self.host());
                match &upstream.source {
                    Source::Config { file, line } => place.file(file, *line),
                    Source::Argument => place,
                }
            }
        }
    }

    /// Whether the name has no address on this machine.
    pub(super) fn is_unresolved(&self) -> bool {
        self.names.addresses.is_empty()
    }

    /// A name that only means something inside a container's or cluster's own network, or below a search list.
    pub(super) fn is_local(&self) -> bool {
        let host = self.host();
        let inner =
            [".svc", ".local", ".internal", ".docker", ".consul", ".localdomain", ".lan", ".home.arpa"];
        !host.contains('.') || inner.iter().any(|ending| host.ends_with(ending))
    }

    /// Whether it may well be known where the gateway runs, though not here.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.upstream.is_some() && self.is_local()
    }

    /// Where one connects to use this address.
    pub(super) fn socket(&self, address: IpAddr) -> SocketAddr {
        SocketAddr::new(address, self.port)
    }
}

/// Whether the gateway resolves names as this machine does: it runs here, and sees the same files.
pub(super) async fn is_gateway_here(case: &Case) -> bool {
    let files_of = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/mnt")).ok();
    let gateway = case.gateway().await;
    let pid = gateway.pids.first().map(ToString::to_string);
    pid.and_then(|pid| files_of(&pid)).is_some_and(|theirs| files_of("self") == Some(theirs))
}

/// The `dig` command line that asks one server one question.
pub(super) fn dig(server: SocketAddr, name: &str, kind: Kind, flags: &str) -> String {
    let port = if server.port() == 53 { String::new() } else { format!(" -p {}", server.port()) };
    let flags = if flags.is_empty() { String::new() } else { format!(" {flags}") };
    format!("dig @{}{port} {name} {}{flags}", server.ip(), kind.id())
}

/// A server as people write it: without the usual port.
pub(super) fn shown(server: SocketAddr) -> String {
    if server.port() == 53 { server.ip().to_string() } else { server.to_string() }
}

/// Addresses in one line.
pub(super) fn listed<T: ToString>(items: &[T]) -> String {
    let items: Vec<_> = items.iter().map(T::to_string).collect();
    items.join(", ")
}

/// The sentence about how a server failed to answer.
pub(super) fn failed(server: SocketAddr, failure: Failure) -> torwart_cause::finding::Said {
    let key = match failure.kind {
        FailureKind::TimedOut => "dns-server-silent",
        FailureKind::Refused => "dns-server-not-there",
        FailureKind::Unreachable => "dns-server-unreachable",
        FailureKind::Denied => "dns-server-denied",
        FailureKind::Garbled => "dns-server-garbled",
        FailureKind::OnlyCut => "dns-server-only-cut",
        FailureKind::ResourcesSpent | FailureKind::NotAName => "dns-server-not-asked",
    };
    said(key).with("server", shown(server)).with("ms", failure.after.as_millis())
}

/// The sentence about an answer: the code, and its explanations.
pub(super) fn answered(server: SocketAddr, name: &str, reply: &Reply) -> torwart_cause::finding::Said {
    let texts: Vec<_> = reply
        .explanations
        .iter()
        .map(|(code, text)| format!("EDE {code} {text}").trim().to_owned())
        .collect();
    let answered = match texts.is_empty() {
        true => said("dns-answered"),
        false => said("dns-answered-explained").with("explanation", texts.join("; ")),
    };
    answered.with("server", shown(server)).with("name", name).with("code", reply.code())
}

/// Whether two lists have no address in common.
pub(super) fn are_disjoint(one: &[IpAddr], other: &[IpAddr]) -> bool {
    one.iter().all(|address| !other.contains(address))
}

/// The servers of this machine and the user that give no address, though they answer.
pub(super) fn answering(servers: &[ServerSaid]) -> impl Iterator<Item = &ServerSaid> {
    servers.iter().filter(|said| said.is_alive())
}

/// More names than this are a farm, not a site.
const MOST_NAMES: usize = 6;
