//! Does the gateway wait long enough for a connection? Its connect deadline against connections really made.
//!
//! At least three connections are timed; the slowest but one decides, so that a single lost packet does not. Measured from
//! here: a gateway elsewhere has another way.

use super::judged::{Target, targets};
use crate::observe::reach::{Outcome, attempt};
use crate::{Case, Checked};
use std::time::Duration;
use torwart_cause::finding::connect::LATENCY_OVER_DEADLINE;
use torwart_cause::finding::{Finding, Fix, Hop, Severity, said};
use torwart_dial::SocketPlan;

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let mut checked = Checked::default();
    for target in targets(case).await.iter().filter(|target| !target.is_site()) {
        checked = checked.and(look(case, target).await);
    }
    checked
}

async fn look(case: &Case, target: &Target) -> Checked {
    let gateway = case.gateway().await;
    let Some((route, _)) = gateway.route_to(&target.address) else { return Checked::not_applicable() };
    let Some(deadline) = &route.deadlines.connect else { return Checked::not_applicable() };
    let Some(first) = target.reach.connected() else { return Checked::not_applicable() };
    let Some(address) = first.address() else { return Checked::not_applicable() };
    let allowed = deadline.value;
    if first.took * 2 < allowed {
        return Checked::fine();
    }
    let mut times = vec![first.took];
    for _ in 0..3 {
        let again = attempt(case, &SocketPlan::default(), address, PATIENCE).await;
        times.extend(again.filter(|again| again.outcome == Outcome::Connected).map(|again| again.took));
    }
    times.sort_unstable();
    let Some(typical) = times.get(times.len().saturating_sub(2)).filter(|_| times.len() >= 3) else {
        return Checked::could_not(said("connect-too-few-times").with("address", address), None);
    };
    if *typical < allowed.mul_f32(0.7) {
        return Checked::fine();
    }
    let told = said("connect-times")
        .with("address", address)
        .with("times", times.iter().map(|time| time.as_millis().to_string()).collect::<Vec<_>>().join(", "));
    let wanted = said("connect-deadline").with("millis", allowed.as_millis()).with("line", &deadline.written);
    let (host, port) = (address.ip(), address.port());
    let mut finding = Finding::new(&LATENCY_OVER_DEADLINE, 90, target.place(Hop::Gateway, address))
        .proof_by(told, format!("curl -so /dev/null -w '%{{time_connect}}\\n' http://{host}:{port}/"))
        .proof(wanted);
    if *typical < allowed {
        finding = finding.severity(Severity::Warning);
    }
    let file = deadline.at.as_ref().map(|at| (at.file.display().to_string(), at.line));
    if let Some((file, line)) = &file {
        finding.place = finding.place.file(file, *line);
    }
    let seconds = (typical.as_secs_f32() * 4.0).ceil().max(3.0) as u32;
    let directive = deadline.written.split_whitespace().next().unwrap_or_default();
    let end = if deadline.written.ends_with(';') { ";" } else { "" };
    let after = match directive {
        "timeout" => format!("timeout connect {seconds}s"),
        directive => format!("{directive} {seconds}s{end}"),
    };
    let product = gateway.product().map(|product| product.name().to_owned());
    Checked::found(vec![finding.fix(Fix { product, file, before: Some(deadline.written.clone()), after })])
}

/// Longer than any connection worth waiting for.
const PATIENCE: Duration = Duration::from_secs(4);
