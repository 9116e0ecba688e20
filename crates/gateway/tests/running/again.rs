//! What becomes of a request whose attempt failed, is late, or met nobody: it is asked again where that is safe, beside a
//! second upstream where that is wanted, and kept while the only upstream is being restarted.

use crate::client::Client;
use crate::gateway::Gateway;
use crate::pace;
use crate::upstream::Upstream;
use serde_json::Value;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

/// A gateway for one pool of these, with these keys.
fn gateway(upstreams: &[&Upstream], keys: &str) -> Gateway {
    let urls: Vec<String> = upstreams.iter().map(|upstream| format!("\"{}\"", upstream.url())).collect();
    at(&urls.join(", "), keys)
}

fn at(urls: &str, keys: &str) -> Gateway {
    Gateway::start(&format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = [{urls}]\n{keys}\n"
    ))
}

/// An upstream that answers everything with this status and these fields.
fn refusing(start: &'static str) -> Upstream {
    Upstream::start(move |link| {
        while link.request()?.is_some() {
            link.send(&format!("HTTP/1.1 {start}Content-Length: 4\r\n\r\nno\r\n"))?;
        }
        Ok(())
    })
}

/// An upstream that takes requests and never answers.
fn silent() -> Upstream {
    Upstream::start(|link| {
        while link.request()?.is_some() {}
        Ok(())
    })
}

/// A free address at which nothing listens.
fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it is bound")
}

fn statuses(gateway: &Gateway, method: &str, count: usize) -> Vec<u16> {
    let mut client = Client::connect(gateway.address());
    let ask = |_| match method {
        "GET" => client.get("/").expect("it is answered").status,
        _ => client.post("/", "a=b").expect("it is answered").status,
    };
    (0..count).map(ask).collect()
}

fn attempts(record: &Value) -> &[Value] {
    record["attempts"].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[test]
fn an_upstream_that_cannot_now_is_passed_over() {
    let well = Upstream::saying("well");
    let full = refusing("503 Service Unavailable\r\n");
    let gateway = gateway(&[&full, &well], "");
    assert_eq!(statuses(&gateway, "GET", 8), [200; 8]);
    let records = gateway.wait_for_records(8);
    let passed_over: Vec<_> = records.iter().filter(|record| attempts(record).len() == 2).collect();
    assert!(!passed_over.is_empty() && !full.targets().is_empty());
    assert!(passed_over.iter().all(|record| attempts(record)[0]["status"] == 503), "{passed_over:?}");
}

#[test]
fn an_answer_that_says_when_to_come_back_is_passed_on() {
    let (one, two) = (refusing("503 Busy\r\nRetry-After: 9\r\n"), refusing("503 Busy\r\nRetry-After: 9\r\n"));
    let gateway = gateway(&[&one, &two], "");
    assert_eq!(statuses(&gateway, "GET", 2), [503; 2]);
    assert_eq!(one.targets().len() + two.targets().len(), 2);
}

#[test]
fn a_post_is_not_repeated_because_of_an_answer() {
    let (one, two) = (refusing("503 Busy\r\n"), refusing("503 Busy\r\n"));
    let gateway = gateway(&[&one, &two], "");
    assert_eq!(statuses(&gateway, "POST", 2), [503; 2]);
    assert_eq!(one.targets().len() + two.targets().len(), 2);
}

#[test]
fn only_what_the_route_names_is_repeated() {
    let cut = Upstream::start(|link| link.request().map(|_| ()));
    let gateway = gateway(&[&cut], "retry = { on = [\"connect_refused\"] }");
    assert_eq!(statuses(&gateway, "GET", 1), [502]);
    assert_eq!(cut.targets().len(), 1);
}

#[test]
fn a_restart_of_the_only_upstream_is_waited_for() {
    let first = Upstream::saying("well");
    let (address, gateway) = (first.address(), gateway(&[&first], ""));
    assert_eq!(statuses(&gateway, "GET", 1), [200]);
    drop(first);
    let began = Instant::now();
    let asked = ["GET", "POST", "GET"].map(|method| {
        let address = gateway.address();
        std::thread::spawn(move || {
            let mut client = Client::connect(address);
            let answer = if method == "GET" { client.get("/") } else { client.post("/", "a=b") };
            answer.expect("it is answered").status
        })
    });
    pace(Duration::from_millis(400));
    let _second = Upstream::start_at(address, |link| {
        while link.request()?.is_some() {
            link.answer("back")?;
        }
        Ok(())
    });
    let statuses = asked.map(|thread| thread.join().expect("the client does not panic"));
    assert_eq!(statuses, [200; 3]);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let records = gateway.wait_for_records(4);
    let causes: Vec<_> = attempts(&records[3]).iter().map(|attempt| &attempt["cause"]).collect();
    assert_eq!(
        (causes[0].as_str(), causes.last()),
        (Some("connect_refused"), Some(&&Value::Null)),
        "{causes:?}"
    );
}

#[test]
fn a_pool_that_stays_away_says_so_at_once_after_the_wait() {
    let upstream = Upstream::saying("well");
    let gateway = gateway(&[&upstream], "wait = \"300ms\"");
    assert_eq!(statuses(&gateway, "GET", 1), [200]);
    drop(upstream);
    let mut client = Client::connect(gateway.address());
    let began = Instant::now();
    let answer = client.get("/").expect("it is answered");
    assert!(began.elapsed() >= Duration::from_millis(250), "{:?}", began.elapsed());
    assert_eq!((answer.status, answer.head.field("retry-after").is_some()), (502, true));
    // On a busy machine this is slow, but it never waits again.
    let began = Instant::now();
    assert_eq!(statuses(&gateway, "GET", 5), [502; 5]);
    assert!(began.elapsed() < Duration::from_millis(1200), "{:?}", began.elapsed());
}

#[test]
fn a_pool_that_never_worked_is_not_waited_for() {
    let gateway = at(&format!("\"http://{}\"", nobody()), "wait = \"60s\"");
    assert_eq!(statuses(&gateway, "GET", 1), [502]);
}

#[test]
fn a_late_answer_is_overtaken_by_a_second_attempt() {
    let (late, well) = (silent(), Upstream::saying("well"));
    let gateway = gateway(&[&late, &well], "hedge = \"50ms\"");
    assert_eq!(statuses(&gateway, "GET", 6), [200; 6]);
    assert!(!late.targets().is_empty(), "the late one was asked");
    let records = gateway.wait_for_records(6);
    let hedged: Vec<_> = records.iter().filter(|record| attempts(record).len() == 2).collect();
    assert!(!hedged.is_empty());
    for record in hedged {
        let (lost, won) = (&attempts(record)[0], &attempts(record)[1]);
        assert_eq!((&lost["cause"], &won["status"]), (&Value::Null, &Value::from(200)), "{record}");
    }
}

#[test]
fn a_post_has_no_second_attempt_beside_it() {
    let slow = || {
        Upstream::start(|link| {
            while link.request()?.is_some() {
                pace(Duration::from_millis(150));
                link.answer("well")?;
            }
            Ok(())
        })
    };
    let (one, two) = (slow(), slow());
    let gateway = gateway(&[&one, &two], "hedge = \"20ms\"");
    assert_eq!(statuses(&gateway, "POST", 2), [200; 2]);
    assert_eq!(one.targets().len() + two.targets().len(), 2);
}

#[test]
fn an_attempt_that_takes_too_long_gives_way() {
    let (late, well) = (silent(), Upstream::saying("well"));
    let gateway = gateway(&[&late, &well], "deadline = { per_try = \"100ms\" }");
    assert_eq!(statuses(&gateway, "GET", 4), [200; 4]);
    let records = gateway.wait_for_records(4);
    let given_way: Vec<_> = records.iter().filter(|record| attempts(record).len() == 2).collect();
    assert!(!given_way.is_empty());
    assert!(given_way.iter().all(|record| attempts(record)[0]["cause"] == "head_timed_out"), "{given_way:?}");
}
