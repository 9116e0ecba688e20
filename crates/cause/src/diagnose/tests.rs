//! Evidence in, cause out.

use super::*;
use std::time::Duration;

fn done() -> Step {
    Step::Done { took: Duration::from_millis(1) }
}

fn failed(ending: Ending) -> Step {
    Step::Failed { ending, after: Duration::from_millis(1) }
}

fn check(attempt: Attempt, expected: Option<Cause>) {
    let evidence = Evidence { attempts: vec![attempt], ..Evidence::default() };
    assert_eq!(diagnose(&evidence).cause(), expected);
}

#[test]
fn closed_before_head_is_not_a_timeout() {
    let attempt = Attempt {
        connect: done(),
        send: done(),
        sent: 90,
        head: failed(Ending::Closed),
        ..Attempt::default()
    };
    check(attempt, Some(Cause::ClosedBeforeHead));
}

#[test]
fn a_reused_link_that_took_nothing_is_stale() {
    let attempt = Attempt { is_reused: true, send: failed(Ending::Reset), ..Attempt::default() };
    check(attempt, Some(Cause::StaleLink));
}

#[test]
fn a_reused_link_that_took_bytes_is_not_stale() {
    let attempt = Attempt {
        is_reused: true,
        send: done(),
        sent: 90,
        head: failed(Ending::Reset),
        ..Attempt::default()
    };
    check(attempt, Some(Cause::ResetBeforeHead));
}

#[test]
fn a_head_that_ends_in_the_middle_is_cut() {
    let attempt =
        Attempt { send: done(), sent: 9, received: 7, head: failed(Ending::Reset), ..Attempt::default() };
    check(attempt, Some(Cause::HeadCut));
}

#[test]
fn an_early_answer_outweighs_the_failed_send() {
    let attempt = Attempt {
        send: failed(Ending::Reset),
        head: done(),
        body: done(),
        status: Some(413),
        ..Attempt::default()
    };
    check(attempt, None);
}

#[test]
fn a_malformed_head_outweighs_the_failed_send() {
    let fault = Fault { what: Malformation::NotHttp, at: 0 };
    let attempt = Attempt {
        send: failed(Ending::Reset),
        sent: 5,
        head: failed(Ending::Malformed(fault)),
        ..Attempt::default()
    };
    check(attempt, Some(Cause::NotHttp));
}

#[test]
fn the_upstreams_own_error_is_its_own() {
    let attempt =
        Attempt { send: done(), head: done(), body: done(), status: Some(503), ..Attempt::default() };
    check(attempt, Some(Cause::UpstreamSaidSo));
}

#[test]
fn a_sparse_source_yields_the_missing_observation() {
    let attempt = Attempt { connect: Step::Unknown, ..Attempt::default() };
    let evidence = Evidence { attempts: vec![attempt], ..Evidence::default() };
    let Verdict::Open { missing, .. } = diagnose(&evidence) else { panic!("must stay open") };
    assert_eq!(missing, Observation::EndingOf(Stage::Connect));
}

#[test]
fn a_panic_is_a_bug_whatever_else_failed() {
    let mut evidence = Evidence::default();
    evidence.client.answer = failed(Ending::Panicked);
    evidence.local.route = failed(Ending::Decided(Decision::NoRoute));
    assert_eq!(diagnose(&evidence).cause(), Some(Cause::GatewayBug));
}

#[test]
fn a_client_that_leaves_a_good_answer_left() {
    let mut evidence = Evidence::default();
    evidence.attempts.push(Attempt { head: done(), body: done(), status: Some(200), ..Attempt::default() });
    evidence.client.answer = failed(Ending::Reset);
    assert_eq!(diagnose(&evidence).cause(), Some(Cause::ClientLeft));
}

#[test]
fn the_last_attempt_decides_even_when_the_pool_ran_dry() {
    let mut evidence = Evidence::default();
    evidence.attempts.push(Attempt { connect: failed(Ending::Refused), ..Attempt::default() });
    evidence.local.pick = failed(Ending::Decided(Decision::AllDown));
    assert_eq!(diagnose(&evidence).cause(), Some(Cause::ConnectRefused));
}

#[test]
fn a_client_without_its_certificate_is_told_from_a_broken_handshake() {
    let shaken = |ending| {
        let mut evidence = Evidence::default();
        evidence.client.handshake = failed(ending);
        diagnose(&evidence).cause()
    };
    for fault in [CertificateFault::Missing, CertificateFault::Untrusted, CertificateFault::Revoked] {
        assert_eq!(shaken(Ending::Certificate(fault)), Some(Cause::ClientCertificateRefused));
    }
    assert_eq!(shaken(Ending::TlsAlert(48)), Some(Cause::ClientHandshakeFailed));
    let mut evidence = Evidence::default();
    evidence.local.guard = failed(Ending::Decided(Decision::Misdirected));
    assert_eq!(diagnose(&evidence).cause(), Some(Cause::Misdirected));
}

#[test]
fn an_authoriser_that_cannot_be_asked_is_no_fault_of_the_upstream() {
    let guarded = |ending| {
        let mut evidence = Evidence::default();
        evidence.local.guard = failed(ending);
        diagnose(&evidence).cause()
    };
    for ending in [Ending::Refused, Ending::TimedOut(Deadline::Authorise), Ending::Closed] {
        assert_eq!(guarded(ending), Some(Cause::AuthoriserFailed));
    }
    assert_eq!(guarded(Ending::Decided(Decision::AuthoriserUnclear)), Some(Cause::AuthoriserFailed));
    assert_eq!(guarded(Ending::Decided(Decision::Unauthorised)), Some(Cause::Unauthorized));
    assert_eq!(guarded(Ending::TimedOut(Deadline::Total)), Some(Cause::DeadlineSpent));
    assert_eq!(guarded(Ending::Cancelled(By::Client)), Some(Cause::ClientLeft));
}

#[test]
fn an_attempt_that_lost_the_race_did_not_fail() {
    let attempt = Attempt { head: failed(Ending::Cancelled(By::Faster)), sent: 90, ..Attempt::default() };
    check(attempt, None);
}
