//! Which settings of the site's route would a careful operator change?
//!
//! Nothing here has failed yet, so it is information; but for names that can never be looked up, and lines without the
//! switch they need, which fail every request.

use super::at;
use crate::{Case, Checked};
use torwart_cause::finding::gateway::{
    NAMES_AT_START, RESOLVER_MISSING, SETTING_DOUBTFUL, SWITCH_MISSING, UNSAFE_RETRY, WORKER_SHARING,
};
use torwart_cause::finding::{Finding, FindingKind, Fix, Severity, said};
use torwart_dialect::config::{At, GatewayConfig, NoteKind, Resolves, Route};

/// Reads.
pub async fn check(case: &Case) -> Checked {
    let gateway = case.gateway().await;
    let Some(config) = &gateway.config else { return Checked::not_applicable() };
    let is_failing = case.front().await.worst().is_some();
    let mut findings = Vec::new();
    for note in &config.notes {
        let Some((kind, key)) = of_note(&note.what) else { continue };
        let fact =
            note.what.facts().into_iter().fold(said(key), |fact, (name, value)| fact.with(name, value));
        let mut finding = Finding::new(kind, 85, at(note.at.as_ref())).proof(fact);
        let mut is_info = *kind == RESOLVER_MISSING && !is_failing;
        if let NoteKind::SwitchMissing { needed_by, mended, .. } = &note.what {
            is_info = !is_failing
                || !gateway.routes().take(1).any(|route| stands_in(config, route, note.at.as_ref()));
            finding.confidence = SWITCH_SURE;
            finding = finding.fix(Fix {
                product: Some(config.product.to_string()),
                file: note.at.as_ref().map(|at| (at.file.display().to_string(), at.line)),
                before: Some(needed_by.clone()),
                after: mended.clone(),
            });
        }
        findings.push(if is_info { finding.severity(Severity::Info) } else { finding });
    }
    findings.truncate(MOST_NOTES);
    if let Some(route) = gateway.route() {
        findings.extend(names_at_start(route));
        findings.extend(unsafe_retry(route));
    }
    Checked::found(findings)
}

fn of_note(note: &NoteKind) -> Option<(&'static FindingKind, &'static str)> {
    Some(match note {
        NoteKind::ResolverMissing { .. } => (&RESOLVER_MISSING, "gateway-note-resolver_missing"),
        NoteKind::WorkerShared { .. } => (&WORKER_SHARING, "gateway-note-worker_shared"),
        NoteKind::SwitchMissing { .. } => (&SWITCH_MISSING, "gateway-note-switch_missing"),
        NoteKind::EmptyPool { .. } => (&SETTING_DOUBTFUL, "gateway-note-empty_pool"),
        NoteKind::UndefinedVariable { .. } => (&SETTING_DOUBTFUL, "gateway-note-undefined_variable"),
        NoteKind::KeepAliveUnused { .. } => (&SETTING_DOUBTFUL, "gateway-note-keep_alive_unused"),
        NoteKind::UpgradeAlways => (&SETTING_DOUBTFUL, "gateway-note-upgrade_always"),
        NoteKind::DeadlineMissing { .. } => (&SETTING_DOUBTFUL, "gateway-note-deadline_missing"),
        NoteKind::CheckWithoutHost { .. } => (&SETTING_DOUBTFUL, "gateway-note-check_without_host"),
        NoteKind::SiteShadowed { .. } => (&SETTING_DOUBTFUL, "gateway-note-site_shadowed"),
        NoteKind::WithoutEffect { .. } => (&SETTING_DOUBTFUL, "gateway-note-without_effect"),
        NoteKind::IncludeLoop { .. } => (&SETTING_DOUBTFUL, "gateway-note-include_loop"),
        _ => return None,
    })
}

/// Whether a line belongs to a route: to itself, its upstreams or where it listens.
fn stands_in(config: &GatewayConfig, route: &Route, line: Option<&At>) -> bool {
    let listeners = route.listeners.iter().filter_map(|index| config.listeners.get(*index));
    let mut places = listeners
        .map(|listener| listener.at.as_ref())
        .chain(route.upstreams.iter().map(|upstream| upstream.at.as_ref()))
        .chain([route.at.as_ref()])
        .flatten();
    line.is_some_and(|line| places.any(|place| place == line))
}

/// Names that became addresses when the gateway was started, and stay so.
fn names_at_start(route: &Route) -> Option<Finding> {
    let upstream = route.upstreams.iter().find(|upstream| {
        let name = upstream.address.name();
        upstream.resolves == Resolves::AtStart && name.is_some_and(|name| name != "localhost")
    })?;
    let fact = said("gateway-names-at-start")
        .with("name", upstream.address.name().unwrap_or_default())
        .with("written", &upstream.written);
    Some(Finding::new(&NAMES_AT_START, 90, at(upstream.at.as_ref())).proof(fact))
}

fn unsafe_retry(route: &Route) -> Option<Finding> {
    let retries = route.retries.as_ref().filter(|retries| retries.value.repeats_unsafe)?;
    let fact = said("gateway-unsafe-retry").with("written", &retries.written);
    Some(Finding::new(&UNSAFE_RETRY, 90, at(retries.at.as_ref())).proof(fact))
}

/// The product's own manual leaves no doubt.
const SWITCH_SURE: u8 = 99;

/// More notes than this would hide the rest.
const MOST_NOTES: usize = 6;
