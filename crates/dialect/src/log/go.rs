//! The errors of Go's network library, as Caddy and Traefik pass them on.

use super::{errno, steps};
use torwart_cause::{
    By, CertificateFault, Deadline, Decision, Ending, Evidence, Fault, Limit, Malformation, NameFault, Stage,
    TlsFault,
};

/// What an error text says of the exchange; nothing where it is none we know.
pub(super) fn evidence_of(text: &str, upstream: &str) -> Option<Evidence> {
    let address = dialled(text).unwrap_or(upstream);
    if ["no upstreams available", "no available server"].iter().any(|words| text.contains(words)) {
        let mut evidence = Evidence::default();
        evidence.local.pick = steps::failed(Ending::Decided(Decision::AllDown), None);
        return Some(evidence);
    }
    if let Some((_, stage, ending)) = SENTENCES.iter().find(|(words, _, _)| text.contains(words)) {
        let mut evidence = steps::of_failure(address, *stage, *ending);
        // A kept connection that the server had closed, and nothing of the request sent on it.
        if text.contains("server closed idle connection")
            && let Some(attempt) = evidence.attempts.first_mut()
        {
            attempt.is_reused = true;
        }
        return Some(evidence);
    }
    let (stage, ending) = lookup(text)
        .or_else(|| dial(text))
        .or_else(|| certificate(text))
        .or_else(|| tls(text))
        .or_else(|| exchange(text))?;
    Some(steps::of_failure(address, stage, ending))
}

/// The address in `dial tcp 127.0.0.1:9000: connect: …`.
fn dialled(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("dial ")?;
    let (network, rest) = rest.split_once(' ')?;
    let address = rest.split(": ").next()?;
    let is_network = network.starts_with("tcp") || network.starts_with("unix");
    (is_network && !address.starts_with("lookup ")).then_some(address)
}

/// `dial tcp: lookup app on 127.0.0.11:53: no such host`.
fn lookup(text: &str) -> Option<(Stage, Ending)> {
    let (_, rest) = text.split_once("lookup ")?;
    let ending = if rest.contains("no such host") {
        Ending::Name(NameFault::NxDomain)
    } else if rest.contains("i/o timeout") || rest.contains("deadline exceeded") {
        Ending::TimedOut(Deadline::Resolve)
    } else if rest.contains("canceled") {
        Ending::Cancelled(By::Client)
    } else if rest.contains("connection refused") || rest.contains("unreachable") {
        Ending::Name(NameFault::Unreachable)
    } else if rest.contains("server misbehaving") {
        Ending::Name(NameFault::Rcode(2))
    } else {
        Ending::Name(NameFault::Garbled)
    };
    Some((Stage::Resolve, ending))
}

fn dial(text: &str) -> Option<(Stage, Ending)> {
    let (_, rest) = text.split_once("dial ")?;
    let ending = if let Some(ending) = errno::ending_of_sentence(rest, Stage::Connect) {
        ending
    } else if rest.contains("canceled") {
        Ending::Cancelled(By::Client)
    } else if rest.contains("timeout") || rest.contains("deadline exceeded") {
        Ending::TimedOut(Deadline::Connect)
    } else {
        return None;
    };
    Some((Stage::Connect, ending))
}

fn certificate(text: &str) -> Option<(Stage, Ending)> {
    if !text.contains("x509: ") {
        return None;
    }
    let fault = if text.contains("has expired or is not yet valid") {
        if text.contains(" is before ") { CertificateFault::NotYetValid } else { CertificateFault::Expired }
    } else if text.contains("is valid for")
        || text.contains("doesn't contain any IP SANs")
        || text.contains("is not valid for any names")
    {
        CertificateFault::WrongName
    } else if text.contains("revoked") {
        CertificateFault::Revoked
    } else if text.contains("incompatible key usage") || text.contains("legacy Common Name") {
        CertificateFault::Unusable
    } else {
        CertificateFault::Untrusted
    };
    Some((Stage::Handshake, Ending::Certificate(fault)))
}

fn tls(text: &str) -> Option<(Stage, Ending)> {
    if let Some((_, words)) = text.split_once("remote error: tls: ") {
        let alert = ALERTS.iter().find(|(name, _)| words.starts_with(name)).map(|(_, number)| *number);
        let ending = alert.map_or(Ending::Tls(TlsFault::Broken), Ending::TlsAlert);
        return Some((Stage::Handshake, ending));
    }
    let ending = if text.contains("first record does not look like a TLS handshake")
        || text.contains("server gave HTTP response to HTTPS client")
    {
        Ending::Tls(TlsFault::NotTls)
    } else if text.contains("unsupported protocol version") || text.contains("no mutually supported") {
        Ending::Tls(TlsFault::NoAgreement)
    } else if text.contains("tls: ") {
        Ending::Tls(TlsFault::Broken)
    } else {
        return None;
    };
    Some((Stage::Handshake, ending))
}

/// What befell a connection that stood.
fn exchange(text: &str) -> Option<(Stage, Ending)> {
    let stage = if text.contains("write tcp") || text.contains("write unix") || text.contains("write: ") {
        Stage::Send
    } else {
        Stage::Head
    };
    if let Some(ending) = errno::ending_of_sentence(text, stage) {
        return Some((stage, ending));
    }
    let ending = if text.contains("canceled") {
        Ending::Cancelled(By::Client)
    } else if text.contains("i/o timeout") || text.contains("deadline exceeded") {
        Ending::TimedOut(errno::deadline_of(stage))
    } else if text.trim_end().ends_with("EOF") {
        Ending::Closed
    } else {
        return None;
    };
    Some((stage, ending))
}

const fn broken(what: Malformation) -> Ending {
    Ending::Malformed(Fault { what, at: 0 })
}

const SENTENCES: &[(&str, Stage, Ending)] = &[
    ("server closed idle connection", Stage::Send, Ending::Closed),
    ("timeout awaiting response headers", Stage::Head, Ending::TimedOut(Deadline::FirstByte)),
    ("TLS handshake timeout", Stage::Handshake, Ending::TimedOut(Deadline::Handshake)),
    ("server response headers exceeded", Stage::Head, Ending::TooLarge(Limit::HeadBytes)),
    ("too many 1xx informational responses", Stage::Head, Ending::TooLarge(Limit::InterimCount)),
    ("malformed HTTP status code", Stage::Head, broken(Malformation::BadStatus)),
    ("malformed HTTP version", Stage::Head, broken(Malformation::BadVersion)),
    ("malformed HTTP response", Stage::Head, broken(Malformation::NotHttp)),
    ("malformed MIME header", Stage::Head, broken(Malformation::NoColon)),
    ("malformed header", Stage::Head, broken(Malformation::BadFieldName)),
    ("unsupported transfer encoding", Stage::Head, broken(Malformation::UnknownCoding)),
    ("too many transfer encodings", Stage::Head, broken(Malformation::BadCoding)),
    ("multiple Content-Length headers", Stage::Head, broken(Malformation::LengthsDiffer)),
    ("bad Content-Length", Stage::Head, broken(Malformation::BadLength)),
    ("invalid byte in chunk length", Stage::Body, broken(Malformation::BadChunkSize)),
    ("malformed chunked encoding", Stage::Body, broken(Malformation::BadChunkEnd)),
    ("REFUSED_STREAM", Stage::Head, Ending::StreamRefused),
    ("server sent GOAWAY", Stage::Head, Ending::StreamReset(0)),
    ("INTERNAL_ERROR", Stage::Head, Ending::StreamReset(2)),
    ("PROTOCOL_ERROR", Stage::Head, Ending::StreamReset(1)),
    ("ENHANCE_YOUR_CALM", Stage::Head, Ending::StreamReset(11)),
];

/// Go's names of TLS alerts with their numbers (RFC 8446 §6).
const ALERTS: &[(&str, u8)] = &[
    ("handshake failure", 40),
    ("bad certificate", 42),
    ("unsupported certificate", 43),
    ("revoked certificate", 44),
    ("expired certificate", 45),
    ("unknown certificate authority", 48),
    ("unknown certificate", 46),
    ("access denied", 49),
    ("error decoding message", 50),
    ("protocol version not supported", 70),
    ("insufficient security level", 71),
    ("internal error", 80),
    ("unrecognized name", 112),
    ("certificate required", 116),
    ("no application protocol", 120),
    ("unexpected message", 10),
    ("illegal parameter", 47),
];
