//! `torwart serve` without a file, and how it ends.

use crate::program::{Folder, Gateway, Program, get, run, send};
use crate::upstream::Upstream;
use rustix::process::Signal;
use std::net::TcpListener;

/// Ports the system chooses, and a log for programs.
const FREE: [&str; 6] = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log", "json"];

fn serve(to: &str, more: &[&str]) -> Gateway {
    Gateway::serve(&[&["--to", to, "--workers", "1"], &FREE[..], more].concat())
}

#[test]
fn requests_are_forwarded_and_logged() {
    let upstream = Upstream::start("one");
    let mut gateway = serve(&upstream.url(), &[]);
    assert_eq!(gateway.get("/path"), (200, "one".to_owned()));
    let line = gateway.program.wait_for("\"path\":\"/path\"");
    assert!(line.contains("\"status\":200"), "{line}");
}

#[test]
fn the_admin_address_is_served_beside() {
    let upstream = Upstream::start("one");
    let gateway = serve(&upstream.url(), &[]);
    let admin = gateway.admin.expect("it was asked for");
    assert_eq!(get(admin, "/readyz").0, 200);
    gateway.get("/");
    assert!(get(admin, "/metrics").1.contains("torwart_exchanges_total"));
}

#[test]
fn people_are_told_where_it_listens_and_how_to_stop_it() {
    let upstream = Upstream::start("one");
    let arguments = ["serve", "--to", &upstream.url(), "--listen", "0", "--admin", "off", "--log", "off"];
    let mut program = Program::start(&arguments, &[]);
    program.wait_for_note("listens on  http://127.0.0.1:");
    program.wait_for_note(&upstream.url());
    program.wait_for_note("admin");
    program.wait_for_note("Ctrl-C");
    program.signal(Signal::INT);
    assert_eq!(program.end().code, Some(0));
}

#[test]
fn running_exchanges_end_before_the_gateway_does() {
    let upstream = Upstream::start("late");
    let gateway = serve(&upstream.url(), &[]);
    let (address, admin) = (gateway.address, gateway.admin.expect("it was asked for"));
    let client = std::thread::spawn(move || get(address, "/held"));
    upstream.wait_for_held();
    let mut program = gateway.program;
    program.signal(Signal::TERM);
    program.wait_for_note("stopping");
    assert_eq!(get(admin, "/readyz").0, 503);
    upstream.let_go();
    assert_eq!(client.join().expect("it was answered"), (200, "late".to_owned()));
    let outcome = program.end();
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.err.contains("every exchange has ended by itself"), "{}", outcome.err);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let upstream = Upstream::start("late");
    let gateway = serve(&upstream.url(), &[]);
    let address = gateway.address;
    let client = std::thread::spawn(move || get(address, "/held"));
    upstream.wait_for_held();
    let mut program = gateway.program;
    program.signal(Signal::INT);
    program.wait_for_note("stopping");
    program.signal(Signal::INT);
    let outcome = program.end();
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.err.contains("was closed"), "{}", outcome.err);
    upstream.let_go();
    client.join().expect("it ends");
}

#[test]
fn the_log_is_opened_anew_on_demand() {
    let folder = Folder::new();
    let (log, old) = (folder.path().join("access.log"), folder.path().join("access.log.1"));
    let upstream = Upstream::start("one");
    let mut gateway = serve(&upstream.url(), &["--access-log", &log.display().to_string()]);
    std::fs::rename(&log, &old).expect("it is there");
    gateway.program.signal(Signal::USR1);
    gateway.program.wait_for_note("opened anew");
    gateway.get("/after");
    gateway.program.signal(Signal::TERM);
    assert_eq!(gateway.program.end().code, Some(0));
    let text = std::fs::read_to_string(&log).expect("it is there again");
    assert!(text.contains("\"path\":\"/after\""), "{text}");
}

#[test]
fn a_taken_port_is_explained() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let outcome = run(&["serve", "--to", "http://127.0.0.1:1", "--listen", &address, "--admin", "off"]);
    assert_eq!(outcome.code, Some(3));
    assert!(outcome.err.contains("ss -ltnp"), "{}", outcome.err);
}

#[test]
fn the_usual_admin_port_may_be_taken() {
    let upstream = Upstream::start("one");
    let arguments = ["--to", &upstream.url(), "--listen", "127.0.0.1:0"];
    let (one, two) = (Gateway::serve(&arguments), Gateway::serve(&arguments));
    assert!(one.admin.is_some() && two.admin.is_some() && one.admin != two.admin);
}

#[test]
fn without_upstreams_there_is_a_hint() {
    let outcome = run(&["serve"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.err.contains("torwart serve --to http://127.0.0.1:3000"), "{}", outcome.err);
}

#[test]
fn a_wrong_upstream_is_explained() {
    let outcome = run(&["--lang", "de", "serve", "--to", "localhost:3000"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.err.contains("Meinten Sie"), "{}", outcome.err);
}

#[test]
fn a_broken_request_is_refused_and_logged() {
    let upstream = Upstream::start("one");
    let mut gateway = serve(&upstream.url(), &[]);
    let answer = send(gateway.address, "GET / HTTP/1.1\r\nHost : a\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    gateway.program.wait_for("request_malformed");
}
