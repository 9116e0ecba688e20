//! One exchange over a connection of its own, kept with everything that was heard, right or wrong.
//!
//! Certificates are not judged here: the checks of TLS do that, and a site behind a bad certificate still has an answer
//! worth reading. A [`Way`] says where to go and what to say before HTTP; nothing is followed or repeated.

use crate::Case;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use torwart_cause::{Address, Attempt, Cause, Ending, FIRST_BYTES, Limit, Step, attempt_cause};
use torwart_config::plan::{CertificateFiles, ExchangeDeadlines, ServerName, UpstreamTls};
use torwart_dial::ask::{AnswerLimits, Heard, Question, hear};
use torwart_dial::connect::{SocketPlan, connect, connect_unix};
use torwart_dial::{Stream, TlsClient};
use torwart_wire::http1::{Response, ResponseLimits};

/// Where an exchange goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The far end.
    pub to: FarEnd,
    /// The name spoken in a TLS handshake; none for plain connections.
    pub tls: Option<Tls>,
    /// Bytes to send first, before any handshake: a PROXY protocol header.
    pub first: Vec<u8>,
    /// What the budget counts by.
    pub host: String,
}

/// What stands at the end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FarEnd {
    /// An address.
    Ip(SocketAddr),
    /// A unix socket.
    Unix(PathBuf),
}

/// How TLS is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The name sent; none leaves it out.
    pub name: Option<String>,
    /// Certificate and key to show.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

/// What came of one request.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// The evidence, stage by stage.
    pub attempt: Attempt,
    /// What the head of the answer means, where it was complete and right.
    pub response: Option<Response>,
    /// The reason phrase.
    pub reason: String,
    /// The fields in their order, as far as they are text.
    pub fields: Vec<(String, String)>,
    /// The bytes of the head section, status line and blank line included; 0 without a head.
    pub head_bytes: usize,
    /// Interim answers before the head.
    pub interim: u32,
    /// The first part of the body.
    pub body: Vec<u8>,
    /// Whether the answer came to its end, or was cut off by our own limit.
    pub is_whole: bool,
    /// The first bytes as they came, where they are no head.
    pub first_bytes: Vec<u8>,
    /// From the beginning of the connection to the end of what was read.
    pub took: Duration,
}

impl Exchange {
    /// The status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.response.map(|response| response.status)
    }

    /// The first value of a field, by name in any case of letters.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a field.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let fields = self.fields.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name));
        fields.map(|(_, value)| value.as_str())
    }

    /// The body as text, whatever cannot be read replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What went wrong, if something did. A body larger or longer than we care to read is nothing wrong.
    pub fn cause(&self) -> Option<Cause> {
        match self.attempt.body.ending() {
            Some(Ending::TooLarge(Limit::BodyBytes)) => None,
            _ if self.is_stream() => None,
            _ => attempt_cause(&self.attempt),
        }
    }

    /// Whether an answer came that is no server error: whole, or of a kind that goes on for long.
    pub fn is_good(&self) -> bool {
        (self.is_whole || self.is_stream()) && self.status().is_some_and(|status| status < 500)
    }

    /// Whether the answer is one whose body may be silent for long and well, such as an event stream, or a tunnel.
    pub fn is_stream(&self) -> bool {
        let kind = self.field("content-type").unwrap_or_default().to_ascii_lowercase();
        let is_silent = matches!(self.attempt.body.ending(), Some(Ending::TimedOut(_)));
        is_silent && STREAMS.iter().any(|stream| kind.starts_with(stream))
    }

    /// Whether the connection, and the handshake where there is one, were made.
    pub fn is_connected(&self) -> bool {
        self.attempt.connect.is_done() && !self.attempt.handshake.is_failed()
    }

    /// Whether the connection was made and ended before any byte of an answer. A reset may come so early that making
    /// the connection seems to fail.
    pub fn is_unanswered(&self) -> bool {
        match self.cause() {
            Some(Cause::ConnectReset) => true,
            Some(Cause::ClosedBeforeHead | Cause::ResetBeforeHead | Cause::SendCut) => {
                self.is_connected() && self.attempt.received == 0
            }
            _ => false,
        }
    }

    /// How long the far end took from the request to its answer, or to whatever ended the wait.
    pub fn waited(&self) -> Duration {
        self.attempt.head.duration().unwrap_or_default()
    }
}

impl Way {
    /// A plain connection to an address.
    pub fn plain(address: SocketAddr) -> Self {
        Self { to: FarEnd::Ip(address), tls: None, first: Vec::new(), host: address.ip().to_string() }
    }

    /// A connection to a unix socket.
    pub fn unix(path: &Path) -> Self {
        let host = path.display().to_string();
        Self { to: FarEnd::Unix(path.to_owned()), tls: None, first: Vec::new(), host }
    }

    /// With TLS.
    #[must_use]
    pub fn with_tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    /// With these bytes first.
    #[must_use]
    pub fn with_first(&self, first: Vec<u8>) -> Self {
        Self { first, ..self.clone() }
    }
}

/// Asks once. `None` where the budget for the host is spent.
pub async fn exchange(case: &Case, way: &Way, question: &Question, patience: Duration) -> Option<Exchange> {
    case.budget().connection(&way.host).ok()?;
    case.budget().request(&way.host).ok()?;
    let begun = Instant::now();
    let mut attempt = Attempt::default();
    let stream = open(way, &mut attempt).await;
    let heard = match stream {
        Some(mut stream) => {
            let deadlines = ExchangeDeadlines {
                send: PATIENCE,
                first_byte: patience,
                between_bytes: STALL,
                ..ExchangeDeadlines::default()
            };
            Some(hear(&mut stream, question, &deadlines, &limits(), &mut attempt).await)
        }
        None => None,
    };
    Some(Exchange::of(attempt, heard, begun.elapsed()))
}

impl Exchange {
    /// What came of an attempt.
    pub(crate) fn of(attempt: Attempt, heard: Option<Heard>, took: Duration) -> Self {
        let Some(heard) = heard else { return Self { attempt, took, ..Self::default() } };
        let is_ours = matches!(attempt.body.ending(), Some(Ending::TooLarge(Limit::BodyBytes)));
        let unread = heard.head.buffer.unread();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut exchange = Self {
            response: heard.response,
            interim: heard.interim,
            is_whole: heard.is_complete || is_ours && heard.response.is_some(),
            first_bytes: unread.get(..FIRST_BYTES).unwrap_or(unread).to_vec(),
            took,
            attempt,
            ..Self::default()
        };
        if heard.response.is_some() {
            exchange.reason = text(heard.head.reason());
            exchange.fields =
                heard.head.fields().map(|field| (text(field.name), text(field.value))).collect();
            exchange.head_bytes = heard.head.len();
            exchange.body = heard.body;
            exchange.body.truncate(BODY);
        }
        exchange
    }
}

/// Makes the connection, and says what must be said before HTTP.
pub async fn open(way: &Way, attempt: &mut Attempt) -> Option<Stream> {
    let mut stream = match &way.to {
        FarEnd::Ip(address) => {
            attempt.address = Some(Address::Ip(*address));
            match connect(&SocketPlan::default(), &[*address], CONNECT).await {
                Ok(connected) => {
                    attempt.connect = Step::Done { took: connected.took };
                    Stream::from(connected.stream)
                }
                Err(failure) => {
                    attempt.connect = Step::Failed { ending: failure.ending, after: failure.after };
                    return None;
                }
            }
        }
        FarEnd::Unix(path) => {
            attempt.address = Some(Address::Unix(path.display().to_string().into()));
            match connect_unix(path, CONNECT).await {
                Ok((stream, took)) => {
                    attempt.connect = Step::Done { took };
                    Stream::from(stream)
                }
                Err((ending, after)) => {
                    attempt.connect = Step::Failed { ending, after };
                    return None;
                }
            }
        }
    };
    if !way.first.is_empty() && stream.write_all(&way.first).await.is_err() {
        attempt.send = Step::Failed { ending: Ending::Reset, after: Duration::ZERO };
        return None;
    }
    let Some(tls) = &way.tls else { return Some(stream) };
    shake_hands(tls, stream, attempt).await
}

async fn shake_hands(tls: &Tls, stream: Stream, attempt: &mut Attempt) -> Option<Stream> {
    let begun = Instant::now();
    let certificate = tls.certificate.clone().map(|(chain, key)| CertificateFiles { chain, key });
    let plan = UpstreamTls {
        verify: false,
        sni: if tls.name.is_some() { ServerName::Verified } else { ServerName::Off },
        client_certificate: certificate,
        ..UpstreamTls::default()
    };
    // Without a certificate of our own there is nothing in the plan that could be wrong.
    let client = TlsClient::build(&plan)
        .or_else(|_| TlsClient::build(&UpstreamTls { client_certificate: None, ..plan }));
    let host = tls.name.as_deref().unwrap_or("localhost").into();
    let place = torwart_dial::Place::Name { host, port: 443 };
    match client.ok()?.shake_hands(stream, &place, HANDSHAKE).await {
        Ok(stream) => {
            attempt.handshake = Step::Done { took: begun.elapsed() };
            Some(stream)
        }
        Err(failure) => {
            attempt.first_bytes = failure.first_bytes;
            attempt.handshake = Step::Failed { ending: failure.ending, after: begun.elapsed() };
            None
        }
    }
}

/// More than any gateway takes in a head, so that its true size is known.
fn limits() -> AnswerLimits {
    let head = ResponseLimits { head_bytes: HEAD, field_bytes: HEAD, fields: 500 };
    AnswerLimits { head, interim: 20, body: BODY }
}

/// How long an answer is waited for where the question is plain.
pub const PATIENCE: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(4);
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a body may be silent.
const STALL: Duration = Duration::from_secs(5);
/// How much of a head is read.
const HEAD: usize = 256 * 1024;
/// How much of a body is read: enough that a cut one shows.
const BODY: usize = 1536 * 1024;

/// Media types whose bodies are silent for long and well.
const STREAMS: &[&str] = &[
    "text/event-stream",
    "application/grpc",
    "multipart/x-mixed-replace",
    "audio/",
    "video/",
    "application/x-ndjson",
    "application/stream+json",
];
