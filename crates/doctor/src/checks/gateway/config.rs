//! Can the gateway read its configuration at all?
//!
//! Reads it as the product would, and reports what the product would refuse. Our reading may err: where the gateway was
//! started or reloaded after the file was last changed, it has accepted the file, and we keep quiet.

use super::{at, reload};
use crate::{Case, Checked};
use torwart_cause::finding::gateway::CONFIG_BROKEN;
use torwart_cause::finding::{Finding, Said, Severity, said};
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
    let mut broken = Vec::new();
    for note in &config.notes {
        if let NoteKind::Unreadable { file, why } = &note.what {
            let fact = said("gateway-unreadable").with("file", file.display()).with("why", why);
            checked = checked.and(Checked::could_not(fact, Some(format!("sudo cat {}", file.display()))));
        }
        if note.what.is_fatal() && state != reload::State::Current {
            broken.push(note);
        }
    }
    let Some(first) = broken.first() else { return checked };
    let is_running = !gateway.pids.is_empty();
    // A gateway that does not run, and could not, has its reason here.
    let (severity, sure) = if is_running { (Severity::Warning, 80) } else { (Severity::Critical, 94) };
    let finding = Finding::new(&CONFIG_BROKEN, sure, at(first.at.as_ref())).severity(severity);
    let file = gateway.entry.as_ref().map(|entry| entry.file().display().to_string()).unwrap_or_default();
    let command = test_command(config.product, &file);
    let finding = broken.iter().fold(finding, |finding, note| finding.proof_by(fact(&note.what), &command));
    checked.and(Checked::found(vec![finding]))
}

/// What the product would say of a note.
fn fact(note: &NoteKind) -> Said {
    let key = match note {
        NoteKind::UnknownPool { .. } => "gateway-note-unknown_pool",
        NoteKind::IncludeMatchesNothing { .. } => "gateway-note-include_matches_nothing",
        NoteKind::BufferConflict { .. } => "gateway-note-buffer_conflict",
        _ => "gateway-note-syntax",
    };
    note.facts().into_iter().fold(said(key), |fact, (name, value)| fact.with(name, value))
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
