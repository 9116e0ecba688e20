//! Certificates on disk, handshakes in memory.

use super::*;
use rcgen::{CertificateParams, KeyPair};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, HandshakeKind, ServerConnection, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::path::PathBuf;
use torwart_config::plan::{Answers, CertificateFiles, HostPattern};

/// A folder of its own, removed afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("torwart-certificates-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A fresh self-signed certificate for these names.
    fn certificate(&self, file: &str, names: &[&str]) -> CertificateFiles {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
        CertificateFiles {
            chain: self.write(&format!("{file}.pem"), &certificate.pem()),
            key: self.write(&format!("{file}.key"), &key.serialize_pem()),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn site(hosts: &[HostPattern], certificates: Vec<CertificateFiles>) -> Site {
    Site {
        name: "site".into(),
        hosts: hosts.to_vec(),
        certificates,
        is_automatic: false,
        client_certificate: None,
        hsts: None,
        redirect_to_https: false,
        answers: Answers::default(),
        routes: Vec::new(),
    }
}

fn exact(name: &str) -> HostPattern {
    HostPattern::Exact(name.into())
}

/// Accepts and remembers nothing: the tests look at what was shown.
#[derive(Debug)]
struct Anything;

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

fn client() -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anything))
        .with_no_client_auth()
}

/// The leaf a client is shown that asks for `name`.
fn shown(certificates: &Certificates, name: &str) -> Vec<u8> {
    let config = client();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut server = ServerConnection::new(certificates.server_config()).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        bytes.clear();
        server.write_tls(&mut bytes).unwrap();
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets().unwrap();
    }
    client.peer_certificates().unwrap()[0].to_vec()
}

fn leaf(files: &CertificateFiles) -> Vec<u8> {
    torwart_dial::tls::read_chain(&files.chain).unwrap()[0].to_vec()
}

#[test]
fn the_asked_name_finds_its_certificate() {
    let folder = Folder::new("names");
    let shop = folder.certificate("shop", &["shop.example"]);
    let wild = folder.certificate("wild", &["*.wild.example"]);
    let more = folder.certificate("more", &["more.example", "*.san.example"]);
    let sites = [
        site(&[exact("shop.example")], vec![shop.clone()]),
        site(&[HostPattern::Below(".wild.example".into())], vec![wild.clone()]),
        site(&[exact("more.example")], vec![more.clone()]),
    ];
    let certificates = Certificates::load(&sites).unwrap();
    for (name, expected) in [
        ("shop.example", &shop),
        ("SHOP.example", &shop),
        ("a.wild.example", &wild),
        ("b.a.wild.example", &wild),
        ("x.san.example", &more),
        ("nobody.example", &shop),
        ("127.0.0.1", &shop),
    ] {
        assert_eq!(shown(&certificates, name), leaf(expected), "{name}");
    }
}

#[test]
fn the_site_for_every_other_host_shows_its_certificate_by_default() {
    let folder = Folder::new("any");
    let shop = folder.certificate("shop", &["shop.example"]);
    let any = folder.certificate("any", &["any.example"]);
    let sites = [site(&[exact("shop.example")], vec![shop]), site(&[HostPattern::Any], vec![any.clone()])];
    let certificates = Certificates::load(&sites).unwrap();
    assert_eq!(shown(&certificates, "nobody.example"), leaf(&any));
}

#[test]
fn a_reload_changes_what_is_shown_and_a_failing_one_does_not() {
    let folder = Folder::new("reload");
    let old = folder.certificate("old", &["shop.example"]);
    let new = folder.certificate("new", &["shop.example"]);
    let certificates = Certificates::load(&[site(&[exact("shop.example")], vec![old.clone()])]).unwrap();
    let config = certificates.server_config();
    let missing = CertificateFiles { chain: folder.0.join("none.pem"), key: folder.0.join("none.key") };
    assert!(certificates.reload(&[site(&[exact("shop.example")], vec![missing])]).is_err());
    assert_eq!(shown(&certificates, "shop.example"), leaf(&old));
    certificates.reload(&[site(&[exact("shop.example")], vec![new.clone()])]).unwrap();
    assert_eq!(shown(&certificates, "shop.example"), leaf(&new));
    assert!(Arc::ptr_eq(&config, &certificates.server_config()));
}

#[test]
fn every_problem_is_told_at_once_with_its_file() {
    let folder = Folder::new("problems");
    let one = folder.certificate("one", &["a.example"]);
    let two = folder.certificate("two", &["b.example"]);
    let mixed = CertificateFiles { chain: one.chain.clone(), key: two.key.clone() };
    let keyless = CertificateFiles { chain: one.chain.clone(), key: one.chain.clone() };
    let empty = CertificateFiles { chain: folder.write("empty.pem", ""), key: one.key.clone() };
    let broken = "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
    let broken = CertificateFiles { chain: folder.write("broken.pem", broken), key: one.key };
    let problems =
        Certificates::load(&[site(&[HostPattern::Any], vec![mixed, keyless, empty, broken])]).unwrap_err();
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(matches!(problems[0], CertificateProblem::KeyMismatch { .. }), "{texts:?}");
    assert!(matches!(problems[1], CertificateProblem::NoKey { .. }), "{texts:?}");
    assert!(matches!(problems[2], CertificateProblem::NoCertificate { .. }), "{texts:?}");
    assert!(matches!(problems[3], CertificateProblem::NotPem { .. }), "{texts:?}");
    assert!(texts[0].contains("two.key") && texts[0].contains("one.pem"), "{texts:?}");
}

#[test]
fn the_end_of_validity_is_known() {
    let folder = Folder::new("expiry");
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(2031, 2, 3);
    let certificate = params.self_signed(&key).unwrap();
    let files = CertificateFiles {
        chain: folder.write("a.pem", &certificate.pem()),
        key: folder.write("a.key", &key.serialize_pem()),
    };
    let certificates = Certificates::load(&[site(&[HostPattern::Any], vec![files.clone()])]).unwrap();
    assert_eq!(certificates.expiries(), [("site".to_owned(), 1_927_843_200)]);
    let two = [site(&[HostPattern::Any], vec![files.clone(), files])];
    assert_eq!(Certificates::load(&two).unwrap().expiries()[0].0, "site a.pem");
}

#[test]
fn without_any_certificate_there_is_nothing_to_show() {
    let certificates = Certificates::load(&[site(&[HostPattern::Any], Vec::new())]).unwrap();
    assert!(certificates.expiries().is_empty());
}

#[test]
fn a_session_goes_on_after_a_reload() {
    let folder = Folder::new("tickets");
    let sites = [site(&[exact("shop.example")], vec![folder.certificate("shop", &["shop.example"])])];
    let certificates = Certificates::load(&sites).unwrap();
    let client = Arc::new(client());
    assert_eq!(shaken(&certificates, &client, "shop.example"), Some(HandshakeKind::Full));
    certificates.reload(&sites).unwrap();
    assert_eq!(shaken(&certificates, &client, "shop.example"), Some(HandshakeKind::Resumed));
    assert_eq!(shaken(&certificates, &client, "other.example"), Some(HandshakeKind::Full));
}

#[test]
fn a_site_that_waits_for_its_certificate_shows_a_placeholder() {
    let folder = Folder::new("waiting");
    let files =
        CertificateFiles { chain: folder.0.join("certificate.pem"), key: folder.0.join("certificate.pem") };
    let waiting = Site { is_automatic: true, ..site(&[exact("shop.example")], vec![files.clone()]) };
    let sites = [waiting];
    let certificates = Certificates::load(&sites).unwrap();
    assert!(!shown(&certificates, "shop.example").is_empty() && certificates.expiries().is_empty());
    let issued = folder.certificate("issued", &["shop.example"]);
    let pair = [&issued.key, &issued.chain].map(|file| std::fs::read_to_string(file).unwrap());
    folder.write("certificate.pem", &pair.concat());
    certificates.reload(&sites).unwrap();
    assert_eq!(shown(&certificates, "shop.example"), leaf(&issued));
    assert_eq!(certificates.expiries().len(), 1);
    // What cannot be used any more keeps nobody from starting.
    folder.write("certificate.pem", "torn");
    assert!(Certificates::load(&sites).is_ok());
}

#[test]
fn a_renewed_certificate_does_not_wait_for_another_sites_broken_file() {
    let folder = Folder::new("renewed");
    let (one, two) =
        (folder.certificate("one", &["one.example"]), folder.certificate("two", &["two.example"]));
    let sites =
        [site(&[exact("one.example")], vec![one.clone()]), site(&[exact("two.example")], vec![two.clone()])];
    let certificates = Certificates::load(&sites).unwrap();
    let kept = leaf(&two);
    folder.certificate("one", &["one.example"]);
    folder.write("two.pem", "torn");
    assert!(certificates.reload(&sites).is_err());
    certificates.renew(&sites).unwrap();
    assert_eq!(shown(&certificates, "one.example"), leaf(&one));
    assert_eq!(shown(&certificates, "two.example"), kept);
    assert_eq!(certificates.expiries().len(), 2);
}

#[test]
fn rules_for_clients_need_files_that_can_be_read() {
    let folder = Folder::new("asking");
    let rule = |ca: PathBuf| {
        Some(Arc::new(torwart_config::plan::ClientCertificate {
            ca,
            revoked: None,
            is_required: true,
            subjects: Vec::new(),
        }))
    };
    let files = folder.certificate("shop", &["shop.example"]);
    let of = |ca: PathBuf| {
        [Site { client_certificate: rule(ca), ..site(&[exact("a.example")], vec![files.clone()]) }]
    };
    let certificates = Certificates::load(&of(files.chain.clone())).unwrap();
    assert!(certificates.asked.load().find(Some("a.example")).is_some());
    assert!(certificates.asked.load().find(Some("b.example")).is_none());
    assert!(certificates.asked.load().find(None).is_none());
    assert!(Certificates::load(&of(folder.0.join("none.pem"))).is_err());
}

/// How a handshake of this client went; whatever the server has for it afterwards is taken.
fn shaken(certificates: &Certificates, config: &Arc<ClientConfig>, name: &str) -> Option<HandshakeKind> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::clone(config), name).unwrap();
    let mut server = ServerConnection::new(certificates.server_config()).unwrap();
    while client.wants_write() || server.wants_write() {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        bytes.clear();
        server.write_tls(&mut bytes).unwrap();
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets().unwrap();
    }
    client.handshake_kind()
}
