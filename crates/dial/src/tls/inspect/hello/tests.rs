//! Our own hello against a library that speaks TLS 1.2, and against bytes of servers that are older.

use super::*;
use crate::tls::facts::CertificateFacts;
use crate::tls::tests::server::{Behaviour, Server, certificate};
use tokio::net::TcpStream;

const DEADLINE: Duration = Duration::from_secs(5);

async fn ask(behaviour: Behaviour, hello: &Hello) -> (Heard, Server) {
    let server = Server::start(certificate(&["web.example"], |_| {}), behaviour);
    let stream = TcpStream::connect(server.address).await.unwrap();
    (say_hello(stream.into(), hello, DEADLINE).await, server)
}

#[tokio::test]
async fn a_server_of_tls_1_2_answers_with_its_choice_and_its_certificate() {
    let hello = Hello::up_to(0x0303, Some("web.example"));
    let (heard, server) = ask(Behaviour::AskForCertificate12, &hello).await;
    let Heard::Chose { version, suite, chain, asks_certificate } = heard else { panic!("{heard:?}") };
    assert_eq!(version_name(version), "TLSv1.2");
    assert!(suite_name(suite).unwrap().starts_with("ECDHE-ECDSA"));
    assert_eq!(CertificateFacts::of(&chain[0]).unwrap().names, ["web.example"]);
    assert!(asks_certificate);
    assert_eq!(server.spoken_names(), [Some("web.example".to_owned())]);
}

#[tokio::test]
async fn nothing_in_common_ends_in_an_alert() {
    let (heard, _) = ask(Behaviour::Echo, &Hello::up_to(0x0301, None)).await;
    assert_eq!(heard, Heard::Ended(Ending::TlsAlert(40)));
}

#[tokio::test]
async fn only_suites_the_server_does_not_have_end_in_an_alert() {
    let hello = Hello { suites: vec![0x000a], ..Hello::up_to(0x0303, Some("web.example")) };
    let (heard, _) = ask(Behaviour::Echo, &hello).await;
    assert_eq!(heard, Heard::Ended(Ending::TlsAlert(40)));
}

#[tokio::test]
async fn a_server_that_chooses_tls_1_0_is_heard() {
    const CHOICE: &[u8] =
        b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\
\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x00\xc0\x13\x00";
    let (heard, _) = ask(Behaviour::Say(CHOICE), &Hello::up_to(0x0303, None)).await;
    assert!(matches!(heard, Heard::Chose { version: 0x0301, suite: 0xc013, .. }), "{heard:?}");
}

#[tokio::test]
async fn other_protocols_closes_and_resets_are_told_apart() {
    let hello = Hello::up_to(0x0303, None);
    let ended = |heard| match heard {
        Heard::Ended(ending) => ending,
        Heard::Chose { .. } => panic!("{heard:?}"),
    };
    assert_eq!(ended(ask(Behaviour::Say(b"SSH-2.0-x\r\n"), &hello).await.0), Ending::Tls(TlsFault::NotTls));
    assert_eq!(ended(ask(Behaviour::Say(b""), &hello).await.0), Ending::Closed);
    assert_eq!(ended(ask(Behaviour::Reset, &hello).await.0), Ending::Reset);
}
