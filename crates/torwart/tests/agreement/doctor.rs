//! The doctor before the same upstreams: what it finds must explain the cause that the gateway names.

use crate::gateway::Gateway;
use crate::scenario::Case;
use crate::world::World;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use torwart_cause::{Cause, Stage};
use torwart_doctor::{Question, SiteUrl, walk};

/// Causes that the doctor need not explain, each with the reason.
const UNSEEN: &[(Cause, &str)] = &[
    (Cause::SendCut, "only an upload that breaks off shows it, and the doctor uploads nothing"),
    (Cause::SendTimedOut, "only a large upload shows it, and the doctor uploads nothing"),
    (Cause::AddressForbidden, "a policy of this gateway alone"),
    (Cause::UpstreamFull, "a limit of this gateway alone"),
    (Cause::DeadlineSpent, "a limit of this gateway alone"),
    (Cause::BodyTooLarge, "a limit of this gateway alone"),
    (Cause::FieldTooLarge, "a limit of this gateway alone"),
    (Cause::TlsRevoked, "a revocation list is this gateway's configuration"),
    (Cause::SocketDenied, "what this user may not open says nothing about the gateway's user"),
    (Cause::UpgradeWrong, "only an upgrade shows it"),
];

/// At most so many cases per cause: the gateway's part of the agreement has them all.
const PER_CAUSE: usize = 2;

/// The cases the doctor is asked about: one plain request that fails behind the gateway, at the only upstream.
pub(crate) fn cases(all: Vec<Case>) -> Vec<Case> {
    let mut chosen: Vec<Case> = Vec::new();
    for case in all {
        let is_fit = asked(&case).is_some_and(|cause| {
            cause.id() == case.file && UNSEEN.iter().all(|(unseen, _)| *unseen != cause)
        });
        if is_fit && chosen.iter().filter(|known| known.file == case.file).count() < PER_CAUSE {
            chosen.push(case);
        }
    }
    chosen
}

/// The cause of a case that is about one plain request and one upstream.
fn asked(case: &Case) -> Option<Cause> {
    let [exchange] = case.exchange.as_slice() else { return None };
    let is_plain = exchange.request.as_deref().is_some_and(|request| request.starts_with("GET /"))
        && exchange.fields.is_empty()
        && exchange.client.is_empty()
        && !exchange.tls
        && exchange.stop_within.is_none()
        // Limits of its own are the gateway's business.
        && case.site.is_empty()
        && case.gateway.is_empty();
    let cause = exchange.expect.cause?;
    let is_upstreams = matches!(
        cause.stage(),
        Stage::Resolve | Stage::Connect | Stage::Handshake | Stage::Send | Stage::Head | Stage::Body
    );
    (is_plain && is_upstreams && case.upstreams.len() == 1).then_some(cause)
}

/// Asks the doctor about a case, and returns what disagrees with it.
pub(crate) fn ask(case: &Case) -> Vec<String> {
    let Some(cause) = asked(case) else { return Vec::new() };
    let mut world = World::new(case);
    let name_server = world.name_server();
    let config = world.config(case, name_server.as_ref());
    let gateway = match Gateway::start(&config, world.folder()) {
        Ok(gateway) => gateway,
        Err(error) => return vec![format!("the gateway does not start: {error}\n{config}")],
    };
    let address = gateway.address(false).expect("the port is in the configuration");
    let host = "shop.example".to_owned();
    let mut question = Question::about(SiteUrl {
        is_https: false,
        host: host.clone(),
        port: address.port(),
        target: "/".into(),
    });
    question.resolve = vec![(host, address.port(), IpAddr::V4(Ipv4Addr::LOCALHOST))];
    question.upstreams = world.urls().iter().map(|url| url.parse().expect("an upstream's address")).collect();
    question.resolvers = name_server.iter().map(|server| server.address()).collect();
    question.deadline = Duration::from_secs(20);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let diagnosis = runtime.block_on(async { walk(&torwart_doctor::Case::new(question), |_| ()).await });
    let explains = diagnosis.findings.iter().any(|finding| finding.kind.explains.contains(&cause));
    if explains {
        return Vec::new();
    }
    let mut complaint = format!("the doctor does not explain {cause}; it found");
    for finding in &diagnosis.findings {
        write!(complaint, " {} ({} %)", finding.kind.id, finding.confidence)
            .expect("a string takes everything");
    }
    vec![complaint]
}
