//! The gateway as it runs, seen from outside: real sockets on free ports of the loopback address, upstreams that are
//! scripted in the test, records read from the access log.
//!
//! What one answer must look like for one fault is the agreement test's business. Here it is about what many exchanges,
//! reloads, the drain and scarce resources do to each other.

mod client;
mod conversation;
mod gateway;
mod message;
mod pattern;
mod process;
mod upstream;

mod again;
mod application;
mod authoriser;
mod balancing;
mod cache;
mod compress;
mod crawlers;
mod descriptors;
mod door;
mod drain;
mod fastcgi;
mod files;
mod flood;
mod full;
mod health;
mod http2;
mod http3;
mod large_bodies;
mod overload;
mod records;
mod reload;
mod slow_clients;
mod spread_names;
mod stale_links;
mod stated;
mod tunnels;

use std::time::{Duration, Instant};

/// The longest anything may take before a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for a moment that is part of what is tested: the pace of a client, the patience of an upstream.
fn pace(time: Duration) {
    let until = Instant::now() + time;
    while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

/// Waits until this holds, and fails when it does not in time.
fn eventually(what: &str, holds: impl FnMut() -> bool) {
    assert!(comes_true(PATIENCE, holds), "it never came to this: {what}");
}

/// Whether this comes to hold within the time.
fn comes_true(within: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + within;
    while !holds() {
        if Instant::now() > until {
            return false;
        }
        pace(Duration::from_millis(5));
    }
    true
}
