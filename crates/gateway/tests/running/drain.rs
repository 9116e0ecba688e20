//! The drain: running exchanges end, nothing new begins, and what takes too long is cut and named.

use crate::client::Client;
use crate::gateway::{Gateway, cause};
use crate::upstream::Upstream;
use crate::{PATIENCE, eventually};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Holds upstreams back until the test opens it.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().expect("nobody panics here") = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let is_open = self.0.0.lock().expect("nobody panics here");
        drop(self.0.1.wait_timeout_while(is_open, PATIENCE, |is_open| !*is_open));
    }
}

/// An upstream that answers `/slow` when the gate is open, and everything else at once.
fn upstream(gate: &Gate) -> Upstream {
    let gate = gate.clone();
    Upstream::start(move |link| {
        while let Some(request) = link.request()? {
            if request.word() == "/slow" {
                gate.pass();
            }
            link.answer("well")?;
        }
        Ok(())
    })
}

fn gateway(upstream: &Upstream) -> Gateway {
    let url = upstream.url();
    Gateway::start(&format!(
        "workers = 2\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{url}\"\n"
    ))
}

/// A client whose request has reached the upstream and is not answered yet.
fn waiting_client(gateway: &Gateway, upstream: &Upstream) -> Client {
    let mut client = Client::connect(gateway.address());
    client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").expect("it is taken");
    eventually("the request arrives", || upstream.targets().contains(&"/slow".to_owned()));
    client
}

fn stop(gateway: &mut Gateway, within: Duration) -> JoinHandle<bool> {
    let running = gateway.take();
    std::thread::spawn(move || running.stop(within))
}

#[test]
fn an_exchange_in_flight_ends_well_and_idle_connections_close_at_once() {
    let gate = Gate::default();
    let upstream = upstream(&gate);
    let mut gateway = gateway(&upstream);
    let address = gateway.address();
    let mut idle: Vec<_> = (0..8).map(|_| Client::connect(address)).collect();
    for client in &mut idle {
        assert!(client.get("/").expect("it is answered").keeps_alive());
    }
    let mut waiting = waiting_client(&gateway, &upstream);
    let began = Instant::now();
    let stopping = stop(&mut gateway, PATIENCE);
    for mut client in idle {
        assert!(client.wire.has_ended());
    }
    assert!(began.elapsed() < Duration::from_secs(2), "idle connections waited for the others");
    eventually("nobody new is taken in", || TcpStream::connect(address).is_err());
    assert!(!stopping.is_finished(), "an exchange is still running");
    gate.open();
    let answer = waiting.answer().expect("the exchange in flight is answered");
    assert_eq!((answer.status, answer.body.as_str()), (200, "well"));
    assert_eq!(answer.head.field("connection"), Some("close"));
    assert!(waiting.wire.has_ended());
    assert!(stopping.join().expect("stopping does not panic"), "everything ended by itself");
    let records = gateway.records();
    assert_eq!(records.len(), 9);
    assert!(records.iter().all(|record| record["status"] == 200 && record["complete"] == true));
}

#[test]
fn an_exchange_that_outlasts_the_drain_is_cut_and_recorded() {
    let gate = Gate::default();
    let upstream = upstream(&gate);
    let mut gateway = gateway(&upstream);
    let mut waiting = waiting_client(&gateway, &upstream);
    let began = Instant::now();
    assert!(!gateway.stop(Duration::from_millis(300)), "an exchange was cut");
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert!(waiting.answer().is_err());
    gate.open();
    let records = gateway.records();
    assert_eq!(records.iter().map(cause).collect::<Vec<_>>(), ["draining"]);
    assert_eq!(records[0]["complete"], false);
}

#[test]
fn a_gateway_that_is_only_dropped_ends_as_well() {
    let gate = Gate::default();
    let upstream = upstream(&gate);
    let mut gateway = gateway(&upstream);
    let address = gateway.address();
    let mut client = Client::connect(address);
    assert_eq!(client.get("/").expect("it is answered").status, 200);
    drop(gateway.take());
    assert!(client.wire.has_ended());
    eventually("nobody new is taken in", || TcpStream::connect(address).is_err());
}

#[test]
fn whoever_is_connected_when_the_drain_begins_may_still_ask() {
    let gate = Gate::default();
    let upstream = upstream(&gate);
    let mut gateway = gateway(&upstream);
    let address = gateway.address();
    let mut idle = Client::connect(address);
    assert_eq!(idle.get("/").expect("it is answered").status, 200);
    let mut silent = Client::connect(address);
    let stopping = stop(&mut gateway, PATIENCE);
    assert!(idle.wire.has_ended(), "the drain has begun");
    let answer = silent.get("/").expect("it is answered");
    assert_eq!((answer.status, answer.head.field("connection")), (200, Some("close")));
    assert!(stopping.join().expect("stopping does not panic"), "everything ended by itself");
}
