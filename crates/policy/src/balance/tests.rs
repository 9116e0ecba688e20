//! Whole pools in simulated time: how many requests are harmed when one upstream misbehaves, and who gets which share.

use super::chance::Chance;
use super::latency::{Latency, Sample};
use super::{Candidate, hash, latency, least_in_flight, round_robin, two_choices};
use crate::outlier::{self, Counts, Others};
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::BinaryHeap;
use torwart_cause::Cause;
use torwart_config::plan::EjectionPlan;

const MS: u64 = 1_000_000;
const SECOND: u64 = 1000 * MS;

/// How an upstream treats a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    Answers(u64),
    Fails(u64),
    Hangs,
}

/// What a gateway learns about an upstream, as it learns it.
#[derive(Clone, Debug, Default)]
struct Upstream {
    in_flight: u32,
    heard_at: u64,
    known: Option<Latency>,
    observed_at: u64,
    in_a_row: u32,
    counts: Counts,
    ejected_until: u64,
    ejections: u32,
    requests: u32,
}

impl Upstream {
    fn observe(&mut self, sample: Sample, now: u64) {
        self.known = Some(latency::observe(self.known, now - self.observed_at, sample));
        self.observed_at = now;
    }

    fn candidate(&self, index: usize, now: u64) -> Candidate {
        let silent = if self.in_flight > 0 { now - self.heard_at } else { 0 };
        let latency = latency::estimate(self.known, now - self.observed_at, silent);
        Candidate { index, weight: 64, in_flight: self.in_flight, latency }
    }
}

/// Runs 2,700 requests in nine seconds through a pool; the manner of an upstream depends on the time.
fn run(count: usize, seed: u64, least: bool, manner: impl Fn(usize, u64) -> Manner) -> Vec<Upstream> {
    let rules = EjectionPlan::default();
    let mut chance = Chance::new(seed);
    let mut upstreams = vec![Upstream::default(); count];
    // Ends of requests: time, upstream, when it began, whether it went well if it was answered. The earliest comes first.
    let mut ends: BinaryHeap<(std::cmp::Reverse<u64>, usize, u64, Option<bool>)> = BinaryHeap::new();
    let mut now = 0;
    for _ in 0..2700 {
        now += chance.below(2 * SECOND / 300);
        while let Some((std::cmp::Reverse(at), index, began, is_good)) =
            ends.peek().copied().filter(|end| end.0.0 <= now)
        {
            ends.pop();
            end(&mut upstreams, index, at, at - began, is_good, &rules, &mut chance);
        }
        let up = |one: &&(usize, &Upstream)| one.1.ejected_until <= now;
        let all: Vec<_> = upstreams.iter().enumerate().collect();
        let mut candidates: Vec<_> =
            all.iter().filter(up).map(|(index, one)| one.candidate(*index, now)).collect();
        if candidates.is_empty() {
            candidates = all.iter().map(|(index, one)| one.candidate(*index, now)).collect();
        }
        let chosen = if least {
            least_in_flight::choose(&candidates, &mut chance)
        } else {
            two_choices::choose(&candidates, &mut chance)
        };
        let index = chosen.expect("there is somebody");
        let upstream = &mut upstreams[index];
        if upstream.in_flight == 0 {
            upstream.heard_at = now;
        }
        upstream.in_flight += 1;
        upstream.requests += 1;
        match manner(index, now) {
            // Clients leave after a second.
            Manner::Hangs => ends.push((std::cmp::Reverse(now + SECOND), index, now, None)),
            Manner::Answers(time) => ends.push((std::cmp::Reverse(now + time), index, now, Some(true))),
            Manner::Fails(time) => ends.push((std::cmp::Reverse(now + time), index, now, Some(false))),
        }
    }
    upstreams
}

fn end(
    all: &mut [Upstream],
    index: usize,
    now: u64,
    took: u64,
    is_good: Option<bool>,
    rules: &EjectionPlan,
    chance: &mut Chance,
) {
    let mut others = Others { count: all.len() as u32 - 1, ..Others::default() };
    for (_, upstream) in all.iter().enumerate().filter(|(other, _)| *other != index) {
        let is_up = upstream.ejected_until <= now;
        others.has_up |= is_up;
        others.ejected += u32::from(!is_up);
        if is_up {
            others.counts.successes += upstream.counts.successes;
            others.counts.failed += upstream.counts.failed;
        }
    }
    let upstream = &mut all[index];
    upstream.in_flight -= 1;
    let Some(is_good) = is_good else {
        upstream.observe(Sample::GivenUp(took), now);
        return;
    };
    upstream.heard_at = now;
    if is_good {
        upstream.in_a_row = 0;
        upstream.counts.successes += 1;
        upstream.observe(Sample::Answered(took), now);
        return;
    }
    upstream.in_a_row += 1;
    upstream.counts.failed += 1;
    upstream.observe(Sample::Failed, now);
    if upstream.ejected_until <= now
        && outlier::is_due(rules, Cause::ResetBeforeHead, upstream.in_a_row, upstream.counts, others)
    {
        let time = outlier::time(rules, Cause::ResetBeforeHead, upstream.ejections, chance.draw());
        upstream.ejected_until = now + time.as_nanos() as u64;
        upstream.ejections += 1;
    }
}

/// One of three misbehaves from the first second on: the most requests that meet it, over many seeds.
fn harmed(manner: Manner, least: bool) -> u32 {
    let harmed = |seed| {
        let met = Cell::new(0);
        let upstreams = run(3, seed, least, |index, now| {
            if index == 0 && now > SECOND {
                met.set(met.get() + 1);
                return manner;
            }
            Manner::Answers(20 * MS)
        });
        let [_, one, other] = upstreams.as_slice() else { panic!("three upstreams") };
        assert!(one.requests.abs_diff(other.requests) < 300, "{one:?} {other:?}");
        met.get()
    };
    (0..20).map(harmed).max().unwrap_or_default()
}

#[test]
fn one_of_three_that_hangs_harms_five_at_most() {
    let harmed = harmed(Manner::Hangs, false);
    assert!(harmed <= 5, "{harmed}");
}

#[test]
fn one_of_three_that_is_ten_times_slower_harms_thirty_at_most() {
    let harmed = harmed(Manner::Answers(200 * MS), false);
    assert!(harmed <= 30, "{harmed}");
}

#[test]
fn one_of_three_that_fails_fast_does_not_draw_the_traffic() {
    for least in [false, true] {
        let harmed = harmed(Manner::Fails(MS), least);
        assert!(harmed <= 9, "one in three hundred: it is asked again now and then: {harmed}");
    }
}

#[test]
fn where_all_are_well_all_get_the_same() {
    for least in [false, true] {
        let upstreams = run(3, 5, least, |_, _| Manner::Answers(20 * MS));
        assert!(upstreams.iter().all(|one| (800..1000).contains(&one.requests)), "{upstreams:?}");
    }
}

#[test]
fn when_all_fail_half_the_time_all_go_on() {
    let mut chance = Chance::new(7);
    let coins: Vec<bool> = (0..4096).map(|_| chance.below(2) == 0).collect();
    let upstreams = run(3, 1, false, |index, now| {
        let is_good = coins[(now / 1000 + index as u64) as usize % coins.len()];
        if is_good { Manner::Answers(10 * MS) } else { Manner::Fails(10 * MS) }
    });
    assert!(upstreams.iter().all(|one| one.requests > 500), "{upstreams:?}");
}

fn plain(index: usize, weight: u32, in_flight: u32) -> Candidate {
    Candidate { index, weight, in_flight, latency: Latency { nanos: 20 * MS, failing: 0 } }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn shares_follow_weights(weights in prop::collection::vec(1_u32..=20, 2..6), seed in any::<u64>()) {
        let candidates: Vec<_> = weights.iter().enumerate().map(|(index, weight)| plain(index, weight * 64, 0)).collect();
        let whole: u32 = weights.iter().sum();
        let mut chance = Chance::new(seed);
        let mut turns = round_robin::Turns::default();
        let mut counts = vec![[0_u32; 3]; weights.len()];
        const ROUNDS: u32 = 4000;
        for key in 0..ROUNDS {
            counts[two_choices::choose(&candidates, &mut chance).expect("somebody")][0] += 1;
            counts[turns.next(&candidates).expect("somebody")][1] += 1;
            counts[hash::choose(&candidates, hash::of(&key.to_be_bytes()) ^ seed, |place| hash::of(&[place as u8])).expect("somebody")][2] += 1;
        }
        for (counts, weight) in counts.iter().zip(&weights) {
            let due = f64::from(ROUNDS * weight) / f64::from(whole);
            for (count, slack) in counts.iter().zip([6.0 * due.sqrt() + 5.0, 1.0, 6.0 * due.sqrt() + 5.0]) {
                prop_assert!((f64::from(*count) - due).abs() <= slack, "{counts:?} of {due} for {weights:?}");
            }
        }
    }

    #[test]
    fn only_the_keys_of_who_is_gone_move(count in 2_usize..8, gone in 0_usize..8, keys in prop::collection::vec(any::<u64>(), 50)) {
        let all: Vec<_> = (0..count).map(|index| plain(index, 64, 0)).collect();
        let left: Vec<_> = all.iter().copied().filter(|one| one.index != gone % count).collect();
        let salt = |place: usize| hash::of(&[place as u8, 7]);
        for key in keys {
            let before = hash::choose(&all, key, salt);
            if before != Some(gone % count) {
                prop_assert_eq!(hash::choose(&left, key, salt), before);
            }
        }
    }

    #[test]
    fn whoever_is_chosen_is_a_candidate(count in 1_usize..6, seed in any::<u64>(), loads in prop::collection::vec((1_u32..64_000, 0_u32..100_000, any::<u64>(), 0_u32..=65_536), 6)) {
        let candidates: Vec<_> = (0..count).map(|index| {
            let (weight, in_flight, nanos, failing) = loads[index];
            Candidate { index: index * 3, weight, in_flight, latency: Latency { nanos, failing } }
        }).collect();
        let mut chance = Chance::new(seed);
        let is_one = |chosen: Option<usize>| candidates.iter().any(|one| Some(one.index) == chosen);
        prop_assert!(is_one(two_choices::choose(&candidates, &mut chance)));
        prop_assert!(is_one(least_in_flight::choose(&candidates, &mut chance)));
        prop_assert!(is_one(round_robin::Turns::default().next(&candidates)));
        prop_assert!(is_one(hash::choose(&candidates, seed, |place| place as u64)));
    }
}

#[test]
fn a_key_leaves_an_upstream_that_is_far_busier_than_the_others() {
    let salt = |place: usize| hash::of(&[place as u8]);
    let idle: Vec<_> = (0..3).map(|index| plain(index, 64, 10)).collect();
    let at = hash::choose(&idle, 42, salt).expect("somebody");
    let mut busy = idle.clone();
    busy[at].in_flight = 100;
    assert_ne!(hash::choose(&busy, 42, salt), Some(at));
}

#[test]
fn turns_are_spread() {
    let candidates = [plain(0, 5, 0), plain(1, 1, 0), plain(2, 1, 0)];
    let mut turns = round_robin::Turns::default();
    let order: Vec<_> = (0..7).filter_map(|_| turns.next(&candidates)).collect();
    assert_eq!(order, [0, 0, 1, 0, 2, 0, 0]);
}

#[test]
fn one_that_is_hopelessly_slow_loses_its_share_whatever_its_weight() {
    let slow = Candidate { latency: Latency { nanos: 10 * SECOND, failing: 0 }, ..plain(0, 6400, 3) };
    let mut chance = Chance::new(1);
    assert!((0..1000).all(|_| two_choices::choose(&[slow, plain(1, 64, 0)], &mut chance) == Some(1)));
}

#[test]
fn nobody_is_chosen_where_there_is_nobody() {
    let mut chance = Chance::new(1);
    assert_eq!(two_choices::choose(&[], &mut chance), None);
    assert_eq!(least_in_flight::choose(&[], &mut chance), None);
    assert_eq!(round_robin::Turns::default().next(&[]), None);
    assert_eq!(hash::choose(&[], 1, |_| 1), None);
}
