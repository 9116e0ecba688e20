//! What is learned is counted once and forgotten in time.

use super::*;

fn at(seconds: u64) -> Moment {
    Moment::BEGIN + Duration::from_secs(seconds)
}

#[test]
fn attempts_count_until_they_end_however_they_end() {
    let state = UpstreamState::default();
    let mut first = state.enter(at(1));
    let second = state.enter(at(1));
    assert_eq!(state.in_flight(), 2);
    first.heard(at(2));
    drop(second);
    assert_eq!(state.in_flight(), 1);
    drop(first);
    assert_eq!(state.in_flight(), 0);
    assert_eq!(state.under_way.load(Ordering::Relaxed), 0);
}

#[test]
fn silence_counts_while_something_is_awaited() {
    let state = UpstreamState::default();
    state.succeed(Duration::from_millis(10), at(1));
    let mut awaited = state.enter(at(1));
    assert!(state.latency(at(6)).nanos >= 5_000_000_000);
    awaited.heard(at(6));
    assert!(state.latency(at(6)).nanos < 20_000_000, "{:?}", state.latency(at(6)));
}

#[test]
fn silence_counts_after_nobody_waits_any_more() {
    let state = UpstreamState::default();
    let now = Moment::now();
    state.succeed(Duration::from_millis(10), now);
    let awaited = state.enter(now);
    std::thread::park_timeout(Duration::from_millis(60));
    drop(awaited);
    assert!(state.latency(Moment::now()).nanos >= 50_000_000, "{:?}", state.latency(Moment::now()));
}

#[test]
fn both_active_checks_and_ejections_are_asked() {
    let state = UpstreamState::default();
    assert!(state.is_up(at(1)));
    assert!(state.set_health(Health::Down(Cause::ConnectRefused), at(1)));
    assert_eq!((state.is_up(at(1)), state.down_cause(at(1))), (false, Some(Cause::ConnectRefused)));
    assert!(state.set_health(Health::Up, at(2)));
    state.eject(at(5), 1, Cause::HeadTimedOut);
    assert_eq!((state.is_up(at(4)), state.down_cause(at(4))), (false, Some(Cause::HeadTimedOut)));
    assert!(state.is_up(at(5)));
    assert_eq!((state.down_cause(at(5)), state.back_since()), (None, Some(at(5))));
}

#[test]
fn a_good_check_ends_an_ejection_only_of_who_could_not_be_reached() {
    let state = UpstreamState::default();
    state.eject(at(60), 1, Cause::ConnectRefused);
    state.set_health(Health::Up, at(2));
    assert!(state.is_up(at(2)) && !state.is_doubted());
    state.eject(at(60), 1, Cause::HeadTimedOut);
    state.set_health(Health::Up, at(3));
    assert!(!state.is_up(at(3)));
}
