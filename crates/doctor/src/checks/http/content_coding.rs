//! Is a body that claims to be compressed really compressed?
//!
//! Asks as browsers do, with `Accept-Encoding: gzip`, where the plain question was answered well. A body that is not what
//! it claims, or that is cut only when compressed, breaks browsers and gateways that decode.

use super::scene::{Asked, Scene, show};
use crate::observe::answer::{ask, question};
use crate::observe::exchange::{Exchange, PATIENCE, Way};
use crate::together::together;
use crate::{Case, Checked};
use torwart_cause::Cause;
use torwart_cause::finding::http as kinds;
use torwart_cause::finding::{Finding, said};

/// Asks each good upstream for a compressed page.
pub async fn check(case: &Case) -> Checked {
    let scene = Scene::of(case).await;
    let good = || {
        scene
            .exchanges()
            .filter(|(_, _, exchange)| exchange.is_whole && exchange.is_good() && !exchange.body.is_empty())
    };
    if good().next().is_none() {
        return Checked::not_applicable();
    }
    let judging = good().map(|(asked, way, plain)| judge(case, &scene, asked, way, plain));
    Checked::found(together(judging).await.into_iter().flatten().collect())
}

async fn judge(case: &Case, scene: &Scene, asked: &Asked, way: &Way, plain: &Exchange) -> Option<Finding> {
    let packed = question(case, &asked.answered.host, &[("Accept-Encoding", "gzip")]);
    let answer = ask(case, way, &packed, PATIENCE).await?;
    let curl = asked.curl(case, way, "-H 'Accept-Encoding: gzip' -o answer.gz");
    let coding =
        answer.field("content-encoding").or_else(|| plain.field("content-encoding")).unwrap_or_default();
    if answer.cause() == Some(Cause::BodyCut) && plain.is_whole {
        let fact = said("http-cut-when-packed")
            .with("upstream", &asked.upstream.address)
            .with("came", answer.body.len());
        return Some(asked.finding(scene, &kinds::BODY_CUT, 85).proof_by(fact, curl));
    }
    let begins: &[u8] = match coding.trim().to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => &[0x1f, 0x8b],
        "zstd" => &[0x28, 0xb5, 0x2f, 0xfd],
        _ => return None,
    };
    if answer.body.is_empty() || answer.body.starts_with(begins) || !answer.is_whole {
        return None;
    }
    let fact = said("http-coding-is-none")
        .with("upstream", &asked.upstream.address)
        .with("coding", coding)
        .with("bytes", show(&answer.body));
    Some(asked.finding(scene, &kinds::CONTENT_CODING_BROKEN, 95).proof_by(fact, curl))
}
