//! What to do about a finding: the exact lines where they are known, then the page's advice for the products met here.

use crate::Lang;
use crate::finding::{FindingPage, is_same_product};
use torwart_cause::finding::{Diagnosis, Finding};

/// One thing to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Remedy {
    /// The product whose words these are.
    pub(super) product: Option<String>,
    /// The file and line to change.
    pub(super) file: Option<(String, u32)>,
    /// What stands there.
    pub(super) before: Option<String>,
    /// What should stand there.
    pub(super) after: Option<String>,
    /// Advice in Markdown.
    pub(super) text: Option<String>,
}

/// What to do, most exact first.
pub(super) fn remedies(finding: &Finding, diagnosis: &Diagnosis, lang: Lang) -> Vec<Remedy> {
    let mut remedies: Vec<Remedy> = finding
        .fixes
        .iter()
        .map(|fix| Remedy {
            product: fix.product.clone(),
            file: fix.file.clone(),
            before: fix.before.clone(),
            after: (!fix.after.is_empty()).then(|| fix.after.clone()),
            text: None,
        })
        .collect();
    let page = FindingPage::of(finding.kind, lang);
    if !page.what_to_do.is_empty() {
        remedies.push(Remedy { text: Some(page.what_to_do.to_owned()), ..Remedy::default() });
    }
    let is_met = |name: &str| {
        let fixed = finding.fixes.iter().filter_map(|fix| fix.product.as_ref());
        diagnosis.products.iter().chain(fixed).any(|met| is_same_product(met, name))
    };
    let has_met = page.products.iter().any(|(name, _)| is_met(name));
    // Advice without a word for everybody must not come out empty.
    let shows_all = !has_met && page.what_to_do.is_empty();
    for (name, section) in &page.products {
        if shows_all || is_met(name) {
            let (product, text) = (Some((*name).to_owned()), Some((*section).to_owned()));
            remedies.push(Remedy { product, text, ..Remedy::default() });
        }
    }
    remedies
}

/// The products the page has advice for that is not shown here.
pub(super) fn more_products(finding: &Finding, shown: &[Remedy], lang: Lang) -> Vec<&'static str> {
    let is_shown = |name: &str| {
        shown.iter().any(|remedy| remedy.text.is_some() && remedy.product.as_deref() == Some(name))
    };
    let page = FindingPage::of(finding.kind, lang);
    page.products.iter().map(|(name, _)| *name).filter(|name| !is_shown(name)).collect()
}
