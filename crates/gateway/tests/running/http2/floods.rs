//! What is sent to wear the gateway out ends its own connection, and hardly anybody else notices.

use super::gateway;
use super::raw::*;
use crate::client::Client;
use crate::gateway::{Gateway, cause};
use crate::upstream::Upstream;
use std::time::{Duration, Instant};

/// Sends this again and again until the connection ends; tells how it ended and how long somebody else waited at most.
fn flood(
    gateway: &Gateway,
    settings: &[(u16, u32)],
    mut next: impl FnMut(u32) -> Vec<u8> + Send,
) -> (Outcome, Duration) {
    let address = gateway.address();
    let mut raw = Raw::open_with(address, settings);
    std::thread::scope(|scope| {
        let flooding = scope.spawn(move || {
            for number in 0..200_000 {
                if !raw.send(&next(number)) {
                    break;
                }
            }
            raw.outcome(u32::MAX)
        });
        let mut other = Client::connect(address);
        let mut longest = Duration::ZERO;
        while !flooding.is_finished() {
            let began = Instant::now();
            assert_eq!(other.get("/").expect("others are served").status, 200);
            longest = longest.max(began.elapsed());
        }
        (flooding.join().expect("it does not panic"), longest)
    })
}

/// Floods with this; the connection must be ended for it, unless the kernel has swallowed the word.
/// Tells how many of its requests reached the upstream.
fn check(what: &str, next: impl FnMut(u32) -> Vec<u8> + Send) -> usize {
    let upstream = Upstream::saying("well");
    let gateway = gateway(&upstream);
    let (outcome, longest) = flood(&gateway, &[], next);
    // A reset eats what was not read yet.
    assert!(matches!(outcome, Outcome::GoAway(ENHANCE_YOUR_CALM) | Outcome::Closed), "{what}: {outcome:?}");
    assert!(longest < Duration::from_secs(2), "{what}: somebody else waited for {longest:?}");
    let told = || gateway.records().iter().any(|record| cause(record) == "rate_limited");
    crate::eventually(&format!("{what}: a record says so"), told);
    upstream.targets().iter().filter(|target| *target == "/good").count()
}

#[test]
fn requests_given_up_at_once() {
    let passed = check("rapid reset", |number| {
        let stream = 1 + 2 * number;
        [head(stream, END_STREAM, GOOD), frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat()
    });
    assert!(passed < 20, "{passed} of them troubled the upstream");
}

#[test]
fn requests_given_up_a_little_later() {
    check("slower resets", |number| {
        let stream = 1 + 2 * number;
        let before = if number >= 10 { frame(RST_STREAM, 0, stream - 20, &[0, 0, 0, 8]) } else { Vec::new() };
        let post = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a")];
        [head(stream, 0, &post), before].concat()
    });
}

#[test]
fn requests_that_the_server_is_made_to_reset() {
    check("made-you-reset", |number| {
        let stream = 1 + 2 * number;
        let overflow = frame(WINDOW_UPDATE, 0, stream, &[0x7f, 255, 255, 255]);
        [head(stream, END_STREAM, GOOD), overflow].concat()
    });
    check("malformed for us", |number| {
        let stream = 1 + 2 * number;
        head(stream, END_STREAM, &[GOOD, &[("connection", "close")]].concat())
    });
}

#[test]
fn frames_that_bring_nothing() {
    check("SETTINGS", |_| frame(SETTINGS, 0, 0, &[]));
    check("acknowledged PING", |_| frame(PING, ACK, 0, &[0; 8]));
    check("PING", |_| frame(PING, 0, 0, &[0; 8]));
    check("PRIORITY", |number| frame(PRIORITY, 0, 1 + 2 * number, &[0, 0, 0, 0, 9]));
    check("WINDOW_UPDATE", |_| frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]));
    check("unknown", |_| frame(0xfe, 0, 0, &[]));
    let post = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a")];
    check("empty DATA", |number| match number {
        0 => head(1, 0, &post),
        _ => frame(DATA, 0, 1, &[]),
    });
    check("DATA of padding", |number| match number {
        0 => head(1, 0, &post),
        _ => frame(DATA, PADDED, 1, &[3, 0, 0, 0]),
    });
}

#[test]
fn heads_that_do_not_end() {
    check("CONTINUATION", |number| match number {
        0 => frame(HEADERS, 0, 1, &block(GOOD)),
        _ => frame(CONTINUATION, 0, 1, &[]),
    });
    check("a bomb", |number| {
        let stream = 1 + 2 * number;
        // An entry of the table as large as it may be, and then one byte for each time it is meant.
        let mut block = block(GOOD);
        if number == 0 {
            block.extend_from_slice(&[0x40, 1, b'x', 0x7f, 0xa1, 0x1e]);
            block.extend_from_slice(&[b'a'; 4000]);
        }
        block.extend_from_slice(&[0xbe; 10_000]);
        frame(HEADERS, END_HEADERS | END_STREAM, stream, &block)
    });
}

#[test]
fn answers_let_through_byte_by_byte() {
    let upstream = Upstream::start(|link| {
        while let Some(request) = link.request()? {
            link.answer(&"x".repeat(if request.word() == "/good" { 1 << 20 } else { 10 }))?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream);
    // Streams begin with a window of nothing (SETTINGS_INITIAL_WINDOW_SIZE).
    let (outcome, longest) = flood(&gateway, &[(4, 0)], |number| match number {
        0 => (0..100).flat_map(|number| head(1 + 2 * number, END_STREAM, GOOD)).collect(),
        _ => frame(WINDOW_UPDATE, 0, 1 + 2 * (number % 100), &[0, 0, 0, 1]),
    });
    assert!(matches!(outcome, Outcome::GoAway(ENHANCE_YOUR_CALM) | Outcome::Closed), "{outcome:?}");
    assert!(longest < Duration::from_secs(2), "somebody else waited for {longest:?}");
}

#[test]
fn windows_that_never_open_end_with_their_deadline() {
    let upstream = Upstream::start(|link| {
        while link.request()?.is_some() {
            link.answer(&"x".repeat(1 << 20))?;
        }
        Ok(())
    });
    let url = upstream.url();
    let gateway = Gateway::start(&format!(
        "workers = 1\n[client.deadline]\nsend = \"300ms\"\n[listen]\nhttp = \"127.0.0.1:0\"\n\
         [site.\"*\"]\nupstreams = \"{url}\"\n"
    ));
    let mut raw = Raw::open_with(gateway.address(), &[(4, 0)]);
    raw.send(&(0..50).flat_map(|number| head(1 + 2 * number, END_STREAM, GOOD)).collect::<Vec<_>>());
    let records = gateway.wait_for_records(50);
    assert!(records.iter().all(|record| record["complete"] == false), "none was answered whole");
}

#[test]
fn a_client_that_reads_nothing_at_all_is_given_up() {
    let upstream = Upstream::start(|link| {
        while link.request()?.is_some() {
            link.answer(&"x".repeat(1 << 20))?;
        }
        Ok(())
    });
    let url = upstream.url();
    let gateway = Gateway::start(&format!(
        "workers = 1\n[client.deadline]\nsend = \"300ms\"\n[listen]\nhttp = \"127.0.0.1:0\"\n\
         [site.\"*\"]\nupstreams = \"{url}\"\n"
    ));
    let mut raw = Raw::open_with(gateway.address(), &[(4, i32::MAX as u32)]);
    raw.send(&frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0, 0, 0]));
    raw.send(&(0..50).flat_map(|number| head(1 + 2 * number, END_STREAM, GOOD)).collect::<Vec<_>>());
    let began = Instant::now();
    let records = gateway.wait_for_records(50);
    assert!(began.elapsed() < Duration::from_secs(5), "all end with the connection: {:?}", began.elapsed());
    let cut = records.iter().filter(|record| cause(record) == "client_left").count();
    assert!(cut > 20, "{cut} of 50 were cut");
}

#[test]
fn a_usual_crowd_of_frames_is_no_flood() {
    let upstream = Upstream::saying("well");
    let gateway = gateway(&upstream);
    let mut raw = Raw::open(gateway.address());
    for number in 0..600 {
        let stream = 1 + 2 * number;
        let crowd = [
            frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 9]),
            frame(PRIORITY, 0, stream, &[0, 0, 0, 0, 9]),
            head(stream, END_STREAM, GOOD),
        ];
        raw.send(&crowd.concat());
        assert_eq!(raw.outcome(stream), Outcome::Answered(200));
    }
    // Who leaves a page gives up everything at once.
    let leaving = (600..700).map(|number| head(1 + 2 * number, END_STREAM, GOOD));
    let given_up = (600..700).map(|number| frame(RST_STREAM, 0, 1 + 2 * number, &[0, 0, 0, 8]));
    raw.send(&leaving.chain(given_up).flatten().collect::<Vec<_>>());
    raw.send(&head(1401, END_STREAM, GOOD));
    assert_eq!(raw.outcome(1401), Outcome::Answered(200));
}
