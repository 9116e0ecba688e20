//! The limit before simulated upstreams: spikes, rushes, slow ones, and a handful of slow requests.

use super::*;
use crate::overload::load::Load;
use crate::overload::priority::Class;
use crate::overload::queue::{Entry, Guest, Queue};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use torwart_config::plan::{Concurrency, Queue as QueuePlan};

/// An upstream with so many workers, before which requests queue without end.
struct Upstream {
    workers: usize,
    /// How long the work on a request takes, in microseconds, by chance.
    work: fn(u64) -> u64,
}

/// What became of those who came within a span.
#[derive(Debug, Default)]
struct Seen {
    answered: usize,
    refused: usize,
    /// Sorted, in milliseconds.
    latencies: Vec<u64>,
}

/// A second of a run.
#[derive(Debug, Default)]
struct Run {
    seconds: Vec<Seen>,
    limit: u32,
}

impl Run {
    fn over(&self, seconds: std::ops::Range<usize>) -> Seen {
        let mut all = Seen::default();
        for seen in self.seconds.get(seconds).unwrap_or_default() {
            all.answered += seen.answered;
            all.refused += seen.refused;
            all.latencies.extend(&seen.latencies);
        }
        all.latencies.sort_unstable();
        all
    }
}

impl Seen {
    fn percentile(&self, percent: usize) -> u64 {
        self.latencies.get(self.latencies.len().saturating_sub(1) * percent / 100).copied().unwrap_or(0)
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Done { arrived: u64, sent: u64 },
    Arrives,
}

/// Lets requests come at a rate per second, as an open loop: nobody waits for anybody.
fn run(upstream: &Upstream, seconds: u64, rate: fn(u64) -> u64) -> Run {
    let plan = Concurrency::default();
    let queue_plan = QueuePlan::default();
    let (load, mut queue) = (Load::default(), Queue::<u64>::default());
    let mut under_way = 0;
    let mut events = BinaryHeap::new();
    let (mut busy, mut backlog) = (0, VecDeque::<(u64, u64)>::new());
    let mut chance = 88_172_645_463_325_252u64;
    let mut run = Run::default();
    run.seconds.resize_with(seconds as usize + 60, Seen::default);
    events.push(Reverse((0, Event::Arrives)));
    while let Some(Reverse((now, event))) = events.pop() {
        let at = Duration::from_micros(now);
        let mut roll = || {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            chance
        };
        let mut sent = Vec::new();
        match event {
            Event::Arrives => {
                let mean = 1_000_000 / rate(now / 1_000_000).max(1);
                let gap = (-((roll() % 1_000_000 + 1) as f64 / 1e6).ln() * mean as f64) as u64;
                if now + gap < seconds * 1_000_000 {
                    events.push(Reverse((now + gap.max(1), Event::Arrives)));
                }
                if queue.is_empty() && load.has_room(plan, under_way) {
                    under_way += 1;
                    sent.push(now);
                } else {
                    load.turned_away(plan, at);
                    let guest = Guest { class: Class::Usual, may_stay: !load.is_strained(plan, at) };
                    let entry = queue.enter(now, guest, &queue_plan, load.throughput(plan), at);
                    if matches!(entry, Entry::Refused) {
                        run.seconds[(now / 1_000_000) as usize].refused += 1;
                    }
                }
            }
            Event::Done { arrived, sent } => {
                under_way -= 1;
                load.observe(plan, Duration::from_micros(now - sent), under_way, at);
                let seen = &mut run.seconds[(now / 1_000_000) as usize];
                seen.answered += 1;
                seen.latencies.push((now - arrived) / 1000);
                busy -= 1;
                if let Some((arrived, sent)) = backlog.pop_front() {
                    busy += 1;
                    events.push(Reverse((now + (upstream.work)(roll()), Event::Done { arrived, sent })));
                }
            }
        }
        while load.is_strained(plan, at)
            && let Some(arrived) = queue.expired(&queue_plan, at)
        {
            run.seconds[(arrived / 1_000_000) as usize].refused += 1;
        }
        while load.has_room(plan, under_way)
            && let Some(arrived) = queue.take(&queue_plan, at)
        {
            if now - arrived < micros(queue_plan.time) {
                under_way += 1;
                sent.push(arrived);
            }
        }
        for arrived in sent {
            if busy < upstream.workers {
                busy += 1;
                events.push(Reverse((now + (upstream.work)(roll()), Event::Done { arrived, sent: now })));
            } else {
                backlog.push_back((arrived, now));
            }
        }
    }
    run.limit = load.limit(plan).unwrap_or_default();
    run
}

/// A spike of ten times the capacity for 20 s, after 20 s at half of it.
fn spike_is_survived(name: &str, upstream: &Upstream, spike: fn(u64) -> u64, capacity: usize) {
    let run = run(upstream, 50, spike);
    let before = run.over(2..20);
    assert_eq!(before.refused, 0, "{name}: before");
    let during = run.over(20..40);
    let best = capacity * 20;
    assert!(during.answered * 100 >= best * 92, "{name}: goodput {} of {best}", during.answered);
    assert!(during.percentile(99) <= 300, "{name}: p99 {} ms", during.percentile(99));
    let after = run.over(41..50);
    assert_eq!(after.refused, 0, "{name}: after");
    assert!(after.percentile(99) <= before.percentile(99) * 3 / 2 + 5, "{name}: {} ms", after.percentile(99));
}

#[test]
fn a_spike_of_ten_times_the_capacity_costs_those_too_many_only() {
    let steady = Upstream { workers: 8, work: |_| 40_000 };
    spike_is_survived(
        "eight workers",
        &steady,
        |second| if (20..40).contains(&second) { 2000 } else { 100 },
        200,
    );
    let single = Upstream { workers: 1, work: |_| 5_000 };
    spike_is_survived(
        "one thread",
        &single,
        |second| if (20..40).contains(&second) { 2000 } else { 100 },
        200,
    );
    let uneven = Upstream { workers: 16, work: |chance| 10_000 + chance % 100_000 };
    spike_is_survived(
        "uneven work",
        &uneven,
        |second| if (20..40).contains(&second) { 2667 } else { 130 },
        267,
    );
    let fast = Upstream { workers: 4, work: |chance| 500 + chance % 3_000 };
    spike_is_survived("fast", &fast, |second| if (20..40).contains(&second) { 20_000 } else { 1000 }, 2000);
}

#[test]
fn a_slow_upstream_with_room_gets_what_it_is_asked() {
    let slow = Upstream { workers: 10_000, work: |_| 2_000_000 };
    let run = run(&slow, 40, |_| 200);
    assert_eq!(run.over(10..40).refused, 0, "{:?}", run.limit);
    assert!(run.over(20..40).percentile(99) <= 2_020);
}

#[test]
fn a_rush_on_an_upstream_with_room_is_let_through() {
    let fast = Upstream { workers: 10_000, work: |chance| 15_000 + chance % 10_000 };
    let run = run(&fast, 20, |second| if second >= 10 { 10_000 } else { 1000 });
    assert_eq!(run.over(10..20).refused, 0);
}

#[test]
fn nobody_is_refused_before_anything_says_that_it_is_too_much() {
    for work in [|_| 20_000, |_| 100_000, |_| 500_000] {
        let parallel = Upstream { workers: 10_000, work };
        let run = run(&parallel, 6, |_| 1000);
        assert_eq!(run.over(0..6).refused, 0, "{}", work(0));
        assert!(
            run.over(3..6).percentile(99) <= work(0) / 1000 + 20,
            "{}: {}",
            work(0),
            run.over(3..6).percentile(99)
        );
    }
}

#[test]
fn an_upstream_that_becomes_slower_keeps_its_limit() {
    // Its work takes ten times as long from now on, and there is room for as much of it as before.
    let gradient = Gradient::default();
    let bounds = Bounds { least: 4, most: 10_000 };
    let mut now = Duration::ZERO;
    let mut round = |took: Duration, is_full: bool| {
        for _ in 0..200 {
            now += Duration::from_millis(2);
            if is_full {
                gradient.turned_away(bounds, now);
            }
            gradient.observe(took, gradient.limit(), bounds, now);
        }
        gradient.limit()
    };
    for _ in 0..20 {
        round(Duration::from_millis(20), false);
    }
    let mut least = u32::MAX;
    for _ in 0..20 {
        least = least.min(round(Duration::from_millis(200), true));
    }
    assert!(least >= 4);
    assert!(round(Duration::from_millis(200), true) > 1000, "{}", gradient.limit());
}

#[test]
fn a_handful_of_slow_requests_among_fast_ones_changes_nothing() {
    let mixed = Upstream {
        workers: 10_000,
        work: |chance| if chance.is_multiple_of(20) { 2_000_000 } else { 10_000 },
    };
    let run = run(&mixed, 30, |_| 400);
    assert_eq!(run.over(10..30).refused, 0);
    let seen = run.over(10..30);
    assert!(seen.percentile(90) <= 20, "{} ms", seen.percentile(90));
}

#[test]
fn logarithms_are_averaged_and_read_back() {
    for micros in [1, 2, 999, 1_000_000, 60_000_000, u64::from(u32::MAX)] {
        let back = time_of(i32::try_from(logarithm(micros)).expect("small")).as_micros() as f64;
        assert!((back / micros.max(2) as f64 - 1.0).abs() < 0.1, "{micros} {back}");
    }
}
