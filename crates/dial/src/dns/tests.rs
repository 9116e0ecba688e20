//! Questions to scripted name servers, and what is made of their answers.

use super::*;
use crate::resolve::tests::name_server::{NameServer, Say, full};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::rdata::{A, CNAME, NS, SOA};
use hickory_proto::rr::{RData, Record as WireRecord};
use std::sync::atomic::{AtomicU32, Ordering};

const PATIENCE: Duration = Duration::from_secs(5);
const SHORT: Duration = Duration::from_millis(200);

fn question() -> Question {
    Question::recursive("web.example.", Kind::A)
}

#[tokio::test]
async fn an_answer_tells_all_it_says() {
    let server = NameServer::start(|question| {
        Say::with(question, |message| {
            message.metadata.authoritative = true;
            message.metadata.recursion_available = false;
            message.add_answer(WireRecord::from_rdata(
                full("Web.example"),
                60,
                RData::CNAME(CNAME(full("a.example"))),
            ));
            message.add_answer(WireRecord::from_rdata(
                full("a.example"),
                30,
                RData::A(A([192, 0, 2, 1].into())),
            ));
            let zone = SOA::new(full("ns.example"), full("me.example"), 42, 1, 1, 1, 5);
            message.add_authority(WireRecord::from_rdata(full("example"), 9, RData::SOA(zone)));
        })
    });
    let reply = ask(server.address, &question(), PATIENCE).await.expect("an answer");
    assert_eq!(reply.code(), "NOERROR");
    assert!(reply.is_authoritative && !reply.offers_recursion && !reply.is_over_tcp);
    assert_eq!(reply.addresses(), ["192.0.2.1".parse::<IpAddr>().expect("an address")]);
    assert_eq!(reply.aliases("WEB.example"), [("web.example".to_owned(), "a.example".to_owned())]);
    assert_eq!((reply.ttl(), reply.zone()), (Some(30), Some(("example", 42))));
    assert!(!reply.is_referral());
}

#[tokio::test]
async fn flags_are_sent_as_wished() {
    let check = async |question: Question, expected: (bool, bool, bool)| {
        let server = NameServer::start(move |message| {
            let signed = message.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok);
            let flags = (message.metadata.recursion_desired, message.metadata.checking_disabled, signed);
            let code = if flags == expected { ResponseCode::NoError } else { ResponseCode::NotImp };
            Say::code(message, code)
        });
        let reply = ask(server.address, &question, PATIENCE).await.expect("an answer");
        assert_eq!(reply.code(), "NOERROR", "{question:?}");
    };
    check(question(), (true, false, false)).await;
    check(question().unchecked(), (true, true, false)).await;
    check(Question::direct("web.example", Kind::Soa).signed(), (false, false, true)).await;
}

#[tokio::test]
async fn servers_explain_their_errors() {
    let server = NameServer::start(|question| {
        Say::with(question, |message| {
            message.metadata.response_code = ResponseCode::ServFail;
            let mut edns = Edns::new();
            edns.options_mut().insert(EdnsOption::Unknown(15, b"\0\x07expired".to_vec()));
            message.set_edns(edns);
        })
    });
    let reply = ask(server.address, &question(), PATIENCE).await.expect("an answer");
    assert_eq!((reply.code().as_str(), reply.explanations), ("SERVFAIL", vec![(7, "expired".to_owned())]));
}

#[tokio::test]
async fn a_referral_names_servers_and_their_addresses() {
    let server = NameServer::start(|question| {
        Say::with(question, |message| {
            let servers = RData::NS(NS(full("ns1.example")));
            message.add_authority(WireRecord::from_rdata(full("example"), 60, servers));
            let address = RData::A(A([192, 0, 2, 53].into()));
            message.additionals.push(WireRecord::from_rdata(full("NS1.example"), 60, address));
        })
    });
    let reply = ask(server.address, &question(), PATIENCE).await.expect("an answer");
    assert!(reply.is_referral());
    assert_eq!(reply.name_servers("example."), ["ns1.example"]);
    assert_eq!(reply.glue("ns1.example"), ["192.0.2.53".parse::<IpAddr>().expect("an address")]);
}

#[tokio::test]
async fn a_lost_question_is_sent_again() {
    let seen = AtomicU32::new(0);
    let server = NameServer::start(move |question| match seen.fetch_add(1, Ordering::SeqCst) {
        0 => Say::Nothing,
        _ => Say::addresses(question, 60, &["192.0.2.1"]),
    });
    let reply = ask(server.address, &question(), Duration::from_secs(2)).await.expect("an answer");
    assert_eq!(reply.sent, 2);
    assert!(reply.took >= Duration::from_millis(500), "{:?}", reply.took);
}

#[tokio::test]
async fn every_failure_has_its_kind() {
    let silent = NameServer::start(|_| Say::Nothing);
    let failure = ask(silent.address, &question(), SHORT).await.expect_err("silence");
    assert_eq!(failure.kind, FailureKind::TimedOut);
    assert!(failure.after >= SHORT);

    let garbled = NameServer::start(|_| Say::Bytes(b"\x81\x80\xff\xff\xff\xff no".to_vec()));
    assert_eq!(
        ask(garbled.address, &question(), PATIENCE).await.expect_err("rubbish").kind,
        FailureKind::Garbled
    );

    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    let address = nobody.local_addr().expect("bound");
    drop(nobody);
    assert_eq!(ask(address, &question(), PATIENCE).await.expect_err("nobody").kind, FailureKind::Refused);

    let unreadable = Question::recursive("a..b", Kind::A);
    assert_eq!(ask(address, &unreadable, PATIENCE).await.expect_err("no name").kind, FailureKind::NotAName);
}

#[tokio::test]
async fn a_cut_answer_without_tcp_is_its_own_failure() {
    let udp = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a port is free");
    let address = udp.local_addr().expect("bound");
    let serve = async {
        let mut buffer = [0; 512];
        let (count, from) = udp.recv_from(&mut buffer).await.expect("a question");
        buffer[2] |= 0x82;
        udp.send_to(&buffer[..count], from).await.expect("sent");
    };
    let question = question();
    let (result, ()) = tokio::join!(ask(address, &question, PATIENCE), serve);
    assert_eq!(result.expect_err("no TCP").kind, FailureKind::OnlyCut);
}

#[test]
fn names_have_one_form_and_a_parent() {
    assert_eq!(plain_name("Shop.Example."), "shop.example");
    assert_eq!(plain_name("."), ".");
    assert_eq!(plain_name("müller.example"), "xn--mller-kva.example");
    assert_eq!(parent("a.b.example"), Some("b.example"));
    assert_eq!((parent("example"), parent(".")), (Some("."), None));
}
