//! A handshake for looking, not for trusting: everything a server shows, whether or not it may be believed.
//!
//! [`inspect`] shakes hands by the TLS library with a verifier that accepts and remembers; judging is done apart, by
//! [`verify`](super::judge::verify()). It reads once after the handshake, because under TLS 1.3 a server refuses a client
//! certificate (or its absence) only after the client believes to be connected. What the library cannot speak, a
//! [`Hello`] of our own can at least ask for. Nothing secret may ever be sent over a connection made here.

mod hello;
mod server_flight;
mod witness;

pub use hello::{Heard, Hello, SUITES, say_hello, suite_name, version_name};

use super::material::{TlsConfigProblem, pair_problem, read_chain, read_key};
use crate::Stream;
use crate::ending_of::{ending_of, handshake_ending};
use crate::tap::Tap;
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ProtocolVersion, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, IpAddr as PkiIpAddr, ServerName};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use torwart_cause::{Deadline, Ending};
use witness::Witness;

/// What to say in the handshake.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The name to ask for; an address is never sent (RFC 6066 §3), none sends none.
    pub name: Option<String>,
    /// Which versions to offer.
    pub versions: Versions,
    /// The application protocols to offer, in order.
    pub alpn: Vec<Vec<u8>>,
    /// The certificate to show if one is asked for.
    pub client: Option<ClientPair>,
    /// What to send once connected; the first bytes of what comes back are kept.
    pub then: Option<Vec<u8>>,
}

/// The versions of TLS to offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Versions {
    /// TLS 1.3 and 1.2.
    #[default]
    Both,
    /// TLS 1.2 alone.
    Only12,
    /// TLS 1.3 alone.
    Only13,
}

/// A client certificate and its key.
#[derive(Clone, Debug)]
pub struct ClientPair(Arc<CertifiedKey>);

/// What a server showed.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The certificates, leaf first, as they came.
    pub chain: Vec<CertificateDer<'static>>,
    /// The version agreed on, as OpenSSL writes it: `TLSv1.3`.
    pub version: Option<&'static str>,
    /// The cipher suite agreed on, by its registered name.
    pub cipher: Option<String>,
    /// The application protocol agreed on.
    pub alpn: Option<Vec<u8>>,
    /// That the server asked for a client certificate, and of which authorities (distinguished names).
    pub asked: Option<Vec<String>>,
    /// How it failed, if it did.
    pub failure: Option<Failure>,
    /// The first bytes of what came back after the handshake, at most four kilobytes.
    pub answer: Vec<u8>,
    /// How long the handshake took.
    pub took: Duration,
}

/// How a handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The ending.
    pub ending: Ending,
    /// Whether it came after the handshake seemed to be done.
    pub is_late: bool,
    /// What the server sent first, where it was not TLS.
    pub first_bytes: Option<Box<[u8]>>,
    /// What the TLS library says, where it says something.
    pub words: String,
}

impl Shown {
    /// Whether the handshake came about and nothing spoke against it afterwards.
    pub fn is_agreed(&self) -> bool {
        self.failure.is_none()
    }

    /// The alert received, if there was one.
    pub fn alert(&self) -> Option<u8> {
        match self.failure.as_ref()?.ending {
            Ending::TlsAlert(number) => Some(number),
            _ => None,
        }
    }
}

impl ClientPair {
    /// Reads certificate and key from PEM files and checks that they belong together.
    pub fn read(chain: &Path, key: &Path) -> Result<Self, TlsConfigProblem> {
        let certificates = read_chain(chain)?;
        let private = read_key(key)?;
        CertifiedKey::from_der(certificates, private, &aws_lc_rs::default_provider())
            .map(|pair| Self(Arc::new(pair)))
            .map_err(|error| pair_problem(&error, chain, key))
    }
}

/// Shakes hands over a plain stream and tells what was seen. Takes no longer than `deadline`.
pub async fn inspect(stream: Stream, look: &Look, deadline: Duration) -> Shown {
    let witness = Arc::new(Witness::new(look.client.as_ref().map(|pair| Arc::clone(&pair.0))));
    let began = Instant::now();
    let end = tokio::time::Instant::now() + deadline;
    let mut shown = Shown::default();
    match client_config(look, &witness) {
        Err(error) => shown.failure = Some(failed(Ending::Os(0), error.to_string())),
        Ok(config) => {
            let connector = TlsConnector::from(Arc::new(config));
            let mut handshake = connector.connect(spoken(look), Tap::new(stream)).into_fallible();
            match timeout_at(end, &mut handshake).await {
                Ok(Ok(stream)) => {
                    shown.took = began.elapsed();
                    note_session(&mut shown, &stream);
                    shown.asked = witness.asked();
                    after_handshake(&mut shown, stream, look.then.as_deref(), end).await;
                }
                Ok(Err((error, tap))) => shown.failure = Some(failure_of(&error, tap.heard())),
                Err(_) => shown.failure = Some(failed(Ending::TimedOut(Deadline::Handshake), String::new())),
            }
        }
    }
    if shown.took.is_zero() {
        shown.took = began.elapsed();
    }
    shown.chain = witness.chain();
    shown.asked = witness.asked();
    shown
}

fn client_config(look: &Look, witness: &Arc<Witness>) -> Result<ClientConfig, rustls::Error> {
    let versions: &[&SupportedProtocolVersion] = match look.versions {
        Versions::Both => &[&TLS13, &TLS12],
        Versions::Only12 => &[&TLS12],
        Versions::Only13 => &[&TLS13],
    };
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(witness) as _)
        .with_client_cert_resolver(Arc::clone(witness) as _);
    config.enable_sni = look.name.is_some();
    config.alpn_protocols.clone_from(&look.alpn);
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The name for the library: an address where no name is to be sent.
fn spoken(look: &Look) -> ServerName<'static> {
    let name = look.name.as_deref().map(|name| name.trim_end_matches('.').to_owned());
    name.and_then(|name| ServerName::try_from(name).ok())
        .unwrap_or(ServerName::IpAddress(PkiIpAddr::from(IpAddr::V4(Ipv4Addr::UNSPECIFIED))))
}

fn note_session(shown: &mut Shown, stream: &TlsStream<Tap>) {
    let session = stream.get_ref().1;
    shown.version = session.protocol_version().map(|version| match version {
        ProtocolVersion::TLSv1_3 => "TLSv1.3",
        ProtocolVersion::TLSv1_2 => "TLSv1.2",
        _ => "unknown",
    });
    shown.cipher = session
        .negotiated_cipher_suite()
        .and_then(|suite| suite.suite().as_str())
        .map(|name| name.replace("TLS13_", "TLS_"));
    shown.alpn = session.alpn_protocol().map(<[u8]>::to_vec);
}

/// Sends what is to be sent and reads what comes, so that a late refusal is seen.
async fn after_handshake(
    shown: &mut Shown,
    mut stream: TlsStream<Tap>,
    then: Option<&[u8]>,
    end: tokio::time::Instant,
) {
    stream.get_mut().0.mute();
    let patience = patience(shown);
    // A refusal of the (missing) client certificate is waited for first: sending could meet a reset and lose the alert.
    if !heard_late(shown, &mut stream, end.min(tokio::time::Instant::now() + patience)).await {
        return;
    }
    if let Some(bytes) = then {
        let sent = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        match timeout_at(end, sent).await {
            Ok(Ok(())) => while heard_late(shown, &mut stream, end).await && is_wanting(&shown.answer) {},
            Ok(Err(error)) => shown.failure = Some(late(&error)),
            Err(_) => {}
        }
    }
    // Being polite must not cost time.
    let _ = timeout(FAREWELL, stream.shutdown()).await;
}

/// How long a late word is awaited before anything is sent: one way there and one back, generously.
fn patience(shown: &Shown) -> Duration {
    if shown.asked.is_some() {
        (shown.took * 3).clamp(Duration::from_millis(200), Duration::from_secs(2))
    } else {
        shown.took.clamp(Duration::from_millis(10), Duration::from_millis(200))
    }
}

/// Reads once. False when the connection is over; what ended it is noted unless it was an orderly end after an answer.
async fn heard_late(shown: &mut Shown, stream: &mut TlsStream<Tap>, end: tokio::time::Instant) -> bool {
    let mut buffer = [0; 2048];
    match timeout_at(end, stream.read(&mut buffer)).await {
        // Silence is how a healthy server waits for a request.
        Err(_) => shown.answer.is_empty(),
        Ok(Ok(0)) => {
            if shown.answer.is_empty() {
                shown.failure = Some(Failure { is_late: true, ..failed(Ending::Closed, String::new()) });
            }
            false
        }
        Ok(Ok(count)) => {
            shown.answer.extend_from_slice(buffer.get(..count).unwrap_or_default());
            true
        }
        Ok(Err(error)) => {
            if shown.answer.is_empty() {
                shown.failure = Some(late(&error));
            }
            false
        }
    }
}

/// Whether more of an answer is worth reading.
fn is_wanting(answer: &[u8]) -> bool {
    answer.len() < ANSWER
}

fn late(error: &io::Error) -> Failure {
    let ending = match ending_of(error, Deadline::Handshake) {
        Ending::ClosedWithoutNotify => Ending::Closed,
        other => other,
    };
    Failure { is_late: true, ..failed(ending, error.to_string()) }
}

fn failure_of(error: &io::Error, heard: &[u8]) -> Failure {
    let ending = handshake_ending(error, heard);
    let is_foreign = matches!(ending, Ending::Tls(torwart_cause::TlsFault::NotTls)) && !heard.is_empty();
    Failure { first_bytes: is_foreign.then(|| heard.into()), ..failed(ending, error.to_string()) }
}

fn failed(ending: Ending, words: String) -> Failure {
    Failure { ending, is_late: false, first_bytes: None, words }
}

/// The most that is kept of an answer.
const ANSWER: usize = 4096;
/// How long an orderly end may take.
const FAREWELL: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
