//! FastCGI upstreams: what scripts get, what becomes of their answers, and what is said when they fail.

use crate::application::{Application, Request, end, record, whole};
use crate::client::Client;
use crate::gateway::{Folder, Gateway, cause};
use serde_json::Value;

fn config(application: &Application, more: &str) -> String {
    format!(
        r#"
[listen]
http = "127.0.0.1:0"

[pool.php]
upstreams = "fastcgi://{}"
deadline = {{ first_byte = "1s" }}
{more}

[site."shop.example"]
pool = "php"
script = {{ root = "/srv/shop", front = "/index.php" }}
"#,
        application.address
    )
}

fn shop(answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> (Gateway, Application) {
    let application = Application::start(answer);
    (Gateway::start(&config(&application, "")), application)
}

#[test]
fn a_script_gets_its_environment_and_its_answer_goes_out() {
    let (gateway, application) = shop(|_| {
        whole("Status: 201 Made\r\nContent-Type: text/html\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d", "hello")
    });
    let mut client = Client::connect(gateway.address());
    let fields = "Host: shop.example:8080\r\nProxy: evil\r\nX_Forwarded_For: 6.6.6.6\r\nX-Forwarded-For: 6.6.6.6\r\n\
                  Cookie: a=1\r\nCookie: b=2\r\nContent-Type: text/plain\r\nContent-Length: 4";
    client.send(&format!("POST /a.php/more%20path?q=1&r=2 HTTP/1.1\r\n{fields}\r\n\r\nbody")).expect("sent");
    let answer = client.answer().expect("an answer");
    assert_eq!((answer.status, answer.body.as_str()), (201, "hello"));
    assert!(answer.keeps_alive());
    let cookies = answer.head.fields.iter().filter(|(name, _)| name == "set-cookie").count();
    assert_eq!(cookies, 2);
    let seen = application.seen();
    let request = &seen[0];
    assert_eq!(request.body, b"body");
    assert!(!request.keeps, "an idle link would keep a worker waiting");
    for (name, value) in [
        ("SCRIPT_FILENAME", "/srv/shop/a.php"),
        ("SCRIPT_NAME", "/a.php"),
        ("PATH_INFO", "/more path"),
        ("REQUEST_URI", "/a.php/more%20path?q=1&r=2"),
        ("QUERY_STRING", "q=1&r=2"),
        ("DOCUMENT_ROOT", "/srv/shop"),
        ("REQUEST_METHOD", "POST"),
        ("CONTENT_LENGTH", "4"),
        ("CONTENT_TYPE", "text/plain"),
        ("SERVER_NAME", "shop.example"),
        ("SERVER_PORT", "8080"),
        ("REMOTE_ADDR", "127.0.0.1"),
        ("HTTP_HOST", "shop.example:8080"),
        ("HTTP_COOKIE", "a=1; b=2"),
        ("HTTP_PROXY", ""),
        ("HTTP_X_FORWARDED_FOR", "127.0.0.1"),
        ("HTTP_CONTENT_LENGTH", ""),
        ("HTTPS", ""),
    ] {
        assert_eq!(request.variable(name), value, "{name}");
    }
}

#[test]
fn what_is_no_script_goes_to_the_front_script() {
    let (gateway, application) = shop(|_| whole("Content-Type: text/plain", "front"));
    let mut client = Client::connect(gateway.address());
    assert_eq!(client.get("/2024/hello?a=b").expect("an answer").body, "front");
    assert_eq!(application.seen()[0].variable("SCRIPT_FILENAME"), "/srv/shop/index.php");
    assert_eq!(application.seen()[0].variable("REQUEST_URI"), "/2024/hello?a=b");
    // What an upload is called does not make it a script's path: the name is cut at its first ending, by text alone.
    client.get("/uploads/x.jpg/evil.php").expect("an answer");
    assert_eq!(application.seen()[1].variable("SCRIPT_NAME"), "/uploads/x.jpg/evil.php");
    assert_eq!(application.seen()[1].variable("PATH_INFO"), "");
}

#[test]
fn a_body_of_unknown_length_gets_one_and_a_large_one_is_refused() {
    let (gateway, application) =
        shop(|request| whole("Content-Type: text/plain", &request.body.len().to_string()));
    let mut client = Client::connect(gateway.address());
    let head = "POST /a.php HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.send(&format!("{head}5\r\nhello\r\n4\r\n you\r\n0\r\n\r\n")).expect("sent");
    assert_eq!(client.answer().expect("an answer").body, "9");
    assert_eq!(application.seen()[0].variable("CONTENT_LENGTH"), "9");
    assert_eq!(application.seen()[0].body, b"hello you");
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let sent = client.send(&format!("{head}{}", chunk.repeat(6)));
    assert!(sent.is_ok());
    assert_eq!(client.answer().expect("an answer").status, 413);
    assert_eq!(cause(&gateway.wait_for_records(2)[1]), "request_body_too_large");
}

#[test]
fn a_large_body_arrives_whole() {
    let (gateway, application) =
        shop(|request| whole("Content-Type: text/plain", &request.body.len().to_string()));
    let mut client = Client::connect(gateway.address());
    let body = "0123456789abcdef".repeat(20_000);
    assert_eq!(client.post("/a.php", &body).expect("an answer").body, body.len().to_string());
    assert_eq!(application.seen()[0].body, body.as_bytes());
}

#[test]
fn links_are_kept_only_where_that_is_asked_for() {
    let application = Application::start(|_| whole("Content-Type: text/plain", "ok"));
    let gateway = Gateway::start(&format!("workers = 1\n{}", config(&application, "idle = { links = 4 }")));
    let mut client = Client::connect(gateway.address());
    for path in ["/", "/", "/"] {
        assert_eq!(client.get(path).expect("an answer").body, "ok");
    }
    assert_eq!(application.connections(), 1);
    assert!(application.seen().iter().all(|request| request.keeps));
}

#[test]
fn an_answer_to_head_has_no_body_and_the_link_goes_on() {
    let application = Application::start(|_| whole("Content-Type: text/plain\r\nContent-Length: 2", "ok"));
    let gateway = Gateway::start(&format!("workers = 1\n{}", config(&application, "idle = { links = 4 }")));
    let mut client = Client::connect(gateway.address());
    client.send("HEAD / HTTP/1.1\r\nHost: shop.example\r\n\r\n").expect("sent");
    assert_eq!(client.head().expect("a head").field("content-length"), Some("2"));
    assert_eq!(client.get("/").expect("an answer").body, "ok");
    assert_eq!(application.connections(), 1);
}

/// What an answer leads to: the status, the record's attempt.
fn failing(answer: Vec<u8>) -> (u16, Value) {
    let (gateway, _application) = shop(move |_| answer.clone());
    let mut client = Client::connect(gateway.address());
    client.send("POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 1\r\n\r\nx").expect("sent");
    let status = client.answer().map_or(0, |answer| answer.status);
    (status, gateway.wait_for_records(1)[0].clone())
}

fn check(answer: Vec<u8>, status: u16, expected: &str) {
    let (found, record) = failing(answer);
    assert_eq!((found, cause(&record)), (status, expected), "{record}");
}

#[test]
fn every_failure_has_its_own_cause() {
    check(Vec::new(), 502, "closed_before_head");
    check(end(0), 502, "closed_before_head");
    check(record(6, b"Content-Type: te"), 502, "head_cut");
    check(record(6, b"Content-Type: text/plain\r\n\r\nhalf"), 502, "body_cut");
    check([record(6, b"Content-Length: 9\r\n\r\nhalf"), end(0)].concat(), 502, "body_cut");
    check(end(2), 503, "upstream_full");
    check(end(1), 502, "stream_refused");
    check(whole("<b>Warning</b>: oops\r\nContent-Type: a/b", ""), 502, "head_malformed");
    check(whole("Content-Length: -1", ""), 502, "length_conflict");
    check(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), 502, "not_http");
    check(whole(&format!("X: {}", "x".repeat(60_000)), "").repeat(2), 200, "");
}

#[test]
fn a_worker_that_stays_silent_is_not_waited_for_for_ever() {
    let (gateway, _application) = shop(|_| {
        crate::pace(std::time::Duration::from_secs(3));
        Vec::new()
    });
    let answer = Client::connect(gateway.address()).get("/").expect("an answer");
    assert_eq!(answer.status, 504);
    assert_eq!(cause(&gateway.wait_for_records(1)[0]), "head_timed_out");
}

#[test]
fn workers_that_are_all_busy_are_told_from_one_that_is_slow() {
    // Its queue takes connections, but nobody is there to work on them.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let config = format!(
        "[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"shop.example\"]\nupstreams = \"fastcgi://{address}\"\n\
         script = {{ root = \"/srv\", front = \"/a.php\" }}\ndeadline = {{ first_byte = \"300ms\" }}\n"
    );
    let gateway = Gateway::start(&config);
    let mut client = Client::connect(gateway.address());
    assert_eq!(client.get("/").expect("an answer").status, 503);
    let record = &gateway.wait_for_records(1)[0];
    assert_eq!(
        (cause(record), record["attempts"][0]["ending"].as_str()),
        ("upstream_full", Some("timed_out:queue"))
    );
}

#[test]
fn what_the_application_complains_about_is_in_the_record_and_nowhere_else() {
    let complaint = b"PHP message: PHP Fatal error: Uncaught Error in /srv/shop/secret.php:7";
    let answer =
        [record(7, complaint), whole("Status: 500 Oops\r\nContent-Type: text/html", "sorry")].concat();
    let (gateway, _application) = shop(move |_| answer.clone());
    let answer = Client::connect(gateway.address()).get("/").expect("an answer");
    assert_eq!((answer.status, answer.body.as_str()), (500, "sorry"));
    assert!(!format!("{answer:?}").contains("secret.php"));
    let record = &gateway.wait_for_records(1)[0];
    assert_eq!(cause(record), "upstream_said_so");
    assert_eq!(record["attempts"][0]["stderr"], String::from_utf8_lossy(complaint).as_ref());
}

#[test]
fn files_beside_scripts_are_sent_and_the_rest_is_run() {
    let application = Application::start(|request| {
        let name = request.variable("SCRIPT_FILENAME");
        let said = format!("{name} {} {}", request.variable("PATH_INFO"), request.variable("QUERY_STRING"));
        whole("Content-Type: text/plain", &said)
    });
    let folder = Folder::new();
    for sub in ["www", "www/wp-admin", "www/uploads"] {
        std::fs::create_dir(folder.path(sub)).expect("a folder");
    }
    for file in ["index.php", "wp-admin/index.php", "style.css", "uploads/x.jpg", "uploads/y.php.bak"] {
        folder.write(&format!("www/{file}"), "source");
    }
    let root = folder.path("www").display().to_string();
    let gateway = Gateway::start_in(
        folder,
        &format!(
            r#"
[listen]
http = "127.0.0.1:0"

[site."shop.example"]
files = {{ root = "www", try = ["{{path}}", "{{path}}/", "/index.php"] }}
upstreams = "fastcgi://{}"
"#,
            application.address
        ),
    );
    let mut client = Client::connect(gateway.address());
    let mut said =
        |path: &str| client.get(path).map(|answer| answer.body.replace(&root, "ROOT")).expect("an answer");
    assert_eq!(said("/style.css"), "source");
    assert_eq!(said("/?p=1"), "ROOT/index.php  p=1");
    assert_eq!(said("/hello-world/?a=b"), "ROOT/index.php  a=b");
    assert_eq!(said("/wp-admin/"), "ROOT/wp-admin/index.php  ");
    assert_eq!(said("/index.php/x/y"), "ROOT/index.php /x/y ");
    // Neither runs an upload nor sends source text.
    assert_eq!(said("/uploads/x.jpg/evil.php"), "ROOT/index.php  ");
    assert_eq!(said("/uploads/x.jpg"), "source");
    assert_eq!(said("/uploads/y.php.bak"), "ROOT/index.php  ");
    assert_eq!(client.get("/wp-admin").expect("an answer").head.field("location"), Some("/wp-admin/"));
    let records = gateway.wait_for_records(9);
    assert!(records.iter().all(|record| cause(record).is_empty()), "{records:?}");
    assert_eq!(records[0]["served_by"], "files");
}
