//! The door: who comes in, how often, and with which proof; and who the client is behind a trusted proxy.

use crate::client::{Answer, Client};
use crate::gateway::{Folder, Gateway, cause};
use crate::upstream::Upstream;
use std::sync::{Arc, Mutex};

/// An upstream that answers with the head it got.
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

/// A gateway before a mirror, with these lines at the top and in its site.
fn gateway(upstream: &Upstream, top: &str, site: &str) -> Gateway {
    gateway_in(Folder::new(), upstream, top, site)
}

fn gateway_in(folder: Folder, upstream: &Upstream, top: &str, site: &str) -> Gateway {
    Gateway::start_in(folder, &config(upstream, top, site))
}

fn config(upstream: &Upstream, top: &str, site: &str) -> String {
    let url = upstream.url();
    format!(
        "workers = 2\n{top}\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{url}\"\n{site}\n"
    )
}

fn ask(gateway: &Gateway, fields: &str) -> Answer {
    let mut client = Client::connect(gateway.address());
    client
        .send(&format!("GET /page?a=1 HTTP/1.1\r\nHost: shop.example\r\n{fields}\r\n"))
        .expect("it is taken");
    client.answer().expect("it is answered")
}

fn statuses(gateway: &Gateway, fields: &str, count: usize) -> Vec<u16> {
    (0..count).map(|_| ask(gateway, fields).status).collect()
}

const ANNA: &str = "Authorization: Basic YW5uYTpzZWNyZXQ=\r\n";
const WRONG: &str = "Authorization: Basic YW5uYTp3cm9uZw==\r\n";
/// `anna:secret`, with as few rounds as bcrypt allows.
const USERS: &str = "anna:$2y$04$G/dKJ.1ieWnYYGKUcViy3ubVmOBiNvDTazCAAsxF5tR1Fbo1JbYbG\n";

#[test]
fn addresses_on_the_list_are_refused_and_a_changed_list_counts_after_a_reload() {
    let upstream = mirror();
    let folder = Folder::new();
    folder.write("bad.txt", "# nobody yet\n192.0.2.0/24\n");
    let site = "deny_addresses = [\"bad.txt\", \"198.51.100.0/24\"]";
    let gateway = gateway_in(folder, &upstream, "", site);
    assert_eq!(ask(&gateway, "").status, 200);
    gateway.folder().write("bad.txt", "127.0.0.0/8\n");
    gateway.adopt(&config(&upstream, "", site)).expect("it is taken over");
    let refused = ask(&gateway, "");
    assert_eq!(refused.status, 403);
    let records = gateway.wait_for_records(2);
    assert!(records.iter().any(|record| cause(record) == "denied"), "{records:?}");

    gateway.folder().write("bad.txt", "127.0.0.0/8\nnonsense\n");
    let problem = gateway.adopt(&config(&upstream, "", site)).expect_err("a line is wrong");
    assert!(problem.contains("bad.txt") && problem.contains("line 2"), "{problem}");
    assert_eq!(ask(&gateway, "").status, 403, "the old plan goes on");
    let only = gateway.adopt(&config(&upstream, "", "allow_addresses = [\"10.0.0.0/8\", \"127.0.0.1\"]"));
    only.expect("it is taken over");
    assert_eq!(ask(&gateway, "").status, 200);
}

#[test]
fn whoever_asks_too_often_is_told_when_to_come_back() {
    let upstream = mirror();
    let gateway = gateway(&upstream, "", "limit = { rate = \"2/m\", burst = 2, by = \"header:x-key\" }");
    assert_eq!(statuses(&gateway, "X-Key: one\r\n", 3), [200, 200, 429]);
    assert_eq!(statuses(&gateway, "X-Key: two\r\n", 2), [200, 200], "others have a limit of their own");
    let refused = ask(&gateway, "X-Key: one\r\n");
    let wait: u32 = refused.head.field("retry-after").expect("it says when").parse().expect("seconds");
    assert!((20..=30).contains(&wait), "{wait}");
    assert_eq!(refused.head.field("proxy-status"), Some("torwart;error=http_request_denied"));
    assert_eq!(statuses(&gateway, "", 3), [200, 200, 429], "without the field the address counts");
    assert_eq!(upstream.targets().len(), 6, "the upstream was spared");
    gateway
        .adopt(&config(&upstream, "", "limit = { rate = \"2/m\", burst = 2, by = \"header:x-key\" }"))
        .expect("the same");
    assert_eq!(ask(&gateway, "X-Key: one\r\n").status, 429, "a reload that changes nothing forgets nothing");
    assert!(gateway.records().iter().any(|record| cause(record) == "rate_limited"));
}

#[test]
fn only_so_many_requests_run_at_once() {
    let held: Arc<Mutex<()>> = Arc::default();
    let until = Arc::clone(&held);
    let lock = held.lock().expect("nobody panics here");
    let upstream = Upstream::start(move |link| {
        while link.request()?.is_some() {
            drop(until.lock().expect("nobody panics here"));
            link.answer("well")?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream, "", "limit = { concurrent = 2 }");
    let mut running: Vec<_> = (0..2).map(|_| Client::connect(gateway.address())).collect();
    for client in &mut running {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("it is taken");
    }
    crate::eventually("both run", || upstream.targets().len() == 2);
    let refused = ask(&gateway, "");
    assert_eq!((refused.status, refused.head.field("retry-after")), (429, Some("1")));
    drop(lock);
    for client in &mut running {
        assert_eq!(client.answer().expect("it is answered").status, 200);
    }
    assert_eq!(statuses(&gateway, "", 3), [200, 200, 200]);
}

#[test]
fn a_password_is_asked_for_and_checked() {
    let upstream = mirror();
    let folder = Folder::new();
    folder.write("users", USERS);
    let gateway = gateway_in(folder, &upstream, "", "auth = { basic = \"users\", realm = \"Büro\" }");
    let refused = ask(&gateway, "");
    assert_eq!(refused.status, 401);
    let challenge = refused.head.field("www-authenticate");
    assert_eq!(challenge, Some("Basic realm=\"Büro\", charset=\"UTF-8\""));
    assert_eq!(statuses(&gateway, ANNA, 3), [200, 200, 200]);
    assert_eq!(ask(&gateway, &format!("{ANNA}{ANNA}")).status, 401, "two proofs are none");
    assert_eq!(ask(&gateway, "Authorization: Bearer YW5uYTpzZWNyZXQ=\r\n").status, 401);
    let tries = statuses(&gateway, WRONG, 11);
    assert_eq!((tries[0], tries[10]), (401, 429), "{tries:?}");
    assert_eq!(ask(&gateway, ANNA).status, 200, "who was here lately comes in all the same");
    let records = gateway.wait_for_records(18);
    assert!(records.iter().any(|record| cause(record) == "unauthorized"), "{records:?}");
    let log = format!("{records:?}");
    assert!(!log.contains("YW5uYTpzZWNyZXQ") && !log.contains("secret"), "no password is logged");
}

#[test]
fn many_passwords_at_once_hold_up_nobody_else() {
    let upstream = mirror();
    let folder = Folder::new();
    // Twelve rounds take a quarter of a second or more.
    folder.write("users", "anna:$2y$12$tA5vrEDCsKV5.QNGPmOj5e4aLCsJO9z0dZ/99SsY3SdDlk02wKL1m\n");
    let site = "[[site.\"*\".route]]\npath = \"/open\"\n[[site.\"*\".route]]\npath = \"/\"\nauth = { basic = \"users\" }";
    let mut gateway = gateway_in(folder, &upstream, "", site);
    let mut trying: Vec<_> = (0..6).map(|_| Client::connect(gateway.address())).collect();
    for client in &mut trying {
        client.send(&format!("GET / HTTP/1.1\r\nHost: a\r\n{WRONG}\r\n")).expect("it is taken");
    }
    let mut client = Client::connect(gateway.address());
    let began = std::time::Instant::now();
    for _ in 0..20 {
        assert_eq!(client.get("/open").expect("it is answered").status, 200);
    }
    assert!(began.elapsed() < std::time::Duration::from_millis(400), "{:?}", began.elapsed());
    drop(trying);
    gateway.stop(std::time::Duration::from_millis(100));
}

#[test]
fn a_visitor_behind_a_trusted_proxy_is_who_the_proxy_says() {
    let upstream = mirror();
    let top = "trusted = [\"127.0.0.1\", \"10.0.0.0/8\"]\ndeny_addresses = \"203.0.113.0/24\"";
    let gateway = gateway(&upstream, top, "request_headers = { set = { X-Seen = \"{client}\" } }");
    let seen = |fields: &str| ask(&gateway, fields);
    let answer = seen("X-Forwarded-For: 203.0.113.1, 192.0.2.7, 10.0.0.2\r\n");
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("x-seen: 192.0.2.7"), "{}", answer.body);
    assert!(
        answer.body.contains("x-forwarded-for: 203.0.113.1, 192.0.2.7, 10.0.0.2, 127.0.0.1"),
        "{}",
        answer.body
    );
    let refused = seen("X-Forwarded-For: 192.0.2.7, 203.0.113.1\r\n");
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.head.field("proxy-status"),
        Some("torwart;error=http_request_denied"),
        "a stranger sees no details"
    );
    let insider = seen("X-Forwarded-For: 10.0.0.9\r\nVia: 1.1 nobody\r\n");
    assert_eq!(insider.status, 200);
    let records = gateway.wait_for_records(3);
    let mut clients: Vec<_> = records.iter().filter_map(|record| record["client"].as_str()).collect();
    clients.sort_unstable();
    assert_eq!(clients, ["10.0.0.9:0", "192.0.2.7:0", "203.0.113.1:0"]);
}

#[test]
fn a_stranger_is_believed_nothing() {
    let upstream = mirror();
    let gateway = gateway(&upstream, "deny_addresses = \"203.0.113.0/24\"", "");
    let claims = "X-Forwarded-For: 203.0.113.1\r\nForwarded: for=203.0.113.1\r\nX-Real-IP: 203.0.113.1\r\n\
                  X_Forwarded_For: 203.0.113.1\r\nX_REAL-IP: 203.0.113.1\r\nX-Forwarded-Prefix: /203.0.113.1\r\nX-Forward: kept\r\n";
    let answer = ask(&gateway, claims);
    assert_eq!(answer.status, 200);
    assert!(!answer.body.contains("203.0.113.1"), "{}", answer.body);
    assert!(answer.body.contains("x-forward: kept"), "{}", answer.body);
    let ids = "X-Request-Id: ok-1.2:3\r\nX-Request-Id: <script>\r\n";
    let body = ask(&gateway, ids).body;
    assert!(body.contains("ok-1.2:3") && !body.contains("script"), "{body}");
}

#[test]
fn an_address_may_hold_only_so_many_connections() {
    let upstream = mirror();
    let gateway = gateway(&upstream, "client = { per_address = 3 }", "");
    let mut open: Vec<_> = (0..3).map(|_| Client::connect(gateway.address())).collect();
    for client in &mut open {
        assert_eq!(client.get("/").expect("it is answered").status, 200);
    }
    let told = ask(&gateway, "");
    assert_eq!((told.status, told.head.field("retry-after")), (429, Some("1")));
    let mut more: Vec<_> = (0..40).map(|_| Client::connect(gateway.address())).collect();
    let told =
        more.iter_mut().filter_map(|client| client.get("/").ok()).filter(|answer| answer.status == 429);
    assert!(told.count() <= 8, "the rest is closed without a word");
    drop(more);
    drop(open);
    crate::eventually("there is room again", || {
        Client::connect(gateway.address()).get("/").is_ok_and(|answer| answer.status == 200)
    });
}

#[test]
fn a_trusted_proxy_may_hold_as_many_connections_as_it_likes() {
    let upstream = mirror();
    let gateway = gateway(&upstream, "trusted = \"127.0.0.1\"\nclient = { per_address = 1 }", "");
    let mut open: Vec<_> = (0..20).map(|_| Client::connect(gateway.address())).collect();
    for client in &mut open {
        assert_eq!(client.get("/").expect("it is answered").status, 200);
    }
}

#[test]
fn security_headers_join_where_the_application_is_silent() {
    let upstream = Upstream::start(|link| {
        while link.request()?.is_some() {
            link.answer_with("X-Frame-Options: ALLOWALL\r\nServer: old\r\nX-Powered-By: x\r\n", "well")?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream, "secure_headers = \"strict\"", "");
    let answer = ask(&gateway, "");
    let field = |name| answer.head.field(name);
    assert_eq!(field("x-frame-options"), Some("ALLOWALL"), "the application knows better");
    assert_eq!(field("x-content-type-options"), Some("nosniff"));
    assert_eq!(field("referrer-policy"), Some("no-referrer"));
    assert!(field("content-security-policy").is_some_and(|policy| policy.contains("frame-ancestors 'none'")));
    assert_eq!((field("server"), field("x-powered-by")), (None, None));
}

#[test]
fn hostile_bytes_reach_the_log_as_text() {
    let upstream = mirror();
    let gateway = gateway(&upstream, "", "");
    let mut client = Client::connect(gateway.address());
    let hostile = "GET /a%0a%1b[31m?q=%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: shop.example\r\n\
                   User-Agent: x\t\u{9b}31m\"}\u{202e}{\"cause\":\"fake\r\nReferer: \"\\u0000\r\n\r\n";
    client.send(hostile).expect("it is taken");
    client.answer().expect("it is answered");
    gateway.wait_for_records(1);
    let raw = std::fs::read_to_string(gateway.folder().path("access.log")).expect("is there");
    assert_eq!(raw.lines().count(), 1);
    // Neither what terminals obey nor what turns the order of letters round.
    let is_hostile = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!raw.trim_end().contains(is_hostile), "{raw:?}");
}
