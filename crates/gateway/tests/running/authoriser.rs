//! A service that says who may come in: obeyed when it speaks clearly, and a cause of its own when it fails.

use crate::client::{Answer, Client};
use crate::gateway::{Gateway, cause};
use crate::upstream::Upstream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The fields of every question, in the order they came.
type Heard = Arc<Mutex<Vec<String>>>;

/// A service that answers every question with these bytes, and keeps what it was asked.
fn service(answer: &'static str) -> (Upstream, Heard) {
    let heard = Heard::default();
    let its = Arc::clone(&heard);
    let service = Upstream::start(move |link| {
        while let Some(head) = link.request()? {
            let fields = head.fields.iter().map(|(name, value)| format!("{name}: {value}\n"));
            let told = format!("{}\n{}", head.line, fields.collect::<String>());
            its.lock().expect("nobody panics here").push(told);
            link.send(answer)?;
        }
        Ok(())
    });
    (service, heard)
}

/// An upstream that answers with the fields it got.
fn mirror() -> Upstream {
    Upstream::start(|link| {
        while let Some(head) = link.request()? {
            let lines = head.fields.iter().map(|(name, value)| format!("{name}: {value}\n"));
            let said: String = lines.collect();
            link.answer(&said)?;
        }
        Ok(())
    })
}

fn gateway(upstream: &Upstream, service: &str, more: &str) -> Gateway {
    let url = upstream.url();
    Gateway::start(&format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{url}\"\n\
         auth = {{ forward = \"{service}\", deadline = \"400ms\", headers = [\"Remote-User\", \"Remote-Groups\"]{more} }}\n"
    ))
}

fn ask(gateway: &Gateway, fields: &str) -> Answer {
    let mut client = Client::connect(gateway.address());
    let body = "a=1";
    let head =
        format!("POST /page?a=1 HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 3\r\n{fields}\r\n{body}");
    client.send(&head).expect("it is taken");
    client.answer().expect("it is answered")
}

const YES: &str = "HTTP/1.1 204 No Content\r\nRemote-User: anna\r\nSet-Cookie: x=1\r\n\r\n";

#[test]
fn a_yes_lets_the_request_pass_with_what_the_service_says_about_the_client() {
    let upstream = mirror();
    let (service, heard) = service(YES);
    let gateway = gateway(&upstream, &format!("{}/verify?x=1", service.url()), "");
    let claims = "Cookie: session=1\r\nRemote-User: root\r\nREMOTE-GROUPS: wheel\r\nRemote_User: root\r\nX-Forwarded-Uri: /public\r\nX-Original-URL: /public\r\n";
    let answer = ask(&gateway, claims);
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("remote-user: anna\n"), "{}", answer.body);
    for claimed in ["root", "wheel"] {
        assert!(!answer.body.contains(claimed), "what the service says cannot be claimed: {}", answer.body);
    }
    let asked = heard.lock().expect("nobody panics here").remove(0);
    assert!(asked.starts_with("GET /verify?x=1 HTTP/1.1\n"), "{asked}");
    for told in [
        "cookie: session=1\n",
        "x-forwarded-method: POST\n",
        "x-forwarded-uri: /page?a=1\n",
        "x-forwarded-host: shop.example\n",
        "x-forwarded-proto: http\n",
        "x-forwarded-for: 127.0.0.1\n",
    ] {
        assert!(asked.contains(told), "{told} is missing in {asked}");
    }
    for hidden in ["content-length", "root", "wheel", "/public"] {
        assert!(!asked.contains(hidden), "{hidden} in {asked}");
    }
    assert_eq!(cause(&gateway.wait_for_records(1)[0]), "");
}

#[test]
fn a_no_goes_back_to_the_client_as_the_service_says_it() {
    let upstream = mirror();
    let cases = [
        (
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nsign in",
            401,
            "unauthorized",
        ),
        (
            "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nsign in\r\n0\r\n\r\n",
            403,
            "denied",
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: https://login.example/\r\nSet-Cookie: a=1\r\nContent-Length: 7\r\n\r\nsign in",
            302,
            "",
        ),
    ];
    for (said, status, expected) in cases {
        let (service, _) = service(said);
        let gateway = gateway(&upstream, &service.url(), "");
        let answer = ask(&gateway, "");
        assert_eq!((answer.status, answer.body.as_str()), (status, "sign in"));
        let fields = [
            (401, "www-authenticate", "Bearer"),
            (302, "location", "https://login.example/"),
            (302, "set-cookie", "a=1"),
        ];
        for (_, name, value) in fields.iter().filter(|(of, _, _)| *of == status) {
            assert_eq!(answer.head.field(name), Some(*value));
        }
        let record = &gateway.wait_for_records(1)[0];
        assert_eq!((cause(record), record["served_by"].as_str()), (expected, Some("answer")));
    }
    assert!(upstream.targets().is_empty(), "the upstream was not asked");
}

#[test]
fn a_service_that_fails_lets_nobody_in_and_is_named() {
    let upstream = mirror();
    let check = |url: &str, what: &str| {
        let gateway = gateway(&upstream, url, "");
        let began = Instant::now();
        let answer = ask(&gateway, "");
        assert_eq!(answer.status, 503, "{what}");
        assert!(began.elapsed() < Duration::from_secs(3), "{what}: {:?}", began.elapsed());
        let record = &gateway.wait_for_records(1)[0];
        assert_eq!((cause(record), record["stage"].as_str()), ("authoriser_failed", Some("guard")), "{what}");
        // The next one is asked anew.
        assert_eq!(ask(&gateway, "").status, 503, "{what}");
    };
    for (said, what) in [
        ("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "an error"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "no such page"),
        ("HTTP/1.1 304 Not Modified\r\n\r\n", "nothing new"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "garbage"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "half an answer"),
        ("HTTP/1.1 200 OK\r\nContent-Le", "half a head"),
        ("", "silence"),
    ] {
        let (service, _) = service(said);
        check(&service.url(), what);
    }
    check("http://127.0.0.1:1", "nobody there");
    let closing = Upstream::start(|link| link.request().map(|_| ()));
    check(&closing.url(), "a closed connection");
    assert!(upstream.targets().is_empty(), "the upstream was not asked");
}

#[test]
fn a_service_that_drips_is_given_up_after_its_deadline() {
    let upstream = mirror();
    let dripping = Upstream::start(|link| {
        link.request()?;
        for byte in "HTTP/1.1 200 OK\r\nX: ".chars().chain(std::iter::repeat_n('a', 1000)) {
            link.send(&byte.to_string())?;
            crate::pace(Duration::from_millis(50));
        }
        Ok(())
    });
    let gateway = gateway(&upstream, &dripping.url(), "");
    let began = Instant::now();
    assert_eq!(ask(&gateway, "").status, 503);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(cause(&gateway.wait_for_records(1)[0]), "authoriser_failed");
}

#[test]
fn one_connection_carries_many_questions_and_its_end_is_no_failure() {
    let upstream = mirror();
    // Closes after every second question, without a word.
    let service = Upstream::start(|link| {
        for _ in 0..2 {
            if link.request()?.is_none() {
                return Ok(());
            }
            link.send(YES)?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream, &service.url(), "");
    for _ in 0..10 {
        assert_eq!(ask(&gateway, "").status, 200);
    }
    assert!((5..=6).contains(&service.connections()), "{}", service.connections());
}
