//! How the certificates fare that are issued and renewed by themselves: written by whoever renews them, read by the
//! admin API and the metrics.

use crate::Timestamp;
use crate::json::{write_text, write_unsigned};

/// A certificate that is issued and renewed by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutomaticCertificate {
    /// The site.
    pub site: String,
    /// The names it is for.
    pub names: Vec<String>,
    /// Until when the one in use is valid; nothing while there is none.
    pub not_after: Option<Timestamp>,
    /// When the next one will be ordered.
    pub next_attempt: Timestamp,
    /// Attempts that failed since the last one that did not.
    pub failures: u32,
    /// Why the last attempt failed.
    pub problem: Option<CertificateTrouble>,
}

/// Why a certificate could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateTrouble {
    /// A short stable name, such as `connection` or `ca_unreachable`.
    pub id: &'static str,
    /// When the last attempt failed.
    pub at: Timestamp,
    /// What happened and what to do, in English.
    pub english: String,
    /// The same in German.
    pub german: String,
}

/// Writes these as JSON, with the problems in German or English.
pub fn write_certificates(certificates: &[AutomaticCertificate], is_german: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"automatic\":[");
    for (index, certificate) in certificates.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_certificate(certificate, is_german, out);
    }
    out.extend_from_slice(b"]}");
}

fn write_certificate(certificate: &AutomaticCertificate, is_german: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"site\":");
    write_text(certificate.site.as_bytes(), usize::MAX, out);
    out.extend_from_slice(b",\"names\":[");
    for (index, name) in certificate.names.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_text(name.as_bytes(), usize::MAX, out);
    }
    out.extend_from_slice(b"],\"not_after\":");
    match certificate.not_after {
        Some(end) => write_text(end.to_string().as_bytes(), usize::MAX, out),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"next_attempt\":");
    write_text(certificate.next_attempt.to_string().as_bytes(), usize::MAX, out);
    out.extend_from_slice(b",\"failures\":");
    write_unsigned(u64::from(certificate.failures), out);
    out.extend_from_slice(b",\"problem\":");
    match &certificate.problem {
        None => out.extend_from_slice(b"null"),
        Some(problem) => {
            out.extend_from_slice(b"{\"id\":");
            write_text(problem.id.as_bytes(), usize::MAX, out);
            out.extend_from_slice(b",\"at\":");
            write_text(problem.at.to_string().as_bytes(), usize::MAX, out);
            out.extend_from_slice(b",\"told\":");
            let told = if is_german { &problem.german } else { &problem.english };
            write_text(told.as_bytes(), usize::MAX, out);
            out.push(b'}');
        }
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_in_trouble_says_why_in_the_readers_language() {
        let mut certificate = AutomaticCertificate {
            site: "a.example".to_owned(),
            names: vec!["a.example".to_owned(), "*.a.example".to_owned()],
            not_after: None,
            next_attempt: Timestamp::from_micros(1_800_000_000_000_000),
            failures: 2,
            problem: None,
        };
        let written = |certificate: &AutomaticCertificate, is_german| {
            let mut out = Vec::new();
            write_certificates(std::slice::from_ref(certificate), is_german, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            written(&certificate, false),
            "{\"automatic\":[{\"site\":\"a.example\",\"names\":[\"a.example\",\"*.a.example\"],\"not_after\":null,\
             \"next_attempt\":\"2027-01-15T08:00:00.000000Z\",\"failures\":2,\"problem\":null}]}"
        );
        certificate.problem = Some(CertificateTrouble {
            id: "dns",
            at: Timestamp::from_micros(1_800_000_000_000_000),
            english: "no \"A\"".to_owned(),
            german: "kein „A“".to_owned(),
        });
        assert!(written(&certificate, false).contains("\"told\":\"no \\\"A\\\"\"}"));
        assert!(written(&certificate, true).contains("kein „A“"));
    }
}
