//! Which upstream gets a request, and who is left out: shares, ties between client and upstream, backups, and one of
//! several that misbehaves.

use crate::client::{Answer, Client};
use crate::gateway::Gateway;
use crate::upstream::{Link, Upstream};
use crate::{PATIENCE, eventually};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use torwart_record::Exposition;

const NAMES: [&str; 3] = ["first", "second", "third"];

fn config(upstreams: &[String], keys: &str) -> String {
    let upstreams = upstreams.join(", ");
    format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = [{upstreams}]\n\
         slow_start = \"0s\"\n{keys}\n"
    )
}

fn quoted(upstream: &Upstream) -> String {
    format!("\"{}\"", upstream.url())
}

/// Three upstreams that say who they are, and a gateway before them.
fn three(keys: &str) -> (Vec<Upstream>, Gateway) {
    let upstreams: Vec<_> = NAMES.into_iter().map(Upstream::saying).collect();
    let urls: Vec<_> = upstreams.iter().map(quoted).collect();
    let gateway = Gateway::start(&config(&urls, keys));
    (upstreams, gateway)
}

/// Asks with these field lines.
fn ask(client: &mut Client, fields: &str) -> Answer {
    client.send(&format!("GET / HTTP/1.1\r\nHost: shop.example\r\n{fields}\r\n")).expect("it is sent");
    client.answer().expect("it is answered")
}

/// How many of so many requests each answer got.
fn counts(client: &mut Client, requests: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for _ in 0..requests {
        *counts.entry(ask(client, "").body).or_default() += 1;
    }
    counts
}

/// An upstream that answers with `503` while `is_ill`.
fn doubtful(name: &'static str, is_ill: Arc<AtomicBool>) -> Upstream {
    let serve = move |link: &mut Link| -> io::Result<()> {
        while link.request()?.is_some() {
            if is_ill.load(Ordering::SeqCst) {
                link.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")?;
            } else {
                link.answer(name)?;
            }
        }
        Ok(())
    };
    Upstream::start(serve)
}

fn metrics(gateway: &Gateway) -> String {
    gateway.running().metrics().scrape(Exposition::Prometheus)
}

#[test]
fn two_choices_use_all_upstreams_that_answer_alike() {
    let (_upstreams, gateway) = three("");
    let counts = counts(&mut Client::connect(gateway.address()), 300);
    assert!(NAMES.iter().all(|name| counts.get(*name).is_some_and(|count| *count >= 20)), "{counts:?}");
}

#[test]
fn turns_follow_weights_exactly() {
    let upstreams = [Upstream::saying("first"), Upstream::saying("second")];
    let weighed = format!("{{ url = \"{}\", weight = 19 }}", upstreams[0].url());
    let gateway = Gateway::start(&config(&[weighed, quoted(&upstreams[1])], "balance = \"round_robin\""));
    let counts = counts(&mut Client::connect(gateway.address()), 200);
    assert_eq!((counts["first"], counts["second"]), (190, 10));
}

#[test]
fn a_backup_stands_in_only_while_the_others_are_down() {
    let (first, backup) = (Upstream::saying("first"), Upstream::saying("backup"));
    let (address, reserve) = (first.address(), format!("{{ url = \"{}\", backup = true }}", backup.url()));
    let gateway = Gateway::start(&config(&[quoted(&first), reserve], "eject = { time = \"50ms\" }"));
    let mut client = Client::connect(gateway.address());
    assert_eq!(counts(&mut client, 20).get("first"), Some(&20));
    drop(first);
    assert_eq!(counts(&mut client, 20).get("backup"), Some(&20));
    let _first = Upstream::start_at(address, |link| {
        while link.request()?.is_some() {
            link.answer("first again")?;
        }
        Ok(())
    });
    eventually("the first one is used again", || ask(&mut client, "").body == "first again");
    assert_eq!(counts(&mut client, 20).get("first again"), Some(&20));
}

#[test]
fn one_that_fails_fast_is_left_out_and_comes_back() {
    let is_ill = Arc::new(AtomicBool::new(true));
    let ill = doubtful("healed", Arc::clone(&is_ill));
    let (second, third) = (Upstream::saying("second"), Upstream::saying("third"));
    let urls = [quoted(&ill), quoted(&second), quoted(&third)];
    let keys = "balance = \"round_robin\"\nretry = { attempts = 1 }\neject = { time = \"100ms\", longest = \"200ms\" }";
    let gateway = Gateway::start(&config(&urls, keys));
    let mut client = Client::connect(gateway.address());
    let harmed = (0..400).filter(|_| ask(&mut client, "").status == 503).count();
    assert!((1..=20).contains(&harmed), "{harmed}");
    let ejected = format!(
        "torwart_upstream_ejections_total{{pool=\"*\",upstream=\"{}\",cause=\"upstream_said_so\"}}",
        ill.url()
    );
    eventually("it is left out", || {
        ask(&mut client, "");
        metrics(&gateway).contains(&ejected)
    });
    eventually("that shows", || {
        metrics(&gateway).contains(&format!("torwart_upstream_up{{pool=\"*\",upstream=\"{}\"}} 0", ill.url()))
    });
    is_ill.store(false, Ordering::SeqCst);
    eventually("it is used again", || ask(&mut client, "").body == "healed");
    eventually("that shows as well", || {
        ask(&mut client, "");
        metrics(&gateway).contains(&format!("torwart_upstream_up{{pool=\"*\",upstream=\"{}\"}} 1", ill.url()))
    });
}

#[test]
fn one_that_fails_fast_draws_no_traffic() {
    let ill = doubtful("healed", Arc::new(AtomicBool::new(true)));
    let (second, third) = (Upstream::saying("second"), Upstream::saying("third"));
    for balance in ["two_choices", "least_in_flight"] {
        let urls = [quoted(&ill), quoted(&second), quoted(&third)];
        let keys = format!("balance = \"{balance}\"\nretry = {{ attempts = 1 }}\neject = false");
        let gateway = Gateway::start(&config(&urls, &keys));
        let mut client = Client::connect(gateway.address());
        let harmed = (0..300).filter(|_| ask(&mut client, "").status == 503).count();
        assert!(harmed <= 10, "{balance}: {harmed}");
    }
}

#[test]
fn when_all_are_ill_all_are_used() {
    let is_ill = Arc::new(AtomicBool::new(true));
    let upstreams: Vec<_> = NAMES.into_iter().map(|name| doubtful(name, Arc::clone(&is_ill))).collect();
    let urls: Vec<_> = upstreams.iter().map(quoted).collect();
    let mut gateway = Gateway::start(&config(&urls, "retry = { attempts = 1 }\neject = { failures = 1 }"));
    let mut client = Client::connect(gateway.address());
    assert!((0..100).all(|_| ask(&mut client, "").status == 503));
    is_ill.store(false, Ordering::SeqCst);
    eventually("all is well again", || ask(&mut client, "").status == 200);
    gateway.stop(PATIENCE);
    let asked = |record: &serde_json::Value| record["attempts"].as_array().is_some_and(|all| all.len() == 1);
    assert!(gateway.records().iter().all(asked), "every request reached an upstream");
}

#[test]
fn one_that_hangs_harms_few() {
    let hangs = Upstream::start(|link| {
        while link.request()?.is_some() {}
        Ok(())
    });
    let (second, third) = (Upstream::saying("second"), Upstream::saying("third"));
    let urls = [quoted(&hangs), quoted(&second), quoted(&third)];
    let keys = "retry = { attempts = 1 }\ndeadline = { first_byte = \"300ms\" }";
    let gateway = Gateway::start(&config(&urls, keys));
    let mut clients: Vec<_> = (0..8).map(|_| Client::connect(gateway.address())).collect();
    let mut harmed = 0;
    for _ in 0..40 {
        for client in &mut clients {
            client.send("GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n").expect("it is sent");
        }
        for client in &mut clients {
            harmed += usize::from(client.answer().expect("it is answered").status != 200);
        }
    }
    assert!(harmed <= 8, "of 320 only those at the very beginning: {harmed}");
}

#[test]
fn requests_that_are_alike_in_a_field_go_to_the_same_upstream() {
    let (_upstreams, gateway) = three("balance = { hash = \"header:X-Shop\" }");
    let mut client = Client::connect(gateway.address());
    let mut seen = BTreeMap::new();
    for shop in 0..30 {
        let fields = format!("X-Shop: {shop}\r\n");
        let at = ask(&mut client, &fields).body;
        assert!((0..3).all(|_| ask(&mut client, &fields).body == at));
        *seen.entry(at).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
}

#[test]
fn a_cookie_keeps_a_client_at_its_upstream_until_that_one_is_gone() {
    let (mut upstreams, gateway) = three("balance = { cookie = \"server\" }\nretry = { attempts = 3 }");
    let mut client = Client::connect(gateway.address());
    let first = ask(&mut client, "");
    let line = first.head.field("set-cookie").expect("a cookie is set").to_owned();
    assert!(line.starts_with("server=") && line.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{line}");
    let pair = line.split(';').next().unwrap_or_default();
    assert!(pair.len() > 20 && !upstreams.iter().any(|one| pair.contains(&port(one.address()))), "{pair}");
    for _ in 0..20 {
        let again = ask(&mut client, &format!("Cookie: a=b; {pair}\r\n"));
        assert_eq!((again.body.as_str(), again.head.field("set-cookie")), (first.body.as_str(), None));
    }
    assert!(ask(&mut client, "Cookie: server=0123456789abcdef\r\n").head.field("set-cookie").is_some());

    let place = NAMES.iter().position(|name| *name == first.body).expect("it is one of them");
    drop(upstreams.remove(place));
    let moved = ask(&mut client, &format!("Cookie: {pair}\r\n"));
    assert_ne!(moved.body, first.body);
    let line = moved.head.field("set-cookie").expect("another cookie is set").to_owned();
    let pair = line.split(';').next().unwrap_or_default();
    assert!((0..10).all(|_| ask(&mut client, &format!("Cookie: {pair}\r\n")).body == moved.body));
}

fn port(address: SocketAddr) -> String {
    address.port().to_string()
}

#[test]
fn a_reload_keeps_cookies_and_a_secret_makes_them_the_same_everywhere() {
    let upstreams: Vec<_> = NAMES.into_iter().map(Upstream::saying).collect();
    let urls: Vec<_> = upstreams.iter().map(quoted).collect();
    let config_with = |keys: &str| config(&urls, &format!("balance = {{ cookie = \"at\"{keys} }}"));
    let gateway = Gateway::start(&config_with(""));
    let cookie = |gateway: &Gateway, fields: &str| {
        let answer = ask(&mut Client::connect(gateway.address()), fields);
        let line =
            answer.head.field("set-cookie").map(|line| line.split(';').next().unwrap_or_default().to_owned());
        (answer.body, line)
    };
    let (at, line) = cookie(&gateway, "");
    let line = line.expect("a cookie is set");
    gateway.adopt(&config_with("")).expect("it is taken over");
    assert_eq!(cookie(&gateway, &format!("Cookie: {line}\r\n")), (at, None));

    gateway.folder().write("key", "a secret of many bytes");
    gateway.adopt(&config_with(", secret = \"{folder}/key\"")).expect("it is taken over");
    let (at, line) = cookie(&gateway, &format!("Cookie: {line}\r\n"));
    let line = line.expect("the old cookie is none any more");
    let other = crate::gateway::Folder::new();
    other.write("key", "a secret of many bytes\n");
    let other = Gateway::start_in(other, &config_with(", secret = \"{folder}/key\""));
    assert_eq!(cookie(&other, &format!("Cookie: {line}\r\n")), (at, None));

    gateway.folder().write("key", "short");
    let refused = gateway.adopt(&config_with(", secret = \"{folder}/key\"")).expect_err("it is refused");
    assert!(refused.contains("at least 16 bytes"), "{refused}");
}
