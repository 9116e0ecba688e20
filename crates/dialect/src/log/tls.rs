//! What TLS libraries say, as products pass it on: OpenSSL's sentences and X.509 codes.

use torwart_cause::{CertificateFault, Ending, TlsFault};

/// What an OpenSSL error text says.
pub(super) fn ending_of_openssl(text: &str) -> Ending {
    let lower = text.to_ascii_lowercase();
    if let Some(alert) = number_after(&lower, "ssl alert number ") {
        return Ending::TlsAlert(alert);
    }
    if lower.contains("certificate verify failed") {
        return Ending::Certificate(CertificateFault::Untrusted);
    }
    if NOT_TLS.iter().any(|words| lower.contains(words)) {
        return Ending::Tls(TlsFault::NotTls);
    }
    if NO_AGREEMENT.iter().any(|words| lower.contains(words)) {
        return Ending::Tls(TlsFault::NoAgreement);
    }
    if lower.contains("unexpected eof") || lower.contains("peer closed connection") {
        return Ending::Closed;
    }
    Ending::Tls(TlsFault::Broken)
}

/// What a result of X.509 verification says (OpenSSL's `X509_V_ERR_*` numbers).
pub(super) fn fault_of_x509(number: i32) -> CertificateFault {
    match number {
        9 | 13 => CertificateFault::NotYetValid,
        10 | 14 => CertificateFault::Expired,
        23 => CertificateFault::Revoked,
        62 | 64 => CertificateFault::WrongName,
        24..=26 | 66..=68 => CertificateFault::Unusable,
        _ => CertificateFault::Untrusted,
    }
}

fn number_after(text: &str, words: &str) -> Option<u8> {
    let rest = text.get(text.find(words)? + words.len()..)?;
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest.get(..length)?.parse().ok()
}

const NOT_TLS: &[&str] = &["wrong version number", "http request", "packet length too long", "not ssl"];
const NO_AGREEMENT: &[&str] = &[
    "unsupported protocol",
    "no protocols available",
    "no shared cipher",
    "no ciphers available",
    "no suitable",
    "wrong ssl version",
    "unknown protocol",
    "dh key too small",
    "ee key too small",
    "legacy renegotiation",
    "unsafe legacy",
];
