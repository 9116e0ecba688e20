//! One record for every request that was begun, whenever its client leaves.

use crate::client::Client;
use crate::gateway::{Gateway, cause};
use crate::upstream::Upstream;
use crate::{PATIENCE, eventually, pace};
use std::time::Duration;
use torwart_kernel::socket::set_linger_reset;
use torwart_lab::{Address, Hole, HoleKind};
use torwart_record::Exposition;

/// How a client leaves.
#[derive(Clone, Copy, Debug)]
enum Leaving {
    /// Closes its socket.
    Close,
    /// Resets the connection.
    Reset,
}

const WAYS: [Leaving; 2] = [Leaving::Close, Leaving::Reset];

fn leave(client: Client, leaving: Leaving) {
    if let Leaving::Reset = leaving {
        set_linger_reset(&client.wire.tcp).expect("a socket has this option");
    }
}

/// An upstream that takes everything and is silent, but for `/drip`, which it answers bit by bit and without end.
fn silent_upstream() -> Upstream {
    Upstream::start(|link| {
        while let Some(head) = link.wire.head()? {
            if head.word() == "/drip" {
                link.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")?;
                loop {
                    link.send(&"x".repeat(1000))?;
                    pace(Duration::from_millis(5));
                }
            }
            link.wire.body(&head, |_| {})?;
        }
        Ok(())
    })
}

fn gateway(url: &str) -> Gateway {
    Gateway::start(&format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n\
         [site.\"*\"]\nupstreams = \"{url}\"\nretry = {{ attempts = 1 }}\ndeadline = {{ connect = \"20s\" }}\n"
    ))
}

/// Each client sends this and leaves once it is time; every one of them makes one record of this cause.
fn check(url: &str, sent: &str, expected: [&str; 2], mut is_time: impl FnMut(&Gateway, &mut Client)) {
    let mut gateway = gateway(url);
    for (number, leaving) in WAYS.into_iter().enumerate() {
        let mut client = Client::connect(gateway.address());
        client.send(sent).expect("it is taken");
        eventually("the exchange has begun", || shows(&gateway, "torwart_clients{state=\"active\"} 1"));
        is_time(&gateway, &mut client);
        leave(client, leaving);
        let records = gateway.wait_for_records(number + 1);
        assert_eq!(cause(&records[number]), expected[number], "{leaving:?}: {}", records[number]);
    }
    assert!(gateway.stop(PATIENCE));
    assert_eq!(gateway.records().len(), WAYS.len());
}

/// Whether the metrics say so.
fn shows(gateway: &Gateway, line: &str) -> bool {
    let page = gateway.running().metrics().scrape(Exposition::Prometheus);
    page.lines().any(|shown| shown == line)
}

/// Whether so many links are in this state.
fn has_link(gateway: &Gateway, state: &str) -> bool {
    shows(gateway, &format!("torwart_links{{pool=\"*\",state=\"{state}\"}} 1"))
}

#[test]
fn a_client_that_says_nothing_makes_no_record() {
    let upstream = silent_upstream();
    let mut gateway = gateway(&upstream.url());
    for leaving in WAYS {
        let client = Client::connect(gateway.address());
        eventually("it is taken in", || shows(&gateway, "torwart_clients{state=\"idle\"} 1"));
        leave(client, leaving);
        eventually("it is let go", || shows(&gateway, "torwart_clients{state=\"idle\"} 0"));
    }
    assert!(gateway.stop(PATIENCE));
    assert!(gateway.records().is_empty());
}

#[test]
fn leaving_before_the_head_is_whole_makes_one_record() {
    let upstream = silent_upstream();
    check(&upstream.url(), "GET / HTTP/1.1\r\nHost: a\r\nAcc", ["request_cut", "client_left"], |_, _| {});
}

#[test]
fn leaving_while_the_gateway_connects_makes_one_record() {
    let hole = Hole::make(HoleKind::BlackHole, &std::env::temp_dir()).expect("the place can be made");
    let Address::Ip(address) = hole.place() else { panic!("it has an address") };
    let url = format!("http://{address}");
    check(&url, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", ["client_left"; 2], |gateway, _| {
        eventually("it connects", || has_link(gateway, "connecting"));
    });
}

#[test]
fn leaving_while_the_upstream_thinks_makes_one_record() {
    let upstream = silent_upstream();
    check(&upstream.url(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n", ["client_left"; 2], |gateway, _| {
        eventually("it waits", || has_link(gateway, "active"));
    });
}

#[test]
fn leaving_within_the_request_body_makes_one_record() {
    let upstream = silent_upstream();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";
    let sent = format!("{head}{}", "x".repeat(70_000));
    check(&upstream.url(), &sent, ["request_cut", "client_left"], |gateway, _| {
        eventually("the body is on its way", || has_link(gateway, "active"));
    });
}

#[test]
fn leaving_within_a_chunked_request_body_makes_one_record() {
    let upstream = silent_upstream();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    check(&upstream.url(), &format!("{head}5\r\nhel"), ["request_cut", "client_left"], |gateway, _| {
        eventually("the body is on its way", || has_link(gateway, "active"));
    });
}

#[test]
fn leaving_within_the_answer_makes_one_record() {
    let upstream = silent_upstream();
    check(&upstream.url(), "GET /drip HTTP/1.1\r\nHost: a\r\n\r\n", ["client_left"; 2], |_, client| {
        assert_eq!(client.head().expect("the head arrives").word(), "200");
        client.wire.bytes(50_000).expect("what was sent arrives");
    });
}

#[test]
fn the_stages_of_an_answer_are_told_where_the_route_says_so() {
    let upstream = Upstream::saying("hello");
    let gateway = Gateway::start(&format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{}\"\nserver_timing = true\n\
         [[site.\"*\".route]]\npath = \"/silent\"\nserver_timing = false\n",
        upstream.url()
    ));
    let mut client = Client::connect(gateway.address());
    let first = client.get("/").expect("an answer");
    let told = first.head.field("server-timing").expect("it is told").to_owned();
    let names: Vec<&str> = told.split(", ").filter_map(|one| one.split(';').next()).collect();
    assert_eq!(names, ["connect", "first-byte", "torwart"], "{told}");
    let durations = told.split(", ").filter_map(|one| one.split_once(";dur=")?.1.parse::<f64>().ok());
    assert_eq!(durations.filter(|took| (0.0..10_000.0).contains(took)).count(), names.len(), "{told}");
    let silent = client.get("/silent").expect("an answer");
    assert_eq!(silent.head.field("server-timing"), None);
}
