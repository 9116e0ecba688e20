//! Does a port that is easily mistaken for this one answer? Refused here and accepting HTTP next door is a slip of the pen.
//!
//! Only direct neighbours and the usual twins (8080 and 8000, 443 and 8443) count, only one of them may accept, and it must
//! answer HTTP. It proves that something serves there, not that it is the right one.

use super::judged::{Failed, Judgement, cases_of};
use crate::observe::exchange::{Way as Path, exchange};
use crate::observe::reach::{Way, is_near};
use crate::{Case, Checked, Source};
use std::net::SocketAddr;
use std::time::Duration;
use torwart_cause::finding::connect::WRONG_PORT;
use torwart_cause::finding::{Finding, Fix, Hop, said};
use torwart_dial::ask::Question;

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let mut findings = Vec::new();
    for failed in cases_of(case, Judgement::NothingListens).await {
        if let Some(open) = candidate(&failed)
            && answers_http(case, open).await
        {
            findings.push(finding(&failed, open));
        }
    }
    Checked::found(findings)
}

/// The one near port that accepts.
fn candidate(failed: &Failed) -> Option<SocketAddr> {
    let port = failed.attempted.address()?.port();
    let around = failed.attempted.around.as_deref()?;
    // On a machine of one's own many things listen, and the host's checks know them by name.
    if around.way == Way::Own || failed.target.is_site() {
        return None;
    }
    let mut near = around.accepting_ports().filter_map(|open| open.address());
    let first = near.find(|open| is_near(port, open.port()))?;
    near.all(|open| !is_near(port, open.port())).then_some(first)
}

async fn answers_http(case: &Case, address: SocketAddr) -> bool {
    let url = &case.question().url;
    let question = Question::new("HEAD", &url.authority(), &url.target, &[]);
    let found = exchange(case, &Path::plain(address), &question, PATIENCE).await;
    found.is_some_and(|exchange| exchange.status().is_some())
}

fn finding(failed: &Failed, open: SocketAddr) -> Finding {
    let (host, port) = failed.host_and_port();
    let is_neighbour = port.abs_diff(open.port()) == 1;
    let refused =
        said("connect-refused").with("address", &failed.attempted.far).with("millis", failed.millis());
    let answers = said("connect-near-port-answers").with("address", open);
    let finding = failed
        .finding(&WRONG_PORT, if is_neighbour { 92 } else { 70 }, Hop::Upstream)
        .proof_by(refused, format!("nc -vz -w 3 {host} {port}"))
        .proof_by(answers, format!("curl -sI http://{open}/"));
    let Some(Source::Config { file, line }) = &failed.target.source else { return finding };
    let after = format!("{host}:{}", open.port());
    let file = Some((file.clone(), *line));
    finding.fix(Fix { product: None, file, before: Some(format!("{host}:{port}")), after })
}

const PATIENCE: Duration = Duration::from_secs(2);
