//! How much a fault of an upstream's certificate matters: it depends on whether the gateway looks at it, and on whether
//! the site works all the same.

use crate::Case;
use crate::observe::tls::meant::Meant;
use crate::observe::tls::sight::UpstreamSight;
use torwart_cause::finding::{Finding, Said, Severity, said};

/// What is known of the site while an upstream's certificate is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SiteState {
    Works,
    /// The gateway answers with an error of this status.
    Fails(u16),
    Unknown,
}

/// A severity and a confidence, with what they rest on.
#[derive(Clone, Debug)]
pub(super) struct Bearing {
    pub(super) severity: Severity,
    pub(super) confidence: u8,
    basis: Option<Said>,
}

impl Bearing {
    /// The finding with this weight.
    pub(super) fn weigh(self, finding: Finding) -> Finding {
        let confidence = finding.confidence.min(self.confidence);
        let finding = Finding { confidence, ..finding.severity(self.severity) };
        match self.basis {
            Some(basis) => finding.proof(basis),
            None => finding,
        }
    }
}

/// How much a fault matters that the gateway checks, does not check, or of which we do not know.
pub(super) async fn of(case: &Case, sight: &UpstreamSight, is_checked: Option<bool>) -> Bearing {
    match is_checked {
        Some(false) => Bearing { severity: Severity::Info, confidence: 90, basis: unverified(&sight.meant) },
        Some(true) => match site(case).await {
            SiteState::Works => Bearing {
                severity: Severity::Warning,
                confidence: 60,
                basis: Some(said("tls-site-works-still")),
            },
            SiteState::Fails(_) | SiteState::Unknown => {
                Bearing { severity: Severity::Critical, confidence: 95, basis: verified(&sight.meant) }
            }
        },
        None => unknown(case, sight).await,
    }
}

/// Without a configuration: only a site that fails before an upstream that answers well points at what lies between.
async fn unknown(case: &Case, sight: &UpstreamSight) -> Bearing {
    if let SiteState::Fails(status) = site(case).await {
        let answer = case.answer(&sight.upstream.address).await;
        let own = answer.exchange.as_ref().and_then(|exchange| exchange.status());
        if let Some(own) = own.filter(|own| *own < 500) {
            let basis = said("tls-site-fails-upstream-answers").with("status", status).with("own", own);
            return Bearing { severity: Severity::Critical, confidence: 75, basis: Some(basis) };
        }
    }
    Bearing { severity: Severity::Info, confidence: 50, basis: Some(said("tls-gateway-settings-unknown")) }
}

async fn site(case: &Case) -> SiteState {
    let front = case.front().await;
    let statuses = front.pages.iter().filter_map(|page| page.exchange.status());
    match statuses.max() {
        Some(status) if status >= 500 => SiteState::Fails(status),
        Some(_) if front.pages.iter().all(|page| !page.is_wrong()) => SiteState::Works,
        _ => SiteState::Unknown,
    }
}

/// Whether the site works as far as visitors can see.
pub(super) async fn site_works(case: &Case) -> bool {
    site(case).await == SiteState::Works
}

/// Whether the gateway answers with an error.
pub(super) async fn site_fails(case: &Case) -> bool {
    matches!(site(case).await, SiteState::Fails(_))
}

fn verified(meant: &Meant) -> Option<Said> {
    let (product, tls) = (meant.product?, meant.tls.as_ref()?);
    Some(said("tls-gateway-verifies").with("product", product).with("written", &tls.verify.written))
}

fn unverified(meant: &Meant) -> Option<Said> {
    let (product, tls) = (meant.product?, meant.tls.as_ref()?);
    Some(said("tls-gateway-verifies-not").with("product", product).with("written", &tls.verify.written))
}
