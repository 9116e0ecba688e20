//! Do gateway and upstream share a version and a cipher of TLS?
//!
//! Proves it by asking the upstream for exactly the versions the gateway is told to offer; and where today's handshake
//! fails, by an old hello that shows what the upstream would choose.

use super::{bearing, repair};
use crate::observe::tls::sight::{self, UpstreamSight};
use crate::observe::tls::{ask_old, look, observe_by, openssl};
use crate::{Case, Checked};
use torwart_cause::finding::{Finding, FindingKind, Hop, Said, Severity, Where, said, tls};
use torwart_dial::tls::inspect::{Heard, Hello, Look, Versions, suite_name, version_name};

/// Do they?
pub async fn check(case: &Case) -> Checked {
    let sights = sight::upstreams(case).await;
    if sights.is_empty() {
        return Checked::not_applicable();
    }
    let mut findings = Vec::new();
    for sight in &sights {
        findings.extend(of(case, sight).await);
    }
    Checked::found(findings)
}

/// The finding for one upstream.
pub(super) async fn of(case: &Case, sight: &UpstreamSight) -> Option<Finding> {
    let works = bearing::site_works(case).await;
    match &sight.seen.old {
        // What we cannot speak, a gateway that is used to it may.
        Some(Heard::Chose { .. }) if works => None,
        Some(Heard::Chose { version, suite, .. }) => old(sight, *version, *suite),
        _ => {
            let offered = Offered::of(sight.meant.tls.as_ref()?.versions.as_ref()?.value.as_str())?;
            let finding = by_settings(case, sight, offered).await?;
            Some(if works { finding.severity(Severity::Warning) } else { finding })
        }
    }
}

/// The upstream answers only an old hello.
fn old(sight: &UpstreamSight, version: u16, suite: u16) -> Option<Finding> {
    let chose = said("tls-chose-old")
        .with("address", sight.address)
        .with("version", version_name(version))
        .with("suite", suite_name(suite).unwrap_or("?"));
    let name = sight.seen.name.as_deref();
    if version < 0x0303 {
        let flag = if version == 0x0301 {
            " -tls1 -cipher ALL:@SECLEVEL=0"
        } else {
            " -tls1_1 -cipher ALL:@SECLEVEL=0"
        };
        let allowed = sight.meant.tls.as_ref().and_then(|tls| Offered::of(&tls.versions.as_ref()?.value));
        if allowed.is_some_and(|offered| offered.has(version)) {
            // Told to offer it, a gateway may still be kept from it by its TLS library.
            let finding =
                finding(sight, &tls::NO_COMMON_VERSION, 70, chose, openssl(sight.address, name, flag));
            return Some(finding.proof(said("tls-library-forbids").with("version", version_name(version))));
        }
        let finding = finding(sight, &tls::NO_COMMON_VERSION, 93, chose, openssl(sight.address, name, flag));
        return Some(match repair::offer_version(&sight.meant, version_name(version)) {
            Some(fix) => finding.fix(fix),
            None => finding,
        });
    }
    Some(finding(
        sight,
        &tls::NO_COMMON_CIPHER,
        70,
        chose,
        openssl(sight.address, name, " -tls1_2 -cipher ALL:@SECLEVEL=0"),
    ))
}

/// The upstream speaks TLS as such: does it speak a version the gateway offers?
async fn by_settings(case: &Case, sight: &UpstreamSight, offered: Offered) -> Option<Finding> {
    let shown = sight.seen.shown.as_ref().filter(|shown| shown.version.is_some())?;
    let newest = if shown.version == Some("TLSv1.3") { 0x0304 } else { 0x0303 };
    if offered.has(newest) {
        return None;
    }
    let name = sight.seen.name.as_deref();
    let is_met = if newest == 0x0304 && offered.has(0x0303) {
        let look = Look { versions: Versions::Only12, ..look(name) };
        let seen = observe_by(case, sight.address, &look, &[]).await;
        seen.shown.is_none() || seen.is_agreed() || seen.asks_certificate()
    } else {
        match offered.newest_below_12() {
            Some(version) => {
                let heard = ask_old(case, sight.address, &Hello::up_to(version, name)).await;
                matches!(heard, None | Some(Heard::Chose { .. }))
            }
            None => false,
        }
    };
    if is_met {
        return None;
    }
    let told =
        said("tls-upstream-speaks").with("address", sight.address).with("version", version_name(newest));
    let finding = finding(sight, &tls::NO_COMMON_VERSION, 95, told, openssl(sight.address, name, ""));
    Some(match repair::offer_version(&sight.meant, version_name(newest)) {
        Some(fix) => finding.fix(fix),
        None => finding,
    })
}

fn finding(
    sight: &UpstreamSight,
    kind: &'static FindingKind,
    confidence: u8,
    told: Said,
    command: String,
) -> Finding {
    let versions = sight.meant.tls.as_ref().and_then(|tls| tls.versions.as_ref());
    let place = repair::placed(Where::hop(Hop::Gateway).address(sight.address), versions);
    let finding = Finding::new(kind, confidence, place).proof_by(told, command);
    match (sight.meant.product, versions) {
        (Some(product), Some(versions)) => {
            finding.proof(said("tls-setting").with("product", product).with("written", &versions.written))
        }
        _ => finding,
    }
}

/// The versions a gateway is told to offer, oldest first from TLS 1.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offered([bool; 4]);

impl Offered {
    /// Reads them in any product's words; `None` where they are not understood.
    fn of(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let words: Vec<&str> = lower.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
        bounded(&words).or_else(|| listed(&words))
    }

    fn has(self, version: u16) -> bool {
        usize::from(version).checked_sub(0x0301).and_then(|index| self.0.get(index)).copied().unwrap_or(false)
    }

    fn newest_below_12(self) -> Option<u16> {
        [0x0302, 0x0301].into_iter().find(|version| self.has(*version))
    }
}

/// HAProxy's and others' bounds: `ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.2`, `force-tlsv12`.
fn bounded(words: &[&str]) -> Option<Offered> {
    let mut bounds = (0, 3);
    let mut is_bounded = false;
    for (index, word) in words.iter().enumerate() {
        let value = words.get(index + 1).and_then(|next| place(next));
        match *word {
            "ssl-min-ver" | "min" | "minversion" => (bounds.0, is_bounded) = (value?, true),
            "ssl-max-ver" | "max" | "maxversion" => (bounds.1, is_bounded) = (value?, true),
            word => {
                if let Some(forced) = word.strip_prefix("force-tlsv").and_then(forced) {
                    (bounds, is_bounded) = ((forced, forced), true);
                }
            }
        }
    }
    is_bounded.then(|| Offered(std::array::from_fn(|index| (bounds.0..=bounds.1).contains(&index))))
}

fn forced(digits: &str) -> Option<usize> {
    ["10", "11", "12", "13"].iter().position(|known| *known == digits)
}

/// nginx's and Apache's lists: `TLSv1.2 TLSv1.3`, `all -SSLv3 -TLSv1`.
fn listed(words: &[&str]) -> Option<Offered> {
    let mut offered = [false; 4];
    for word in words {
        let (is_on, name) = match word.strip_prefix('-') {
            Some(name) => (false, name),
            None => (true, word.trim_start_matches('+')),
        };
        if name == "all" {
            offered = [is_on; 4];
        } else if !name.starts_with("sslv") {
            *offered.get_mut(place(name)?)? = is_on;
        }
    }
    offered.contains(&true).then_some(Offered(offered))
}

fn place(name: &str) -> Option<usize> {
    match name.trim_end_matches(';') {
        "tlsv1" | "tlsv1.0" | "tls1.0" => Some(0),
        "tlsv1.1" | "tls1.1" => Some(1),
        "tlsv1.2" | "tls1.2" | "versiontls12" => Some(2),
        "tlsv1.3" | "tls1.3" | "versiontls13" => Some(3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<[bool; 4]>) {
        assert_eq!(Offered::of(text).map(|offered| offered.0), expected, "{text}");
    }

    #[test]
    fn versions_are_read_in_every_products_words() {
        check("TLSv1 TLSv1.1 TLSv1.2", Some([true, true, true, false]));
        check("TLSv1.3", Some([false, false, false, true]));
        check("all -SSLv3 -TLSv1 -TLSv1.1", Some([false, false, true, true]));
        check("ssl-min-ver TLSv1.2", Some([false, false, true, true]));
        check("ssl-min-ver TLSv1.0 ssl-max-ver TLSv1.2", Some([true, true, true, false]));
        check("force-tlsv12", Some([false, false, true, false]));
        check("whatever", None);
    }
}
