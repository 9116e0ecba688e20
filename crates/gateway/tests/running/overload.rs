//! What happens when more is asked than can be answered: limits, queues, the waiting room, slow clients.

use crate::client::{Answer, Client};
use crate::gateway::{Gateway, cause};
use crate::upstream::Upstream;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// An upstream that answers nobody as long as the lock is held.
struct Held {
    upstream: Upstream,
    lock: Arc<Mutex<()>>,
}

impl Held {
    fn new() -> Self {
        let lock: Arc<Mutex<()>> = Arc::default();
        let until = Arc::clone(&lock);
        let upstream = Upstream::start(move |link| {
            while link.request()?.is_some() {
                drop(until.lock().expect("nobody panics here"));
                link.answer("well")?;
            }
            Ok(())
        });
        Self { upstream, lock }
    }

    fn hold(&self) -> MutexGuard<'_, ()> {
        self.lock.lock().expect("nobody panics here")
    }

    /// Whether so many requests have come.
    fn has(&self, count: usize) -> bool {
        self.upstream.targets().len() == count
    }
}

fn config(upstream: &Upstream, top: &str, site: &str) -> String {
    let url = upstream.url();
    format!(
        "workers = 2\n{top}\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{url}\"\n{site}\n"
    )
}

fn gateway(upstream: &Upstream, site: &str) -> Gateway {
    Gateway::start(&config(upstream, "", site))
}

fn begin(gateway: &Gateway, target: &str, fields: &str) -> Client {
    let mut client = Client::connect(gateway.address());
    let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\nUser-Agent: Mozilla/5.0\r\n{fields}\r\n");
    client.send(&head).expect("it is taken");
    client
}

fn ask(gateway: &Gateway, fields: &str) -> Answer {
    begin(gateway, "/", fields).answer().expect("it is answered")
}

fn causes(gateway: &Gateway, count: usize) -> Vec<String> {
    gateway.wait_for_records(count).iter().map(|record| cause(record).to_owned()).collect()
}

#[test]
fn without_a_queue_what_finds_no_room_is_sent_away_at_once() {
    let held = Held::new();
    let lock = held.hold();
    let gateway = gateway(&held.upstream, "concurrency = 2\nqueue = \"off\"");
    let mut running: Vec<_> = (0..2).map(|_| begin(&gateway, "/", "")).collect();
    crate::eventually("both run", || held.has(2));
    let begun = Instant::now();
    let refused = ask(&gateway, "");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!((refused.status, refused.head.field("retry-after")), (503, Some("1")));
    drop(lock);
    assert!(running.iter_mut().all(|client| client.answer().is_ok_and(|answer| answer.status == 200)));
    assert_eq!(ask(&gateway, "").status, 200, "there is room again");
    assert!(causes(&gateway, 4).iter().any(|cause| cause == "upstream_full"));
}

#[test]
fn those_in_the_queue_are_served_and_those_who_left_are_not() {
    let held = Held::new();
    let lock = held.hold();
    let gateway = gateway(&held.upstream, "concurrency = 1\npriority = { first = \"path:/pay\" }");
    let mut first = begin(&gateway, "/1", "");
    crate::eventually("it runs", || held.has(1));
    let left = begin(&gateway, "/left", "");
    let mut waiting = begin(&gateway, "/waiting", "");
    crate::pace(Duration::from_millis(50));
    drop(left);
    let mut paying = begin(&gateway, "/pay", "");
    // One who only half left is given the time for a short answer.
    crate::pace(Duration::from_millis(700));
    drop(lock);
    for client in [&mut first, &mut paying, &mut waiting] {
        assert_eq!(client.answer().expect("it is answered").status, 200);
    }
    assert_eq!(held.upstream.targets(), ["/1", "/pay", "/waiting"]);
    assert!(causes(&gateway, 4).iter().any(|cause| cause == "client_left"));
}

#[test]
fn nobody_waits_longer_than_the_queue_allows() {
    let held = Held::new();
    let lock = held.hold();
    let gateway = gateway(&held.upstream, "concurrency = 1\nqueue = { time = \"200ms\" }");
    let mut first = begin(&gateway, "/", "");
    crate::eventually("it runs", || held.has(1));
    let refused = ask(&gateway, "");
    assert_eq!(refused.status, 503);
    assert!(refused.head.field("retry-after").is_some());
    drop(lock);
    assert_eq!(first.answer().expect("it is answered").status, 200);
    assert!(causes(&gateway, 2).iter().any(|cause| cause == "queue_timed_out"));
}

#[test]
fn a_stream_of_events_keeps_no_place() {
    let upstream = Upstream::start(|link| {
        while let Some(head) = link.request()? {
            if head.word() == "/events" {
                link.wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")?;
                let _ = link.request();
                return Ok(());
            }
            link.answer("well")?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream, "concurrency = { least = 1, most = 1 }\nqueue = \"off\"");
    let streams: Vec<_> = (0..3)
        .map(|_| {
            let mut client = begin(&gateway, "/events", "");
            client.head().expect("it begins");
            client
        })
        .collect();
    assert_eq!(ask(&gateway, "").status, 200);
    drop(streams);
}

#[test]
fn a_route_takes_so_many_at_once() {
    let held = Held::new();
    let lock = held.hold();
    let gateway = gateway(
        &held.upstream,
        "route = [{ path = \"/search\", at_once = 1, queue = { length = 1 }, priority = { last = \"bots\" } }]",
    );
    let mut first = begin(&gateway, "/search", "");
    crate::eventually("it runs", || held.has(1));
    let mut waiting = begin(&gateway, "/search", "");
    let refused = || begin(&gateway, "/search", "").answer().is_ok_and(|answer| answer.status == 503);
    crate::eventually("the queue is full", refused);
    let mut other = begin(&gateway, "/", "");
    crate::eventually("others are let through", || held.has(2));
    drop(lock);
    for client in [&mut first, &mut other, &mut waiting] {
        assert_eq!(client.answer().expect("it is answered").status, 200);
    }
    assert!(causes(&gateway, 4).iter().any(|cause| cause == "route_full"));
}

#[test]
fn visitors_wait_in_the_order_of_arrival() {
    let upstream = Upstream::saying("well");
    let site = "waiting_room = { visitors = 1, stay = \"1s\", bypass = \"path:/hook\" }";
    let gateway = gateway(&upstream, site);
    let cookie = |answer: &Answer| {
        let line = answer.head.field("set-cookie").expect("a ticket");
        format!("Cookie: {}\r\n", line.split(';').next().expect("a pair"))
    };
    let inside = ask(&gateway, "");
    assert_eq!(inside.status, 200);
    let inside = cookie(&inside);
    let page = ask(&gateway, "Accept: text/html\r\nSec-Fetch-Dest: document\r\n");
    assert_eq!(page.status, 503);
    let said = page.body.clone();
    assert!(said.contains("You are next.") && said.contains("http-equiv=\"refresh\""), "{said}");
    let second = cookie(&page);
    let third = ask(&gateway, "Accept: application/json\r\n");
    assert!(third.body.contains("\"position\":2"), "{}", third.body);
    let wait: u64 = third.head.field("retry-after").expect("when").parse().expect("seconds");
    assert!((1..=20).contains(&wait));
    let third = cookie(&third);
    let again = ask(&gateway, &inside);
    assert_eq!((again.status, again.head.field("set-cookie")), (200, None));
    assert_eq!(begin(&gateway, "/hook", "").answer().expect("it is answered").status, 200);
    let forged = ask(&gateway, &format!("{}x\r\n", second.trim_end()));
    assert_eq!(forged.status, 503);
    crate::pace(Duration::from_millis(1100));
    assert_eq!(ask(&gateway, &third).status, 503);
    assert_eq!(ask(&gateway, &second).status, 200);
    assert!(causes(&gateway, 8).iter().any(|cause| cause == "waiting_room"));
}

#[test]
fn a_client_that_sends_too_slowly_is_cut_off() {
    let upstream = Upstream::saying("well");
    let top = "client = { pace = { body = 1000000, grace = \"300ms\" } }";
    let gateway = Gateway::start(&config(&upstream, top, ""));
    let mut client = Client::connect(gateway.address());
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n").expect("it is taken");
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) && client.send("x").is_ok() {
        crate::pace(Duration::from_millis(100));
        if !gateway.records().is_empty() {
            break;
        }
    }
    assert_eq!(causes(&gateway, 1), ["request_timed_out"]);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn a_client_learns_what_it_may_do() {
    let upstream = Upstream::saying("well");
    let gateway = gateway(&upstream, "limit = { rate = \"60/m\", burst = 2, by = \"cookie:key\" }");
    let first = ask(&gateway, "Cookie: key=1\r\n");
    assert_eq!(first.head.field("ratelimit-policy"), Some("\"default\";q=2;w=2"));
    assert_eq!(first.head.field("ratelimit"), Some("\"default\";r=1;t=1"));
    assert_eq!(ask(&gateway, "Cookie: key=1\r\n").status, 200);
    let refused = ask(&gateway, "Cookie: key=1\r\n");
    assert_eq!((refused.status, refused.head.field("ratelimit")), (429, Some("\"default\";r=0;t=1")));
    assert_eq!(ask(&gateway, "Cookie: key=2\r\n").status, 200, "another value counts for itself");
}
