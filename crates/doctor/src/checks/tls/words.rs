//! The facts that several checks of TLS tell in the same words.

use crate::observe::tls::{TlsSeen, moment, openssl};
use std::net::SocketAddr;
use torwart_cause::Ending;
use torwart_cause::finding::{Finding, Said, said};
use torwart_dial::tls::facts::CertificateFacts;

/// With the certificate shown at an address as evidence.
pub(super) fn with_certificate(finding: Finding, seen: &TlsSeen, address: SocketAddr) -> Finding {
    let Some(leaf) = seen.leaf() else { return finding };
    let command = format!(
        "{} 2>/dev/null | openssl x509 -noout -subject -issuer -serial -dates -ext subjectAltName",
        openssl(address, seen.name.as_deref(), "")
    );
    finding.proof_by(certificate(&leaf, seen.name.as_deref(), address), command)
}

/// A certificate in one sentence.
pub(super) fn certificate(leaf: &CertificateFacts, name: Option<&str>, address: SocketAddr) -> Said {
    let key = if name.is_some() { "tls-certificate-shown" } else { "tls-certificate-shown-unasked" };
    said(key)
        .with("address", address)
        .with("name", name.unwrap_or("-"))
        .with("names", leaf.names_line())
        .with("serial", &leaf.serial)
        .with("from", moment::shown(leaf.not_before))
        .with("until", moment::shown(leaf.not_after))
        .with("issuer", &leaf.issuer)
}

/// How a handshake failed, in one sentence.
pub(super) fn failure(seen: &TlsSeen, address: SocketAddr) -> Option<Said> {
    let failure = seen.failure()?;
    let name = seen.name.as_deref().unwrap_or("none");
    let told = |key| said(key).with("address", address).with("name", name);
    Some(match failure.ending {
        Ending::TlsAlert(number) if failure.is_late => alert(told("tls-alert-late"), number),
        Ending::TlsAlert(number) => alert(told("tls-alert-early"), number),
        Ending::Closed => told("tls-handshake-closed"),
        Ending::Reset => told("tls-handshake-reset"),
        Ending::TimedOut(_) => told("tls-handshake-silent"),
        _ => told("tls-handshake-broken").with("words", &failure.words),
    })
}

/// Number, name and meaning of an alert.
fn alert(said: Said, number: u8) -> Said {
    said.with("number", number).with("called", alert_name(number))
}

/// The registered name of an alert (RFC 8446 §6).
pub(super) const fn alert_name(number: u8) -> &'static str {
    match number {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "?",
    }
}

/// The first bytes of something that is no TLS, as one line of text.
pub(super) fn first_line(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let text: String = String::from_utf8_lossy(line).chars().take(80).collect();
    text.chars()
        .map(|letter| if letter.is_control() { '.' } else { letter })
        .collect::<String>()
        .trim_end_matches('.')
        .to_owned()
}

/// The protocol behind a banner, by its usual name.
pub(super) fn protocol_of(bytes: &[u8]) -> Option<&'static str> {
    let starts = |text: &[u8]| bytes.starts_with(text);
    if starts(b"HTTP/") || starts(b"<!DOCTYPE") || starts(b"<html") || starts(b"<!doctype") {
        Some("HTTP")
    } else if starts(b"SSH-") {
        Some("SSH")
    } else if starts(b"220 ") || starts(b"220-") {
        Some("SMTP/FTP")
    } else if starts(b"* OK") {
        Some("IMAP")
    } else if starts(b"+OK") {
        Some("POP3")
    } else if starts(b"-ERR") || starts(b"-DENIED") {
        Some("Redis")
    } else if bytes.get(4) == Some(&10) && bytes.get(3) == Some(&0) {
        Some("MySQL")
    } else {
        None
    }
}
