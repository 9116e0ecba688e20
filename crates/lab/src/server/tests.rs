//! The lab as somebody meets it who tests their own gateway.

use super::*;
use std::collections::HashSet;
use std::io::{Read, Write};
use std::time::Duration;

fn lab() -> (Lab, PathBuf) {
    // Each test its own folder: unix sockets of one lab must not meet those of another.
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("lab-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let lab = Lab::start(&LabOptions::in_folder(folder.clone())).expect("starts");
    (lab, folder)
}

fn ask(lab: &Lab, head: &str) -> String {
    let mut client = std::net::TcpStream::connect(lab.address()).expect("accepts");
    client.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout can be set");
    client.write_all(format!("{head}\r\n\r\n").as_bytes()).expect("takes it");
    let mut bytes = Vec::new();
    let end = client.read_to_end(&mut bytes);
    let end = if end.is_ok_and(|count| count < usize::MAX) { "" } else { " (not closed)" };
    format!("{}{end}", String::from_utf8_lossy(&bytes))
}

#[test]
fn every_fault_has_an_address_of_its_own() {
    let (lab, folder) = lab();
    assert_eq!(lab.targets().len(), Catalogue::get().faults().len());
    let urls: HashSet<_> = lab.targets().iter().map(|target| &target.url).collect();
    assert_eq!(urls.len(), lab.targets().len());
    drop(lab);
    std::fs::remove_dir_all(folder).expect("nothing is left that holds it");
}

#[test]
fn the_list_speaks_both_languages_and_three_forms() {
    let (lab, _) = lab();
    let text = ask(&lab, "GET / HTTP/1.1\r\nAccept-Language: en, de;q=0.5");
    assert!(text.contains("[head]") && text.contains("The request is read, then the connection is reset."));
    let text = ask(&lab, "GET / HTTP/1.1\r\nAccept-Language: de-AT, en;q=0.5");
    assert!(text.contains("Die Anfrage wird gelesen, dann wird die Verbindung zurückgesetzt."));
    let page = ask(&lab, "GET / HTTP/1.1\r\nAccept: text/html");
    assert!(page.contains("<a href=\"http://127.0.0.1") && !page.contains("{{"));
    let json = ask(&lab, "GET / HTTP/1.1\r\nAccept: application/json");
    assert!(json.contains("\"cause\":\"reset_before_head\""));
}

#[test]
fn a_fault_is_met_at_its_path_and_the_connection_goes_on_after_a_good_answer() {
    let (lab, _) = lab();
    let answer = ask(&lab, "GET /fault/well?x=1 HTTP/1.1\r\n\r\nGET /fault/head-cut HTTP/1.1");
    assert!(answer.contains("\r\n\r\nwellHTTP/1.1 200 OK\r\nContent-Type: text/pl"), "{answer}");
    assert!(!answer.contains("not closed"), "{answer}");
}

#[test]
fn unknown_paths_describe_the_request() {
    let (lab, _) = lab();
    let answer = ask(&lab, "PUT /what?x HTTP/1.1\r\nContent-Length: 2\r\nX-A: b\r\n\r\nok");
    assert!(answer.contains(r#""method":"PUT""#) && answer.contains(r#"["X-A","b"]"#), "{answer}");
    assert!(answer.contains(r#""body_bytes":2"#), "{answer}");
    assert_eq!(lab.seen().first().map(Seen::reached), Some(crate::Reached::Whole));
}

#[test]
fn a_fault_that_changes_by_connection_changes_at_its_path() {
    let (lab, _) = lab();
    let head = "GET /fault/first-connection-closed HTTP/1.1";
    assert_eq!(ask(&lab, head), "");
    assert!(ask(&lab, head).contains("second try"));
}

#[test]
fn early_faults_have_ports_that_show_them() {
    let (lab, _) = lab();
    let url = |name: &str| {
        let target = lab.targets().iter().find(|target| target.fault.name == name);
        target.and_then(|target| target.url.split_once("://")).map(|(_, address)| address.to_owned())
    };
    let connect = |name: &str| {
        let address = url(name).expect("is listed").parse().expect("is an address");
        std::net::TcpStream::connect_timeout(&address, Duration::from_millis(300))
            .map_err(|error| error.kind())
    };
    assert_eq!(connect("connect-refused").err(), Some(io::ErrorKind::ConnectionRefused));
    assert_eq!(connect("connect-black-hole").err(), Some(io::ErrorKind::TimedOut));
    assert_eq!(connect("address-unroutable").err(), Some(io::ErrorKind::NetworkUnreachable));
    assert!(connect("never-accepts").is_ok());
    let mut closed = connect("closed-on-accept").expect("accepts");
    assert_eq!(closed.read(&mut [0; 9]).ok(), Some(0));
}

#[test]
fn unix_faults_are_what_they_say() {
    let (lab, folder) = lab();
    let connect = |name: &str| std::os::unix::net::UnixStream::connect(folder.join(name));
    assert_eq!(connect("missing.sock").map_err(|error| error.kind()).err(), Some(io::ErrorKind::NotFound));
    assert_eq!(
        connect("dead.sock").map_err(|error| error.kind()).err(),
        Some(io::ErrorKind::ConnectionRefused)
    );
    if !crate::overrides_permissions(&folder) {
        let error = connect("denied.sock").map_err(|error| error.kind()).err();
        assert_eq!(error, Some(io::ErrorKind::PermissionDenied));
    }
    drop(lab);
}
