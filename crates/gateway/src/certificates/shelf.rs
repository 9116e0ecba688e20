//! All certificates of a plan, findable by name.

use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::sync::Arc;
use torwart_config::plan::{CertificateFiles, HostPattern, Site};
use torwart_dial::TlsConfigProblem;
use torwart_dial::tls::{pair_problem, read_chain, read_key};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Certificates by the names they are shown for.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// By exact name, in lower case.
    exact: HashMap<Box<str>, Vec<Arc<CertifiedKey>>>,
    /// By what follows the first label of `*.name`, with its leading dot.
    below: HashMap<Box<str>, Vec<Arc<CertifiedKey>>>,
    /// For every other name and for clients that say none.
    default: Vec<Arc<CertifiedKey>>,
    /// The name for the metric, and the end of validity in seconds since 1970.
    expiries: Vec<(String, u64)>,
}

/// What one pair of files holds.
struct Loaded {
    pair: Arc<CertifiedKey>,
    names: Vec<String>,
    /// Seconds since 1970; of a chain, those of the certificate that ends first.
    not_after: u64,
}

impl Shelf {
    pub(super) fn load(sites: &[Site]) -> Result<Self, Vec<TlsConfigProblem>> {
        let mut shelf = Self::default();
        let mut problems = Vec::new();
        let mut own_names = Vec::new();
        for site in sites {
            let mut pairs = Vec::new();
            for files in &site.certificates {
                match load_pair(files) {
                    Ok(loaded) => {
                        shelf.expiries.push((expiry_name(site, files), loaded.not_after));
                        own_names
                            .extend(loaded.names.into_iter().map(|name| (name, Arc::clone(&loaded.pair))));
                        pairs.push(loaded.pair);
                    }
                    Err(problem) => problems.push(problem),
                }
            }
            shelf.show_for_hosts(&site.hosts, &pairs);
            if shelf.default.is_empty() {
                shelf.default = pairs;
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        shelf.show_for_own_names(own_names);
        Ok(shelf)
    }

    /// The certificates for a name, best first. Empty only when there is none at all.
    pub(super) fn candidates(&self, name: Option<&str>) -> &[Arc<CertifiedKey>] {
        let Some(name) = name else { return &self.default };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if let Some(pairs) = self.exact.get(name.as_str()) {
            return pairs;
        }
        // The longest suffix wins: a wildcard host covers every depth, so each dot is a candidate.
        name.match_indices('.')
            .find_map(|(at, _)| self.below.get(name.get(at..)?))
            .map_or(&self.default, Vec::as_slice)
    }

    pub(super) fn expiries(&self) -> &[(String, u64)] {
        &self.expiries
    }

    /// A site's hosts are shown the site's certificates, whatever those say: the operator decided so.
    fn show_for_hosts(&mut self, hosts: &[HostPattern], pairs: &[Arc<CertifiedKey>]) {
        if pairs.is_empty() {
            return;
        }
        for host in hosts {
            match host {
                HostPattern::Exact(name) => {
                    self.exact.entry(name.as_ref().into()).or_insert_with(|| pairs.to_vec());
                }
                HostPattern::Below(suffix) => {
                    self.below.entry(suffix.as_ref().into()).or_insert_with(|| pairs.to_vec());
                }
                HostPattern::Any => self.default = pairs.to_vec(),
            }
        }
    }

    /// Names only certificates know: those no site claims are served by the first certificate that has them.
    fn show_for_own_names(&mut self, own_names: Vec<(String, Arc<CertifiedKey>)>) {
        for (name, pair) in own_names {
            match name.strip_prefix('*') {
                Some(suffix) => self.below.entry(suffix.into()).or_insert_with(|| vec![pair]),
                None => self.exact.entry(name.into()).or_insert_with(|| vec![pair]),
            };
        }
    }
}

fn load_pair(files: &CertificateFiles) -> Result<Loaded, TlsConfigProblem> {
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
    Ok(Loaded { pair: Arc::new(pair), names, not_after: not_after.ok_or_else(unusable)? })
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
