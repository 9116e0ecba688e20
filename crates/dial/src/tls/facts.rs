//! What a certificate says about itself, in words that can be shown and compared.
//!
//! Reading is lenient: what cannot be read of a certificate is left empty, because a strange certificate is to be
//! described, not refused. Moments are seconds since 1970.

use aws_lc_rs::digest::{SHA256, digest};
use rustls_pki_types::CertificateDer;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// What a certificate says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Whom it is for, as a distinguished name.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// The common name of the subject, where it has one.
    pub common_name: Option<String>,
    /// The names and addresses it is for.
    pub names: Vec<String>,
    /// The serial number, in hexadecimal digits as OpenSSL writes them.
    pub serial: String,
    /// From when it is valid.
    pub not_before: i64,
    /// Until when it is valid.
    pub not_after: i64,
    /// SHA-256 of its public key.
    pub key_id: String,
    /// SHA-256 of the whole certificate.
    pub sha256: String,
    /// Where the certificate of its issuer can be had (Authority Information Access).
    pub issuer_urls: Vec<String>,
    /// Kind and size of its key: `RSA 2048`, `EC P-256`.
    pub key: String,
    /// The algorithm it is signed with.
    pub signature: String,
    /// What is too weak about it for today's clients.
    pub weakness: Option<String>,
    /// Whether it may issue certificates.
    pub is_authority: bool,
    /// Whether subject and issuer are the same and it is signed with its own key.
    pub is_self_signed: bool,
    /// Whether its extended usage forbids it to be a server.
    pub is_not_for_servers: bool,
}

impl CertificateFacts {
    /// Reads them; `None` if it is no certificate.
    pub fn of(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let mut facts = Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            common_name: certificate
                .subject()
                .iter_common_name()
                .next()
                .and_then(|name| name.as_str().ok())
                .map(str::to_owned),
            serial: hexadecimal(without_leading_zero(certificate.raw_serial())),
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
            key_id: hexadecimal(digest(&SHA256, certificate.public_key().raw).as_ref()),
            sha256: hexadecimal(digest(&SHA256, der).as_ref()),
            key: key_name(certificate.public_key()),
            signature: signature_name(&certificate.signature_algorithm.algorithm.to_id_string()),
            is_authority: certificate.is_ca(),
            is_self_signed: is_issued_by(&certificate, &certificate),
            ..Self::default()
        };
        facts.read_extensions(&certificate);
        facts.weakness = facts.weakness_of(certificate.public_key());
        Some(facts)
    }

    /// Whether one of its names covers this name or address. The common name is not looked at.
    pub fn covers(&self, name: &str) -> bool {
        self.names.iter().any(|own| matches(own, name))
    }

    /// Whether its common name covers this name and it has no other names, which OpenSSL accepts and others do not.
    pub fn covers_by_common_name(&self, name: &str) -> bool {
        let has_dns_name = self.names.iter().any(|own| own.parse::<IpAddr>().is_err());
        !has_dns_name
            && name.parse::<IpAddr>().is_err()
            && self.common_name.as_deref().is_some_and(|own| matches(own, name))
    }

    /// Whether this moment lies before its start.
    pub fn is_too_early(&self, now: i64) -> bool {
        now < self.not_before
    }

    /// Whether this moment lies after its end.
    pub fn is_over(&self, now: i64) -> bool {
        now > self.not_after
    }

    /// The names it is for, in one line; the common name where there are none.
    pub fn names_line(&self) -> String {
        match (self.names.as_slice(), &self.common_name) {
            ([], Some(name)) => format!("CN={name}"),
            ([], None) => "-".to_owned(),
            (names, _) if names.len() > SHOWN => {
                format!("{}, … ({})", names.get(..SHOWN).unwrap_or_default().join(", "), names.len())
            }
            (names, _) => names.join(", "),
        }
    }

    fn read_extensions(&mut self, certificate: &X509Certificate<'_>) {
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(names) => {
                    self.names = names.general_names.iter().filter_map(general_name).collect();
                }
                ParsedExtension::AuthorityInfoAccess(access) => {
                    let issuers = access.iter().filter(|at| at.access_method.to_id_string() == CA_ISSUERS);
                    self.issuer_urls = issuers
                        .filter_map(|at| match at.access_location {
                            GeneralName::URI(url) => Some(url.to_owned()),
                            _ => None,
                        })
                        .collect();
                }
                ParsedExtension::ExtendedKeyUsage(usage) => {
                    self.is_not_for_servers = !usage.any && !usage.server_auth;
                }
                _ => {}
            }
        }
    }

    fn weakness_of(&self, key: &SubjectPublicKeyInfo<'_>) -> Option<String> {
        let is_short = matches!(key.parsed(), Ok(PublicKey::RSA(rsa)) if rsa.key_size() < SHORT_RSA);
        let is_old = OLD_SIGNATURES.contains(&self.signature.as_str()) && !self.is_self_signed;
        if is_short {
            Some(self.key.clone())
        } else if is_old {
            Some(self.signature.clone())
        } else {
            None
        }
    }
}

/// Whether the second certificate issued the first: by name and by signature. Where we cannot check the signature's
/// algorithm, the key identifiers decide.
pub(super) fn is_issued_by(issued: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    if issued.issuer().as_raw() != issuer.subject().as_raw() {
        return false;
    }
    if issued.verify_signature(Some(issuer.public_key())).is_ok() {
        return true;
    }
    !is_checkable(issued, issuer) && key_identifiers_agree(issued, issuer)
}

fn is_checkable(issued: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    let is_known = CHECKABLE.contains(&issued.signature_algorithm.algorithm.to_id_string().as_str());
    let is_short =
        matches!(issuer.public_key().parsed(), Ok(PublicKey::RSA(rsa)) if rsa.key_size() < SHORT_RSA);
    let is_p521 = curve(issuer.public_key()).is_some_and(|name| name == "P-521");
    is_known && !is_short && !is_p521
}

fn key_identifiers_agree(issued: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    let wanted = issued.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0),
        _ => None,
    });
    let own = issuer.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
        _ => None,
    });
    // Without identifiers the names alone have to do.
    wanted.zip(own).is_none_or(|(wanted, own)| wanted == own)
}

fn general_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::V4(Ipv4Addr::from(four)));
    }
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| IpAddr::V6(Ipv6Addr::from(sixteen)))
}

/// Whether a certificate's name covers a name; a star stands for one label, the first (RFC 6125 §6.4.3).
fn matches(own: &str, name: &str) -> bool {
    if let (Ok(own), Ok(name)) = (own.parse::<IpAddr>(), name.parse::<IpAddr>()) {
        return own == name;
    }
    let name = name.trim_end_matches('.');
    match own.strip_prefix("*.") {
        Some(parent) => name
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(parent)),
        None => own.trim_end_matches('.').eq_ignore_ascii_case(name),
    }
}

fn key_name(key: &SubjectPublicKeyInfo<'_>) -> String {
    if let Ok(PublicKey::RSA(rsa)) = key.parsed() {
        return format!("RSA {}", rsa.key_size());
    }
    match key.algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.10045.2.1" => format!("EC {}", curve(key).unwrap_or_else(|| "?".to_owned())),
        "1.3.101.112" => "Ed25519".to_owned(),
        "1.3.101.113" => "Ed448".to_owned(),
        other => other.to_owned(),
    }
}

fn curve(key: &SubjectPublicKeyInfo<'_>) -> Option<String> {
    let oid = key.algorithm.parameters.as_ref()?.as_oid().ok()?.to_id_string();
    Some(match oid.as_str() {
        "1.2.840.10045.3.1.7" => "P-256".to_owned(),
        "1.3.132.0.34" => "P-384".to_owned(),
        "1.3.132.0.35" => "P-521".to_owned(),
        _ => oid,
    })
}

fn signature_name(oid: &str) -> String {
    SIGNATURES.iter().find(|(id, _)| *id == oid).map_or(oid, |(_, name)| name).to_owned()
}

fn without_leading_zero(serial: &[u8]) -> &[u8] {
    match serial {
        [0, rest @ ..] if !rest.is_empty() => rest,
        other => other,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// How many names are shown in one line.
const SHOWN: usize = 6;
/// RSA keys shorter than this are refused by today's clients.
const SHORT_RSA: usize = 2040;
/// `id-ad-caIssuers` (RFC 5280 §4.2.2.1).
const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";
const OLD_SIGNATURES: &[&str] = &["md5WithRSAEncryption", "sha1WithRSAEncryption", "ecdsa-with-SHA1"];
/// Signature algorithms that our library checks.
const CHECKABLE: &[&str] = &[
    "1.2.840.113549.1.1.5",
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
    "1.3.101.112",
];
/// Signature algorithms by their number, as OpenSSL calls them.
const SIGNATURES: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption"),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
    ("1.2.840.113549.1.1.10", "rsassaPss"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.3.101.112", "ED25519"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_covered_as_the_rfc_says() {
        assert!(matches("web.example", "WEB.example."));
        assert!(matches("*.example", "web.example"));
        assert!(!matches("*.example", "a.web.example"));
        assert!(!matches("*.example", "example"));
        assert!(matches("::1", "0:0:0:0:0:0:0:1"));
        assert!(!matches("127.0.0.1", "127.0.0.2"));
    }

    #[test]
    fn a_serial_number_is_written_as_openssl_does() {
        assert_eq!(hexadecimal(without_leading_zero(&[0, 0xab, 1])), "AB01");
        assert_eq!(hexadecimal(without_leading_zero(&[0])), "00");
    }
}
