//! A TLS server of the tests' own making, with its certificates in a folder of its own.

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, IsCa,
    KeyIdMethod, KeyPair, RevokedCertParams, date_time_ymd,
};
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::PrivateKeyDer;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use torwart_config::plan::CertificateFiles;

pub(crate) type Issuer = CertifiedIssuer<'static, KeyPair>;

/// A certificate with its key, and who issued it.
pub(crate) struct Made {
    certificate: Certificate,
    key: KeyPair,
    /// `None` for a self-signed one.
    issuer: Option<Issuer>,
}

/// What the server does with a connection.
#[derive(Clone, Copy)]
pub(crate) enum Behaviour {
    /// Shakes hands and sends back what it receives.
    Echo,
    /// As `Echo`, but demands a certificate.
    AskForCertificate,
    /// The same with TLS 1.2 only.
    AskForCertificate12,
    /// Shakes hands, says hello, drops the connection without close_notify.
    CutAfterHello,
    /// Shakes hands, says hello, closes properly.
    CloseAfterHello,
    /// Sends these bytes instead of a handshake, then closes.
    Say(&'static [u8]),
    /// Resets instead of a handshake.
    Reset,
    /// Never says anything.
    Silence,
}

/// Stops when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    folder: Folder,
    issuer: Option<Issuer>,
    spoken: Arc<Mutex<Vec<Option<String>>>>,
    _tasks: JoinSet<()>,
}

pub(crate) fn issuer() -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, rcgen::KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for these names from a fresh issuer.
pub(crate) fn certificate(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Made {
    let issuer = issuer();
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    change(&mut params);
    Made { certificate: params.signed_by(&key, &issuer).unwrap(), key, issuer: Some(issuer) }
}

pub(crate) fn self_signed(name: &str, is_ca: IsCa) -> Made {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.is_ca = is_ca;
    Made { certificate: params.self_signed(&key).unwrap(), key, issuer: None }
}

impl Server {
    pub(crate) fn start(made: Made, behaviour: Behaviour) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let folder = Folder::new();
        let root = made.issuer.as_ref().map_or_else(|| made.certificate.pem(), |issuer| issuer.pem());
        folder.write("root.pem", &root);
        let spoken = Arc::new(Mutex::new(Vec::new()));
        let acceptor = TlsAcceptor::from(Arc::new(config(&made, behaviour, Arc::clone(&spoken))));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(TcpListener::from_std(listener).unwrap(), acceptor, behaviour));
        Self { address, folder, issuer: made.issuer, spoken, _tasks: tasks }
    }

    /// The file with the root that makes its certificate trusted.
    pub(crate) fn roots(&self) -> PathBuf {
        self.folder.path("root.pem")
    }

    /// What clients said as SNI, in order.
    pub(crate) fn spoken_names(&self) -> Vec<Option<String>> {
        self.spoken.lock().unwrap().clone()
    }

    /// A list that revokes this serial number.
    pub(crate) fn revocation_list(&self, serial: u64) -> PathBuf {
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(2090, 1, 1),
            crl_number: 1.into(),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: serial.into(),
                revocation_time: date_time_ymd(2024, 1, 1),
                reason_code: None,
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = params.signed_by(self.issuer.as_ref().unwrap()).unwrap();
        self.folder.write("revoked.pem", &list.pem().unwrap())
    }

    /// A client certificate the server accepts.
    pub(crate) fn client_certificate(&self) -> CertificateFiles {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["gateway.example".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, self.issuer.as_ref().unwrap()).unwrap();
        CertificateFiles {
            chain: self.folder.write("client.pem", &certificate.pem()),
            key: self.folder.write("client.key", &key.serialize_pem()),
        }
    }
}

/// A folder of its own, removed when dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("torwart-dial-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Shows one certificate and notes which name was asked for.
#[derive(Debug)]
struct Noting {
    pair: Arc<CertifiedKey>,
    spoken: Arc<Mutex<Vec<Option<String>>>>,
}

impl ResolvesServerCert for Noting {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.spoken.lock().unwrap().push(hello.server_name().map(str::to_owned));
        Some(Arc::clone(&self.pair))
    }
}

fn config(made: &Made, behaviour: Behaviour, spoken: Arc<Mutex<Vec<Option<String>>>>) -> ServerConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(made.key.serialize_der()).unwrap();
    let pair = CertifiedKey::from_der(vec![made.certificate.der().clone()], key, &provider).unwrap();
    let versions: &[_] = match behaviour {
        Behaviour::AskForCertificate12 => &[&rustls::version::TLS12],
        _ => &[&rustls::version::TLS13, &rustls::version::TLS12],
    };
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions).unwrap();
    let builder = match (behaviour, &made.issuer) {
        (Behaviour::AskForCertificate | Behaviour::AskForCertificate12, Some(issuer)) => {
            let mut roots = RootCertStore::empty();
            roots.add(issuer.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
        _ => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(Noting { pair: Arc::new(pair), spoken }));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, behaviour: Behaviour) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        connections.spawn(async move {
            // What a client does to a scripted server is the test's business, not an error here.
            let _ = talk(stream, acceptor, behaviour).await;
        });
    }
}

async fn talk(mut stream: TcpStream, acceptor: TlsAcceptor, behaviour: Behaviour) -> io::Result<()> {
    match behaviour {
        Behaviour::Echo | Behaviour::AskForCertificate | Behaviour::AskForCertificate12 => {
            let mut stream = acceptor.accept(stream).await?;
            let mut buffer = [0; 1024];
            loop {
                let read = stream.read(&mut buffer).await?;
                if read == 0 {
                    return stream.shutdown().await;
                }
                stream.write_all(&buffer[..read]).await?;
                stream.flush().await?;
            }
        }
        Behaviour::CutAfterHello => {
            let mut stream = acceptor.accept(stream).await?;
            stream.write_all(b"hello").await?;
            stream.flush().await?;
            stream.into_inner().0.shutdown().await
        }
        Behaviour::CloseAfterHello => {
            let mut stream = acceptor.accept(stream).await?;
            stream.write_all(b"hello").await?;
            stream.shutdown().await
        }
        Behaviour::Say(bytes) => {
            // All of the client's hello is read first: unread bytes would turn the close into a reset.
            let mut hello = [0; 5];
            stream.read_exact(&mut hello).await?;
            let length = usize::from(u16::from_be_bytes([hello[3], hello[4]]));
            stream.read_exact(&mut vec![0; length]).await?;
            stream.write_all(bytes).await?;
            stream.shutdown().await?;
            stream.read_to_end(&mut Vec::new()).await.map(drop)
        }
        Behaviour::Reset => {
            stream.read_exact(&mut [0; 5]).await?;
            super::reset(stream);
            Ok(())
        }
        Behaviour::Silence => stream.read_to_end(&mut Vec::new()).await.map(drop),
    }
}
