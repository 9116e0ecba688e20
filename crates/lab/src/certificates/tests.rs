//! What a strict TLS client says to each certificate.

use super::*;
use crate::{Ground, Script, Step, Upstream};
use rustls::client::WebPkiServerVerifier;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateRevocationListDer, ServerName};
use std::io::{Read, Write};
use std::net::TcpStream;

/// Shakes hands with an upstream that shows this certificate and says how it went.
fn check(steps: Vec<Step>, expected: &str) {
    let ground = Ground::start().expect("the lab starts");
    let shown = format!("{steps:?}");
    let upstream = Upstream::start(&ground, Script::new(steps)).expect("listens");
    let outcome = shake_hands(&ground, &upstream);
    assert!(outcome.contains(expected), "{shown}: {outcome}");
}

fn shake_hands(ground: &Ground, upstream: &Upstream) -> String {
    let certificates = ground.certificates();
    let mut roots = RootCertStore::empty();
    roots.add(pem_der(certificates.authority()).expect("is PEM")).expect("is a certificate");
    let list = CertificateRevocationListDer::from_pem_slice(certificates.revocation_list().as_bytes());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), certificates.provider.clone())
            .with_crls([list.expect("is PEM")])
            .allow_unknown_revocation_status()
            .build()
            .expect("the roots are right");
    let config = ClientConfig::builder_with_provider(certificates.provider.clone())
        .with_safe_default_protocol_versions()
        .expect("the versions are right")
        .with_webpki_verifier(verifier)
        .with_no_client_auth();
    let name = ServerName::try_from("good.lab.test").expect("is a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("can begin");
    let tcp = TcpStream::connect(upstream.address().expect("listens on TCP")).expect("accepts");
    let mut tls = StreamOwned::new(connection, tcp);
    let mut text = String::new();
    let result =
        tls.write_all(b"GET / HTTP/1.1\r\n\r\n").and_then(|()| tls.read_to_string(&mut text).map(drop));
    match result {
        Ok(()) => format!("clean end after {text:?}"),
        Err(error) => format!("{error} after {text:?}"),
    }
}

fn answering(tls: Tls) -> Vec<Step> {
    vec![Step::Tls(tls), Step::ReadHead, Step::Send(crate::script::Octets(b"hello".to_vec())), Step::Close]
}

#[test]
fn each_certificate_has_its_fault() {
    for (certificate, expected) in [
        (Certificate::Good, "clean end after \"hello\""),
        (Certificate::Expired, "expired"),
        (Certificate::NotYetValid, "not valid yet"),
        (Certificate::WrongName, "not valid for name"),
        (Certificate::SelfSigned, "UnknownIssuer"),
        (Certificate::UnknownAuthority, "UnknownIssuer"),
        (Certificate::MissingIntermediate, "UnknownIssuer"),
        (Certificate::Revoked, "Revoked"),
        (Certificate::ClientOnly, "usage"),
    ] {
        check(answering(Tls { certificate, ..Tls::default() }), expected);
    }
}

#[test]
fn a_demanded_client_certificate_is_missed() {
    check(answering(Tls { wants_client_certificate: true, ..Tls::default() }), "CertificateRequired");
    check(answering(Tls { only_tls12: true, ..Tls::default() }), "clean end");
}

#[test]
fn an_end_without_notify_is_no_clean_end() {
    let mut steps = answering(Tls::default());
    steps.pop();
    steps.push(Step::CloseWithoutNotify);
    check(steps, "without sending TLS close_notify");
}

#[test]
fn an_alert_has_its_number() {
    check(vec![Step::TlsAlert(112), Step::Close], "UnrecognisedName");
}
