//! Opening targets, and the evidence that is left.

use super::*;
use crate::SystemFiles;
use crate::tls::tests::server::{Behaviour, Server, certificate};
use std::path::PathBuf;
use tokio::net::TcpListener;
use torwart_cause::{Cause, Deadline, NameFault, TlsFault, attempt_cause};
use torwart_config::plan::{ResolverPlan, Roots, Scheme, UpstreamTls};

fn resolver(servers: Vec<SocketAddr>) -> Resolver {
    let files =
        SystemFiles { hosts: PathBuf::from("/nonexistent"), resolv_conf: PathBuf::from("/nonexistent") };
    Resolver::start(&ResolverPlan { servers, ..ResolverPlan::default() }, files).unwrap()
}

fn target(place: plan::Target, tls: Option<TlsClient>) -> Target {
    let upstream = plan::Upstream {
        label: "the-label".into(),
        scheme: if tls.is_some() { Scheme::Https } else { Scheme::Http },
        target: place,
        authority: "web.example".into(),
        is_service: false,
        weight: 1,
        is_backup: false,
        zone: None,
        may_be_link_local: false,
    };
    Target::new(&upstream, tls.map(Arc::new))
}

fn trusting(server: &Server) -> TlsClient {
    let plan = UpstreamTls { roots: Roots::File(server.roots()), ..UpstreamTls::default() };
    TlsClient::build(&plan).unwrap()
}

async fn open_with(target: &Target, deadlines: &LinkDeadlines) -> (Attempt, Result<Stream, Stop>) {
    let mut attempt = Attempt::default();
    let resolver = resolver(vec!["127.0.0.1:1".parse().unwrap()]);
    let stream = open(target, &resolver, deadlines, &mut attempt).await;
    assert_eq!(&*attempt.upstream, "the-label");
    (attempt, stream)
}

async fn check(target: &Target, expected: Cause) -> Attempt {
    let (attempt, stream) = open_with(target, &LinkDeadlines::default()).await;
    assert!(stream.is_err());
    assert_eq!(attempt_cause(&attempt), Some(expected), "{attempt:?}");
    attempt
}

fn name(port: u16) -> plan::Target {
    plan::Target::Name { name: "localhost".into(), port }
}

#[tokio::test]
async fn every_step_of_a_good_connection_is_done() {
    let server = Server::start(certificate(&["localhost"], |_| {}), Behaviour::Echo);
    let target = target(name(server.address.port()), Some(trusting(&server)));
    let (attempt, stream) = open_with(&target, &LinkDeadlines::default()).await;
    assert!(stream.unwrap().is_tls());
    assert!(attempt.resolve.is_done() && attempt.connect.is_done() && attempt.handshake.is_done());
    assert_eq!(attempt.address, Some(Address::Ip(server.address)));
    assert_eq!(attempt_cause(&attempt), None);
}

#[tokio::test]
async fn steps_that_do_not_apply_are_not_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = target(plan::Target::Address(listener.local_addr().unwrap()), None);
    let (attempt, stream) = open_with(&target, &LinkDeadlines::default()).await;
    assert!(stream.unwrap().as_tcp().is_some());
    assert_eq!((attempt.resolve, attempt.handshake), (Step::NotReached, Step::NotReached));
}

#[tokio::test]
async fn a_name_nobody_can_be_asked_for_ends_in_resolve() {
    let unknown = plan::Target::Name { name: "web.example".into(), port: 80 };
    let attempt = check(&target(unknown, None), Cause::NameServerFailed).await;
    assert_eq!(attempt.resolve.ending(), Some(&Ending::Name(NameFault::Unreachable)));
    assert_eq!((attempt.connect, attempt.address), (Step::NotReached, None));
}

#[tokio::test]
async fn a_closed_port_ends_in_connect() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let attempt = check(&target(plan::Target::Address(closed), None), Cause::ConnectRefused).await;
    assert_eq!(attempt.address, Some(Address::Ip(closed)));
    assert_eq!(attempt.handshake, Step::NotReached);
}

#[tokio::test]
async fn a_missing_unix_socket_ends_in_connect_with_its_path() {
    let attempt =
        check(&target(plan::Target::Unix("/nonexistent.sock".into()), None), Cause::SocketMissing).await;
    assert_eq!(attempt.address, Some(Address::Unix("/nonexistent.sock".into())));
}

#[tokio::test]
async fn a_wrong_name_ends_in_handshake() {
    let server = Server::start(certificate(&["other.example"], |_| {}), Behaviour::Echo);
    let attempt =
        check(&target(name(server.address.port()), Some(trusting(&server))), Cause::TlsWrongName).await;
    assert!(attempt.connect.is_done() && attempt.first_bytes.is_none());
}

#[tokio::test]
async fn plain_http_under_https_is_shown_as_it_came() {
    let server =
        Server::start(certificate(&["localhost"], |_| {}), Behaviour::Say(b"HTTP/1.1 400 Bad Request\r\n"));
    let attempt = check(&target(name(server.address.port()), Some(trusting(&server))), Cause::NotTls).await;
    assert_eq!(attempt.handshake.ending(), Some(&Ending::Tls(TlsFault::NotTls)));
    assert!(attempt.first_bytes.unwrap().starts_with(b"HTTP/1.1 400"));
}

#[tokio::test]
async fn a_silent_handshake_has_its_own_deadline() {
    let server = Server::start(certificate(&["localhost"], |_| {}), Behaviour::Silence);
    let target = target(name(server.address.port()), Some(trusting(&server)));
    let deadlines = LinkDeadlines { handshake: Duration::from_millis(50), ..LinkDeadlines::default() };
    let (attempt, _) = open_with(&target, &deadlines).await;
    assert_eq!(attempt.handshake.ending(), Some(&Ending::TimedOut(Deadline::Handshake)));
    assert_eq!(attempt_cause(&attempt), Some(Cause::TlsTimedOut));
}

#[tokio::test]
async fn a_name_that_leads_to_a_metadata_service_is_refused_and_its_address_is_not() {
    let metadata: SocketAddr = "169.254.169.254:80".parse().unwrap();
    let named = plan::Upstream {
        label: "the-label".into(),
        scheme: Scheme::Http,
        target: plan::Target::Name { name: "metadata.example".into(), port: 80 },
        authority: "metadata.example".into(),
        is_service: false,
        weight: 1,
        is_backup: false,
        zone: None,
        may_be_link_local: false,
    };
    // As a name that was spread over its addresses.
    let spread = Target { place: Place::Ip(metadata), ..Target::new(&named, None) };
    let attempt = check(&spread, Cause::AddressForbidden).await;
    assert_eq!(attempt.address, Some(Address::Ip(metadata)));
    assert!(
        !Target::new(&plan::Upstream { may_be_link_local: true, ..named.clone() }, None)
            .socket
            .refuses_link_local
    );
    let written = plan::Upstream { target: plan::Target::Address(metadata), ..named };
    assert!(!Target::new(&written, None).socket.refuses_link_local);
}
