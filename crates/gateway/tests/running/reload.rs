//! New plans while it runs: nobody notices but who is meant to.

use crate::client::Client;
use crate::gateway::{Folder, Gateway};
use crate::upstream::Upstream;
use crate::{eventually, pace};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const CLIENTS: usize = 20;
const IDLE: usize = 5;

/// Plans that differ in everything a reload can change, but keep one listener.
fn config(number: usize, upstreams: &[Upstream; 2], certificate: &str) -> String {
    let [first, second] = upstreams.each_ref().map(Upstream::url);
    let is_odd = number % 2 == 1;
    let http = if is_odd { r#"["127.0.0.1:0", "127.0.0.2:0"]"# } else { r#""127.0.0.1:0""# };
    let (https, certificate) =
        if number % 3 == 1 { (r#"https = "127.0.0.1:0""#, certificate) } else { ("", "") };
    let pools = if is_odd { format!(r#""{first}""#) } else { format!(r#""{second}", "{first}""#) };
    let name = if number % 4 < 2 { "shop" } else { "store" };
    let prefix = format!("/{}", number % 3);
    format!(
        r#"
workers = 2
[listen]
http = {http}
{https}
[pool.{name}]
upstreams = [{pools}]
idle = {{ links = {} }}
[site."shop.example"]
{certificate}
pool = "{name}"
[[site."shop.example".route]]
path = "{prefix}/"
upstreams = "{second}"
rewrite = {{ prefix = "{prefix}" }}
[[site."shop.example".route]]
path = "/denied{number}"
deny = true
"#,
        1 + number % 8
    )
}

#[test]
fn a_reload_under_load_fails_no_request_and_closes_no_connection() {
    let upstreams = [Upstream::saying("first"), Upstream::saying("second")];
    let (folder, certificate) = with_certificate();
    let mut gateway = Gateway::start_in(folder, &config(0, &upstreams, &certificate));
    let address = gateway.address();
    let (is_over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut idle: Vec<_> = (0..IDLE).map(|_| Client::connect(address)).collect();
    for client in &mut idle {
        assert_eq!(client.get("/idle").expect("it is answered").status, 200);
    }
    let asked = std::thread::scope(|scope| {
        let begin = |_| scope.spawn(|| hammer(address, &is_over, &answered));
        let clients: Vec<_> = (0..CLIENTS).map(begin).collect();
        for number in 1..=10 {
            let before = answered.load(Ordering::SeqCst);
            eventually("every client goes on", || answered.load(Ordering::SeqCst) >= before + 3 * CLIENTS);
            let generation = gateway.adopt(&config(number, &upstreams, &certificate)).expect("it is adopted");
            assert_eq!(generation, 1 + number as u64);
            assert_eq!(gateway.addresses(false).len(), 1 + number % 2);
            assert_eq!(gateway.addresses(true).len(), usize::from(number % 3 == 1));
            assert_eq!(gateway.address(), address);
            if let Some(added) = gateway.addresses(false).get(1) {
                let answer = Client::connect(*added).get("/added").expect("the added listener serves");
                assert_eq!(answer.status, 200);
            }
        }
        let before = answered.load(Ordering::SeqCst);
        eventually("every client goes on", || answered.load(Ordering::SeqCst) >= before + 3 * CLIENTS);
        is_over.store(true, Ordering::SeqCst);
        clients.into_iter().map(|client| client.join().expect("no client failed")).sum::<usize>()
    });
    for client in &mut idle {
        let answer = client.get("/idle").expect("its connection is as it was");
        assert_eq!(answer.status, 200);
    }
    assert!(gateway.stop(Duration::from_secs(5)));
    let records = gateway.records();
    assert!(records.iter().all(|record| record["status"] == 200 && record["complete"] == true));
    assert_eq!(records.len(), asked + 2 * IDLE + 5);
}

/// Asks again and again on one connection; returns how often.
fn hammer(address: SocketAddr, is_over: &AtomicBool, answered: &AtomicUsize) -> usize {
    let mut client = Client::connect(address);
    let mut asked = 0;
    while !is_over.load(Ordering::SeqCst) {
        let answer = match asked % 4 {
            0 => client.post("/form", "a=b"),
            1 => client.get("/1/x"),
            _ => client.get("/x"),
        };
        let answer = answer.unwrap_or_else(|error| panic!("request {asked} got no answer: {error}"));
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.keeps_alive());
        assert!(["first", "second"].contains(&answer.body.as_str()));
        asked += 1;
        answered.fetch_add(1, Ordering::SeqCst);
    }
    asked
}

#[test]
fn a_removed_listener_takes_nobody_in_and_lets_its_connections_go_on() {
    let upstream = Upstream::saying("well");
    let config = |http: &str| {
        let url = upstream.url();
        format!("[listen]\nhttp = {http}\n[site.\"*\"]\nupstreams = \"{url}\"\n")
    };
    let gateway = Gateway::start(&config(r#"["127.0.0.1:0", "127.0.0.2:0"]"#));
    let removed = gateway.addresses(false)[1];
    let mut client = Client::connect(removed);
    assert_eq!(client.get("/").expect("it is answered").status, 200);
    gateway.adopt(&config(r#""127.0.0.1:0""#)).expect("it is adopted");
    eventually("the listener is gone", || TcpStream::connect(removed).is_err());
    assert_eq!(client.get("/").expect("its connection is as it was").status, 200);
    // The port is free for others, and for the gateway itself.
    drop(TcpListener::bind(removed).expect("nobody listens there"));
    gateway.adopt(&config(&format!(r#"["127.0.0.1:0", "{removed}"]"#))).expect("it is adopted");
    assert_eq!(Client::connect(removed).get("/").expect("it is answered").status, 200);
}

#[test]
fn a_listener_may_change_from_plain_to_tls() {
    let upstream = Upstream::saying("well");
    let (folder, certificate) = with_certificate();
    let config = |listen: &str, certificate: &str| {
        let url = upstream.url();
        format!("[listen]\n{listen}\n[site.\"shop.example\"]\n{certificate}\nupstreams = \"{url}\"\n")
    };
    let gateway = Gateway::start_in(folder, &config(r#"http = ["127.0.0.1:0", "127.0.0.2:0"]"#, ""));
    let address = gateway.addresses(false)[1];
    gateway
        .adopt(&config(&format!("http = \"127.0.0.1:0\"\nhttps = \"{address}\""), &certificate))
        .expect("the address is the gateway's own");
    assert_eq!(gateway.addresses(true), [address]);
    eventually("TLS is spoken there", || speaks_tls(address));
}

/// Whether a ClientHello that means nothing is answered by a TLS alert.
fn speaks_tls(address: SocketAddr) -> bool {
    let mut client = Client::connect(address);
    let hello = [22, 3, 1, 0, 4, 1, 0, 0, 0];
    client.wire.send(&hello).is_ok() && client.wire.bytes(1).is_ok_and(|first| first == [21])
}

#[test]
fn a_plan_that_cannot_be_served_changes_nothing() {
    let upstream = Upstream::saying("well");
    let url = upstream.url();
    let (folder, certificate) = with_certificate();
    let site = format!("[site.\"shop.example\"]\n{certificate}\nupstreams = \"{url}\"\n");
    let listen = "[listen]\nhttp = \"127.0.0.1:0\"\nhttps = \"127.0.0.1:0\"\n";
    let gateway = Gateway::start_in(folder, &format!("{listen}{site}"));
    let before = gateway.running().addresses();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it is bound");
    let refused =
        format!("[listen]\nhttp = [\"127.0.0.1:0\", \"{address}\"]\nhttps = \"127.0.0.1:0\"\n{site}");
    let problem = gateway.adopt(&refused).expect_err("the address is taken");
    assert!(problem.contains(&address.to_string()), "{problem}");
    assert_eq!(gateway.running().addresses(), before);
    assert_eq!(gateway.running().status().generation(), 1);
    let mut client = Client::connect(gateway.address());
    assert_eq!(client.get("/").expect("it is answered").status, 200);
    pace(Duration::from_millis(20));
    assert_eq!(client.get("/").expect("it is answered").status, 200);
}

/// A folder with a certificate for the site, and the keys that name it.
fn with_certificate() -> (Folder, String) {
    let folder = Folder::new();
    let made = rcgen::generate_simple_self_signed(vec!["shop.example".to_owned()]).expect("can be made");
    folder.write("site.pem", &made.cert.pem());
    folder.write("site.key", &made.signing_key.serialize_pem());
    (folder, r#"certificate = { chain = "{folder}/site.pem", key = "{folder}/site.key" }"#.to_owned())
}
