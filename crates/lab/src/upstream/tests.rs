//! What a raw client sees of each step.

use super::*;
use crate::Step;
use crate::reception::PeerEnd;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Asks a script once and says what came and how it ended.
fn check(steps: &str, expected: &str) {
    let ground = Ground::start().expect("the lab starts");
    let script = Script::from_toml(steps).expect("the script is right");
    let upstream = Upstream::start(&ground, script).expect("the upstream listens");
    assert_eq!(ask(&upstream, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), expected, "{steps}");
}

fn ask(upstream: &Upstream, request: &[u8]) -> String {
    let mut client = connect(upstream);
    // The upstream may be gone already; what it sent can be read all the same.
    let _ = client.write_all(request);
    outcome(&mut client)
}

fn connect(upstream: &Upstream) -> TcpStream {
    let client = TcpStream::connect(upstream.address().expect("listens on TCP")).expect("accepts");
    client.set_read_timeout(Some(Duration::from_millis(600))).expect("a timeout can be set");
    client
}

fn outcome(client: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let end = match client.read_to_end(&mut bytes) {
        Ok(_) => "FIN",
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => "RST",
        Err(_) => "silence",
    };
    format!("{} {end}", String::from_utf8_lossy(&bytes).escape_debug())
}

#[test]
fn close_is_a_fin() {
    check(r#"steps = ["read_head", { send = "half" }, "close"]"#, "half FIN");
    check(r#"steps = ["close"]"#, " FIN");
}

#[test]
fn reset_is_a_reset() {
    check(r#"steps = ["read_head", "reset"]"#, " RST");
}

#[test]
fn hang_is_silence() {
    check(r#"steps = ["read_head", { send = "half" }, "hang"]"#, "half silence");
}

#[test]
fn shutdown_ends_one_direction() {
    check(r#"steps = ["read_head", "shutdown_write", "hang"]"#, " FIN");
}

#[test]
fn drip_and_repeat_send_everything() {
    check(r#"steps = [{ drip = { text = "abc", every = "5ms" } }, "close"]"#, "abc FIN");
    check(r#"steps = [{ repeat = { text = "ab", times = 3 } }, "close"]"#, "ababab FIN");
    check(r#"steps = [{ loop = { times = 2, steps = [{ send = "x" }] } }, "close"]"#, "xx FIN");
}

#[test]
fn an_answer_is_whole_and_the_connection_stays() {
    let head = r"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n\r\nok";
    check(r#"steps = ["read_head", { answer = "ok" }]"#, &format!("{head} silence"));
}

#[test]
fn a_large_repetition_is_exact() {
    let ground = Ground::start().expect("the lab starts");
    let script =
        Script::from_toml(r#"steps = [{ repeat = { text = "0123456789", times = 99999 } }, "close"]"#)
            .expect("the script is right");
    let upstream = Upstream::start(&ground, script).expect("the upstream listens");
    let mut bytes = Vec::new();
    connect(&upstream).read_to_end(&mut bytes).expect("ends well");
    assert_eq!(bytes.len(), 999_990);
}

#[test]
fn connections_differ_by_number() {
    let ground = Ground::start().expect("the lab starts");
    let text = r#"connections = [["read_head", "reset"], ["read_head", { send = "2" }, "close"]]"#;
    let upstream = Upstream::start(&ground, Script::from_toml(text).expect("right")).expect("listens");
    let request = b"GET / HTTP/1.1\r\n\r\n";
    let answers = [ask(&upstream, request), ask(&upstream, request), ask(&upstream, request)];
    assert_eq!(answers, [" RST", "2 FIN", "2 FIN"]);
}

#[test]
fn what_reached_it_is_known() {
    let ground = Ground::start().expect("the lab starts");
    let steps = vec![Step::ReadHead, Step::ReadBody, Step::Close];
    let upstream = Upstream::start(&ground, Script::new(steps)).expect("listens");
    assert_eq!(upstream.reached(), Reached::Nothing);
    let mut client = connect(&upstream);
    client.write_all(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf").expect("takes it");
    client.shutdown(std::net::Shutdown::Write).expect("can be ended");
    assert_eq!(outcome(&mut client), " FIN");
    assert_eq!(upstream.reached(), Reached::Cut);
    assert_eq!(upstream.seen()[0].end, PeerEnd::Closed);
    ask(&upstream, b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nhalf");
    assert_eq!(upstream.reached(), Reached::Whole);
}

#[test]
fn dropping_an_upstream_ends_its_connections() {
    let ground = Ground::start().expect("the lab starts");
    let upstream = Upstream::start(&ground, Script::new([Step::Hang])).expect("listens");
    let mut client = connect(&upstream);
    client.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout can be set");
    let address = upstream.address().expect("listens on TCP");
    drop(upstream);
    assert!(!outcome(&mut client).ends_with("silence"), "the connection has ended");
    drop(ground);
    assert!(TcpStream::connect(address).is_err(), "the listener has ended");
}

#[test]
fn a_unix_socket_plays_the_same_scripts() {
    let ground = Ground::start().expect("the lab starts");
    let path = std::env::temp_dir().join(format!("lab-{}-unix.sock", std::process::id()));
    let script = Script::from_toml(r#"steps = ["read_head", { send = "hello" }, "close"]"#).expect("right");
    let upstream = Upstream::start_unix(&ground, &path, script).expect("listens");
    let mut client = std::os::unix::net::UnixStream::connect(&path).expect("accepts");
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("takes it");
    let mut text = String::new();
    client.read_to_string(&mut text).expect("ends well");
    assert_eq!(text, "hello");
    drop(upstream);
    assert!(!path.exists(), "the socket is removed");
}
