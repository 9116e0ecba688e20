//! Can the gateway read its configuration at all?
//!
//! Reads it as the product would, and reports what the product would refuse. Our reading may err: where the gateway was
//! started or reloaded after the file was last changed, it has accepted the file, and we keep quiet.

use super::{at, reload};
use crate::{Case, Checked};
use torwart_cause::finding::gateway::CONFIG_BROKEN;
use torwart_cause::finding::{Finding, Severity, said};
use torwart_dialect::Product;
use torwart_dialect::config::NoteKind;

/// Reads.
pub async fn check(case: &Case) -> Checked {
    let gateway = case.gateway().await;
    let Some(config) = &gateway.config else { return Checked::not_applicable() };
    let host = case.host().await;
    let state = reload::state(&gateway, &host);
    let mut checked = Checked::fine().said(
        said("gateway-config-read").with("product", config.product).with("files", config.files.len()).with(
            "file",
            gateway.entry.as_ref().map(|entry| entry.file().display().to_string()).unwrap_or_default(),
        ),
    );
    for note in &config.notes {
        if let NoteKind::Unreadable { file, why } = &note.what {
            let fact = said("gateway-unreadable").with("file", file.display()).with("why", why);
            checked = checked.and(Checked::could_not(fact, Some(format!("sudo cat {}", file.display()))));
        }
        if !note.what.is_fatal() || state == reload::State::Current {
            continue;
        }
        let key = match &note.what {
            NoteKind::UnknownPool { .. } => "gateway-note-unknown_pool",
            NoteKind::IncludeMatchesNothing { .. } => "gateway-note-include_matches_nothing",
            NoteKind::BufferConflict { .. } => "gateway-note-buffer_conflict",
            _ => "gateway-note-syntax",
        };
        let fact =
            note.what.facts().into_iter().fold(said(key), |fact, (name, value)| fact.with(name, value));
        let is_running = !gateway.pids.is_empty();
        let severity = if is_running { Severity::Warning } else { Severity::Critical };
        let finding = Finding::new(&CONFIG_BROKEN, 85, at(note.at.as_ref())).severity(severity);
        let file = gateway.entry.as_ref().map(|entry| entry.file().display().to_string()).unwrap_or_default();
        checked =
            checked.and(Checked::found(vec![finding.proof_by(fact, test_command(config.product, &file))]));
    }
    checked
}

/// The product's own check of its configuration.
fn test_command(product: Product, file: &str) -> String {
    match product {
        Product::Nginx => format!("nginx -t -c {file}"),
        Product::Haproxy => format!("haproxy -c -f {file}"),
        Product::Apache => "apachectl configtest".to_owned(),
        Product::Caddy => format!("caddy validate --config {file}"),
        Product::Traefik => format!("traefik --configFile={file} --log.level=DEBUG"),
    }
}
