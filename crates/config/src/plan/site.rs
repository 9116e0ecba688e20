//! A site: the hosts that belong together, with their certificates and routes.

use std::{path::PathBuf, sync::Arc};

use super::{Answers, Route};

/// The hosts that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// The name in records and metrics: the host the table is named after.
    pub name: Arc<str>,
    /// The hosts it answers for, the one it is named after first.
    pub hosts: Vec<HostPattern>,
    /// Its certificates; the first is shown where no other fits the asked name.
    pub certificates: Vec<CertificateFiles>,
    /// Whether its certificate is issued and renewed by itself; the files are those of the store then.
    pub is_automatic: bool,
    /// Which clients may come in by their certificate; none means that nobody is asked for one.
    pub client_certificate: Option<Arc<ClientCertificate>>,
    /// What `Strict-Transport-Security` says, if it is sent.
    pub hsts: Option<Arc<str>>,
    /// Whether plain requests are sent to `https` with status 308.
    pub redirect_to_https: bool,
    /// What its answers look like.
    pub answers: Answers,
    /// Its routes in the order they are asked: exact paths, patterns in file order, prefixes from long to short,
    /// the route for everything; among equal paths the one with more conditions first.
    pub routes: Vec<Route>,
}

/// Which hosts a site answers for; in lower case, without port and final dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// This host.
    Exact(Arc<str>),
    /// Every host that ends in this, which begins with a dot: `.shop.example` for `*.shop.example`.
    Below(Arc<str>),
    /// Every host no other site answers for, and requests without one.
    Any,
}

/// A certificate with its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertificateFiles {
    /// The PEM file with the certificate and those that lead to its issuer.
    pub chain: PathBuf,
    /// The PEM file with the private key.
    pub key: PathBuf,
}

/// Which clients may come in by their certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientCertificate {
    /// PEM file with the CAs they may come from.
    pub ca: PathBuf,
    /// PEM file with revocation lists.
    pub revoked: Option<PathBuf>,
    /// Whether a client without one is turned away.
    pub is_required: bool,
    /// What a certificate has to say; any of these is enough, none of them means that every certificate of the CAs is.
    pub subjects: Vec<SubjectRule>,
}

/// What one certificate has to say: all of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SubjectRule {
    /// The parts, such as `O=Shop` and `OU=Staff`.
    pub parts: Vec<(SubjectPart, Arc<str>)>,
}

/// A part of a certificate that a rule may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubjectPart {
    /// The subject's common name.
    CommonName,
    /// The subject's organisation.
    Organization,
    /// The subject's department.
    Unit,
    /// A DNS name the certificate is for.
    Dns,
    /// A mail address the certificate is for.
    Email,
    /// A URI the certificate is for, such as a SPIFFE id.
    Uri,
}

impl SubjectPart {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "CN" => Self::CommonName,
            "O" => Self::Organization,
            "OU" => Self::Unit,
            "DNS" => Self::Dns,
            "EMAIL" => Self::Email,
            "URI" => Self::Uri,
            _ => return None,
        })
    }
}
