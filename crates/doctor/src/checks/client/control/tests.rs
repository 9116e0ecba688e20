//! Sites and controls on this machine's own addresses, and invented ones.

use super::*;
use crate::observe::reach::{Attempted, Far};
use crate::{Control, Question};
use std::time::Duration;

fn tried(address: &str, outcome: Outcome) -> Tried {
    let attempted = Attempted {
        far: Far::Ip(address.parse().expect("an address")),
        outcome,
        took: Duration::from_millis(3500),
        repeated_syns: 2,
        round_trip: None,
        local: None,
        around: None,
    };
    Tried { attempted, status: None }
}

fn seen(control: &str, tries: &[(&str, Outcome)]) -> ControlSeen {
    let tries = tries.iter().map(|(address, outcome)| tried(address, *outcome)).collect();
    ControlSeen { control: control.parse().expect("a control"), tries, is_unknown: false }
}

fn site(standing: Standing, addresses: &[&str]) -> Site {
    let addresses = addresses.iter().map(|text| text.parse().expect("an address")).collect();
    Site { url: "http://shop.example/".into(), name: "shop.example".into(), addresses, standing }
}

fn case() -> Case {
    let mut question = Question::about("http://192.0.2.1/".parse().expect("a URL"));
    question.deadline = Duration::from_secs(5);
    Case::new(question)
}

fn check(site: &Site, seen: &[ControlSeen], expected: &[(&str, u8)]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let controls: Vec<&ControlSeen> = seen.iter().collect();
        let checked = compare(&case(), site, &controls).await;
        let found: Vec<_> =
            checked.findings.iter().map(|finding| (finding.kind.id, finding.confidence)).collect();
        assert_eq!(found, expected);
    });
}

const SILENT: Outcome = Outcome::Silent;

#[test]
fn where_controls_fail_as_the_site_does_it_is_this_side() {
    let site = site(Standing::Unreached, &["192.0.2.1"]);
    let one = seen("http://a.example", &[("198.51.100.1:80", SILENT)]);
    let two = seen("b.example:22", &[("198.51.100.2:22", SILENT)]);
    let held = seen("http://a.example", &[("198.51.100.1:80", Outcome::HeldBack)]);
    check(&site, std::slice::from_ref(&one), &[("client.offline", 85)]);
    check(&site, &[one, two], &[("client.offline", 93)]);
    check(&site, &[held], &[("client.offline", 96)]);
}

#[test]
fn where_a_control_answers_it_is_not_the_connection() {
    let site = site(Standing::Unreached, &["192.0.2.1"]);
    let dead = seen("http://a.example", &[("198.51.100.1:80", SILENT)]);
    let well = seen("http://b.example", &[("198.51.100.2:80", Outcome::Connected)]);
    let refuses = seen("c.example", &[("198.51.100.3:443", Outcome::Reset)]);
    check(&site, &[dead.clone(), well], &[("client.online", 95)]);
    check(&site, &[dead, refuses], &[("client.online", 95)]);
}

#[test]
fn where_all_is_refused_somebody_near_refuses() {
    let site = site(Standing::Refused, &["192.0.2.1"]);
    let refuses = seen("c.example", &[("198.51.100.3:443", Outcome::Reset)]);
    check(&site, &[refuses], &[("client.offline", 85)]);
}

#[test]
fn one_family_may_be_the_one_that_does_not_get_out() {
    let both = |v4, v6| seen("http://a.example", &[("198.51.100.1:80", v4), ("[2001:db8::1]:80", v6)]);
    let only_six = site(Standing::Unreached, &["2001:db8::7"]);
    let only_four = site(Standing::Unreached, &["192.0.2.1"]);
    let dual = site(Standing::Unreached, &["192.0.2.1", "2001:db8::7"]);
    let well = Outcome::Connected;
    check(&only_six, &[both(well, SILENT)], &[("client.no_ipv6", 88)]);
    check(&only_four, &[both(SILENT, well)], &[("client.offline", 88)]);
    check(&only_four, &[both(well, SILENT)], &[("client.online", 95)]);
    check(&dual, &[both(well, SILENT)], &[("client.online", 95)]);
}

#[test]
fn controls_that_can_tell_nothing_are_named() {
    let site = |standing| site(standing, &["192.0.2.1"]);
    let unknown = ControlSeen { is_unknown: true, ..seen("http://a.example", &[]) };
    let same = seen("http://b.example", &[("192.0.2.1:80", SILENT)]);
    let out = seen("http://c.example", &[("198.51.100.1:80", SILENT)]);
    let count = |standing, one: &ControlSeen| {
        let (useful, useless) = useful(&case(), &site(standing), std::slice::from_ref(one));
        (useful.len(), useless.len())
    };
    assert_eq!(count(Standing::Unreached, &unknown), (0, 1));
    assert_eq!(count(Standing::Unreached, &same), (0, 1));
    assert_eq!(count(Standing::Reached, &out), (0, 1));
    assert_eq!(count(Standing::Unreached, &out), (1, 0));
}

#[test]
fn a_site_on_this_machine_has_nothing_to_do_with_connections() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut question = Question::about("http://127.0.0.1:9/".parse().expect("a URL"));
        let control: Control = "127.0.0.1:9".parse().expect("a control");
        question.controls = Controls::Named(vec![control]);
        question.deadline = Duration::from_secs(5);
        let checked = super::check(&Case::new(question)).await;
        assert!(checked.findings.is_empty(), "{checked:?}");
    });
}
