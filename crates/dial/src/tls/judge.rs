//! Everything that is wrong with a chain of certificates, not only the first thing.
//!
//! The handshake's own verifier stops at the first fault; a person wants all of them, and wants to know what would hold
//! if a clock, a name or a missing certificate were put right. Paths are built as OpenSSL does, more leniently than our
//! own gateway: what any usual gateway accepts is no fault here.

use super::facts::{CertificateFacts, is_issued_by};
use super::material::{TlsConfigProblem, read_chain};
use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::aws_lc_rs;
use rustls::server::ParsedCertificate;
use rustls_pki_types::{CertificateDer, UnixTime};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Whom to believe.
#[derive(Clone, Debug)]
pub struct Trust {
    /// By subject, in DER.
    by_subject: HashMap<Vec<u8>, Vec<CertificateDer<'static>>>,
    /// Trusted without a certificate of their own: the built-in list, where the system has none.
    anchors: RootCertStore,
    is_system: bool,
}

/// Something wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainFault {
    /// A certificate's end has passed; 0 is the leaf.
    Expired(usize),
    /// A certificate's start has not come; 0 is the leaf.
    NotYetValid(usize),
    /// The leaf does not cover the name. OpenSSL may accept it by its common name.
    WrongName {
        /// Whether its common name covers the name and it has no others.
        has_common_name: bool,
    },
    /// The leaf is signed by itself and not trusted itself.
    SelfSigned,
    /// An intermediate certificate was not sent.
    MissingIntermediate {
        /// The issuer whose certificate is missing.
        issuer: String,
        /// Where it can be had, as the certificate says.
        url: Option<String>,
        /// Whether it was found elsewhere and completes the chain: then it is proven.
        is_proven: bool,
    },
    /// The chain leads to an issuer that is not trusted.
    UnknownIssuer {
        /// Which.
        issuer: String,
        /// Whether an authority of the same name, but with another key, is trusted.
        has_namesake: bool,
    },
    /// The trusted authority the chain leads to has itself expired.
    TrustExpired(Box<CertificateFacts>),
    /// The leaf's usage forbids it to be a server.
    NotForServers,
    /// A key or signature is too weak; what, and in which certificate.
    Weak(usize, String),
    /// There is no certificate that can be read.
    Unreadable,
}

impl Trust {
    /// What the operating system trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` count), or Mozilla's list where it has none.
    pub fn system() -> Self {
        let mut trust = Self::of(rustls_native_certs::load_native_certs().certs);
        if trust.by_subject.is_empty() {
            trust.anchors.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        trust.is_system = true;
        trust
    }

    /// What stands in a PEM file, and nothing else.
    pub fn file(file: &Path) -> Result<Self, TlsConfigProblem> {
        read_chain(file).map(Self::of)
    }

    /// These certificates.
    pub fn of(certificates: Vec<CertificateDer<'static>>) -> Self {
        let mut by_subject: HashMap<_, Vec<_>> = HashMap::new();
        for der in certificates {
            if let Ok((_, certificate)) = X509Certificate::from_der(&der) {
                by_subject.entry(certificate.subject().as_raw().to_vec()).or_default().push(der);
            }
        }
        Self { by_subject, anchors: RootCertStore::empty(), is_system: false }
    }

    /// Whether it is the system's.
    pub fn is_system(&self) -> bool {
        self.is_system
    }

    /// What the trusted certificates say; empty for the built-in list.
    pub fn facts(&self) -> Vec<CertificateFacts> {
        self.by_subject.values().flatten().filter_map(CertificateFacts::of).collect()
    }

    /// Whether this very certificate is trusted.
    pub fn contains(&self, der: &CertificateDer<'_>) -> bool {
        self.by_subject.values().flatten().any(|own| own.as_ref() == der.as_ref())
    }

    fn named(&self, subject: &[u8]) -> &[CertificateDer<'static>] {
        self.by_subject.get(subject).map_or(&[], Vec::as_slice)
    }
}

/// Every fault of a chain as shown by a server, for a client with this trust that expects this name at this moment
/// (seconds since 1970). `spare` are certificates known from elsewhere that might complete the chain.
pub fn verify(
    chain: &[CertificateDer<'static>],
    trust: &Trust,
    name: Option<&str>,
    now: i64,
    spare: &[CertificateDer<'static>],
) -> Vec<ChainFault> {
    let Some((leaf, rest)) = chain.split_first() else { return vec![ChainFault::Unreadable] };
    let Some(facts) = CertificateFacts::of(leaf) else { return vec![ChainFault::Unreadable] };
    let mut faults = Vec::new();
    date_fault(&facts, 0, now, &mut faults);
    if let Some(name) = name
        && !facts.covers(name)
    {
        faults.push(ChainFault::WrongName { has_common_name: facts.covers_by_common_name(name) });
    }
    if facts.is_not_for_servers {
        faults.push(ChainFault::NotForServers);
    }
    weaknesses(chain, &mut faults);
    if !trust.contains(leaf) {
        match path(leaf, rest, trust, now) {
            Some(found) => path_faults(&found, chain, trust, now, &mut faults),
            None if is_believed_by_anchors(chain, trust, &facts, now) => {}
            None => faults.push(untrusted(chain, &facts, trust, now, spare)),
        }
    }
    faults
}

/// A way from the leaf to a trusted certificate.
struct TrustPath {
    /// The certificates between.
    between: Vec<CertificateDer<'static>>,
    /// Where it ends.
    anchor: CertificateDer<'static>,
}

/// The best way there is: one that is valid now before any other.
fn path(
    leaf: &CertificateDer<'static>,
    rest: &[CertificateDer<'static>],
    trust: &Trust,
    now: i64,
) -> Option<TrustPath> {
    let mut found = Vec::new();
    walk(leaf, rest, trust, &mut Vec::new(), &mut found);
    let is_now =
        |der| CertificateFacts::of(der).is_some_and(|facts| !facts.is_over(now) && !facts.is_too_early(now));
    // A way whose end is valid is next best: then what was shown is to be renewed, not the trust.
    let best = found
        .iter()
        .position(|path| path.between.iter().chain([&path.anchor]).all(is_now))
        .or_else(|| found.iter().position(|path| is_now(&path.anchor)))
        .unwrap_or(0);
    (!found.is_empty()).then(|| found.swap_remove(best))
}

fn walk(
    from: &CertificateDer<'static>,
    rest: &[CertificateDer<'static>],
    trust: &Trust,
    way: &mut Vec<CertificateDer<'static>>,
    found: &mut Vec<TrustPath>,
) {
    if way.len() > DEPTH || found.len() > DEPTH {
        return;
    }
    let Ok((_, certificate)) = X509Certificate::from_der(from) else { return };
    for anchor in trust.named(certificate.issuer().as_raw()) {
        if X509Certificate::from_der(anchor).is_ok_and(|(_, issuer)| is_issued_by(&certificate, &issuer)) {
            found.push(TrustPath { between: way.clone(), anchor: anchor.clone() });
        }
    }
    for next in rest {
        let is_next = next != from
            && !way.contains(next)
            && X509Certificate::from_der(next).is_ok_and(|(_, issuer)| is_issued_by(&certificate, &issuer));
        if is_next {
            way.push(next.clone());
            walk(next, rest, trust, way, found);
            way.pop();
        }
    }
}

fn path_faults(
    path: &TrustPath,
    chain: &[CertificateDer<'static>],
    trust: &Trust,
    now: i64,
    faults: &mut Vec<ChainFault>,
) {
    for certificate in &path.between {
        let index = chain.iter().position(|other| other == certificate).unwrap_or(1);
        if let Some(facts) = CertificateFacts::of(certificate) {
            date_fault(&facts, index, now, faults);
        }
    }
    if let Some(anchor) = CertificateFacts::of(&path.anchor)
        && anchor.is_over(now)
        && !trust.is_system
    {
        faults.push(ChainFault::TrustExpired(Box::new(anchor)));
    }
}

fn date_fault(facts: &CertificateFacts, index: usize, now: i64, faults: &mut Vec<ChainFault>) {
    if facts.is_over(now) {
        faults.push(ChainFault::Expired(index));
    } else if facts.is_too_early(now) {
        faults.push(ChainFault::NotYetValid(index));
    }
}

fn weaknesses(chain: &[CertificateDer<'static>], faults: &mut Vec<ChainFault>) {
    for (index, facts) in
        chain.iter().enumerate().filter_map(|(index, der)| Some((index, CertificateFacts::of(der)?)))
    {
        // How a root signed itself matters to nobody.
        if let Some(what) = facts.weakness
            && (index == 0 || !facts.is_self_signed)
        {
            faults.push(ChainFault::Weak(index, what));
        }
    }
}

/// Why there is no way to a trusted certificate.
fn untrusted(
    chain: &[CertificateDer<'static>],
    leaf: &CertificateFacts,
    trust: &Trust,
    now: i64,
    spare: &[CertificateDer<'static>],
) -> ChainFault {
    if leaf.is_self_signed {
        return ChainFault::SelfSigned;
    }
    let top = top_of(chain);
    let issuer = top.as_ref().map_or_else(|| leaf.issuer.clone(), |top| top.issuer.clone());
    let with_spare: Vec<_> = chain.iter().skip(1).chain(spare).cloned().collect();
    let is_proven = chain.first().is_some_and(|der| {
        path(der, &with_spare, trust, now).is_some()
            || is_believed_by_anchors(&[std::slice::from_ref(der), &with_spare].concat(), trust, leaf, now)
    });
    let is_open = top.as_ref().is_some_and(|top| !top.is_self_signed);
    let url = top.and_then(|top| top.issuer_urls.into_iter().next());
    if is_proven || (is_open && url.is_some()) {
        return ChainFault::MissingIntermediate { issuer, url, is_proven };
    }
    ChainFault::UnknownIssuer { issuer: issuer.clone(), has_namesake: has_namesake(chain, trust) }
}

/// The last certificate that the shown chain leads to.
fn top_of(chain: &[CertificateDer<'static>]) -> Option<CertificateFacts> {
    let mut current = chain.first()?;
    for _ in 0..DEPTH {
        let (_, certificate) = X509Certificate::from_der(current).ok()?;
        let next = chain.iter().find(|other| {
            *other != current
                && X509Certificate::from_der(other)
                    .is_ok_and(|(_, issuer)| is_issued_by(&certificate, &issuer))
        });
        match next {
            Some(next) => current = next,
            None => break,
        }
    }
    CertificateFacts::of(current)
}

/// Whether the trust holds an authority that has the name of one in the chain, or of its issuer, but another key.
fn has_namesake(chain: &[CertificateDer<'static>], trust: &Trust) -> bool {
    chain
        .iter()
        .filter_map(|der| X509Certificate::from_der(der).ok())
        .any(|(_, certificate)| !trust.named(certificate.issuer().as_raw()).is_empty())
}

/// Whether the built-in list believes the chain, dates aside.
fn is_believed_by_anchors(
    chain: &[CertificateDer<'static>],
    trust: &Trust,
    leaf: &CertificateFacts,
    now: i64,
) -> bool {
    let Some((der, rest)) = chain.split_first() else { return false };
    let Ok(parsed) = ParsedCertificate::try_from(der) else { return false };
    if trust.anchors.is_empty() {
        return false;
    }
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms.all;
    [now, leaf.not_after - 1, leaf.not_before + 1].into_iter().any(|moment| {
        let moment = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(moment).unwrap_or(0)));
        verify_server_cert_signed_by_trust_anchor(&parsed, &trust.anchors, rest, moment, algorithms).is_ok()
    })
}

/// How long a chain may be, and how many ways are looked for.
const DEPTH: usize = 8;

#[cfg(test)]
mod tests;
