//! `resolve = "each"`: every address of a name is an upstream of its own, and follows the name's time to live.

use crate::client::Client;
use crate::eventually;
use crate::gateway::{Folder, Gateway, cause};
use crate::large_bodies::server;
use crate::upstream::{Link, Upstream};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use torwart_lab::dns::{NameServer, Reply, Rule};
use torwart_lab::{Certificate, Ground};

const FIRST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const SECOND: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

const NAME: &str = "app.lab.test";

/// Two upstreams on one port, which say who they are.
fn pair() -> [Upstream; 2] {
    let serve = |text: &'static str| {
        move |link: &mut Link| {
            while link.request()?.is_some() {
                link.answer(text)?;
            }
            Ok(())
        }
    };
    let first = Upstream::start(serve("first"));
    let port = first.address().port();
    [first, Upstream::start_at(SocketAddr::from((SECOND, port)), serve("second"))]
}

fn answering(addresses: &[Ipv4Addr]) -> Rule {
    let addresses = addresses.iter().copied().map(IpAddr::V4).collect();
    Rule { ttl: 1, ..Rule::always(Reply::Addresses(addresses)) }
}

fn config(names: &NameServer, port: u16) -> String {
    let server = names.address();
    format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n\
         [resolver]\nservers = \"{server}\"\nttl_min = \"100ms\"\nnegative_ttl = \"100ms\"\n\
         [site.\"*\"]\nupstreams = \"http://{NAME}:{port}\"\nresolve = \"each\"\nbalance = \"round_robin\"\nretry = {{ attempts = 1 }}\n"
    )
}

/// Who answers the next so many requests.
fn answers(client: &mut Client, count: usize) -> Vec<String> {
    let mut ask = |_| {
        let answer = client.get("/").expect("it is answered");
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    };
    (0..count).map(&mut ask).collect()
}

fn distinct(answers: Vec<String>) -> Vec<String> {
    answers.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn traffic_follows_the_addresses_of_a_name() {
    let [first, second] = pair();
    let port = first.address().port();
    let ground = Ground::start().expect("the lab starts");
    let rule = answering(&[FIRST, SECOND]);
    let names = NameServer::start(&ground, [(NAME.to_owned(), rule)]).expect("it listens");
    let mut gateway = Gateway::start(&config(&names, port));
    let mut client = Client::connect(gateway.address());
    eventually("both addresses get traffic", || distinct(answers(&mut client, 2)).len() == 2);
    let links = (first.connections(), second.connections());
    for pair in answers(&mut client, 40).chunks(2) {
        assert_ne!(pair[0], pair[1], "they take turns");
    }
    assert_eq!((first.connections(), second.connections()), links, "each keeps its own idle link");

    names.set(NAME, answering(&[FIRST]));
    eventually("one address gets everything", || distinct(answers(&mut client, 10)) == ["first"]);
    assert_eq!(distinct(answers(&mut client, 100)), ["first"]);
    assert_eq!(first.connections(), links.0, "the link to the address that stayed is kept");

    names.set(NAME, answering(&[SECOND, FIRST]));
    eventually("both addresses get traffic again", || distinct(answers(&mut client, 2)).len() == 2);
    assert_eq!(first.connections(), links.0, "the link to the address that stayed is kept");
    assert_eq!(gateway.running().status().generation(), 1, "the plan is the same");

    gateway.stop(crate::PATIENCE);
    let upstreams = gateway.records().into_iter().map(|record| record["attempts"][0]["upstream"].to_string());
    let upstreams: BTreeSet<_> = upstreams.collect();
    for address in [FIRST, SECOND] {
        assert!(upstreams.contains(&format!("\"http://{NAME}:{port} ({address})\"")), "{upstreams:?}");
    }
}

#[test]
fn a_name_without_addresses_stays_one_upstream_and_is_named_as_the_cause() {
    let [first, _second] = pair();
    let port = first.address().port();
    let ground = Ground::start().expect("the lab starts");
    let names =
        NameServer::start(&ground, [(NAME.to_owned(), Rule::always(Reply::NxDomain))]).expect("it listens");
    let gateway = Gateway::start(&config(&names, port));
    let mut client = Client::connect(gateway.address());
    assert_eq!(client.get("/").expect("it is answered").status, 502);
    let records = gateway.wait_for_records(1);
    assert_eq!(cause(&records[0]), "name_unknown");
    assert_eq!(records[0]["attempts"][0]["upstream"], format!("http://{NAME}:{port}"));

    names.set(NAME, answering(&[FIRST, SECOND]));
    let mut ask = || client.get("/").expect("it is answered");
    eventually("the name is found", || ask().status == 200);
    eventually("both addresses get traffic", || distinct(answers(&mut client, 2)).len() == 2);
}

#[test]
fn a_reload_keeps_and_forgets_addresses_with_their_names() {
    let [first, second] = pair();
    let port = first.address().port();
    let ground = Ground::start().expect("the lab starts");
    let rule = answering(&[FIRST, SECOND]);
    let names = NameServer::start(&ground, [(NAME.to_owned(), rule)]).expect("it listens");
    let spread = config(&names, port);
    let gateway = Gateway::start(&spread);
    let mut client = Client::connect(gateway.address());
    eventually("both addresses get traffic", || distinct(answers(&mut client, 2)).len() == 2);
    let links = (first.connections(), second.connections());

    let changed = spread.replace("attempts = 1", "attempts = 2");
    gateway.adopt(&changed).expect("it is adopted");
    assert_eq!(distinct(answers(&mut client, 20)).len(), 2, "nothing is resolved anew");
    assert_eq!((first.connections(), second.connections()), links);

    let fixed = spread.replace(NAME, "127.0.0.1");
    gateway.adopt(&fixed).expect("it is adopted");
    assert_eq!(distinct(answers(&mut client, 20)), ["first"]);
    gateway.adopt(&spread).expect("it is adopted");
    eventually("both addresses get traffic again", || distinct(answers(&mut client, 2)).len() == 2);
}

#[test]
fn links_over_tls_are_kept_as_well() {
    let ground = Ground::start().expect("the lab starts");
    let leaf = ground.certificates().issue(&[NAME]).expect("can be made");
    let folder = Folder::new();
    folder.write("ca.pem", ground.certificates().authority());
    let server = server(&leaf.chain, &leaf.key);
    let serve = |link: &mut Link| {
        while link.request()?.is_some() {
            link.answer("well")?;
        }
        Ok(())
    };
    let first = Upstream::start_tls(server.clone(), serve);
    let port = first.address().port();
    let second = Upstream::start_tls_at(SocketAddr::from((SECOND, port)), server, serve);
    let names = NameServer::start(&ground, [(NAME.to_owned(), answering(&[FIRST]))]).expect("it listens");
    let config = config(&names, port).replace("http://app", "https://app");
    let gateway = Gateway::start_in(folder, &format!("{config}tls = {{ ca = \"{{folder}}/ca.pem\" }}\n"));
    let mut client = Client::connect(gateway.address());
    let label = format!("https://{NAME}:{port} ({FIRST})");
    eventually("the name is spread", || {
        assert_eq!(client.get("/").expect("it is answered").status, 200);
        gateway.records().last().is_some_and(|record| record["attempts"][0]["upstream"] == *label)
    });
    let links = first.connections();
    names.set(NAME, answering(&[FIRST, SECOND]));
    eventually("the other address gets traffic", || {
        assert_eq!(client.get("/").expect("it is answered").status, 200);
        second.connections() > 0
    });
    for _ in 0..10 {
        assert_eq!(client.get("/").expect("it is answered").status, 200);
    }
    assert_eq!((first.connections(), second.connections()), (links, 1));
}

#[test]
fn the_certificate_must_carry_the_name_and_not_the_address() {
    let ground = Ground::start().expect("the lab starts");
    let certificates = ground.certificates();
    let named = certificates.issue(&[NAME]).expect("can be made");
    let other = certificates.leaf(Certificate::Good).expect("there is one");
    let folder = Folder::new();
    folder.write("ca.pem", certificates.authority());
    let serve = |link: &mut Link| {
        while link.request()?.is_some() {
            link.answer("well")?;
        }
        Ok(())
    };
    let rightly = Upstream::start_tls(server(&named.chain, &named.key), serve);
    // This one is for 127.0.0.1, but not for a name of two labels below lab.test.
    let wrongly = Upstream::start_tls(server(&other.chain, &other.key), serve);
    let rule = answering(&[FIRST]);
    let name = format!("deep.{NAME}");
    let rules = [(NAME.to_owned(), rule.clone()), (name.clone(), rule)];
    let names = NameServer::start(&ground, rules).expect("it listens");
    let config = |upstream: &str| {
        let text = config(&names, 1).replace(&format!("http://{NAME}:1"), upstream);
        format!("{text}tls = {{ ca = \"{{folder}}/ca.pem\" }}\n")
    };
    let right = format!("https://{NAME}:{}", rightly.address().port());
    let gateway = Gateway::start_in(folder, &config(&right));
    let spread =
        |record: &serde_json::Value| record["attempts"][0]["upstream"] == format!("{right} ({FIRST})");
    let mut client = Client::connect(gateway.address());
    eventually("the name is spread", || {
        assert_eq!(client.get("/").expect("it is answered").status, 200);
        gateway.records().last().is_some_and(spread)
    });
    let wrong = format!("https://{name}:{}", wrongly.address().port());
    gateway.adopt(&config(&wrong)).expect("it is adopted");
    eventually("the name is spread", || {
        assert_eq!(client.get("/").expect("it is answered").status, 502);
        let records = gateway.records();
        let last = records.last().expect("there are some");
        cause(last) == "tls_wrong_name" && last["attempts"][0]["upstream"] == format!("{wrong} ({FIRST})")
    });
}

#[test]
fn the_servers_of_a_service_are_upstreams_with_their_ports_and_priorities() {
    const SERVICE: &str = "_app._tcp.lab.test";
    let upstreams = [Upstream::saying("first"), Upstream::saying("second")];
    let ports = [upstreams[0].address().port(), upstreams[1].address().port()];
    let ground = Ground::start().expect("the lab starts");
    let services = |priority| {
        let second = (priority, 3, ports[1], "two.lab.test".to_owned());
        let services = vec![(0, 1, ports[0], "one.lab.test".to_owned()), second];
        Rule { ttl: 1, ..Rule::always(Reply::Services(services)) }
    };
    let names = NameServer::start(
        &ground,
        [
            (SERVICE.to_owned(), services(0)),
            ("one.lab.test".to_owned(), answering(&[FIRST])),
            ("two.lab.test".to_owned(), answering(&[FIRST])),
        ],
    )
    .expect("it listens");
    let config = config(&names, 80)
        .replace(&format!("http://{NAME}:80"), &format!("srv+http://{SERVICE}"))
        .replace("retry", "slow_start = \"0s\"\nretry");
    let mut gateway = Gateway::start(&config);
    let mut client = Client::connect(gateway.address());
    eventually("the servers are found", || client.get("/").expect("it is answered").status == 200);
    let told = answers(&mut client, 40);
    assert_eq!(told.iter().filter(|who| *who == "second").count(), 30, "three of four, as its weight says");

    names.set(SERVICE, services(10));
    eventually("the lower priority waits", || distinct(answers(&mut client, 10)) == ["first"]);
    gateway.stop(crate::PATIENCE);
    let seen = gateway.records().iter().any(|record| {
        let label = format!("srv+http://{SERVICE} (two.lab.test:{})", ports[1]);
        record["attempts"].as_array().is_some_and(|all| all.iter().any(|one| one["upstream"] == label))
    });
    assert!(seen, "its attempts say which server it was");
}
