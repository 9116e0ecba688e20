//! The cache as clients meet it: hits, validation, one fetch for all who wait, stale answers instead of failures.

use crate::client::{Answer, Client};
use crate::gateway::{Gateway, cause};
use crate::message::Head;
use crate::upstream::{Link, Upstream};
use crate::{eventually, pace};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;
use torwart_gateway::Purge;

fn gateway(url: &str, cache: &str) -> Gateway {
    gateway_on(url, cache, 1)
}

fn gateway_on(url: &str, cache: &str, workers: usize) -> Gateway {
    Gateway::start(&config(url, cache, workers))
}

fn config(url: &str, cache: &str, workers: usize) -> String {
    format!(
        "workers = {workers}\n[listen]\nhttp = \"127.0.0.1:0\"\n\
         [site.\"*\"]\nupstreams = \"{url}\"\ncache = {cache}\n"
    )
}

/// An upstream that answers each request by its number and the field lines that `fields` gives for it.
fn counting(fields: impl Fn(&Head, usize) -> String + Send + Sync + 'static) -> Upstream {
    let count = AtomicUsize::new(0);
    Upstream::start(move |link| {
        while let Some(head) = link.request()? {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            let fields = fields(&head, number);
            match fields.strip_prefix("304 ") {
                Some(fields) => link.send(&format!("HTTP/1.1 304 Not Modified\r\n{fields}\r\n"))?,
                None => link.answer_with(&fields, &format!("answer {number}"))?,
            }
        }
        Ok(())
    })
}

fn said(answer: &Answer) -> &str {
    answer.head.field("cache-status").unwrap_or_default()
}

fn ask(client: &mut Client, path: &str, fields: &str) -> Answer {
    client
        .send(&format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\n{fields}\r\n"))
        .and_then(|()| client.answer())
        .expect("it is answered")
}

#[test]
fn what_may_be_kept_is_asked_for_once() {
    let upstream = counting(|_, _| "Cache-Control: max-age=60\r\nETag: \"1\"\r\n".to_owned());
    let gateway = gateway(&upstream.url(), "true");
    let mut client = Client::connect(gateway.address());
    let first = client.get("/page").expect("it is answered");
    let second = client.get("/page").expect("it is answered");
    assert_eq!((&*first.body, said(&first)), ("answer 1", "torwart;fwd=uri-miss;stored"));
    assert_eq!((&*second.body, second.head.field("age")), ("answer 1", Some("0")));
    assert!(said(&second).starts_with("torwart;hit;ttl="), "{}", said(&second));
    let known = ask(&mut client, "/page", "If-None-Match: \"1\"\r\n");
    assert_eq!((known.status, &*known.body), (304, ""));
    let part = ask(&mut client, "/page", "Range: bytes=0-5\r\n");
    assert_eq!(
        (part.status, &*part.body, part.head.field("content-range")),
        (206, "answer", Some("bytes 0-5/8"))
    );
    let parts = ask(&mut client, "/page", "Range: bytes=0-0,7-7\r\n");
    assert!(
        parts.status == 206 && parts.body.contains("Content-Range: bytes 7-7/8\r\n\r\n1\r\n--"),
        "{}",
        parts.body
    );
    let none = ask(&mut client, "/page", "Range: bytes=9-\r\n");
    assert_eq!((none.status, none.head.field("content-range")), (416, Some("bytes */8")));
    client.send("HEAD /page HTTP/1.1\r\nHost: shop.example\r\n\r\n").expect("it is taken");
    let head = client.head().expect("it is answered");
    assert_eq!((head.word(), head.field("content-length")), ("200", Some("8")));
    assert_eq!(upstream.targets(), ["/page"]);
    let records = gateway.wait_for_records(7);
    let served: Vec<_> =
        records.iter().map(|record| record["served_by"].as_str().unwrap_or_default()).collect();
    assert_eq!(served, ["upstream", "cache", "cache", "cache", "cache", "cache", "cache"]);
    assert_eq!(records[0]["attempts"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_may_not_be_kept_is_asked_for_each_time() {
    let upstream = counting(|head, _| match head.word() {
        "/private" => "Cache-Control: private, max-age=60\r\n".to_owned(),
        "/cookie" => "Cache-Control: max-age=60\r\nSet-Cookie: a=b\r\n".to_owned(),
        _ => "Cache-Control: no-store\r\n".to_owned(),
    });
    let gateway = gateway(&upstream.url(), "true");
    let mut client = Client::connect(gateway.address());
    for path in ["/private", "/cookie", "/none"] {
        for _ in 0..2 {
            let answer = client.get(path).expect("it is answered");
            assert_eq!((answer.status, said(&answer)), (200, "torwart;fwd=uri-miss"), "{path}");
        }
    }
    assert_eq!(upstream.targets().len(), 6);
}

#[test]
fn forms_of_a_page_are_kept_apart() {
    let upstream = counting(|_, _| "Cache-Control: max-age=60\r\nVary: Accept-Language\r\n".to_owned());
    let gateway = gateway(&upstream.url(), "{ ignore_query = [\"utm_*\"], key = [\"cookie:currency\"] }");
    let mut client = Client::connect(gateway.address());
    let mut body = |path: &str, fields: &str| ask(&mut client, path, fields).body;
    assert_eq!(body("/p?a=1", "Accept-Language: de\r\n"), "answer 1");
    assert_eq!(body("/p?a=1", "Accept-Language: en\r\n"), "answer 2");
    assert_eq!(body("/p?a=1&utm_source=x", "Accept-Language: DE\r\n"), "answer 1");
    assert_eq!(body("/p?a=1", "Accept-Language: de\r\nCookie: a=b; currency=EUR\r\n"), "answer 3");
    assert_eq!(body("/p?a=1", "Accept-Language: en\r\n"), "answer 2");
    assert_eq!(upstream.targets().len(), 3);
}

#[test]
fn what_is_stale_is_validated_and_what_is_new_about_it_kept() {
    let upstream = counting(|head, number| match (head.field("if-none-match"), number) {
        (None, 1) => "Cache-Control: max-age=0\r\nETag: \"1\"\r\n".to_owned(),
        (Some("\"1\""), 2) => "304 ETag: \"1\"\r\nCache-Control: max-age=60\r\nX-New: yes\r\n".to_owned(),
        other => format!("X-Wrong: {other:?}\r\n"),
    });
    let gateway = gateway(&upstream.url(), "true");
    let mut client = Client::connect(gateway.address());
    client.get("/page").expect("it is answered");
    let validated = client.get("/page").expect("it is answered");
    assert_eq!((&*validated.body, validated.head.field("x-new")), ("answer 1", Some("yes")));
    assert!(said(&validated).starts_with("torwart;fwd=stale;fwd-status=304"), "{}", said(&validated));
    let hit = client.get("/page").expect("it is answered");
    assert_eq!((&*hit.body, hit.head.field("x-new")), ("answer 1", Some("yes")));
    assert_eq!(upstream.targets().len(), 2);
}

#[test]
fn what_the_client_wants_is_obeyed() {
    let upstream = counting(|_, _| "Cache-Control: max-age=60\r\n".to_owned());
    let gateway = gateway(&upstream.url(), "true");
    let mut client = Client::connect(gateway.address());
    assert_eq!(ask(&mut client, "/page", "Cache-Control: only-if-cached\r\n").status, 504);
    client.get("/page").expect("it is answered");
    assert_eq!(ask(&mut client, "/page", "Cache-Control: only-if-cached\r\n").body, "answer 1");
    assert_eq!(ask(&mut client, "/page", "Cache-Control: no-cache\r\n").body, "answer 2");
    assert_eq!(ask(&mut client, "/page", "").body, "answer 2");
    assert_eq!(ask(&mut client, "/page", "Cache-Control: no-store\r\n").body, "answer 3");
    assert_eq!(ask(&mut client, "/page", "").body, "answer 2");
}

#[test]
fn unsafe_requests_that_work_make_what_is_stored_worthless() {
    let upstream = counting(|head, _| match head.line.split(' ').next() {
        Some("POST") => "Location: /other\r\n".to_owned(),
        _ => "Cache-Control: max-age=60\r\n".to_owned(),
    });
    let gateway = gateway(&upstream.url(), "true");
    let mut client = Client::connect(gateway.address());
    for path in ["/page", "/other", "/third"] {
        client.get(path).expect("it is answered");
    }
    client.post("/page", "x").expect("it is answered");
    let bodies = ["/page", "/other", "/third"].map(|path| client.get(path).expect("it is answered").body);
    assert_eq!(bodies, ["answer 5", "answer 6", "answer 3"]);
}

/// An upstream that thinks for this long.
fn thinking(time: Duration, fields: &'static str) -> Upstream {
    Upstream::start(move |link| {
        while link.request()?.is_some() {
            pace(time);
            link.answer_with(fields, &"x".repeat(100_000))?;
        }
        Ok(())
    })
}

fn crowd(gateway: &Gateway, size: usize) -> Vec<Answer> {
    let (start, address) = (Barrier::new(size), gateway.address());
    std::thread::scope(|scope| {
        let clients = (0..size).map(|_| {
            scope.spawn(|| {
                let mut client = Client::connect(address);
                start.wait();
                client.get("/page").expect("it is answered")
            })
        });
        let clients: Vec<_> = clients.collect();
        clients.into_iter().map(|client| client.join().expect("no client panics")).collect()
    })
}

#[test]
fn a_crowd_that_wants_one_page_asks_the_upstream_once() {
    let upstream = thinking(Duration::from_millis(300), "Cache-Control: max-age=60\r\n");
    let gateway = gateway_on(&upstream.url(), "true", 2);
    let answers = crowd(&gateway, 40);
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body.len() == 100_000));
    assert_eq!(upstream.targets().len(), 1);
    let collapsed = answers.iter().filter(|answer| said(answer).contains(";collapsed")).count();
    assert!(collapsed > 30, "{collapsed}");
    assert_eq!(gateway.wait_for_records(40).len(), 40);
}

#[test]
fn a_crowd_that_wants_private_pages_goes_on_at_once() {
    let upstream = thinking(Duration::from_millis(200), "Cache-Control: private\r\n");
    let gateway = gateway_on(&upstream.url(), "true", 2);
    let begun = std::time::Instant::now();
    let answers = crowd(&gateway, 20);
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body.len() == 100_000));
    assert_eq!(upstream.targets().len(), 20);
    assert!(begun.elapsed() < Duration::from_millis(2000), "one after the other: {:?}", begun.elapsed());
}

#[test]
fn a_client_that_leaves_ends_nothing() {
    let upstream = thinking(Duration::from_millis(200), "Cache-Control: max-age=60\r\n");
    let gateway = gateway(&upstream.url(), "true");
    let mut leaves = Client::connect(gateway.address());
    leaves.send("GET /page HTTP/1.1\r\nHost: shop.example\r\n\r\n").expect("it is taken");
    eventually("the fetch has begun", || upstream.targets().len() == 1);
    torwart_kernel::socket::set_linger_reset(&leaves.wire.tcp).expect("a socket has this option");
    drop(leaves);
    let record = &gateway.wait_for_records(1)[0];
    assert_eq!(cause(record), "client_left");
    let answer = Client::connect(gateway.address()).get("/page").expect("it is answered");
    assert_eq!((answer.status, answer.body.len()), (200, 100_000));
    assert_eq!(upstream.targets().len(), 1);
}

/// An upstream that can be switched off, and fails then in this way.
fn failing(
    is_down: &Arc<AtomicBool>,
    fail: fn(&mut Link) -> io::Result<()>,
    fields: &'static str,
) -> Upstream {
    let is_down = Arc::clone(is_down);
    Upstream::start(move |link| {
        while link.request()?.is_some() {
            if is_down.load(Ordering::SeqCst) {
                fail(link)?;
            } else {
                link.answer_with(fields, "page")?;
            }
        }
        Ok(())
    })
}

#[test]
fn a_stale_page_stands_in_for_a_failure_unless_it_forbids_that() {
    let cut: fn(&mut Link) -> io::Result<()> = |_| Err(io::ErrorKind::Other.into());
    let refuse: fn(&mut Link) -> io::Result<()> =
        |link| link.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\ngone");
    for (fail, named) in [(cut, "closed_before_head"), (refuse, "upstream_said_so")] {
        for (fields, status) in [
            ("Cache-Control: max-age=0\r\nETag: \"1\"\r\n", 200),
            ("Cache-Control: max-age=0, must-revalidate\r\nETag: \"1\"\r\n", 500),
            ("ETag: \"1\"\r\n", 500),
        ] {
            let is_down = Arc::new(AtomicBool::new(false));
            let upstream = failing(&is_down, fail, fields);
            let gateway = gateway(&upstream.url(), "true");
            let mut client = Client::connect(gateway.address());
            client.get("/page").expect("it is answered");
            is_down.store(true, Ordering::SeqCst);
            let stale = Client::connect(gateway.address()).get("/page").expect("it is answered");
            assert_eq!(stale.status / 100 * 100, status, "{fields}");
            if status == 200 {
                assert_eq!(&*stale.body, "page");
                assert!(said(&stale).contains("detail=stale-if-error"), "{}", said(&stale));
                let record = &gateway.wait_for_records(2)[1];
                assert_eq!((record["served_by"].as_str(), cause(record)), (Some("stale"), named));
                // Nobody waits while it is known to be down, and it is asked beside.
                let again = Client::connect(gateway.address()).get("/page").expect("it is answered");
                assert_eq!((again.status, &*again.body), (200, "page"));
                is_down.store(false, Ordering::SeqCst);
            }
        }
    }
}

#[test]
fn a_stale_page_goes_out_while_it_is_fetched_anew() {
    let upstream = counting(|_, _| "Cache-Control: max-age=0, stale-while-revalidate=60\r\n".to_owned());
    let gateway = gateway(&upstream.url(), "true");
    let mut client = Client::connect(gateway.address());
    client.get("/page").expect("it is answered");
    let stale = client.get("/page").expect("it is answered");
    assert_eq!(&*stale.body, "answer 1");
    assert!(said(&stale).contains("detail=stale-while-revalidate"), "{}", said(&stale));
    eventually("it was fetched anew", || client.get("/page").is_ok_and(|answer| answer.body != "answer 1"));
}

#[test]
fn an_answer_that_breaks_off_is_not_kept() {
    let count = AtomicUsize::new(0);
    let upstream = Upstream::start(move |link| {
        while link.request()?.is_some() {
            let fields = "Cache-Control: max-age=60\r\nContent-Length: 100000\r\n";
            link.send(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n{}", "x".repeat(50_000)))?;
            if count.fetch_add(1, Ordering::SeqCst) == 0 {
                pace(Duration::from_millis(50));
                return Ok(());
            }
            link.send(&"x".repeat(50_000))?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream.url(), "true");
    assert!(Client::connect(gateway.address()).get("/page").is_err());
    let record = &gateway.wait_for_records(1)[0];
    assert_eq!((record["complete"].as_bool(), cause(record)), (Some(false), "body_cut"));
    let answer = Client::connect(gateway.address()).get("/page").expect("it is answered");
    assert_eq!((answer.status, answer.body.len()), (200, 100_000));
    assert_eq!(upstream.targets().len(), 2);
}

#[test]
fn what_is_too_long_is_passed_on_and_not_kept() {
    let upstream = thinking(Duration::ZERO, "Cache-Control: max-age=60\r\n");
    let gateway =
        Gateway::start(&format!("{}[cache]\nobject_size = \"50KiB\"\n", config(&upstream.url(), "true", 1)));
    let mut client = Client::connect(gateway.address());
    for _ in 0..2 {
        let answer = client.get("/page").expect("it is answered");
        assert_eq!((answer.status, answer.body.len()), (200, 100_000));
    }
    assert_eq!(upstream.targets().len(), 2);
}

#[test]
fn purging_gives_up_what_it_names_and_a_reload_gives_up_nothing() {
    let upstream = counting(|head, _| {
        let tag = if head.word() == "/b/2" { "Cache-Tag: sale\r\n" } else { "" };
        format!("Cache-Control: max-age=60\r\n{tag}")
    });
    let text = config(&upstream.url(), "true", 1);
    let gateway = Gateway::start(&text);
    let mut client = Client::connect(gateway.address());
    let mut fetched = |gateway: &Gateway| {
        let before = upstream.targets().len();
        for path in ["/a", "/b/1", "/b/2"] {
            assert_eq!(client.get(path).expect("it is answered").status, 200);
        }
        let _ = gateway;
        upstream.targets().split_off(before)
    };
    assert_eq!(fetched(&gateway), ["/a", "/b/1", "/b/2"]);
    gateway.adopt(&text).expect("the plan is sound");
    assert!(fetched(&gateway).is_empty());
    for (purge, count, expected) in [
        (Purge::Address("http://shop.example/a".to_owned()), 1, vec!["/a"]),
        (Purge::Prefix("shop.example/b/".to_owned()), 2, vec!["/b/1", "/b/2"]),
        (Purge::Tag("sale".to_owned()), 1, vec!["/b/2"]),
        (Purge::Address("shop.example/c".to_owned()), 0, vec![]),
        (Purge::All, 3, vec!["/a", "/b/1", "/b/2"]),
    ] {
        assert_eq!(gateway.running().cache().purge(&purge), count, "{purge:?}");
        assert_eq!(fetched(&gateway), expected, "{purge:?}");
    }
}

#[test]
fn pinned_pages_are_there_before_anybody_asks_and_never_fail() {
    let is_down = Arc::new(AtomicBool::new(false));
    let cut: fn(&mut Link) -> io::Result<()> = |_| Err(io::ErrorKind::Other.into());
    let upstream = failing(&is_down, cut, "ETag: \"1\"\r\n");
    let gateway = Gateway::start(&format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"shop.example\"]\nupstreams = \"{}\"\n\
         cache = {{ pin = \"/robots.txt\", warm = \"/warm\" }}\n",
        upstream.url()
    ));
    eventually("both are there", || upstream.targets().len() >= 2);
    is_down.store(true, Ordering::SeqCst);
    let answer = Client::connect(gateway.address()).get("/robots.txt").expect("it is answered");
    assert_eq!((answer.status, &*answer.body), (200, "page"));
    let other = Client::connect(gateway.address()).get("/warm").expect("it is answered");
    assert_eq!(other.status, 502);
}

#[test]
fn interim_heads_reach_whoever_waits() {
    let upstream = Upstream::start(|link| {
        while link.request()?.is_some() {
            link.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")?;
            link.answer_with("Cache-Control: max-age=60\r\n", "page")?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream.url(), "true");
    let mut client = Client::connect(gateway.address());
    client.send("GET /page HTTP/1.1\r\nHost: shop.example\r\n\r\n").expect("it is taken");
    let hint = client.head().expect("it comes");
    assert_eq!((hint.word(), hint.field("link")), ("103", Some("</a.css>")));
    assert_eq!(client.answer().expect("it is answered").body, "page");
    let hit = client.get("/page").expect("it is answered");
    assert_eq!((hit.status, hit.head.field("link")), (200, None));
}

#[test]
fn the_cache_is_one_for_all_versions_of_http() {
    let upstream = counting(|_, _| "Cache-Control: max-age=60\r\n".to_owned());
    let gateway = gateway(&upstream.url(), "true");
    let mut plain = Client::connect(gateway.address());
    assert_eq!(plain.get("/page").expect("it is answered").body, "answer 1");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it can be made");
    let (status, cache, body) = runtime.block_on(async {
        let tcp = tokio::net::TcpStream::connect(gateway.address()).await.expect("the gateway listens");
        let (mut send, connection) = h2::client::handshake(tcp).await.expect("it speaks HTTP/2");
        let mut driver = tokio::task::JoinSet::new();
        driver.spawn(connection);
        let request = http::Request::get("http://shop.example/page").body(()).expect("it is one");
        let (answer, _) = send.send_request(request, true).expect("it is sent");
        let mut answer = answer.await.expect("it is answered");
        let cache = answer.headers()["cache-status"].to_str().expect("is text").to_owned();
        let data = answer.body_mut().data().await.expect("there is a body").expect("it comes");
        driver.abort_all();
        (answer.status().as_u16(), cache, data)
    });
    assert_eq!((status, &*body), (200, b"answer 1".as_slice()));
    assert!(cache.starts_with("torwart;hit"), "{cache}");
    assert_eq!(upstream.targets().len(), 1);
}

#[test]
fn nobody_waits_for_an_upstream_that_is_gone_where_a_stale_page_is_at_hand() {
    let upstream = counting(|_, _| "Cache-Control: max-age=0\r\n".to_owned());
    let gateway = gateway(&upstream.url(), "true");
    let mut client = Client::connect(gateway.address());
    client.get("/page").expect("it is answered");
    drop(upstream);
    let begun = std::time::Instant::now();
    let stale = client.get("/page").expect("it is answered");
    assert_eq!((stale.status, &*stale.body), (200, "answer 1"));
    assert!(begun.elapsed() < Duration::from_secs(2), "it waited for {:?}", begun.elapsed());
    let record = &gateway.wait_for_records(2)[1];
    assert_eq!((record["served_by"].as_str(), cause(record)), (Some("stale"), "connect_refused"));
}

#[test]
fn a_large_body_goes_out_from_where_it_lies_whole_and_in_parts() {
    let text: String = (0..200_000_u32).map(|number| char::from(b'a' + (number % 23) as u8)).collect();
    let body = text.clone();
    let upstream = Upstream::start(move |link| {
        while link.request()?.is_some() {
            link.answer_with("Cache-Control: max-age=60\r\nETag: \"1\"\r\n", &body)?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream.url(), "true");
    let mut client = Client::connect(gateway.address());
    for _ in 0..3 {
        assert!(client.get("/large").expect("it is answered").body == text);
    }
    let part = ask(&mut client, "/large", "Range: bytes=99990-150009\r\n");
    assert_eq!(part.status, 206);
    assert!(part.body == text[99_990..150_010]);
    let parts = ask(&mut client, "/large", "Range: bytes=0-9,199990-\r\n");
    assert!(parts.body.contains(&text[..10]) && parts.body.contains(&text[199_990..]));
    assert_eq!(gateway.running().cache().purge(&Purge::All), 1);
    assert!(client.get("/large").expect("it is answered").body == text);
    assert_eq!(upstream.targets().len(), 2);
}
