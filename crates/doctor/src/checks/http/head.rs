//! Is the head of an upstream's answer right, byte by byte?
//!
//! Read by the same codec the gateway of this project uses; what it refuses, careful gateways refuse too, and careless
//! ones pass on. Another protocol altogether is the business of `unanswered`, sizes that of `header_size`.

use super::scene::{Asked, Scene, show};
use crate::observe::exchange::{Exchange, Way};
use crate::{Case, Checked};
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Finding, FindingKind, said};
use torwart_cause::{Cause, Ending};

/// Looks at how reading each head ended.
pub async fn check(case: &Case) -> Checked {
    let scene = Scene::of(case).await;
    if scene.asked.is_empty() {
        return Checked::not_applicable();
    }
    let findings =
        scene.exchanges().filter_map(|(asked, way, exchange)| judge(case, &scene, asked, way, exchange));
    Checked::found(findings.collect())
}

fn judge(case: &Case, scene: &Scene, asked: &Asked, way: &Way, exchange: &Exchange) -> Option<Finding> {
    let kind: &'static FindingKind = match exchange.cause()? {
        Cause::HeadMalformed => &kinds::HEAD_MALFORMED,
        Cause::HeadCut => &kinds::HEAD_CUT,
        Cause::LengthConflict => &kinds::LENGTH_CONFLICT,
        Cause::CodingUnknown => &kinds::CODING_UNKNOWN,
        Cause::TooManyInterim => &kinds::INTERIM_FLOOD,
        Cause::UpgradeWrong => &kinds::UPGRADE_UNASKED,
        _ => return None,
    };
    let bytes = exchange.attempt.first_bytes.as_deref().unwrap_or(&exchange.first_bytes);
    let mut finding = asked.finding(scene, kind, 95);
    if let Some(Ending::Malformed(fault)) = exchange.attempt.head.ending() {
        let place = usize::try_from(fault.at).unwrap_or(0);
        let around = bytes.get(place.saturating_sub(BEFORE)..).unwrap_or_default();
        let fact = said("http-head-breaks-rule")
            .with("upstream", &asked.upstream.address)
            .with("rule", fault.what.id())
            .with("at", fault.at)
            .with("bytes", show(around));
        finding = finding.proof_by(fact, asked.curl(case, way, "--raw -o /dev/null -D -"));
    } else if kind == &kinds::INTERIM_FLOOD {
        let fact = said("http-interim-answers")
            .with("upstream", &asked.upstream.address)
            .with("count", exchange.interim);
        finding = finding.proof_by(fact, asked.curl(case, way, "-o /dev/null"));
    } else {
        let fact = said("http-head-ends")
            .with("upstream", &asked.upstream.address)
            .with("count", exchange.attempt.received)
            .with("bytes", show(bytes));
        finding = finding.proof_by(fact, asked.curl(case, way, "--raw -o /dev/null -D -"));
    }
    Some(finding)
}

/// How many bytes before the broken one are shown.
const BEFORE: usize = 20;
