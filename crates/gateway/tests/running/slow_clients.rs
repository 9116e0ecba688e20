//! A client that takes its time holds up nobody else on its core.

use crate::client::Client;
use crate::gateway::{Gateway, cause};
use crate::upstream::Upstream;
use crate::{pace, pattern};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const LENGTH: usize = 8 << 20;

fn upstream() -> Upstream {
    Upstream::start(|link| {
        while let Some(request) = link.request()? {
            if request.word() != "/large" {
                link.answer("well")?;
                continue;
            }
            link.send(&format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n"))?;
            let mut piece = vec![0; 64 << 10];
            for place in (0..LENGTH).step_by(piece.len()) {
                pattern::fill(place as u64, &mut piece);
                link.wire.send(&piece)?;
            }
        }
        Ok(())
    })
}

#[test]
fn clients_that_read_and_write_byte_by_byte_hold_up_nobody() {
    let upstream = upstream();
    let url = upstream.url();
    let mut gateway = Gateway::start(&format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{url}\"\n"
    ));
    let address = gateway.address();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut client = Client::connect(address);
            client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").expect("it is taken");
            client.head().expect("the head arrives");
            // Past what the socket buffers hold there are still megabytes to come.
            let mut read = 0;
            while !is_over.load(Ordering::SeqCst) {
                read += client.wire.bytes(1).expect("the answer goes on").len();
                pace(Duration::from_millis(100));
            }
            read
        });
        let writer = scope.spawn(|| {
            let mut client = Client::connect(address);
            for byte in "GET / HTTP/1.1\r\nHost: a\r\n".chars() {
                client.send(&byte.to_string()).expect("it is taken");
                pace(Duration::from_millis(80));
            }
            client.send("\r\n").expect("it is taken");
            client.answer().expect("it is answered").status
        });
        let mut client = Client::connect(address);
        let (mut slowest, mut asked) = (Duration::ZERO, 0);
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(2) {
            let before = Instant::now();
            assert_eq!(client.get("/").expect("it is answered").status, 200);
            slowest = slowest.max(before.elapsed());
            asked += 1;
            pace(Duration::from_millis(1));
        }
        let took = began.elapsed();
        // Before anything can fail: the scope waits for the reader.
        is_over.store(true, Ordering::SeqCst);
        assert!(slowest < Duration::from_millis(500), "one of {asked} requests took {slowest:?}");
        assert!(asked > 100, "only {asked} requests in {took:?}");
        assert!(reader.join().expect("the slow reader is served") > 1);
        assert_eq!(writer.join().expect("the slow writer is served"), 200);
    });
    gateway.stop(Duration::from_millis(100));
    let left = gateway.records().iter().filter(|record| cause(record) == "client_left").count();
    assert_eq!(left, 1, "only the slow reader left early");
}
