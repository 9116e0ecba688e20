//! A site, its upstreams, and what the checks of answers find in them.

use std::net::SocketAddr;
use std::time::Duration;
use torwart_cause::finding::{Diagnosis, Finding, Severity};
use torwart_doctor::checks::http::CHECKS;
use torwart_doctor::{Case, Question, UpstreamAddress};

/// Runs the checks of answers about a page of a site at this address.
pub async fn examine(question: Question) -> Vec<Finding> {
    let case = Case::new(question);
    let mut findings = Vec::new();
    let running: Vec<_> = CHECKS.iter().map(|check| (check.run)(&case)).collect();
    let (sender, mut results) = tokio::sync::mpsc::unbounded_channel();
    let all = running.into_iter().map(|future| {
        let sender = sender.clone();
        async move {
            // The other end lives as long as this function.
            let _ = sender.send(future.await);
        }
    });
    join(all).await;
    drop(sender);
    while let Some(checked) = results.recv().await {
        findings.extend(checked.findings);
    }
    let mut diagnosis = Diagnosis { findings, ..Diagnosis::default() };
    diagnosis.rank();
    diagnosis.findings
}

/// Polls all of them on this task.
async fn join(futures: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut futures: Vec<_> = futures.map(|future| Some(Box::pin(future))).collect();
    std::future::poll_fn(|cx| {
        for slot in &mut futures {
            if slot.as_mut().is_some_and(|future| future.as_mut().poll(cx).is_ready()) {
                *slot = None;
            }
        }
        if futures.iter().all(Option::is_none) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

/// A question about a site at this address with these upstreams.
pub fn question(site: SocketAddr, upstreams: &[String]) -> Question {
    let url = format!("http://{site}/").parse().expect("a URL");
    let mut question = Question::about(url);
    question.upstreams =
        upstreams.iter().map(|upstream| upstream.parse::<UpstreamAddress>().expect("an address")).collect();
    question.deadline = Duration::from_secs(60);
    // Only what is asked for: no gateway that happens to run on this machine.
    question.config = Some("/nonexistent/torwart-test.conf".into());
    question
}

/// The ids of what is worse than an information.
pub fn ids(findings: &[Finding]) -> Vec<&'static str> {
    let bad = findings.iter().filter(|finding| finding.severity > Severity::Info);
    bad.map(|finding| finding.kind.id).collect()
}

/// A runtime of one thread, as the doctor runs on.
pub fn run<F: Future<Output = ()>>(future: F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(tokio::task::LocalSet::new().run_until(future));
}
