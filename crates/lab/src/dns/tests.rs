//! Queries in, replies out, as a resolver sees them.

use super::*;
use std::io::{Read, Write};

/// Asks for a name over UDP and describes the answer: code, TC, number of records.
fn ask(server: &NameServer, name: &str, kind: u16) -> String {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    socket.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout can be set");
    socket.send_to(&query(name, kind), server.address()).expect("can be sent");
    let mut buffer = [0; 512];
    match socket.recv(&mut buffer) {
        Ok(count) => describe(&buffer[..count]),
        Err(_) => "silence".to_owned(),
    }
}

fn query(name: &str, kind: u16) -> Vec<u8> {
    let mut bytes = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        bytes.push(u8::try_from(label.len()).expect("is short"));
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend_from_slice(&kind.to_be_bytes());
    bytes.extend_from_slice(&[0, 1]);
    bytes
}

fn describe(reply: &[u8]) -> String {
    assert_eq!(reply[..2], [0x12, 0x34], "answers the query");
    let tail = if reply.len() > 4 { reply[reply.len() - 4..].to_vec() } else { Vec::new() };
    format!("code {} tc {} records {} tail {tail:?}", reply[3] & 15, reply[2] >> 1 & 1, reply[7])
}

fn server(rule: Rule) -> (Ground, NameServer) {
    let ground = Ground::start().expect("the lab starts");
    let server = NameServer::start(&ground, [("a.lab.test".to_owned(), rule)]).expect("listens");
    (ground, server)
}

fn check(reply: Reply, expected: &str) {
    let shown = format!("{reply:?}");
    let (_ground, server) = server(Rule::always(reply));
    let answer = ask(&server, "a.lab.test", 1);
    assert!(answer.starts_with(expected), "{shown}: {answer}");
}

#[test]
fn each_reply_has_its_form() {
    check(Reply::Addresses(vec![[127, 0, 0, 9].into()]), "code 0 tc 0 records 1 tail [127, 0, 0, 9]");
    check(Reply::NxDomain, "code 3 tc 0 records 0");
    check(Reply::ServFail, "code 2 tc 0 records 0");
    check(Reply::Bogus(vec![[127, 0, 0, 9].into()]), "code 2 tc 0 records 0");
    check(Reply::Refused, "code 5 tc 0 records 0");
    check(Reply::Empty, "code 0 tc 0 records 0");
    check(Reply::Loop, "code 0 tc 0 records 2");
    check(Reply::Truncated(vec![[127, 0, 0, 9].into()]), "code 0 tc 1 records 0");
    check(Reply::Silence, "silence");
}

#[test]
fn other_names_do_not_exist_and_other_families_are_empty() {
    let (_ground, server) = server(Rule::always(Reply::Addresses(vec![[127, 0, 0, 9].into()])));
    assert!(ask(&server, "b.lab.test", 1).starts_with("code 3"));
    assert!(ask(&server, "A.lab.TEST", 28).starts_with("code 0 tc 0 records 0"));
    assert_eq!(server.queries().len(), 2);
}

#[test]
fn replies_change_with_every_query() {
    let replies = vec![Reply::ServFail, Reply::Addresses(vec![[127, 0, 0, 9].into()])];
    let (_ground, server) = server(Rule { replies, ttl: 1, delay: None, changes_every: None });
    let codes = [1, 28, 1, 1].map(|kind| ask(&server, "a.lab.test", kind)[..6].to_owned());
    assert_eq!(codes, ["code 2", "code 2", "code 0", "code 0"], "counted for each type");
}

#[test]
fn a_cut_off_answer_is_whole_over_tcp() {
    let (_ground, server) = server(Rule::always(Reply::Truncated(vec![[127, 0, 0, 9].into()])));
    let mut tcp = std::net::TcpStream::connect(server.address()).expect("accepts");
    let query = query("a.lab.test", 1);
    tcp.write_all(&u16::try_from(query.len()).expect("is short").to_be_bytes()).expect("takes it");
    tcp.write_all(&query).expect("takes it");
    let mut length = [0; 2];
    tcp.read_exact(&mut length).expect("answers");
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    tcp.read_exact(&mut reply).expect("answers");
    assert_eq!(describe(&reply), "code 0 tc 0 records 1 tail [127, 0, 0, 9]");
}

/// Code, AA, RA, and the counts of the three sections.
fn flags(server: &NameServer, name: &str, kind: u16) -> (u8, bool, bool, [u8; 3]) {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout can be set");
    socket.send_to(&query(name, kind), server.address()).expect("can be sent");
    let mut buffer = [0; 512];
    let count = socket.recv(&mut buffer).expect("answers");
    assert!(count >= 12);
    (buffer[3] & 15, buffer[2] & 4 != 0, buffer[3] & 0x80 != 0, [buffer[7], buffer[9], buffer[11]])
}

#[test]
fn a_zone_answers_refers_and_shows_its_head() {
    let ground = Ground::start().expect("the lab starts");
    let server = NameServer::start(&ground, []).expect("listens");
    let address = |last| Data::Address([127, 0, 0, last].into());
    let records = vec![
        ("lab.test".to_owned(), Data::NameServer("ns.lab.test".to_owned())),
        ("www.lab.test".to_owned(), address(1)),
        ("alias.lab.test".to_owned(), Data::Alias("www.lab.test".to_owned())),
        ("gone.lab.test".to_owned(), Data::Alias("nowhere.lab.test".to_owned())),
        ("sub.lab.test".to_owned(), Data::NameServer("ns.sub.lab.test".to_owned())),
        ("ns.sub.lab.test".to_owned(), address(2)),
    ];
    let zone = Zone { name: "lab.test".to_owned(), serial: 7, ttl: 60, records, role: Role::Authority };
    server.set_zone(zone.clone());
    assert_eq!(flags(&server, "www.lab.test", 1), (0, true, false, [1, 0, 0]));
    assert_eq!(flags(&server, "www.lab.test", 28), (0, true, false, [0, 1, 0]), "no such type, and the head");
    assert_eq!(flags(&server, "alias.lab.test", 1), (0, true, false, [2, 0, 0]));
    assert_eq!(flags(&server, "gone.lab.test", 1), (3, true, false, [1, 1, 0]));
    assert_eq!(flags(&server, "none.lab.test", 1), (3, true, false, [0, 1, 0]));
    assert_eq!(flags(&server, "lab.test", 6), (0, true, false, [1, 0, 0]));
    assert_eq!(
        flags(&server, "a.sub.lab.test", 1),
        (0, false, false, [0, 1, 1]),
        "a referral with its address"
    );
    assert_eq!(flags(&server, "other.test", 1).0, 5);
    server.set_zone(Zone { role: Role::Cache, ..zone });
    assert_eq!(flags(&server, "www.lab.test", 1), (0, false, true, [1, 0, 0]));
    assert_eq!(flags(&server, "sub.lab.test", 2), (0, false, true, [1, 0, 0]));
}

#[test]
fn bytes_that_are_no_query_get_no_answer() {
    for bytes in [&b""[..], b"x", &[0; 12], &[255; 40], &query("a.lab.test", 1)[..20]] {
        assert_eq!(Question::read(bytes), None, "{bytes:?}");
    }
}
