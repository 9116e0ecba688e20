//! The findings as JSON. Fields are only ever added; a change of meaning raises `schema`.

use super::Findings;
use super::certificate::{Facts, Shown};
use super::ladder::{Ladder, Wait};
use super::probe::Probe;
use crate::{Console, plan_file, trouble};
use serde_json::{Value, json};
use std::time::Duration;
use torwart_cause::{Cause, Step};
use torwart_config::Severity;

/// The document.
pub(super) fn document(findings: &Findings, console: &Console) -> Value {
    json!({
        "schema": SCHEMA,
        "file": findings.read.source.name,
        "ok": findings.is_well(),
        "complaints": complaints(findings, console),
        "problems": findings.problems.iter().map(|one| trouble::files::told(one, console.lang).sentence)
            .collect::<Vec<_>>(),
        "certificates": findings.certificates.iter().map(shown).collect::<Vec<_>>(),
        "upstreams": findings.probes.as_ref().map(|probes| {
            probes.iter().map(|one| probe(one, console)).collect::<Vec<_>>()
        }),
        "deadlines": findings.ladders.iter().map(ladder).collect::<Vec<_>>(),
        "process": findings.process.as_ref().map(super::process::Process::document),
        "loosened": findings.loosened.iter().map(|one| {
            json!({ "key": one.key, "meaning": console.say(&one.text) })
        }).collect::<Vec<_>>(),
    })
}

fn complaints(findings: &Findings, console: &Console) -> Vec<Value> {
    let lang = plan_file::language(console);
    let complaints = findings.read.checked.complaints.iter().map(|complaint| {
        let (line, column) = findings.read.source.line_and_column(complaint.place);
        let severity = match complaint.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        json!({
            "severity": severity,
            "id": complaint.id,
            "line": line,
            "column": column,
            "sentence": complaint.sentence(lang),
            "hint": complaint.hint(lang),
        })
    });
    complaints.collect()
}

fn shown(shown: &Shown) -> Value {
    let mut value = facts(&shown.facts);
    value["site"] = shown.site.as_ref().into();
    value["uncovered_hosts"] = shown.uncovered.clone().into();
    value
}

fn facts(facts: &Facts) -> Value {
    json!({
        "names": facts.names,
        "issuer": facts.issuer,
        "not_after": facts.not_after,
        "days_left": facts.days_left,
        "ends_soon": facts.ends_soon(),
    })
}

fn probe(probe: &Probe, console: &Console) -> Value {
    let attempt = &probe.attempt;
    json!({
        "pool": &*probe.pool,
        "upstream": &*probe.upstream,
        "ok": probe.is_well(),
        "address": attempt.address.as_ref().map(ToString::to_string),
        "resolve_ms": step(&attempt.resolve),
        "connect_ms": step(&attempt.connect),
        "tls_ms": step(&attempt.handshake),
        "first_byte_ms": step(&attempt.head),
        "status": attempt.status,
        "cause": probe.cause.map(Cause::id),
        "ending": ending(probe, console),
        "certificate": probe.certificate.as_ref().map(facts),
        "lets_anybody_in": probe.lets_anybody_in,
    })
}

fn ending(probe: &Probe, console: &Console) -> Option<String> {
    super::text::failed_step(&probe.attempt)
        .map(|(stage, ending, _)| torwart_report::sentence_at(stage, &ending, console.lang))
}

fn ladder(ladder: &Ladder) -> Value {
    let routes: Vec<Value> =
        ladder.routes.iter().map(|(site, route)| json!({ "site": site, "route": route })).collect();
    let steps: Vec<Value> = ladder
        .steps
        .iter()
        .map(|step| {
            let wait = match step.wait {
                Wait::Named(deadline) => deadline.id(),
                Wait::NextRequest => "keep_alive",
            };
            json!({ "wait": wait, "key": step.key, "ms": step.within.map(millis) })
        })
        .collect();
    json!({ "routes": routes, "steps": steps, "longest_wait_ms": ladder.longest.map(|one| millis(one.all)) })
}

fn step(step: &Step) -> Option<f64> {
    step.duration().map(|took| took.as_secs_f64() * 1e3)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

const SCHEMA: u32 = 1;
