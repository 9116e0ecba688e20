//! What nginx's sentences mean: one table for each side, and the error numbers in brackets.

use super::super::errno;
use super::super::{steps, tls};
use torwart_cause::finding::{Said, said};
use torwart_cause::{
    Attempt, By, CertificateFault, Deadline, Decision, Ending, Evidence, Fault, Limit, Malformation,
    NameFault, Stage, TlsFault,
};

/// A message taken apart.
pub(super) struct Message<'a> {
    /// The sentence.
    pub(super) text: &'a str,
    /// What nginx was doing.
    pub(super) phase: &'a str,
    /// The upstream it names.
    pub(super) upstream: &'a str,
    /// The path asked for.
    pub(super) path: &'a str,
}

/// What a message says.
#[derive(Default)]
pub(super) struct Decoded {
    /// What was observed of an exchange.
    pub(super) evidence: Option<Evidence>,
    /// What it means, where the evidence does not say it already.
    pub(super) said: Option<Said>,
}

/// Looks a message up.
pub(super) fn decode(message: &Message<'_>) -> Decoded {
    if let Some((_, key)) = REMARKS.iter().find(|(words, _)| message.text.contains(words)) {
        let words = said(key)
            .with("upstream", message.upstream)
            .with("words", message.text)
            .with("path", message.path);
        return Decoded { evidence: None, said: Some(words) };
    }
    let evidence =
        local(message).or_else(|| names(message)).or_else(|| upstream(message)).or_else(|| client(message));
    Decoded { evidence, said: None }
}

/// The stage of an attempt that a phase belongs to.
fn stage_of(phase: &str) -> Option<Stage> {
    Some(match phase {
        "connecting to upstream" => Stage::Connect,
        "SSL handshaking to upstream" => Stage::Handshake,
        "sending request to upstream" => Stage::Send,
        "reading response header from upstream" => Stage::Head,
        "reading upstream" | "proxying upgraded connection" | "proxying connection" => Stage::Body,
        _ => return None,
    })
}

/// Decisions and shortages of the gateway itself.
fn local(message: &Message<'_>) -> Option<Evidence> {
    if let Some(ending) = own_file(message) {
        let mut evidence = Evidence::default();
        evidence.local.pick = steps::failed(ending, None);
        return Some(evidence);
    }
    let (_, place, ending) = LOCAL.iter().find(|(words, _, _)| message.text.contains(words))?;
    let mut evidence = Evidence::default();
    let step = match place {
        Local::Route => &mut evidence.local.route,
        Local::Guard => &mut evidence.local.guard,
        Local::Admit => {
            // While an upstream is being connected the shortage belongs to the attempt.
            if let Some(stage) = stage_of(message.phase).filter(|stage| *stage <= Stage::Connect) {
                return Some(steps::of_failure(message.upstream, stage, *ending));
            }
            &mut evidence.local.admit
        }
        Local::Pick => &mut evidence.local.pick,
    };
    *step = steps::failed(*ending, None);
    Some(evidence)
}

/// A file of nginx's own that it could not write while a body passed; a missing page is no such file.
fn own_file(message: &Message<'_>) -> Option<Ending> {
    let is_call = FILE_CALLS.iter().any(|call| message.text.starts_with(call));
    match errno::number_in(message.text)? {
        28 if is_call => Some(Ending::ResourcesSpent),
        _ if is_call && stage_of(message.phase).is_some() => Some(Ending::Decided(Decision::Misconfigured)),
        _ => None,
    }
}

/// `app.example could not be resolved (3: Host not found)`.
fn names(message: &Message<'_>) -> Option<Evidence> {
    let (name, rest) = message.text.split_once(" could not be resolved (")?;
    let ending = match errno::number_in(&format!("({rest}"))? {
        110 => Ending::TimedOut(Deadline::Resolve),
        code => Ending::Name(u16::try_from(code).map_or(NameFault::Garbled, errno::name_fault)),
    };
    let name = name.rsplit(' ').next().unwrap_or(name);
    Some(steps::of_failure(name, Stage::Resolve, ending))
}

fn upstream(message: &Message<'_>) -> Option<Evidence> {
    let text = message.text;
    let phase = stage_of(message.phase);
    if let Some((_, stage, ending)) = UPSTREAM.iter().find(|(words, _, _)| text.contains(words)) {
        return Some(steps::of_failure(message.upstream, stage.or(phase).unwrap_or(Stage::Head), *ending));
    }
    let stage = phase.or_else(|| text.starts_with("connect() ").then_some(Stage::Connect))?;
    let ending = ending_at(text, stage)?;
    let mut attempt = steps::unseen(message.upstream);
    note_answer(&mut attempt, stage);
    steps::fail(&mut attempt, stage, ending, None);
    Some(steps::of(attempt))
}

/// How the attempt ended, from the words that several stages share.
fn ending_at(text: &str, stage: Stage) -> Option<Ending> {
    if text.contains("upstream timed out") {
        return Some(Ending::TimedOut(errno::deadline_of(stage)));
    }
    if text.contains("client prematurely closed connection") {
        return Some(Ending::Cancelled(By::Client));
    }
    if let Some(place) = text.find("upstream SSL certificate verify error: ") {
        let number = errno::number_in(text.get(place..)?).unwrap_or_default();
        return Some(Ending::Certificate(tls::fault_of_x509(number)));
    }
    if text.contains("upstream SSL certificate does not match") {
        return Some(Ending::Certificate(CertificateFault::WrongName));
    }
    if text.contains("upstream sent no SSL certificate") || text.contains("upstream prematurely closed") {
        return Some(Ending::Closed);
    }
    if let Some(code) = number_behind(text, "with error ") {
        return Some(if code == REFUSED_STREAM { Ending::StreamRefused } else { Ending::StreamReset(code) });
    }
    if let Some(number) = errno::number_in(text) {
        return Some(errno::ending_of(number, stage));
    }
    // OpenSSL's text stands in `(SSL: …)`; without one, the peer only went away.
    if text.contains("(SSL:") || text.contains("(SSL ") {
        return Some(tls::ending_of_openssl(text));
    }
    (text.contains("peer closed connection in SSL handshake")).then_some(Ending::Closed)
}

/// In the body the head had come, with a status that an error line does not tell.
fn note_answer(attempt: &mut Attempt, stage: Stage) {
    if stage == Stage::Body {
        attempt.received = attempt.received.max(1);
    }
}

/// What the client did, or failed to do.
fn client(message: &Message<'_>) -> Option<Evidence> {
    let text = message.text;
    let mut evidence = Evidence::default();
    if let Some((_, part, ending)) = CLIENT.iter().find(|(words, _, _)| text.contains(words)) {
        let step = match part {
            Part::Handshake => &mut evidence.client.handshake,
            Part::Head => &mut evidence.client.head,
            Part::Body => &mut evidence.client.body,
        };
        *step = steps::failed(*ending, None);
        return Some(evidence);
    }
    let cut = || {
        if text.contains("timed out") {
            return Some(None);
        }
        if let Some(number) = errno::number_in(text) {
            return Some(Some(errno::ending_of(number, Stage::Body)));
        }
        text.contains("prematurely closed connection").then_some(Some(Ending::Closed))
    };
    let (step, deadline) = match message.phase {
        "SSL handshaking" => {
            let ending = match errno::number_in(text) {
                Some(number) if !text.contains("(SSL:") => errno::ending_of(number, Stage::Handshake),
                _ if text.contains("timed out") => Ending::TimedOut(Deadline::ClientHandshake),
                _ => tls::ending_of_openssl(text),
            };
            evidence.client.handshake = steps::failed(ending, None);
            return Some(evidence);
        }
        "reading client request line"
        | "reading client pipelined request line"
        | "reading client request headers"
        | "reading client request"
        | "reading PROXY protocol" => (&mut evidence.client.head, Deadline::ClientHead),
        phase if phase.starts_with("sending") && phase.ends_with("to client") => {
            (&mut evidence.client.answer, Deadline::ClientWrite)
        }
        _ => return None,
    };
    *step = steps::failed(cut()?.unwrap_or(Ending::TimedOut(deadline)), None);
    Some(evidence)
}

fn number_behind(text: &str, words: &str) -> Option<u64> {
    let rest = text.get(text.find(words)? + words.len()..)?;
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest.get(..length)?.parse().ok()
}

const fn broken(what: Malformation) -> Ending {
    Ending::Malformed(Fault { what, at: 0 })
}

/// Calls for files, as nginx names them at the beginning of a message.
const FILE_CALLS: &[&str] =
    &["open() \"", "mkdir() \"", "pwrite() \"", "pwritev() \"", "write() \"", "rename() \"", "chmod() \""];

enum Local {
    Route,
    Guard,
    Admit,
    Pick,
}

enum Part {
    Handshake,
    Head,
    Body,
}

const LOCAL: &[(&str, Local, Ending)] = &[
    ("no live upstreams", Local::Pick, Ending::Decided(Decision::AllDown)),
    ("no resolver defined to resolve", Local::Pick, Ending::Decided(Decision::Misconfigured)),
    ("no port in upstream", Local::Pick, Ending::Decided(Decision::Misconfigured)),
    ("invalid URL prefix in", Local::Pick, Ending::Decided(Decision::Misconfigured)),
    ("rewrite or internal redirection cycle", Local::Route, Ending::Decided(Decision::Misconfigured)),
    ("limiting requests", Local::Guard, Ending::Decided(Decision::RateLimit)),
    ("limiting connections by zone", Local::Guard, Ending::Decided(Decision::RateLimit)),
    ("access forbidden by rule", Local::Guard, Ending::Decided(Decision::Deny)),
    ("worker_connections are not enough", Local::Admit, Ending::ResourcesSpent),
    ("(24: Too many open files)", Local::Admit, Ending::ResourcesSpent),
    ("(28: No space left on device)", Local::Pick, Ending::ResourcesSpent),
    ("_temp/", Local::Pick, Ending::Decided(Decision::Misconfigured)),
    ("/client_body/", Local::Pick, Ending::Decided(Decision::Misconfigured)),
];

/// The words, the stage where it is not the phase's, and the ending.
const UPSTREAM: &[(&str, Option<Stage>, Ending)] = &[
    ("upstream sent too big header", Some(Stage::Head), Ending::TooLarge(Limit::HeadBytes)),
    ("upstream sent too big early hints", Some(Stage::Head), Ending::TooLarge(Limit::HeadBytes)),
    ("upstream sent too large http2 header", Some(Stage::Head), Ending::TooLarge(Limit::HeadBytes)),
    ("upstream sent too big trailers", Some(Stage::Body), Ending::TooLarge(Limit::Trailers)),
    ("upstream sent invalid trailer", Some(Stage::Body), broken(Malformation::BadTrailer)),
    ("upstream sent invalid chunked response", Some(Stage::Body), broken(Malformation::BadChunkSize)),
    (
        "upstream sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time",
        Some(Stage::Head),
        broken(Malformation::LengthAndCoding),
    ),
    ("upstream sent unknown \"Transfer-Encoding\"", Some(Stage::Head), broken(Malformation::UnknownCoding)),
    ("upstream sent invalid \"Content-Length\"", Some(Stage::Head), broken(Malformation::BadLength)),
    (
        "upstream sent duplicate header line: \"Transfer-Encoding",
        Some(Stage::Head),
        broken(Malformation::BadCoding),
    ),
    (
        "upstream sent duplicate header line: \"Content-Length",
        Some(Stage::Head),
        broken(Malformation::LengthsDiffer),
    ),
    ("upstream sent no valid HTTP/1.0 header", Some(Stage::Head), broken(Malformation::NotHttp)),
    ("upstream sent unsupported FastCGI protocol version", Some(Stage::Head), broken(Malformation::NotHttp)),
    ("upstream sent unexpected FastCGI", Some(Stage::Head), broken(Malformation::NotHttp)),
    ("upstream sent invalid FastCGI", Some(Stage::Head), broken(Malformation::NotHttp)),
    ("upstream sent invalid http2", Some(Stage::Head), broken(Malformation::NotHttp)),
    ("upstream sent no :status header", Some(Stage::Head), broken(Malformation::BadStatus)),
    ("upstream sent invalid :status", Some(Stage::Head), broken(Malformation::BadStatus)),
    ("upstream sent invalid status", Some(Stage::Head), broken(Malformation::BadStatus)),
    ("upstream sent invalid header", Some(Stage::Head), broken(Malformation::BadFieldName)),
    ("upstream sent invalid encoded header", Some(Stage::Head), broken(Malformation::BadFieldName)),
    ("upstream prematurely sent response", Some(Stage::Head), broken(Malformation::BadStatusLine)),
    ("upstream prematurely closed stream", None, Ending::Closed),
    ("peer closed connection in SSL handshake (104:", Some(Stage::Handshake), Ending::Reset),
    ("worker_connections are not enough", Some(Stage::Connect), Ending::ResourcesSpent),
    ("wrong version number", Some(Stage::Handshake), Ending::Tls(TlsFault::NotTls)),
];

const CLIENT: &[(&str, Part, Ending)] = &[
    ("client intended to send too large", Part::Body, Ending::TooLarge(Limit::BodyBytes)),
    ("client sent too long URI", Part::Head, Ending::TooLarge(Limit::Target)),
    ("client sent too long header line", Part::Head, Ending::TooLarge(Limit::FieldBytes)),
    ("client sent too large request", Part::Head, Ending::TooLarge(Limit::HeadBytes)),
    ("client sent plain HTTP request to HTTPS port", Part::Handshake, Ending::Tls(TlsFault::NotTls)),
    (
        "client SSL certificate verify error",
        Part::Handshake,
        Ending::Certificate(CertificateFault::Untrusted),
    ),
    (
        "client sent no required SSL certificate",
        Part::Handshake,
        Ending::Certificate(CertificateFault::Unusable),
    ),
    ("broken header: ", Part::Head, broken(Malformation::NotHttp)),
    ("client sent invalid method", Part::Head, broken(Malformation::BadMethod)),
    ("client sent invalid request", Part::Head, broken(Malformation::BadTarget)),
    ("client sent invalid version", Part::Head, broken(Malformation::BadVersion)),
    ("client sent invalid header", Part::Head, broken(Malformation::BadFieldName)),
    ("client sent invalid host", Part::Head, broken(Malformation::BadHost)),
    ("client sent duplicate host header", Part::Head, broken(Malformation::HostRepeated)),
    ("without \"Host\" header", Part::Head, broken(Malformation::HostMissing)),
    ("client sent \"Content-Length\" and", Part::Head, broken(Malformation::LengthAndCoding)),
    ("client sent invalid \"Content-Length\"", Part::Head, broken(Malformation::BadLength)),
    ("client sent unknown \"Transfer-Encoding\"", Part::Head, broken(Malformation::UnknownCoding)),
    ("client sent invalid chunked body", Part::Body, broken(Malformation::BadChunkSize)),
];

/// Lines that are not about how an exchange ended.
const REMARKS: &[(&str, &str)] = &[
    ("host not found in upstream", "gateway-said-host-not-found-at-start"),
    ("upstream server temporarily disabled", "gateway-said-server-left-out"),
    ("FastCGI sent in stderr", "gateway-said-application-wrote"),
    ("upstream sent more data than specified", "gateway-said-more-than-length"),
    ("upstream sent data after final chunk", "gateway-said-more-than-length"),
    ("auth request unexpected status", "gateway-said-auth-request"),
    ("is buffered to a temporary file", "gateway-said-buffered-to-file"),
    ("delaying request", "gateway-said-delayed"),
    ("conflicting server name", "gateway-said-site-shadowed"),
];

/// HTTP/2's code for a stream that was not begun (RFC 9113 §7).
const REFUSED_STREAM: u64 = 7;
