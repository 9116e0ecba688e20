//! Handshakes with servers that do it well, badly, or not at all.

pub(crate) mod server;

use super::*;
use server::{Behaviour, Server, certificate, issuer};
use std::net::SocketAddr;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use torwart_cause::TlsFault;
use torwart_config::plan::{CertificateFiles, Roots};
use torwart_kernel::socket::set_linger_reset;

const DEADLINE: Duration = Duration::from_secs(5);

fn trusting(server: &Server) -> UpstreamTls {
    UpstreamTls { roots: Roots::File(server.roots()), ..UpstreamTls::default() }
}

fn place() -> Place {
    Place::Name { host: "web.example".into(), port: 443 }
}

async fn handshake_as(
    plan: &UpstreamTls,
    address: SocketAddr,
    place: &Place,
) -> Result<Stream, HandshakeFailure> {
    let client = TlsClient::build(plan).unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    client.shake_hands(stream.into(), place, DEADLINE).await
}

async fn check_failure(plan: &UpstreamTls, server: &Server, expected: Ending) {
    let failure = handshake_as(plan, server.address, &place()).await.unwrap_err();
    assert_eq!(failure.ending, expected);
}

async fn check_certificate(change: impl FnOnce(&mut rcgen::CertificateParams), expected: CertificateFault) {
    let server = Server::start(certificate(&["web.example"], change), Behaviour::Echo);
    check_failure(&trusting(&server), &server, Ending::Certificate(expected)).await;
}

async fn check_bytes(bytes: &'static [u8], expected: Ending) {
    let server = Server::start(certificate(&["web.example"], |_| {}), Behaviour::Say(bytes));
    check_failure(&trusting(&server), &server, expected).await;
}

async fn echo(stream: &mut Stream) {
    stream.write_all(b"hello").await.unwrap();
    stream.flush().await.unwrap();
    let mut got = [0; 5];
    stream.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"hello");
}

#[tokio::test]
async fn a_certificate_from_a_trusted_issuer_for_the_name_is_accepted() {
    let server = Server::start(certificate(&["web.example"], |_| {}), Behaviour::Echo);
    let mut stream = handshake_as(&trusting(&server), server.address, &place()).await.unwrap();
    echo(&mut stream).await;
    assert!(stream.is_tls() && stream.as_tcp().is_none());
    assert_eq!(stream.tls_session().unwrap().alpn_protocol(), Some(&b"http/1.1"[..]));
}

#[tokio::test]
async fn an_upstream_that_is_an_address_is_verified_as_one() {
    let server = Server::start(certificate(&["127.0.0.1"], |_| {}), Behaviour::Echo);
    let place = Place::Ip(server.address);
    handshake_as(&trusting(&server), server.address, &place).await.unwrap();
    assert_eq!(server.spoken_names(), [None]);
    check_failure(&trusting(&server), &server, Ending::Certificate(CertificateFault::WrongName)).await;
}

#[tokio::test]
async fn certificate_faults_are_told_apart() {
    use CertificateFault::{Expired, NotYetValid, Unusable};
    check_certificate(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1), Expired).await;
    check_certificate(|params| params.not_before = rcgen::date_time_ymd(2090, 1, 1), NotYetValid).await;
    check_certificate(
        |params| params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth],
        Unusable,
    )
    .await;
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let server = Server::start(certificate(&["other.example"], |_| {}), Behaviour::Echo);
    check_failure(&trusting(&server), &server, Ending::Certificate(CertificateFault::WrongName)).await;
    let plan = UpstreamTls { name: Some("other.example".into()), ..trusting(&server) };
    handshake_as(&plan, server.address, &place()).await.unwrap();
    assert_eq!(server.spoken_names().last().unwrap().as_deref(), Some("other.example"));
}

#[tokio::test]
async fn an_unknown_issuer_is_refused_unless_nothing_is_verified() {
    let server = Server::start(certificate(&["web.example"], |_| {}), Behaviour::Echo);
    let stranger = Server::start(certificate(&["web.example"], |_| {}), Behaviour::Echo);
    let plan = trusting(&stranger);
    check_failure(&plan, &server, Ending::Certificate(CertificateFault::Untrusted)).await;
    let plan = UpstreamTls { verify: false, ..plan };
    handshake_as(&plan, server.address, &place()).await.unwrap();
}

#[tokio::test]
async fn a_self_signed_certificate_can_be_trusted_by_itself() {
    // As `openssl req -x509` makes them: a server certificate that calls itself an authority.
    let made = server::self_signed("web.example", rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained));
    let server = Server::start(made, Behaviour::Echo);
    handshake_as(&trusting(&server), server.address, &place()).await.unwrap();
    let elsewhere = Place::Name { host: "other.example".into(), port: 443 };
    let failure = handshake_as(&trusting(&server), server.address, &elsewhere).await.unwrap_err();
    assert_eq!(failure.ending, Ending::Certificate(CertificateFault::WrongName));

    let made = server::self_signed("web.example", rcgen::IsCa::NoCa);
    let server = Server::start(made, Behaviour::Echo);
    handshake_as(&trusting(&server), server.address, &place()).await.unwrap();
}

#[tokio::test]
async fn a_revoked_certificate_is_refused() {
    let server = Server::start(
        certificate(&["web.example"], |params| params.serial_number = Some(77.into())),
        Behaviour::Echo,
    );
    let list = server.revocation_list(77);
    let plan = UpstreamTls { revoked: Some(list), ..trusting(&server) };
    check_failure(&plan, &server, Ending::Certificate(CertificateFault::Revoked)).await;

    let list = server.revocation_list(78);
    let plan = UpstreamTls { revoked: Some(list), ..trusting(&server) };
    handshake_as(&plan, server.address, &place()).await.unwrap();
}

#[tokio::test]
async fn the_spoken_name_can_be_another_or_none() {
    let server = Server::start(certificate(&["web.example"], |_| {}), Behaviour::Echo);
    let plan = UpstreamTls { sni: Sni::Other("front.example".into()), ..trusting(&server) };
    handshake_as(&plan, server.address, &place()).await.unwrap();
    let plan = UpstreamTls { name: Some("web.example".into()), ..plan };
    handshake_as(&plan, server.address, &Place::Ip(server.address)).await.unwrap();
    let plan = UpstreamTls { sni: Sni::Off, ..trusting(&server) };
    handshake_as(&plan, server.address, &place()).await.unwrap();
    let front = Some("front.example".to_owned());
    assert_eq!(server.spoken_names(), [front.clone(), front, None]);
    let plan = UpstreamTls { sni: Sni::Other("front.example".into()), ..trusting(&server) };
    let elsewhere = Place::Name { host: "other.example".into(), port: 443 };
    let failure = handshake_as(&plan, server.address, &elsewhere).await.unwrap_err();
    assert_eq!(failure.ending, Ending::Certificate(CertificateFault::WrongName));
}

#[tokio::test]
async fn plain_http_on_a_tls_port_is_not_tls_and_its_words_are_kept() {
    let answer = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    let server = Server::start(certificate(&["web.example"], |_| {}), Behaviour::Say(answer));
    let failure = handshake_as(&trusting(&server), server.address, &place()).await.unwrap_err();
    assert_eq!(failure.ending, Ending::Tls(TlsFault::NotTls));
    assert_eq!(failure.first_bytes.unwrap()[..12], answer[..12]);
}

#[tokio::test]
async fn other_banners_are_not_tls_either() {
    check_bytes(b"SSH-2.0-OpenSSH_9.7\r\n", Ending::Tls(TlsFault::NotTls)).await;
    check_bytes(b"220 mail.example ESMTP\r\n", Ending::Tls(TlsFault::NotTls)).await;
    check_bytes(b"no", Ending::Tls(TlsFault::NotTls)).await;
}

#[tokio::test]
async fn alerts_keep_their_number() {
    for (number, bytes) in [
        (40, b"\x15\x03\x03\x00\x02\x02\x28"),
        (70, b"\x15\x03\x03\x00\x02\x02\x46"),
        (80, b"\x15\x03\x03\x00\x02\x02\x50"),
        (112, b"\x15\x03\x03\x00\x02\x02\x70"),
    ] {
        check_bytes(bytes, Ending::TlsAlert(number)).await;
    }
}

#[tokio::test]
async fn an_old_version_is_no_agreement() {
    // A ServerHello of TLS 1.0 with TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA.
    const HELLO: &[u8] = &{
        let mut hello = [7_u8; 5 + 4 + 2 + 32 + 1 + 2 + 1];
        let begin = [0x16, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1];
        let mut at = 0;
        while at < begin.len() {
            hello[at] = begin[at];
            at += 1;
        }
        let end = [0, 0xc0, 0x13, 0];
        at = 0;
        while at < end.len() {
            hello[43 + at] = end[at];
            at += 1;
        }
        hello
    };
    check_bytes(HELLO, Ending::Tls(TlsFault::NoAgreement)).await;
}

#[tokio::test]
async fn a_broken_record_is_broken() {
    check_bytes(b"\x16\x03\x03\x00\x04\x63\x00\x00\x00", Ending::Tls(TlsFault::Broken)).await;
}

#[tokio::test]
async fn a_close_in_the_middle_is_a_close() {
    check_bytes(b"", Ending::Closed).await;
    check_bytes(b"\x16\x03\x03\x00\x40\x02", Ending::Closed).await;
}

#[tokio::test]
async fn a_reset_in_the_middle_is_a_reset() {
    let server = Server::start(certificate(&["web.example"], |_| {}), Behaviour::Reset);
    check_failure(&trusting(&server), &server, Ending::Reset).await;
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let server = Server::start(certificate(&["web.example"], |_| {}), Behaviour::Silence);
    let client = TlsClient::build(&trusting(&server)).unwrap();
    let stream = TcpStream::connect(server.address).await.unwrap();
    let failure = client.shake_hands(stream.into(), &place(), Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(failure.ending, Ending::TimedOut(Deadline::Handshake));
}

#[tokio::test]
async fn a_missing_client_certificate_is_refused_late_in_tls_13() {
    let server = Server::start(certificate(&["web.example"], |_| {}), Behaviour::AskForCertificate);
    let mut stream = handshake_as(&trusting(&server), server.address, &place()).await.unwrap();
    let error = stream.read_u8().await.unwrap_err();
    assert_eq!(ending_of_read(&error), Ending::TlsAlert(116));
}

#[tokio::test]
async fn a_missing_client_certificate_is_refused_at_once_in_tls_12() {
    let server = Server::start(certificate(&["web.example"], |_| {}), Behaviour::AskForCertificate12);
    let failure = handshake_as(&trusting(&server), server.address, &place()).await.unwrap_err();
    assert!(matches!(failure.ending, Ending::TlsAlert(40 | 116)), "{:?}", failure.ending);
}

#[tokio::test]
async fn a_wanted_client_certificate_is_shown() {
    let server = Server::start(certificate(&["web.example"], |_| {}), Behaviour::AskForCertificate);
    let files = server.client_certificate();
    let plan = UpstreamTls { client_certificate: Some(files), ..trusting(&server) };
    let mut stream = handshake_as(&plan, server.address, &place()).await.unwrap();
    echo(&mut stream).await;
}

#[tokio::test]
async fn an_end_without_notice_is_no_clean_end() {
    let server = Server::start(certificate(&["web.example"], |_| {}), Behaviour::CutAfterHello);
    let mut stream = handshake_as(&trusting(&server), server.address, &place()).await.unwrap();
    let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(ending_of_read(&error), Ending::ClosedWithoutNotify);
}

#[tokio::test]
async fn an_end_with_notice_is_clean() {
    let server = Server::start(certificate(&["web.example"], |_| {}), Behaviour::CloseAfterHello);
    let mut stream = handshake_as(&trusting(&server), server.address, &place()).await.unwrap();
    let mut got = Vec::new();
    stream.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"hello");
}

#[tokio::test]
async fn session_tickets_do_not_disturb_an_idle_connection() {
    let server = Server::start(certificate(&["web.example"], |_| {}), Behaviour::Echo);
    let mut stream = handshake_as(&trusting(&server), server.address, &place()).await.unwrap();
    echo(&mut stream).await;
    assert!(stream.is_quiet());
    let server = Server::start(certificate(&["web.example"], |_| {}), Behaviour::CloseAfterHello);
    let mut stream = handshake_as(&trusting(&server), server.address, &place()).await.unwrap();
    let first = std::future::poll_fn(|context| stream.poll_idle(context)).await;
    assert_eq!(first, crate::Idle::Spoke(b'h'));
}

#[tokio::test]
async fn a_session_is_resumed() {
    let server = Server::start(certificate(&["web.example"], |_| {}), Behaviour::Echo);
    let client = TlsClient::build(&trusting(&server)).unwrap();
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let mut stream = client.shake_hands(stream.into(), &place(), DEADLINE).await.unwrap();
        echo(&mut stream).await;
        kinds.push(stream.tls_session().unwrap().handshake_kind().unwrap());
    }
    assert_eq!(kinds, [rustls::HandshakeKind::Full, rustls::HandshakeKind::Resumed]);
}

#[test]
fn problems_name_their_file() {
    let folder = server::Folder::new();
    let other = issuer();
    let root = folder.write("root.pem", &other.pem());
    let key = folder.write("other.key", &rcgen::KeyPair::generate().unwrap().serialize_pem());
    let empty = folder.write("empty.pem", "");
    let missing = folder.path("missing.pem");
    let files =
        |chain: &Path, key: &Path| Some(CertificateFiles { chain: chain.to_owned(), key: key.to_owned() });
    let check = |plan: UpstreamTls, text: &str| {
        let problem = TlsClient::build(&plan).unwrap_err().to_string();
        assert!(problem.contains(text), "{problem}");
    };
    let plan = UpstreamTls::default;
    check(UpstreamTls { roots: Roots::File(missing.clone()), ..plan() }, "missing.pem cannot be read");
    check(UpstreamTls { roots: Roots::File(empty.clone()), ..plan() }, "empty.pem holds no certificate");
    check(UpstreamTls { roots: Roots::File(key.clone()), ..plan() }, "other.key holds no certificate");
    check(UpstreamTls { client_certificate: files(&root, &key), ..plan() }, "other.key does not belong");
    check(
        UpstreamTls { client_certificate: files(&root, &empty), ..plan() },
        "empty.pem holds no unencrypted",
    );
    check(UpstreamTls { name: Some("no name".into()), ..plan() }, "`no name` is neither");
    check(UpstreamTls { revoked: Some(root.clone()), ..plan() }, "root.pem holds no revocation list");
}

fn ending_of_read(error: &std::io::Error) -> Ending {
    crate::ending_of(error, Deadline::FirstByte)
}

/// Used by the scripted server.
fn reset(stream: TcpStream) {
    set_linger_reset(&stream).unwrap();
}
