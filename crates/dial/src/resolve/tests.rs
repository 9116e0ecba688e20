//! Resolving against scripted name servers.

pub(crate) mod name_server;

use super::*;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use name_server::{NameServer, Say};
use std::path::PathBuf;
use std::time::Instant;
use torwart_cause::NameFault;
use torwart_config::plan::ResolverMode;

const DEADLINE: Duration = Duration::from_secs(10);

fn no_files() -> SystemFiles {
    SystemFiles { hosts: PathBuf::from("/nonexistent"), resolv_conf: PathBuf::from("/nonexistent") }
}

fn plan(servers: &[&NameServer]) -> ResolverPlan {
    let servers = servers.iter().map(|server| server.address).collect();
    ResolverPlan { servers, ..ResolverPlan::default() }
}

fn resolver(servers: &[&NameServer]) -> Resolver {
    Resolver::start(&plan(servers), no_files()).unwrap()
}

fn sockets(addresses: &[&str]) -> Vec<SocketAddr> {
    addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 80)).collect()
}

async fn check(resolver: &Resolver, name: &str, expected: &[&str]) {
    let answer = resolver.addresses(name, 80, DEADLINE).await.unwrap();
    assert_eq!(&*answer.addresses, sockets(expected));
    assert!(!answer.is_stale);
}

async fn check_fault(servers: &[&NameServer], expected: NameFault) {
    let result = resolver(servers).addresses("web.example", 80, DEADLINE).await;
    assert_eq!(result.unwrap_err(), Ending::Name(expected));
}

/// Both families at a name.
fn good() -> NameServer {
    NameServer::start(|question| Say::addresses(question, 60, &["192.0.2.1", "192.0.2.2", "2001:db8::1"]))
}

#[tokio::test]
async fn both_families_are_found_and_remembered() {
    let server = good();
    let resolver = resolver(&[&server]);
    assert_eq!(resolver.cached("web.example", 80), None);
    check(&resolver, "web.example", &["2001:db8::1", "192.0.2.1", "192.0.2.2"]).await;
    check(&resolver, "web.example", &["2001:db8::1", "192.0.2.1", "192.0.2.2"]).await;
    assert_eq!(server.asked(), 2);
    let cached = resolver.cached("web.example", 443).unwrap();
    assert_eq!(cached.addresses[0], "[2001:db8::1]:443".parse().unwrap());
    assert!(cached.ttl <= Duration::from_secs(60) && cached.ttl > Duration::from_secs(30));
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    let server = NameServer::start(|question| Say::code(question, ResponseCode::NXDomain));
    check_fault(&[&server], NameFault::NxDomain).await;
}

#[tokio::test]
async fn a_name_without_address() {
    let server = NameServer::start(|question| Say::addresses(question, 60, &[]));
    check_fault(&[&server], NameFault::NoAddress).await;
}

#[tokio::test]
async fn one_family_suffices() {
    let server = NameServer::start(|question| Say::addresses(question, 60, &["192.0.2.1"]));
    check(&resolver(&[&server]), "web.example", &["192.0.2.1"]).await;
}

#[tokio::test]
async fn a_server_that_fails_for_one_family_does_not_hide_the_other() {
    let server = NameServer::start(|question| match question.queries[0].query_type {
        RecordType::A => Say::addresses(question, 60, &["192.0.2.1"]),
        _ => Say::code(question, ResponseCode::ServFail),
    });
    check(&resolver(&[&server]), "web.example", &["192.0.2.1"]).await;
}

#[tokio::test]
async fn silence_for_one_family_delays_the_other_only_a_moment() {
    let server = NameServer::start(|question| match question.queries[0].query_type {
        RecordType::A => Say::addresses(question, 60, &["192.0.2.1"]),
        _ => Say::Nothing,
    });
    let start = Instant::now();
    check(&resolver(&[&server]), "web.example", &["192.0.2.1"]).await;
    assert!(start.elapsed() < Duration::from_millis(900), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_failing_server_is_asked_twice_then_believed() {
    let server = NameServer::start(|question| Say::code(question, ResponseCode::ServFail));
    check_fault(&[&server], NameFault::Rcode(2)).await;
    assert_eq!(server.asked(), 4);
}

#[tokio::test]
async fn a_refusing_server_says_so() {
    let server = NameServer::start(|question| Say::code(question, ResponseCode::Refused));
    check_fault(&[&server], NameFault::Rcode(5)).await;
}

#[tokio::test]
async fn the_next_server_is_asked_after_a_failure_and_preferred_from_then_on() {
    let failing = NameServer::start(|question| Say::code(question, ResponseCode::ServFail));
    let good = good();
    let resolver = resolver(&[&failing, &good]);
    check(&resolver, "web.example", &["2001:db8::1", "192.0.2.1", "192.0.2.2"]).await;
    let asked = failing.asked();
    check(&resolver, "other.example", &["2001:db8::1", "192.0.2.1", "192.0.2.2"]).await;
    assert_eq!(failing.asked(), asked);
}

#[tokio::test]
async fn a_lame_server_is_passed_over() {
    let lame = NameServer::start(Say::referral);
    let good = good();
    check(&resolver(&[&lame, &good]), "web.example", &["2001:db8::1", "192.0.2.1", "192.0.2.2"]).await;
    check_fault(&[&lame], NameFault::Garbled).await;
}

#[tokio::test]
async fn an_alias_is_followed_within_one_answer() {
    let server = NameServer::start(|question| {
        Say::alias_then_addresses(question, "web.example", "cdn.example", &["192.0.2.9"])
    });
    check(&resolver(&[&server]), "web.example", &["192.0.2.9"]).await;
}

#[tokio::test]
async fn an_alias_without_its_end_is_asked_for() {
    let server = NameServer::start(|question| match question.queries[0].name.to_string().as_str() {
        "web.example." => Say::alias(question, "web.example", "cdn.example"),
        _ => Say::addresses(question, 60, &["192.0.2.9"]),
    });
    check(&resolver(&[&server]), "web.example", &["192.0.2.9"]).await;
}

#[tokio::test]
async fn aliases_that_turn_in_circles_are_a_loop() {
    let server = NameServer::start(|question| match question.queries[0].name.to_string().as_str() {
        "web.example." => Say::alias(question, "web.example", "cdn.example"),
        _ => Say::alias(question, "cdn.example", "web.example"),
    });
    check_fault(&[&server], NameFault::Loop).await;
    let server = NameServer::start(|question| Say::alias(question, "web.example", "web.example"));
    check_fault(&[&server], NameFault::Loop).await;
}

#[tokio::test]
async fn an_unreadable_answer_is_garbled() {
    let server = NameServer::start(|_| Say::Bytes(b"\x81\x80\x00\x01\xff\xff".to_vec()));
    check_fault(&[&server], NameFault::Garbled).await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let port = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let plan = ResolverPlan { servers: vec![port], ..ResolverPlan::default() };
    let resolver = Resolver::start(&plan, no_files()).unwrap();
    let result = resolver.addresses("web.example", 80, DEADLINE).await;
    assert_eq!(result.unwrap_err(), Ending::Name(NameFault::Unreachable));
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let server = NameServer::start(|_| Say::Nothing);
    let start = Instant::now();
    let result = resolver(&[&server]).addresses("web.example", 80, Duration::from_millis(100)).await;
    assert_eq!(result.unwrap_err(), Ending::TimedOut(Deadline::Resolve));
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn silence_of_every_server_is_a_timeout_even_to_the_patient() {
    let server = NameServer::start(|_| Say::Nothing);
    let result = resolver(&[&server]).addresses("web.example", 80, DEADLINE).await;
    assert_eq!(result.unwrap_err(), Ending::TimedOut(Deadline::Resolve));
}

#[tokio::test]
async fn a_cut_answer_comes_whole_over_tcp() {
    let many: Vec<String> = (1..200).map(|last| format!("192.0.2.{last}")).collect();
    let server = NameServer::start(move |question| {
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        Say::addresses(question, 60, &many)
    });
    let answer = resolver(&[&server]).addresses("web.example", 80, DEADLINE).await.unwrap();
    assert_eq!(answer.addresses.len(), 199);
}

#[tokio::test]
async fn an_answer_with_another_number_is_ignored() {
    let server = NameServer::start(|question| {
        let forged = Say::addresses(question, 60, &["203.0.113.66"]).with_another_number();
        Say::Several(vec![forged, Say::addresses(question, 60, &["192.0.2.1"])])
    });
    check(&resolver(&[&server]), "web.example", &["192.0.2.1"]).await;
}

#[tokio::test]
async fn an_answer_to_another_question_is_ignored() {
    let server = NameServer::start(|question| {
        let forged = Say::addresses_of("bank.example", question, &["203.0.113.66"]);
        Say::Several(vec![forged, Say::addresses(question, 60, &["192.0.2.1"])])
    });
    check(&resolver(&[&server]), "web.example", &["192.0.2.1"]).await;
}

#[tokio::test]
async fn a_server_without_extensions_is_asked_plainly() {
    let server = NameServer::start(|question| {
        if question.edns.is_some() {
            Say::code(question, ResponseCode::FormErr)
        } else {
            Say::addresses(question, 60, &["192.0.2.1"])
        }
    });
    check(&resolver(&[&server]), "web.example", &["192.0.2.1"]).await;
}

#[tokio::test]
async fn equal_questions_collapse_into_one() {
    let server = good();
    let resolver = resolver(&[&server]);
    let ask = || resolver.addresses("web.example", 80, DEADLINE);
    let (a, b, c, d) = tokio::join!(ask(), ask(), ask(), ask());
    assert!(a.is_ok() && b.is_ok() && c.is_ok() && d.is_ok());
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn a_denial_is_believed_for_a_while() {
    let server = NameServer::start(|question| Say::code(question, ResponseCode::NXDomain));
    let resolver = resolver(&[&server]);
    for _ in 0..3 {
        let result = resolver.addresses("web.example", 80, DEADLINE).await;
        assert_eq!(result.unwrap_err(), Ending::Name(NameFault::NxDomain));
    }
    assert_eq!(server.asked(), 2);
    assert_eq!(resolver.cached("web.example", 80), None);
}

/// Short-lived answers, so that a refresh comes within the test.
fn brief(server: &NameServer) -> Resolver {
    let short = Duration::from_millis(50);
    let plan = ResolverPlan { ttl_min: short, ttl_max: short, negative_ttl: short, ..plan(&[server]) };
    Resolver::start(&plan, no_files()).unwrap()
}

/// Asks until the answer is as wanted; every answer on the way must be good.
async fn until(resolver: &Resolver, is_wanted: impl Fn(&Answer) -> bool) -> Answer {
    let wait = async {
        loop {
            let answer = resolver.addresses("web.example", 80, DEADLINE).await.unwrap();
            if is_wanted(&answer) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(DEADLINE, wait).await.expect("the wanted answer never came")
}

#[tokio::test]
async fn a_name_that_moves_is_followed() {
    let server = NameServer::start(|question| Say::addresses(question, 0, &["192.0.2.1"]));
    let resolver = brief(&server);
    check(&resolver, "web.example", &["192.0.2.1"]).await;
    server.change(|question| Say::addresses(question, 0, &["192.0.2.2"]));
    until(&resolver, |answer| *answer.addresses == *sockets(&["192.0.2.2"])).await;
}

#[tokio::test]
async fn the_last_good_answer_outlives_its_servers_and_is_called_stale() {
    for failure in [ResponseCode::ServFail, ResponseCode::Refused, ResponseCode::NXDomain] {
        let server = NameServer::start(|question| Say::addresses(question, 0, &["192.0.2.1"]));
        let resolver = brief(&server);
        check(&resolver, "web.example", &["192.0.2.1"]).await;
        server.change(move |question| Say::code(question, failure));
        let stale = until(&resolver, |answer| answer.is_stale).await;
        assert_eq!(&*stale.addresses, sockets(&["192.0.2.1"]));
        assert!(resolver.known()[0].fault.is_some());
        server.change(|question| Say::addresses(question, 0, &["192.0.2.2"]));
        let fresh = until(&resolver, |answer| !answer.is_stale).await;
        assert_eq!(&*fresh.addresses, sockets(&["192.0.2.2"]));
    }
}

#[tokio::test]
async fn a_silent_server_does_not_delay_a_name_in_use() {
    let server = NameServer::start(|question| Say::addresses(question, 0, &["192.0.2.1"]));
    let resolver = brief(&server);
    check(&resolver, "web.example", &["192.0.2.1"]).await;
    server.change(|_| Say::Nothing);
    // Long enough for several refreshes to begin; each answer must come at once.
    for _ in 0..40 {
        let answer = timeout(Duration::from_millis(500), resolver.addresses("web.example", 80, DEADLINE));
        assert_eq!(&*answer.await.expect("must not wait").unwrap().addresses, sockets(&["192.0.2.1"]));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn the_hosts_file_comes_first() {
    let server = good();
    let hosts = std::env::temp_dir().join(format!("torwart-dial-hosts-{}", std::process::id()));
    std::fs::write(&hosts, "198.51.100.7 web.example\n").unwrap();
    let files = SystemFiles { hosts: hosts.clone(), ..no_files() };
    let resolver = Resolver::start(&plan(&[&server]), files).unwrap();
    check(&resolver, "WEB.example", &["198.51.100.7"]).await;
    assert_eq!(server.asked(), 0);
    std::fs::remove_file(hosts).unwrap();
}

#[tokio::test]
async fn this_host_and_literals_need_no_question() {
    let server = NameServer::start(|_| Say::Nothing);
    let resolver = resolver(&[&server]);
    check(&resolver, "localhost", &["127.0.0.1", "::1"]).await;
    check(&resolver, "app.LOCALHOST.", &["127.0.0.1", "::1"]).await;
    check(&resolver, "192.0.2.5", &["192.0.2.5"]).await;
    check(&resolver, "[2001:db8::5]", &["2001:db8::5"]).await;
    assert_eq!(resolver.cached("localhost", 80).unwrap().addresses.len(), 2);
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn the_systems_own_resolver_can_be_used() {
    let plan = ResolverPlan { mode: ResolverMode::System, ..ResolverPlan::default() };
    let resolver = Resolver::start(&plan, no_files()).unwrap();
    let result = resolver.addresses("no\0name", 80, DEADLINE).await;
    assert_eq!(result.unwrap_err(), Ending::Name(NameFault::NxDomain));
}

#[tokio::test]
async fn an_impossible_name_does_not_exist() {
    let server = good();
    let result = resolver(&[&server]).addresses(&"a".repeat(64), 80, DEADLINE).await;
    assert_eq!(result.unwrap_err(), Ending::Name(NameFault::NxDomain));
}
