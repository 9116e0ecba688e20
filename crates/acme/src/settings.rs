//! What a keeper is asked to do: the part of a plan that is about certificates issued by themselves.

use std::path::PathBuf;
use std::sync::Arc;
use torwart_config::Plan;
use torwart_config::plan::{AcmePlan, HostPattern, Site};

/// Which certificates are wanted, and how they are had.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How certificates are ordered, proven and kept.
    pub plan: AcmePlan,
    /// One for each site.
    pub wanted: Vec<Arc<Wanted>>,
}

/// A certificate that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The site.
    pub site: Arc<str>,
    /// The names it has to be for, in lower case; never empty.
    pub names: Vec<String>,
    /// The file with certificate and key.
    pub file: PathBuf,
}

impl Settings {
    /// What this plan asks for; nothing, if no site wants a certificate.
    pub fn of(plan: &Plan) -> Option<Self> {
        let acme = plan.acme.as_ref()?;
        let sites = plan.sites.iter().filter(|site| site.is_automatic);
        let wanted: Vec<_> = sites.filter_map(|site| Wanted::of(site, acme)).map(Arc::new).collect();
        (!wanted.is_empty()).then(|| Self { plan: acme.clone(), wanted })
    }
}

impl Wanted {
    fn of(site: &Site, acme: &AcmePlan) -> Option<Self> {
        let names: Vec<String> = site
            .hosts
            .iter()
            .filter_map(|host| match host {
                HostPattern::Exact(name) => Some(name.to_string()),
                HostPattern::Below(suffix) => Some(format!("*{suffix}")),
                HostPattern::Any => None,
            })
            .collect();
        let file = acme.certificate_file(site);
        (!names.is_empty()).then(|| Self { site: Arc::clone(&site.name), names, file })
    }
}
