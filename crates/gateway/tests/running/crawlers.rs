//! Crawlers during an outage: those that are what they say are asked to come again, all others learn what happened.

use crate::client::{Answer, Client};
use crate::eventually;
use crate::gateway::{Folder, Gateway};
use crate::upstream::Upstream;
use std::net::{IpAddr, Ipv4Addr};
use torwart_lab::Ground;
use torwart_lab::dns::{NameServer, Reply, Rule};

const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const ADSBOT: &str = "AdsBot-Google (+http://www.google.com/adsbot.html)";

/// Nobody listens on the upstream's port.
fn config(crawlers: &str) -> String {
    format!(
        "workers = 1\ntrusted = \"127.0.0.1\"\n[listen]\nhttp = \"127.0.0.1:0\"\n\
         [site.\"*\"]\nupstreams = \"http://127.0.0.1:1\"\nretry = {{ attempts = 1 }}\n{crawlers}\n"
    )
}

fn ask(client: &mut Client, user_agent: &str, address: &str) -> Answer {
    client
        .send(&format!(
            "GET /landing HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: {user_agent}\r\nX-Forwarded-For: {address}\r\n\r\n"
        ))
        .expect("sent");
    client.answer().expect("an answer")
}

fn name_server(ground: &Ground) -> NameServer {
    let addresses = |last: u8| Reply::Addresses(vec![IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))]);
    let rules = [
        ("1.2.0.192.in-addr.arpa", Reply::Name("crawl-1.googlebot.com".to_owned())),
        ("crawl-1.googlebot.com", addresses(1)),
        // It says so, and the name leads elsewhere.
        ("2.2.0.192.in-addr.arpa", Reply::Name("crawl-1.googlebot.com".to_owned())),
        ("3.2.0.192.in-addr.arpa", Reply::Name("crawl-1.googlebot.com.evil.example".to_owned())),
        ("crawl-1.googlebot.com.evil.example", addresses(3)),
        ("4.2.0.192.in-addr.arpa", Reply::Silence),
    ];
    let rules = rules.map(|(name, reply)| (name.to_owned(), Rule::always(reply)));
    NameServer::start(ground, rules).expect("it listens")
}

#[test]
fn only_a_proven_crawler_is_asked_to_come_again() {
    let ground = Ground::start().expect("the lab starts");
    let names = name_server(&ground);
    let resolver = format!("[resolver]\nservers = \"{}\"", names.address());
    let gateway = Gateway::start(&config(&format!("crawlers = {{ retry_after = \"20m\" }}\n{resolver}")));
    let mut client = Client::connect(gateway.address());
    let mut check = |user_agent: &str, address: &str, status: u16, wait: Option<&str>| {
        let answer = ask(&mut client, user_agent, address);
        assert_eq!(
            (answer.status, answer.head.field("retry-after")),
            (status, wait),
            "{user_agent} {address}"
        );
        assert!(answer.head.field("proxy-status").is_some_and(|said| said.contains("connection_refused")));
    };
    check(GOOGLEBOT, "192.0.2.1", 503, Some("1200"));
    check(ADSBOT, "192.0.2.1", 503, Some("1200"));
    check("Mozilla/5.0 Firefox/128.0", "192.0.2.1", 502, None);
    for address in ["192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"] {
        check(GOOGLEBOT, address, 502, None);
    }
    let asked = names.queries().iter().filter(|query| query.name == "1.2.0.192.in-addr.arpa").count();
    assert_eq!(asked, 1, "one operator is asked about once");
    let records = gateway.wait_for_records(7);
    let crawlers: Vec<_> = records.iter().map(|record| record["crawler"].to_string()).collect();
    assert_eq!(
        crawlers,
        [
            r#"{"ads":false,"name":"googlebot","verified":true}"#,
            r#"{"ads":true,"name":"adsbot-google","verified":true}"#,
            "null",
            r#"{"ads":false,"name":"googlebot","verified":false}"#,
            r#"{"ads":false,"name":"googlebot","verified":false}"#,
            r#"{"ads":false,"name":"googlebot","verified":null}"#,
            r#"{"ads":false,"name":"googlebot","verified":false}"#,
        ]
    );
    assert!(records.iter().all(|record| record["cause"] == "connect_refused"));
    let metrics = gateway.running().metrics().scrape(torwart_record::Exposition::Prometheus);
    let line = "torwart_crawler_exchanges_total{crawler=\"adsbot-google\",kind=\"ads\",verified=\"yes\",class=\"5xx\"} 1";
    assert!(metrics.contains(line), "{metrics}");
}

#[test]
fn published_networks_prove_at_once_and_are_read_anew() {
    let folder = Folder::new();
    folder.write("google.json", r#"{"prefixes": [{"ipv4Prefix": "192.0.2.0/28"}]}"#);
    let config = config("crawlers = { dns = false, ranges = { google = \"google.json\" } }");
    let gateway = Gateway::start_in(folder, &config);
    let mut client = Client::connect(gateway.address());
    assert_eq!(ask(&mut client, GOOGLEBOT, "192.0.2.9").status, 503);
    assert_eq!(ask(&mut client, GOOGLEBOT, "192.0.2.99").status, 502);
    assert_eq!(ask(&mut client, "bingbot/2.0", "192.0.2.9").status, 502, "these are Google's networks");
    gateway.folder().write("google.json", r#"{"prefixes": [{"ipv4Prefix": "192.0.2.96/28"}]}"#);
    gateway.adopt(&config).expect("it is right");
    assert_eq!(ask(&mut client, GOOGLEBOT, "192.0.2.99").status, 503);
    assert_eq!(ask(&mut client, GOOGLEBOT, "192.0.2.9").status, 502);
    gateway.folder().write("google.json", "{}");
    assert!(gateway.adopt(&config).is_err_and(|problem| problem.contains("google.json")));
    assert_eq!(ask(&mut client, GOOGLEBOT, "192.0.2.99").status, 503, "the old plan goes on");
}

#[test]
fn limits_spare_proven_crawlers_where_that_is_said() {
    let folder = Folder::new();
    folder.write("google.json", r#"{"prefixes": [{"ipv4Prefix": "192.0.2.0/28"}]}"#);
    let crawlers = "crawlers = { dns = false, ranges = { google = \"google.json\" }, unlimited = true }\nlimit = \"1/h\"";
    let gateway = Gateway::start_in(folder, &config(crawlers));
    let mut client = Client::connect(gateway.address());
    let mut statuses =
        |user_agent: &str, address: &str| [(); 2].map(|()| ask(&mut client, user_agent, address).status);
    assert_eq!(statuses(GOOGLEBOT, "192.0.2.9"), [503, 503]);
    assert_eq!(statuses(GOOGLEBOT, "192.0.2.99"), [502, 429]);
    assert_eq!(statuses("Firefox", "192.0.2.9"), [502, 429]);
}

#[test]
fn failures_name_crawlers_on_every_route() {
    let gateway = Gateway::start(&config(""));
    let mut client = Client::connect(gateway.address());
    assert_eq!(ask(&mut client, ADSBOT, "192.0.2.1").status, 502);
    let records = gateway.wait_for_records(1);
    assert_eq!(records[0]["crawler"]["name"], "adsbot-google");
    assert!(records[0]["crawler"]["verified"].is_null());
}

#[test]
fn a_proven_crawler_gets_what_is_left_of_a_page() {
    let folder = Folder::new();
    folder.write("google.json", r#"{"prefixes": [{"ipv4Prefix": "192.0.2.0/28"}]}"#);
    let upstream = Upstream::start(|link| {
        while link.request()?.is_some() {
            link.answer_with(
                "Cache-Control: max-age=1, stale-if-error=0\r\nContent-Type: text/html\r\n",
                "landing",
            )?;
        }
        Ok(())
    });
    let (url, address) = (upstream.url(), upstream.address());
    let crawlers =
        "crawlers = { dns = false, ranges = { google = \"google.json\" } }\ncache = true\nwait = false";
    let gateway =
        Gateway::start_in(folder, &config(crawlers).replace("http://127.0.0.1:1\"", &format!("{url}\"")));
    let mut client = Client::connect(gateway.address());
    assert_eq!(ask(&mut client, "Firefox", "192.0.2.99").status, 200);
    drop(upstream);
    eventually("the page is too old", || ask(&mut client, "Firefox", "192.0.2.99").status != 200);
    assert_eq!(ask(&mut client, GOOGLEBOT, "192.0.2.99").status, 502, "anybody can say so");
    let answer = ask(&mut client, GOOGLEBOT, "192.0.2.9");
    assert_eq!((answer.status, answer.body.as_str()), (200, "landing"));
    assert!(
        answer.head.field("cache-status").is_some_and(|said| said.contains("stale-if-error")),
        "{:?}",
        answer.head
    );
    assert!(std::net::TcpStream::connect(address).is_err(), "nobody listens");
}
