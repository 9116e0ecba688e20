//! All certificates of a plan, findable by name.

use super::by_name::ByName;
use super::placeholder;
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use torwart_config::plan::{CertificateFiles, Site};
use torwart_dial::TlsConfigProblem;
use torwart_dial::tls::{pair_problem, read_chain, read_key};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Certificates by the names they are shown for.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pairs: ByName<Vec<Arc<CertifiedKey>>>,
    /// What each file held, so that one that cannot be read again need not be lost.
    loaded: HashMap<PathBuf, Arc<Loaded>>,
    /// The name for the metric, and the end of validity in seconds since 1970.
    expiries: Vec<(String, u64)>,
}

/// What one pair of files holds.
#[derive(Debug)]
struct Loaded {
    pair: Arc<CertifiedKey>,
    names: Vec<String>,
    /// Seconds since 1970; of a chain, those of the certificate that ends first.
    not_after: u64,
}

impl Shelf {
    pub(super) fn load(sites: &[Site]) -> Result<Self, Vec<TlsConfigProblem>> {
        Self::gather(sites, load_pair)
    }

    /// The same, with what this shelf holds where a file cannot be read any more: a fault of one site keeps no renewed
    /// certificate of another one waiting.
    pub(super) fn load_again(&self, sites: &[Site]) -> Result<Self, Vec<TlsConfigProblem>> {
        Self::gather(sites, |files| {
            load_pair(files).or_else(|problem| match self.loaded.get(&files.chain) {
                Some(known) => {
                    tracing::error!(%problem, "a certificate cannot be read again; the present one stays");
                    Ok(Arc::clone(known))
                }
                None => Err(problem),
            })
        })
    }

    fn gather(
        sites: &[Site],
        mut load: impl FnMut(&CertificateFiles) -> Result<Arc<Loaded>, TlsConfigProblem>,
    ) -> Result<Self, Vec<TlsConfigProblem>> {
        let mut shelf = Self::default();
        let mut problems = Vec::new();
        let mut own_names = Vec::new();
        let mut first = None;
        for site in sites {
            let mut pairs = Vec::new();
            for files in &site.certificates {
                match load(files) {
                    Ok(loaded) => {
                        shelf.expiries.push((expiry_name(site, files), loaded.not_after));
                        let names = loaded.names.iter().cloned();
                        own_names.extend(names.map(|name| (name, Arc::clone(&loaded.pair))));
                        pairs.push(Arc::clone(&loaded.pair));
                        shelf.loaded.insert(files.chain.clone(), loaded);
                    }
                    Err(problem) if site.is_automatic => match stand_in(site, files, &problem) {
                        Ok(pair) => pairs.push(pair),
                        Err(problem) => problems.push(problem),
                    },
                    Err(problem) => problems.push(problem),
                }
            }
            // A site's hosts are shown the site's certificates, whatever those say: the operator decided so.
            if !pairs.is_empty() {
                site.hosts.iter().for_each(|host| shelf.pairs.set(host, pairs.clone()));
                first.get_or_insert(pairs);
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        // Names only certificates know: those no site claims are served by the first certificate that has them.
        for (name, pair) in own_names {
            shelf.pairs.set_name(&name, vec![pair]);
        }
        if shelf.pairs.default.is_none() {
            shelf.pairs.default = first;
        }
        Ok(shelf)
    }

    /// The certificates for a name, best first. Empty only when there is none at all.
    pub(super) fn candidates(&self, name: Option<&str>) -> &[Arc<CertifiedKey>] {
        self.pairs.find(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn expiries(&self) -> &[(String, u64)] {
        &self.expiries
    }
}

/// What is shown until a site that gets its certificate by itself has one.
fn stand_in(
    site: &Site,
    files: &CertificateFiles,
    problem: &TlsConfigProblem,
) -> Result<Arc<CertifiedKey>, TlsConfigProblem> {
    if files.chain.exists() {
        tracing::warn!(site = %site.name, %problem, "the stored certificate cannot be used: a placeholder is shown");
    } else {
        tracing::warn!(site = %site.name, "no certificate yet: a placeholder is shown that nobody trusts");
    }
    placeholder::pair(site)
}

fn load_pair(files: &CertificateFiles) -> Result<Arc<Loaded>, TlsConfigProblem> {
    let chain = read_chain(&files.chain)?;
    let key = read_key(&files.key)?;
    let unusable = || TlsConfigProblem::NotPem { file: files.chain.clone() };
    let mut not_after = None;
    let mut names = Vec::new();
    for (position, der) in chain.iter().enumerate() {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| unusable())?;
        // Before 1970 is expired all the same.
        let end = u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or(0);
        not_after = Some(not_after.map_or(end, |earlier: u64| earlier.min(end)));
        if position == 0 {
            names = dns_names(&certificate);
        }
    }
    let pair = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
        .map_err(|error| pair_problem(&error, &files.chain, &files.key))?;
    Ok(Arc::new(Loaded { pair: Arc::new(pair), names, not_after: not_after.ok_or_else(unusable)? }))
}

fn dns_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let names = extension.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

/// The site's name; of several certificates of one site, with the file's.
fn expiry_name(site: &Site, files: &CertificateFiles) -> String {
    match (site.certificates.as_slice(), files.chain.file_name()) {
        ([_, _, ..], Some(file)) => format!("{} {}", site.name, file.to_string_lossy()),
        _ => site.name.to_string(),
    }
}
