//! What a failure is a case of, without a network.

use super::*;
use crate::observe::reach::{Far, HopSeen, Lives, Message, Trace};
use std::time::Duration;

fn attempted(address: &str, outcome: Outcome) -> Attempted {
    Attempted {
        far: Far::Ip(address.parse().expect("an address")),
        outcome,
        took: Duration::from_secs(3),
        repeated_syns: 2,
        round_trip: None,
        local: None,
        around: None,
    }
}

fn around(way: Way) -> Surroundings {
    Surroundings {
        way,
        ports: Vec::new(),
        trace: None,
        other_trace: None,
        sources: Vec::new(),
        lives: None,
        ping: None,
    }
}

fn trace(routers: &[Option<&str>], end: Option<u8>) -> Trace {
    let hops = (1..=8).map(|distance: u8| {
        let router = routers.get(usize::from(distance) - 1).copied().flatten();
        let is_end = end.is_some_and(|end| distance >= end);
        HopSeen { distance, router: router.and_then(|text| text.parse().ok()), is_end, rejection: None }
    });
    Trace { hops: hops.collect() }
}

fn check(outcome: Outcome, around: Surroundings, expected: Judgement) {
    let attempt = Attempted { around: Some(Rc::new(around)), ..attempted("10.0.0.5:80", outcome) };
    let reach = Reach { attempts: vec![attempt.clone()] };
    assert_eq!(judge(&attempt, &reach), expected);
}

fn via() -> Way {
    Way::Via("10.9.0.1".parse().expect("an address"))
}

#[test]
fn silence_is_judged_by_what_stands_around() {
    let other = || vec![attempted("10.0.0.5:22", Outcome::Reset)];
    check(Outcome::Silent, around(via()), Judgement::Silent);
    check(Outcome::Silent, Surroundings { ports: other(), ..around(via()) }, Judgement::Dropped);
    check(Outcome::Silent, around(Way::OnLink), Judgement::Dropped);
    let elsewhere = vec![attempted("10.0.0.5:80", Outcome::Connected)];
    check(Outcome::Silent, Surroundings { sources: elsewhere, ..around(via()) }, Judgement::SourceBlocked);
    let mute = Some(trace(&[], None));
    let speaking = Some(trace(&[Some("10.9.0.1")], Some(2)));
    let own = Surroundings { ports: other(), trace: mute, other_trace: speaking, ..around(via()) };
    check(Outcome::Silent, own, Judgement::OwnEgress);
}

#[test]
fn a_reset_from_nearer_than_the_host_is_somebody_elses() {
    let far = || Some(trace(&[Some("10.9.0.1")], Some(3)));
    let near = Surroundings { trace: Some(trace(&[], Some(2))), other_trace: far(), ..around(via()) };
    check(Outcome::Reset, near, Judgement::ForeignReset);
    let same = Surroundings { trace: far(), other_trace: far(), ..around(via()) };
    check(Outcome::Reset, same, Judgement::NothingListens);
    check(Outcome::Reset, around(Way::OnLink), Judgement::NothingListens);
    let segment = |life| torwart_dial::overhear::Segment { port: 80, life, is_reset: true };
    let lives = |reset, other| Some(Lives { reset: segment(reset), other: segment(other) });
    check(Outcome::Reset, Surroundings { lives: lives(64, 63), ..around(via()) }, Judgement::ForeignReset);
    // The reset is the host's own, and the filter speaks for the other port.
    check(Outcome::Reset, Surroundings { lives: lives(127, 64), ..around(via()) }, Judgement::NothingListens);
}

#[test]
fn a_refusal_of_our_own_machine_is_not_the_upstreams() {
    let message = |is_ours| Message { is_v6: false, kind: 3, code: 3, from: None, is_ours };
    check(Outcome::Rejected(message(true)), around(Way::OnLink), Judgement::OwnEgress);
    check(Outcome::Rejected(message(false)), around(Way::OnLink), Judgement::Rejected);
    check(Outcome::HeldBack, around(Way::OnLink), Judgement::OwnEgress);
}

#[test]
fn a_dead_family_beside_a_living_one_is_one_case() {
    let six = attempted("[2001:db8::5]:80", Outcome::Silent);
    let four = attempted("10.0.0.5:80", Outcome::Connected);
    let reach = Reach { attempts: vec![six.clone(), four] };
    assert_eq!(judge(&six, &reach), Judgement::FamilyBroken);
    let alone = Reach { attempts: vec![six.clone()] };
    assert_eq!(judge(&six, &alone), Judgement::Silent);
}
