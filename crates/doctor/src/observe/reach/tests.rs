//! Reaching, for real, on loopback.

use super::*;
use crate::{Question, SiteUrl};
use std::net::TcpListener;

fn case() -> Case {
    let url: SiteUrl = "http://127.0.0.1".parse().expect("a URL");
    Case::new(Question::about(url))
}

async fn outcome(text: &str) -> Outcome {
    let upstream: UpstreamAddress = text.parse().expect("an address");
    let reach = observe(&case(), &upstream).await;
    reach.attempts.first().expect("an attempt").outcome
}

#[tokio::test]
async fn a_listening_port_connects_with_its_source() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let upstream = UpstreamAddress { scheme: crate::Scheme::Http, place: Place::Ip(address) };
    let reach = observe(&case(), &upstream).await;
    let connected = reach.connected().expect("a connection");
    assert_eq!(connected.local, Some(address.ip()));
    assert!(connected.around.is_none() && connected.round_trip.is_some());
}

#[tokio::test]
async fn a_closed_port_is_a_reset_whose_surroundings_were_looked_at() {
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    let upstream = UpstreamAddress { scheme: crate::Scheme::Http, place: Place::Ip(closed) };
    let reach = observe(&case(), &upstream).await;
    let failed = reach.failed().next().expect("an attempt");
    assert_eq!(failed.outcome, Outcome::Reset);
    let around = failed.around.as_ref().expect("surroundings");
    assert_eq!(around.way, Way::Own);
    assert!(around.is_host_alive());
}

#[tokio::test]
async fn unix_sockets_fail_in_ways_of_their_own() {
    let folder = std::env::temp_dir().join(format!("torwart-reach-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = |name: &str| folder.join(name);
    std::fs::write(path("file"), "").expect("a file");
    drop(std::os::unix::net::UnixListener::bind(path("dead")).expect("a socket"));
    let _alive = std::os::unix::net::UnixListener::bind(path("alive")).expect("a socket");
    let told = |name: &str| format!("unix:{}", path(name).display());
    assert_eq!(outcome(&told("missing")).await, Outcome::SocketMissing);
    assert_eq!(outcome(&told("file")).await, Outcome::NotASocket);
    assert_eq!(outcome(&told("dead")).await, Outcome::SocketDead);
    assert_eq!(outcome(&told("alive")).await, Outcome::Connected);
    std::fs::remove_dir_all(&folder).expect("gone");
}

#[tokio::test]
async fn a_spent_budget_makes_no_attempt() {
    let case = case();
    while case.budget().connection("127.0.0.1").is_ok() {}
    let upstream: UpstreamAddress = "127.0.0.1:9".parse().expect("an address");
    assert!(observe(&case, &upstream).await.attempts.is_empty());
}
