//! Does the body of an upstream's answer come whole?
//!
//! A body that ended early is asked for once more, because a network may cut one by accident. A body that stops is
//! judged by three tries, and not at all where silence is usual: event streams and the like.

use super::scene::{Asked, Scene};
use crate::observe::answer::{ask, question};
use crate::observe::exchange::{Exchange, PATIENCE, Way};
use crate::together::together;
use crate::{Case, Checked};
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Finding, FindingKind, Said, Severity, said};
use torwart_cause::{Cause, Ending};
use torwart_wire::Framing;

/// Looks at how each body ended.
pub async fn check(case: &Case) -> Checked {
    let scene = Scene::of(case).await;
    if scene.asked.is_empty() {
        return Checked::not_applicable();
    }
    let judging = scene.exchanges().map(|(asked, way, exchange)| judge(case, &scene, asked, way, exchange));
    Checked::found(together(judging).await.into_iter().flatten().collect())
}

async fn judge(case: &Case, scene: &Scene, asked: &Asked, way: &Way, exchange: &Exchange) -> Option<Finding> {
    match exchange.cause()? {
        Cause::BodyCut => Some(cut(case, scene, asked, way, exchange).await),
        Cause::BodyStalled => stalled(case, scene, asked, way, exchange).await,
        Cause::ChunkMalformed => Some(chunks(case, scene, asked, way, exchange, &kinds::CHUNK_MALFORMED)),
        Cause::TrailersTooLarge => Some(chunks(case, scene, asked, way, exchange, &kinds::TRAILERS_TOO_BIG)),
        _ => None,
    }
}

async fn cut(case: &Case, scene: &Scene, asked: &Asked, way: &Way, exchange: &Exchange) -> Finding {
    let again = ask(case, way, &question(case, &asked.answered.host, &[]), PATIENCE).await;
    let is_again = again.as_ref().is_some_and(|again| again.cause() == Some(Cause::BodyCut));
    let mut finding = asked.finding(scene, &kinds::BODY_CUT, if is_again { 95 } else { 60 }).proof_by(
        length_said(asked, exchange),
        asked.curl(case, way, "-o /dev/null -w '%{size_download}\\n'"),
    );
    if !is_again {
        finding = finding.severity(Severity::Warning).proof(said("http-body-whole-again"));
    }
    finding
}

/// What was announced, what came.
fn length_said(asked: &Asked, exchange: &Exchange) -> Said {
    let came = exchange.body.len();
    match exchange.response.map(|response| response.framing) {
        Some(Framing::Length(length)) => said("http-body-short")
            .with("upstream", &asked.upstream.address)
            .with("announced", length)
            .with("came", came),
        Some(Framing::Chunked) => {
            said("http-body-without-last-chunk").with("upstream", &asked.upstream.address).with("came", came)
        }
        _ => said("http-body-reset").with("upstream", &asked.upstream.address).with("came", came),
    }
}

async fn stalled(
    case: &Case,
    scene: &Scene,
    asked: &Asked,
    way: &Way,
    exchange: &Exchange,
) -> Option<Finding> {
    let is_counted = matches!(exchange.response.map(|response| response.framing), Some(Framing::Length(_)));
    if scene.serves_visitors() {
        return None;
    }
    let again = question(case, &asked.answered.host, &[]);
    let tries = together((0..2).map(|_| ask(case, way, &again, PATIENCE))).await;
    let stalls = tries
        .iter()
        .flatten()
        .filter(|again| again.cause() == Some(Cause::BodyStalled) && again.body.len() == exchange.body.len());
    if stalls.count() < 2 {
        return None;
    }
    // Without a length nobody can say that more is due; a page that stops in the same place thrice is suspicious.
    let confidence = if is_counted { 90 } else { 60 };
    let fact = said("http-body-stops")
        .with("upstream", &asked.upstream.address)
        .with("came", exchange.body.len())
        .with("tries", 3);
    Some(
        asked
            .finding(scene, &kinds::BODY_STALLED, confidence)
            .proof_by(fact, asked.curl(case, way, "-o /dev/null --max-time 10 -w '%{size_download}\\n'")),
    )
}

fn chunks(
    case: &Case,
    scene: &Scene,
    asked: &Asked,
    way: &Way,
    exchange: &Exchange,
    kind: &'static FindingKind,
) -> Finding {
    let fact = match exchange.attempt.body.ending() {
        Some(Ending::Malformed(fault)) => said("http-chunk-breaks-rule")
            .with("upstream", &asked.upstream.address)
            .with("rule", fault.what.id())
            .with("at", fault.at),
        _ => said("http-trailers-end-not").with("upstream", &asked.upstream.address),
    };
    asked.finding(scene, kind, 95).proof_by(fact, asked.curl(case, way, "--raw -o answer.bin"))
}
