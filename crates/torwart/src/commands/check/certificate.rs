//! What certificates say: for which names, by whom, until when.

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use torwart_config::Plan;
use torwart_config::plan::{HostPattern, Site};
use torwart_dial::tls::read_chain;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// What a certificate says.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// The names it is for.
    pub(super) names: Vec<String>,
    /// Who issued it.
    pub(super) issuer: String,
    /// Until when it is valid, in seconds since 1970.
    pub(super) not_after: i64,
    /// Whole days until then; negative when it is over.
    pub(super) days_left: i64,
}

/// A certificate shown to clients.
#[derive(Debug)]
pub(super) struct Shown {
    /// The site.
    pub(super) site: Arc<str>,
    /// What it says.
    pub(super) facts: Facts,
    /// Hosts of the site it is not for.
    pub(super) uncovered: Vec<String>,
}

impl Facts {
    /// What an encoded certificate says.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let not_after = certificate.validity().not_after.timestamp();
        let left = not_after.saturating_sub(now());
        Some(Self {
            names: names(&certificate),
            issuer: certificate.issuer().to_string(),
            not_after,
            days_left: left.div_euclid(SECONDS_PER_DAY),
        })
    }

    /// The last day, as `2027-01-31`.
    pub(super) fn last_day(&self) -> String {
        let day = jiff::Timestamp::from_second(self.not_after);
        day.map(|day| day.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
    }

    /// Whether it ends so soon that somebody should act.
    pub(super) const fn ends_soon(&self) -> bool {
        self.days_left < SOON
    }
}

impl Shown {
    /// Whether clients can accept it.
    pub(super) const fn is_well(&self) -> bool {
        self.facts.days_left >= 0
    }
}

/// The certificates of all sites; what cannot be read is told elsewhere.
pub(super) fn shown(plan: &Plan) -> Vec<Shown> {
    let pairs = plan.sites.iter().flat_map(|site| site.certificates.iter().map(move |files| (site, files)));
    pairs
        .filter_map(|(site, files)| {
            let chain = read_chain(&files.chain).ok()?;
            let leaf = chain.first()?;
            let facts = Facts::of(leaf)?;
            // Where a site has several, one of them is enough for each host.
            let uncovered = if site.certificates.len() == 1 { uncovered(site, leaf) } else { Vec::new() };
            Some(Shown { site: Arc::clone(&site.name), facts, uncovered })
        })
        .collect()
}

/// The sites that get their certificate by themselves and have none yet.
pub(super) fn waiting(plan: &Plan) -> Vec<Arc<str>> {
    let automatic = plan.sites.iter().filter(|site| site.is_automatic);
    let has_none = |site: &&Site| site.certificates.iter().all(|files| read_chain(&files.chain).is_err());
    automatic.filter(has_none).map(|site| Arc::clone(&site.name)).collect()
}

fn uncovered(site: &Site, leaf: &CertificateDer<'_>) -> Vec<String> {
    let Ok(parsed) = ParsedCertificate::try_from(leaf) else { return Vec::new() };
    let is_covered = |name: String| {
        ServerName::try_from(name).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok())
    };
    let missing = site.hosts.iter().filter_map(|host| match host {
        HostPattern::Exact(name) => (!is_covered(name.to_string())).then(|| name.to_string()),
        // A wildcard is for one label, so any will do.
        HostPattern::Below(suffix) => (!is_covered(format!("any{suffix}"))).then(|| format!("*{suffix}")),
        HostPattern::Any => None,
    });
    missing.collect()
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let names = extension.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress([a, b, c, d]) => Some(format!("{a}.{b}.{c}.{d}")),
        GeneralName::IPAddress(bytes) => {
            let bytes: [u8; 16] = (*bytes).try_into().ok()?;
            Some(std::net::Ipv6Addr::from(bytes).to_string())
        }
        _ => None,
    });
    names.collect()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

const SECONDS_PER_DAY: i64 = 86_400;

/// Time enough to get a new one without hurry.
const SOON: i64 = 21;
