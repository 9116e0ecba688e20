//! Do visitors see errors of which the gateway's log knows nothing?
//!
//! Then the error was made elsewhere: the upstream's own, passed on unchanged, or that of another gateway before this one.
//! Proves it by the site's own request, which is made before the log is read.

use crate::{Case, Checked};
use std::time::Duration;
use torwart_cause::finding::gateway::LOG_SILENT;
use torwart_cause::finding::{Finding, Hop, Where, said};

/// Compares.
pub async fn check(case: &Case) -> Checked {
    let logs = case.logs().await;
    let Some(file) = logs.files.first().filter(|_| logs.has_causes) else { return Checked::not_applicable() };
    let front = case.front().await;
    let Some(status) = front.worst().and_then(|page| page.exchange.status()).filter(|status| *status >= 500)
    else {
        return Checked::not_applicable();
    };
    if logs.since(LATELY).next().is_some() {
        return Checked::fine();
    }
    let fact = said("gateway-log-silent").with("status", status).with("file", file.display());
    let place = Where::hop(Hop::Gateway).file(file.display(), 0);
    let command = format!("tail -n 20 {}", file.display());
    Checked::found(vec![Finding::new(&LOG_SILENT, 75, place).proof_by(fact, command)])
}

/// What the doctor's own request met was written no longer ago.
const LATELY: Duration = Duration::from_secs(120);
