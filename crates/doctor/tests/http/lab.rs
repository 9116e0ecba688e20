//! Every fault of the lab's catalogue as an upstream: the fitting finding, and no other; none for healthy ones.

use crate::scene::{examine, ids, question, run};
use torwart_cause::Cause;
use torwart_lab::catalogue::Behaviour;
use torwart_lab::{Catalogue, Family, Fault, Ground, Script, Upstream};

/// The faults an upstream shows by its answers in HTTP/1.
fn faults() -> impl Iterator<Item = (&'static Fault, &'static Script)> {
    let families = [Family::Connect, Family::Head, Family::Body, Family::Time, Family::Reuse, Family::Valid];
    Catalogue::get().faults().iter().filter(move |fault| families.contains(&fault.family)).filter_map(
        |fault| match &fault.behaviour {
            Behaviour::Script(script) => Some((fault, script)),
            Behaviour::Hole(_) | Behaviour::Name(_) => None,
        },
    )
}

/// What must be found where the site shows the gateway's own 502; nothing is the business of other areas.
fn expected(fault: &Fault) -> Option<&'static str> {
    match fault.name.as_str() {
        "not-http-ssh" | "not-http-smtp" | "not-http-redis" | "not-http-mysql" => {
            return Some("http.wrong_protocol");
        }
        "http-2-preface" => return Some("http.wants_http2"),
        "version-misspelt" | "version-text" => return Some("http.head_malformed"),
        // Behind nginx, whose page the site shows, twelve KiB are too many.
        "12k-header-is-fine" => return Some("http.header_too_big"),
        // Its upgrade is right where it was asked for; a plain request did not ask.
        "upgrade-websocket" => return Some("http.upgrade_unasked"),
        "503-with-retry-after" => return Some("app.maintenance"),
        "reset-on-accept" | "closed-on-accept" => return Some("http.closed_at_once"),
        // Twenty interim answers come before the patience ends.
        "interim-drip" => return Some("http.interim_flood"),
        _ => {}
    }
    match fault.expected.cause {
        None => Some("http.upstream_answers_directly"),
        Some(Cause::UpstreamSaidSo) => Some("app.error_passed_on"),
        Some(Cause::ClosedBeforeHead | Cause::ResetBeforeHead) => Some("http.closed_before_answer"),
        Some(Cause::HeadMalformed) => Some("http.head_malformed"),
        Some(Cause::HeadCut) => Some("http.head_cut"),
        Some(Cause::NotHttp) => Some("http.wrong_protocol"),
        Some(Cause::LengthConflict) => Some("http.length_conflict"),
        Some(Cause::CodingUnknown) => Some("http.coding_unknown"),
        Some(Cause::HeadTooLarge | Cause::FieldTooLarge) => Some("http.header_too_big"),
        Some(Cause::TooManyInterim) => Some("http.interim_flood"),
        Some(Cause::UpgradeWrong) => Some("http.upgrade_unasked"),
        Some(Cause::BodyCut) => Some("http.body_cut"),
        Some(Cause::BodyStalled) => Some("http.body_stalled"),
        Some(Cause::ChunkMalformed) => Some("http.chunk_malformed"),
        Some(Cause::TrailersTooLarge) => Some("http.trailers_too_big"),
        Some(_) => None,
    }
}

/// A gateway's own error page.
const GATEWAY_502: &str = r#"steps = ["read_head", { send = 'HTTP/1.1 502 Bad Gateway\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\nContent-Length: 157\r\nConnection: close\r\n\r\n<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n' }, "close"]"#;
const GOOD: &str = r#"steps = ["read_head", { answer = "well" }, "close"]"#;

/// Examines every fault behind a site that plays this script; `judge` complains about the ids found.
fn with_site(site: &'static str, judge: fn(&'static Fault, &[&'static str]) -> Option<String>) {
    run(async move {
        let ground = Ground::start().expect("the lab starts");
        let mut tasks = tokio::task::JoinSet::new();
        for (fault, script) in faults() {
            let front =
                Upstream::start(&ground, Script::from_toml(site).expect("a script")).expect("listens");
            let upstream = Upstream::start(&ground, script.clone()).expect("listens");
            tasks.spawn_local(async move {
                let at = |upstream: &Upstream| upstream.address().expect("listens on TCP");
                let asked = question(at(&front), &[format!("http://{}", at(&upstream))]);
                let findings = examine(asked).await;
                judge(fault, &ids(&findings)).map(|complaint| format!("{}: {complaint}", fault.name))
            });
        }
        let mut complaints: Vec<String> = tasks.join_all().await.into_iter().flatten().collect();
        complaints.sort();
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    });
}

#[test]
fn each_fault_has_its_finding_and_no_other() {
    with_site(GATEWAY_502, |fault, found| {
        let fits = match expected(fault) {
            Some(id) => found.first() == Some(&id) && found.iter().all(|other| fits_beside(fault, id, other)),
            None => found.is_empty(),
        };
        (!fits).then(|| format!("expected {:?}, found {found:?}", expected(fault)))
    });
}

/// Whether a finding may stand beside the expected one.
fn fits_beside(fault: &Fault, expected: &str, other: &str) -> bool {
    let is_symptom = expected == "http.header_too_big" && other == "http.upstream_answers_directly";
    other == expected || is_symptom || fault.name == "417-instead" && other == "http.expectation_refused"
}

#[test]
fn healthy_upstreams_behind_a_healthy_site_are_left_alone() {
    with_site(GOOD, |fault, found| {
        let is_healthy = fault.expected.cause.is_none()
            && !matches!(fault.name.as_str(), "upgrade-websocket" | "417-instead");
        (is_healthy && !found.is_empty()).then(|| format!("found {found:?}"))
    });
}

#[test]
fn nothing_is_critical_while_visitors_are_served() {
    run(async {
        let ground = Ground::start().expect("the lab starts");
        for (fault, script) in faults()
            .filter(|(fault, _)| fault.name == "length-conflict" || fault.name == "closed-before-head")
        {
            let front =
                Upstream::start(&ground, Script::from_toml(GOOD).expect("a script")).expect("listens");
            let upstream = Upstream::start(&ground, script.clone()).expect("listens");
            let asked = question(
                front.address().expect("listens on TCP"),
                &[format!("http://{}", upstream.address().expect("listens on TCP"))],
            );
            let findings = examine(asked).await;
            assert!(
                findings.iter().all(|finding| finding.severity < torwart_cause::finding::Severity::Critical),
                "{}: {:?}",
                fault.name,
                ids(&findings)
            );
        }
    });
}
