//! Certificates that are issued and renewed by themselves (ACME, RFC 8555).

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::Site;
use crate::defaults;

/// How certificates are ordered, proven and kept.
#[derive(Clone, Debug, PartialEq)]
pub struct AcmePlan {
    /// The CA's directory.
    pub directory: Arc<str>,
    /// PEM file with the CAs its own TLS certificate may come from; none means those of the system.
    pub ca: Option<PathBuf>,
    /// Whether the operator agreed to the CA's terms.
    pub agrees_to_terms: bool,
    /// Where the CA may write to.
    pub emails: Vec<Arc<str>>,
    /// The ways to prove that a name is ours, in the order they are tried.
    pub challenges: Vec<Challenge>,
    /// The program that sets records in DNS.
    pub dns_hook: Option<DnsHook>,
    /// What binds our account to one the operator has with the CA.
    pub external_account: Option<ExternalAccount>,
    /// The kind of certificate, where the CA offers several.
    pub profile: Option<Arc<str>>,
    /// The folder for account keys and certificates.
    pub store: PathBuf,
    /// Whether the file names that folder.
    pub(crate) is_store_named: bool,
}

/// A way to prove that a name is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Challenge {
    /// A file at a well-known path, asked for on port 80 (RFC 8555 §8.3).
    Http01,
    /// A certificate shown for a protocol of its own, asked for on port 443 (RFC 8737).
    TlsAlpn01,
    /// A record in DNS (RFC 8555 §8.4).
    Dns01,
}

/// A program that sets and removes records in DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsHook {
    /// The program and its first arguments.
    pub command: Vec<Arc<str>>,
    /// How long it may take.
    pub deadline: Duration,
    /// How long a record needs to reach every name server.
    pub wait: Duration,
}

/// What binds our account to one the operator has with the CA (RFC 8555 §7.3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalAccount {
    /// The key's id.
    pub id: Arc<str>,
    /// The file with the key, in base64url.
    pub key_file: PathBuf,
}

impl Challenge {
    /// The names in the file.
    pub(crate) const NAMES: [&str; 3] = ["http-01", "tls-alpn-01", "dns-01"];

    /// The name, as RFC 8555 writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http01 => "http-01",
            Self::TlsAlpn01 => "tls-alpn-01",
            Self::Dns01 => "dns-01",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Http01, Self::TlsAlpn01, Self::Dns01].into_iter().find(|challenge| challenge.name() == name)
    }
}

impl AcmePlan {
    /// The file with the certificate of a site and its key: one file, so that both always change together.
    #[must_use]
    pub fn certificate_file(&self, site: &Site) -> PathBuf {
        self.store.join(site.name.replace('*', "_")).join("certificate.pem")
    }

    /// Keeps everything below this folder, unless the file names another.
    pub fn keep_state_in(&mut self, folder: &Path) {
        if !self.is_store_named {
            self.store = folder.join(FOLDER);
        }
    }

    /// Whether this is the public CA that everybody may use, or its twin for trying out.
    #[must_use]
    pub fn is_public(&self) -> bool {
        [defaults::ACME_DIRECTORY, defaults::ACME_STAGING].contains(&&*self.directory)
    }
}

/// The folder below that of the service's state.
pub(crate) const FOLDER: &str = "acme";
