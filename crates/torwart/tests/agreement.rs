//! The agreement test: for every cause a scenario, and the gateway's answer, its log line and what reached the upstream
//! agree with it; and the doctor, asked about the same upstreams, finds what explains the cause.
//!
//! Scenarios stand in `scenarios/<cause>.toml` at the root of the repository; their form is described in
//! `agreement/scenario.rs`. Each case gets a gateway, a lab and a folder of its own. `AGREEMENT=<part of a name>` runs
//! only the cases whose name contains it.

#[path = "agreement/answer.rs"]
mod answer;
#[path = "agreement/client.rs"]
mod client;
#[path = "agreement/doctor.rs"]
mod doctor;
#[path = "agreement/gateway.rs"]
mod gateway;
#[path = "agreement/judge.rs"]
mod judge;
#[path = "agreement/scenario.rs"]
mod scenario;
#[path = "agreement/stream.rs"]
mod stream;
#[path = "agreement/world.rs"]
mod world;

use scenario::Case;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use torwart_cause::Cause;

/// Cases at the same time: mostly they wait for deadlines, so there may be more of them than cores.
const AT_ONCE: usize = 8;

/// Causes no case can bring about from outside, each with the reason.
const UNREACHABLE: &[(Cause, &str)] = &[
    (Cause::FileMissing, "needs a folder of files: a test of the running gateway has it"),
    (Cause::FileDenied, "needs a user other than root: a test of the running gateway has it where it can"),
    (
        Cause::GatewayFull,
        "needs connections held open beside the exchange: a test of the running gateway has it",
    ),
    (
        Cause::ClientCertificateRefused,
        "needs a site that asks clients for certificates: a test of the running gateway has it",
    ),
    (Cause::Misdirected, "needs a connection made for another site: a test of the running gateway has it"),
    (Cause::UpstreamsDown, "the last upstreams are asked even while they rest"),
    (Cause::QueueTimedOut, "needs requests beside the exchange: a test of the running gateway has it"),
    (Cause::RouteFull, "needs requests beside the exchange: a test of the running gateway has it"),
    (Cause::ConnectDenied, "needs a packet filter or SELinux"),
    (Cause::LocalResourcesSpent, "would starve the other cases of the same process"),
    (Cause::ConnectReset, "whether the reset comes before the connection is seen to stand is the network's"),
    (Cause::StaleLink, "a link is looked at before it is used again: only a race brings it about"),
    (Cause::ContentCodingBroken, "the gateway decodes nothing itself"),
    (Cause::Misconfigured, "a plan is checked before it runs"),
    (Cause::GatewayBug, "only a bug brings it about: the gateway's own tests make one"),
];

/// Files whose cases show no cause.
const WITHOUT_CAUSE: [&str; 3] = ["valid", "reuse", "recovered"];

#[test]
fn gateway_and_scenarios_agree() {
    let wanted = std::env::var("AGREEMENT").unwrap_or_default();
    let cases: Vec<Case> =
        scenario::all().into_iter().filter(|case| case.full_name().contains(&wanted)).collect();
    assert!(!cases.is_empty(), "no case matches {wanted:?}");
    let outcomes = run(&cases, world::play);
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.complaints.is_empty()).collect();
    assert!(failed.is_empty(), "{}", table(&failed, cases.len()));
}

#[test]
fn doctor_and_scenarios_agree() {
    let wanted = std::env::var("AGREEMENT").unwrap_or_default();
    let mut cases = doctor::cases(scenario::all());
    assert!(cases.len() > 40, "only {} cases are fit for the doctor", cases.len());
    cases.retain(|case| case.full_name().contains(&wanted));
    let outcomes = run(&cases, doctor::ask);
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.complaints.is_empty()).collect();
    assert!(failed.is_empty(), "{}", table(&failed, cases.len()));
}

#[test]
fn every_reachable_cause_has_a_scenario() {
    let cases = scenario::all();
    let missing: Vec<_> = Cause::ALL
        .iter()
        .filter(|cause| UNREACHABLE.iter().all(|(other, _)| other != *cause))
        .filter(|cause| !cases.iter().any(|case| case.shows(**cause)))
        .map(|cause| cause.id())
        .collect();
    assert!(missing.is_empty(), "no scenario shows {missing:?}");
}

#[test]
fn a_file_is_named_after_the_cause_it_shows() {
    let cases = scenario::all();
    for name in cases.iter().map(|case| &case.file).filter(|name| !WITHOUT_CAUSE.contains(&name.as_str())) {
        let cause = Cause::from_id(name).unwrap_or_else(|| panic!("{name}.toml: no such cause"));
        let mut own = cases.iter().filter(|case| case.file == *name);
        assert!(own.any(|case| case.shows(cause)), "{name}.toml has no case that shows {cause}");
    }
}

/// What became of a case.
struct Outcome {
    name: String,
    complaints: Vec<String>,
    took: Duration,
}

fn run(cases: &[Case], play: fn(&Case) -> Vec<String>) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                world::give_up_override();
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let began = Instant::now();
                    let complaints = play(case);
                    let outcome = Outcome { name: case.full_name(), complaints, took: began.elapsed() };
                    outcomes.lock().expect("no case panics while it holds this").push(outcome);
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect("no case panics while it holds this");
    outcomes.sort_by(|a, b| a.name.cmp(&b.name));
    outcomes
}

fn table(failed: &[&Outcome], of: usize) -> String {
    let mut text = format!("{} of {of} cases disagree\n", failed.len());
    for Outcome { name, complaints, took } in failed {
        write!(text, "\n{name} ({} ms)\n", took.as_millis()).expect("a string takes everything");
        for complaint in complaints {
            writeln!(text, "    {complaint}").expect("a string takes everything");
        }
    }
    text
}
