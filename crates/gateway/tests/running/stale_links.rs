//! The race between an upstream that closes idle links and the request that is just being sent on one.
//!
//! A request that may not be repeated must neither fail by it nor arrive twice: not with an upstream whose habits are
//! known, and not with one that is met for the first time.

use crate::client::Client;
use crate::gateway::Gateway;
use crate::pace;
use crate::upstream::Upstream;
use std::time::{Duration, Instant};

/// How an upstream treats its idle links.
#[derive(Clone, Copy)]
struct Habit {
    closes_after: Duration,
    /// What it says about it.
    announces: &'static str,
}

fn upstream(habit: Habit) -> Upstream {
    Upstream::start(move |link| {
        while link.request_within(habit.closes_after)?.is_some() {
            link.answer_with(habit.announces, "well")?;
        }
        Ok(())
    })
}

fn gateway(upstream: &Upstream) -> Gateway {
    let url = upstream.url();
    Gateway::start(&format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{url}\"\n"
    ))
}

/// Posts at this pace, counted from answer to request; no request fails or arrives twice.
fn check(habit: Habit, paces: &[Duration]) {
    let upstream = upstream(habit);
    let gateway = gateway(&upstream);
    let mut client = Client::connect(gateway.address());
    let mut sent = Vec::new();
    let mut post = |client: &mut Client| {
        let target = format!("/{}", sent.len());
        let answer = client.post(&target, "a=b").expect("it is answered");
        assert_eq!(answer.status, 200, "after {:?}: {}", paces.get(sent.len()), answer.body);
        sent.push(target);
    };
    post(&mut client);
    for time in paces {
        pace(*time);
        post(&mut client);
    }
    assert_eq!(upstream.targets(), sent);
}

/// So many moments around this one, close together.
fn around(moment: Duration, count: u32) -> Vec<Duration> {
    let first = moment.saturating_sub(STEP * (count / 2));
    (0..count).map(|number| first + STEP * number).collect()
}

/// The very first link is used again about when its upstream closes it: one gateway for each moment.
fn check_first_contact(habit: Habit) {
    std::thread::scope(|scope| {
        let begin = |time| scope.spawn(move || check(habit, &[time, time, time]));
        let threads: Vec<_> = around(habit.closes_after, MOMENTS).into_iter().map(begin).collect();
        threads.into_iter().for_each(|thread| thread.join().expect("no post fails or arrives twice"));
    });
}

const STEP: Duration = Duration::from_micros(250);
const MOMENTS: u32 = 24;

const QUICK: Habit = Habit { closes_after: Duration::from_millis(300), announces: "" };
const SECOND: Habit = Habit { closes_after: Duration::from_secs(1), announces: "" };
const HONEST: Habit = Habit { closes_after: Duration::from_secs(1), announces: "Keep-Alive: timeout=1\r\n" };
const LYING: Habit =
    Habit { closes_after: Duration::from_millis(600), announces: "Keep-Alive: timeout=60\r\n" };

#[test]
fn no_first_post_races_an_upstream_that_closes_after_300_ms() {
    check_first_contact(QUICK);
}

#[test]
fn no_first_post_races_an_upstream_that_closes_after_a_second() {
    check_first_contact(SECOND);
}

#[test]
fn no_first_post_races_an_upstream_that_announces_its_timeout() {
    check_first_contact(HONEST);
}

#[test]
fn no_first_post_races_an_upstream_that_announces_more_than_it_keeps() {
    check_first_contact(LYING);
}

#[test]
fn posts_at_every_pace_arrive_once() {
    let paces: Vec<_> = (0..40).map(|number| Duration::from_millis(10 * number)).collect();
    check(QUICK, &paces);
}

#[test]
fn posts_one_after_the_other_share_a_link() {
    let upstream = upstream(SECOND);
    let gateway = gateway(&upstream);
    let mut client = Client::connect(gateway.address());
    let began = Instant::now();
    let mut slowest = Duration::ZERO;
    for number in 0..200 {
        let before = Instant::now();
        assert_eq!(client.post(&format!("/{number}"), "a=b").expect("it is answered").status, 200);
        slowest = slowest.max(before.elapsed());
    }
    // On a machine that stands still for long, a link may seem idle for long.
    let most = 1 + usize::from(slowest > Duration::from_millis(100)) * 200;
    assert!(upstream.connections() <= most, "{} links in {:?}", upstream.connections(), began.elapsed());
}

#[test]
fn a_link_is_shared_longer_once_links_were_seen_to_live() {
    let habit = Habit { closes_after: Duration::from_secs(20), announces: "" };
    let upstream = upstream(habit);
    let gateway = gateway(&upstream);
    let mut client = Client::connect(gateway.address());
    client.post("/", "a=b").expect("it is answered");
    // The house is kept four times a second, so the link was seen alive after two seconds at least.
    pace(Duration::from_millis(2500));
    client.get("/").expect("it is answered");
    pace(Duration::from_millis(500));
    client.post("/", "a=b").expect("it is answered");
    assert_eq!(upstream.connections(), 1);
}
