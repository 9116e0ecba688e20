//! Looks at servers that do it well, badly, or not at all.

use super::*;
use crate::tls::facts::CertificateFacts;
use crate::tls::tests::server::{Behaviour, Made, Server, certificate};
use tokio::net::TcpStream;
use torwart_cause::TlsFault;

const DEADLINE: Duration = Duration::from_secs(5);

fn made() -> Made {
    certificate(&["web.example"], |_| {})
}

async fn look_at(server: &Server, look: &Look) -> Shown {
    let stream = TcpStream::connect(server.address).await.unwrap();
    inspect(stream.into(), look, DEADLINE).await
}

async fn check_ending(behaviour: Behaviour, expected: Ending) -> Failure {
    let server = Server::start(made(), behaviour);
    let shown = look_at(&server, &Look::default()).await;
    let failure = shown.failure.unwrap();
    assert_eq!(failure.ending, expected);
    failure
}

#[tokio::test]
async fn everything_a_server_shows_is_told_whether_believed_or_not() {
    let server = Server::start(made(), Behaviour::Echo);
    let look = Look {
        name: Some("web.example".into()),
        alpn: vec![b"http/1.1".to_vec()],
        then: Some(b"ping".to_vec()),
        ..Look::default()
    };
    let deadline = Duration::from_millis(400);
    let stream = TcpStream::connect(server.address).await.unwrap();
    let shown = inspect(stream.into(), &look, deadline).await;
    assert!(shown.is_agreed(), "{:?}", shown.failure);
    assert_eq!(shown.version, Some("TLSv1.3"));
    assert!(shown.cipher.unwrap().starts_with("TLS_"));
    assert_eq!(shown.alpn.as_deref(), Some(&b"http/1.1"[..]));
    assert_eq!(shown.answer, b"ping");
    assert_eq!(shown.asked, None);
    let facts = CertificateFacts::of(&shown.chain[0]).unwrap();
    assert_eq!(facts.names, ["web.example"]);
    assert_eq!(server.spoken_names(), [Some("web.example".to_owned())]);
}

#[tokio::test]
async fn without_a_name_none_is_sent() {
    let server = Server::start(made(), Behaviour::Echo);
    assert!(look_at(&server, &Look::default()).await.is_agreed());
    let look = Look { name: Some("127.0.0.1".into()), ..Look::default() };
    assert!(look_at(&server, &look).await.is_agreed());
    assert_eq!(server.spoken_names(), [None, None]);
}

#[tokio::test]
async fn a_late_refusal_under_tls_1_3_is_seen() {
    let server = Server::start(made(), Behaviour::AskForCertificate);
    let shown = look_at(&server, &Look::default()).await;
    assert_eq!(shown.version, Some("TLSv1.3"));
    assert!(shown.asked.is_some());
    let failure = shown.failure.unwrap();
    assert!(failure.is_late);
    assert_eq!(failure.ending, Ending::TlsAlert(116));
}

#[tokio::test]
async fn a_refusal_under_tls_1_2_is_seen_with_the_chain() {
    let server = Server::start(made(), Behaviour::AskForCertificate12);
    let shown = look_at(&server, &Look::default()).await;
    assert_eq!(shown.chain.len(), 1);
    assert!(shown.asked.as_ref().is_some_and(|names| names.len() == 1));
    assert!(shown.alert().is_some(), "{:?}", shown.failure);
}

#[tokio::test]
async fn a_client_certificate_that_is_accepted_ends_well() {
    let server = Server::start(made(), Behaviour::AskForCertificate);
    let files = server.client_certificate();
    let client = ClientPair::read(&files.chain, &files.key).unwrap();
    let shown = look_at(&server, &Look { client: Some(client), ..Look::default() }).await;
    assert!(shown.is_agreed(), "{:?}", shown.failure);
    assert!(shown.asked.is_some());
}

#[tokio::test]
async fn a_key_of_another_certificate_is_told() {
    let server = Server::start(made(), Behaviour::Echo);
    let (one, other) = (server.client_certificate(), Server::start(made(), Behaviour::Echo));
    let other = other.client_certificate();
    let key = std::fs::read(&other.key);
    assert!(key.is_ok());
    let problem = ClientPair::read(&one.chain, &other.key).unwrap_err();
    assert!(matches!(problem, TlsConfigProblem::KeyMismatch { .. }), "{problem}");
}

#[tokio::test]
async fn what_is_no_tls_is_kept_for_showing() {
    let failure =
        check_ending(Behaviour::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Ending::Tls(TlsFault::NotTls))
            .await;
    assert!(failure.first_bytes.unwrap().starts_with(b"HTTP/1.1 400"));
    let failure = check_ending(Behaviour::Say(b"SSH-2.0-x\r\n"), Ending::Tls(TlsFault::NotTls)).await;
    assert!(failure.first_bytes.unwrap().starts_with(b"SSH-2.0"));
}

#[tokio::test]
async fn alerts_closes_and_resets_are_told_apart() {
    check_ending(Behaviour::Say(&[21, 3, 3, 0, 2, 2, 40]), Ending::TlsAlert(40)).await;
    check_ending(Behaviour::Say(b""), Ending::Closed).await;
    check_ending(Behaviour::Reset, Ending::Reset).await;
}

#[tokio::test]
async fn silence_ends_with_the_deadline() {
    let server = Server::start(made(), Behaviour::Silence);
    let stream = TcpStream::connect(server.address).await.unwrap();
    let shown = inspect(stream.into(), &Look::default(), Duration::from_millis(50)).await;
    assert_eq!(shown.failure.unwrap().ending, Ending::TimedOut(Deadline::Handshake));
}
