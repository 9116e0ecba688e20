//! What a TLS server shows: one look for each address and name, by a handshake that believes nothing and sends nothing.
//!
//! Where the handshake fails in a way that an old server could be behind, a second connection asks with an old hello.
//! Who is believed ([`trust`]), what the gateway would say and check ([`meant`]), and at what time ([`moment`]) stand
//! beside it; what it all means is for the checks.

pub mod issuer;
pub mod meant;
pub mod moment;
pub mod sight;
pub mod trust;

use crate::Case;
use crate::observe::exchange::{Way, open};
use std::net::SocketAddr;
use std::time::Duration;
use torwart_cause::{Attempt, Ending, TlsFault};
use torwart_dial::tls::facts::CertificateFacts;
use torwart_dial::tls::inspect::{ClientPair, Failure, Heard, Hello, Look, Shown, inspect, say_hello};

/// What a TLS server shows.
#[derive(Clone, Debug, Default)]
pub struct TlsSeen {
    /// Where.
    pub address: Option<SocketAddr>,
    /// The name it was asked for.
    pub name: Option<String>,
    /// How the connection failed, if it did.
    pub connect: Option<Ending>,
    /// What it showed; none without a connection, or where the budget was spent.
    pub shown: Option<Shown>,
    /// What an old hello heard, where the handshake failed.
    pub old: Option<Heard>,
}

/// Looks.
pub async fn observe(case: &Case, address: SocketAddr, name: Option<&str>) -> TlsSeen {
    let look = look(name);
    let mut seen = observe_by(case, address, &look, &[]).await;
    if seen.shown.as_ref().and_then(|shown| shown.failure.as_ref()).is_some_and(may_be_old) {
        seen.old = ask_old(case, address, &Hello::up_to(0x0303, name)).await;
    }
    seen
}

/// The usual look: today's versions, HTTP/2 and HTTP/1.1, no certificate of our own.
pub fn look(name: Option<&str>) -> Look {
    let alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Look { name: name.map(str::to_owned), alpn, ..Look::default() }
}

/// Looks with a certificate of our own.
pub async fn observe_as(case: &Case, address: SocketAddr, name: Option<&str>, client: ClientPair) -> TlsSeen {
    observe_by(case, address, &Look { client: Some(client), ..look(name) }, &[]).await
}

/// Looks in a way of the caller's own; `first` is sent before the handshake. Remembered by nobody.
pub async fn observe_by(case: &Case, address: SocketAddr, look: &Look, first: &[u8]) -> TlsSeen {
    let mut seen = TlsSeen { address: Some(address), name: look.name.clone(), ..TlsSeen::default() };
    let way = Way::plain(address).with_first(first.to_vec());
    if case.budget().connection(&way.host).is_err() {
        return seen;
    }
    let mut attempt = Attempt::default();
    match open(&way, &mut attempt).await {
        Some(stream) => seen.shown = Some(inspect(stream, look, PATIENCE.min(case.left())).await),
        None => seen.connect = attempt.connect.ending().or(attempt.send.ending()).copied(),
    }
    seen
}

/// What a hello of our own hears.
pub async fn ask_old(case: &Case, address: SocketAddr, hello: &Hello) -> Option<Heard> {
    let way = Way::plain(address);
    case.budget().connection(&way.host).ok()?;
    let stream = open(&way, &mut Attempt::default()).await?;
    Some(say_hello(stream, hello, PATIENCE.min(case.left())).await)
}

/// Whether an old server may be behind it: it answered in TLS, and disliked what was offered.
fn may_be_old(failure: &Failure) -> bool {
    match failure.ending {
        Ending::TlsAlert(number) => !failure.is_late && DISLIKES.contains(&number),
        Ending::Tls(TlsFault::NoAgreement | TlsFault::Broken) => true,
        // Old servers close, or reset, when they meet a hello they do not understand.
        Ending::Closed | Ending::Reset => !failure.is_late,
        _ => false,
    }
}

impl TlsSeen {
    /// What the shown certificate says.
    pub fn leaf(&self) -> Option<CertificateFacts> {
        CertificateFacts::of(self.chain().first()?)
    }

    /// The certificates shown, leaf first, whichever hello they answered.
    pub fn chain(&self) -> &[rustls_pki_types::CertificateDer<'static>] {
        let shown = self.shown.as_ref().map(|shown| shown.chain.as_slice()).unwrap_or_default();
        match &self.old {
            Some(Heard::Chose { chain, .. }) if shown.is_empty() => chain,
            _ => shown,
        }
    }

    /// Whether the handshake came about and nothing spoke against it.
    pub fn is_agreed(&self) -> bool {
        self.shown.as_ref().is_some_and(Shown::is_agreed)
    }

    /// How the handshake failed, if it did.
    pub fn failure(&self) -> Option<&Failure> {
        self.shown.as_ref()?.failure.as_ref()
    }

    /// The alert received, if there was one.
    pub fn alert(&self) -> Option<u8> {
        self.shown.as_ref()?.alert()
    }

    /// Whether there was a connection and a try.
    pub fn is_tried(&self) -> bool {
        self.shown.is_some()
    }

    /// Whether the server asks for a client certificate.
    pub fn asks_certificate(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.asked.is_some())
    }
}

/// The command that repeats a look.
pub fn openssl(address: SocketAddr, name: Option<&str>, more: &str) -> String {
    let name = match name.filter(|name| name.parse::<std::net::IpAddr>().is_err()) {
        Some(name) => format!("-servername {name}"),
        None => "-noservername".to_owned(),
    };
    format!("openssl s_client -connect {address} {name}{more} </dev/null")
}

/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(6);
/// Alerts that can mean a version, a cipher or an extension the other side does not know: handshake_failure,
/// illegal_parameter, decode_error, protocol_version, insufficient_security, internal_error, unsupported_extension.
const DISLIKES: &[u8] = &[10, 40, 47, 50, 70, 71, 80, 86, 110];
