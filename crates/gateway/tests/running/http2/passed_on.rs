//! What is passed on of a request over HTTP/2 and of its answer, and on which connection it may come.

use super::client::{Connection, get, post};
use super::gateway;
use crate::client::{Client, trusting};
use crate::conversation::run;
use crate::gateway::{Folder, Gateway, cause};
use crate::upstream::Upstream;
use bytes::Bytes;
use http::Request;
use torwart_lab::Ground;

/// An upstream that answers with the head it got.
fn mirror() -> Upstream {
    Upstream::start(|link| {
        while let Some(head) = link.request()? {
            let lines = head.fields.iter().map(|(name, value)| format!("{name}: {value}\n").to_lowercase());
            let said: String = lines.collect();
            link.answer(&said)?;
        }
        Ok(())
    })
}

#[test]
fn an_upstream_hears_which_version_the_client_spoke_and_nothing_of_its_connection() {
    let upstream = mirror();
    let gateway = gateway(&upstream);
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let mut request = get("/");
        for (name, value) in [("cookie", "a=1"), ("cookie", "b=2"), ("te", "trailers"), ("x-a", "b")] {
            request.headers_mut().append(name, value.parse().expect("a value"));
        }
        let answer = connection.ask(request).await.expect("it is answered");
        let said = String::from_utf8(answer.body).expect("it is text");
        let via: Vec<_> = said.lines().filter(|line| line.starts_with("via: ")).collect();
        assert!(matches!(via.as_slice(), [line] if line.starts_with("via: 2 ")), "{said}");
        for line in ["host: a.example", "cookie: a=1; b=2", "te: trailers", "connection: te", "x-a: b"] {
            assert_eq!(said.lines().filter(|said| *said == line).count(), 1, "{line}: {said}");
        }
        for name in ["content-length:", "transfer-encoding:", "upgrade:", ":"] {
            assert!(!said.lines().any(|line| line.starts_with(name)), "{name} {said}");
        }
    });
    let record = &gateway.wait_for_records(1)[0];
    assert_eq!((&record["protocol"], &record["host"]), (&"HTTP/2".into(), &"a.example".into()));
}

#[test]
fn an_answer_leaves_what_is_about_its_connection_behind() {
    let upstream = Upstream::start(|link| {
        while link.request()?.is_some() {
            link.send(
                "HTTP/1.1 200 Fine\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: a\r\n\
                 Proxy-Connection: keep-alive\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\
                 X-Kept: b\r\nAlt-Svc: h3=\":443\"\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            )?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream);
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let answer = connection.ask(get("/")).await.expect("it is answered");
        assert_eq!(answer.body, b"ok");
        for name in ["connection", "keep-alive", "x-hop", "proxy-connection", "upgrade", "transfer-encoding"]
        {
            assert!(!answer.fields.contains_key(name), "{name}: {:?}", answer.fields);
        }
        assert_eq!(
            (&answer.fields["x-kept"], &answer.fields["alt-svc"]),
            (&"b".parse().expect("a value"), &"h3=\":443\"".parse().expect("a value"))
        );
    });
}

#[test]
fn an_upgrade_to_h2c_is_not_heard() {
    let upstream = mirror();
    let gateway = gateway(&upstream);
    let mut client = Client::connect(gateway.address());
    client
        .send(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
             HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        )
        .expect("it is sent");
    let answer = client.answer().expect("it is answered");
    assert_eq!(answer.status, 200);
    assert!(!answer.body.contains("h2c") && !answer.body.contains("http2-settings"), "{}", answer.body);
}

#[test]
fn whoever_waits_for_permission_to_send_a_body_gets_it() {
    let upstream = Upstream::start(|link| {
        while let Some(head) = link.wire.head()? {
            let mut length = 0;
            link.wire.body(&head, |piece| length += piece.len())?;
            link.answer(&length.to_string())?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream);
    run(async {
        let mut connection = Connection::open(gateway.address()).await;
        let mut request = post("/");
        request.headers_mut().insert("expect", "100-continue".parse().expect("a value"));
        let stream = connection.begin(request, false).expect("it is taken");
        let answer = stream.send(Bytes::from(vec![b'x'; 70_000]), None).await.expect("it is answered");
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"70000".as_slice()));
    });
}

/// Two sites with certificates of their own, one below a shared one, and one without.
fn house(ground: &Ground, upstream: &Upstream) -> Gateway {
    let folder = Folder::new();
    let issue = |file: &str, names: &[&str]| {
        let leaf = ground.certificates().issue(names).expect("a certificate can be made");
        folder.write(&format!("{file}.pem"), &leaf.chain);
        folder.write(&format!("{file}.key"), &leaf.key);
    };
    issue("one", &["one.example", "shared.example"]);
    issue("two", &["two.example"]);
    issue("other", &["shared.example"]);
    let url = upstream.url();
    let site = |name: &str, file: &str| {
        let pair = format!("{{ chain = \"{{folder}}/{file}.pem\", key = \"{{folder}}/{file}.key\" }}");
        format!("[site.\"{name}\"]\nupstreams = \"{url}\"\ncertificate = {pair}\n")
    };
    let sites = [
        site("one.example", "one"),
        site("two.example", "two"),
        site("shared.example", "other"),
        format!("[site.\"bare.example\"]\nupstreams = \"{url}\"\n"),
    ];
    let listen = "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\nhttps = \"127.0.0.1:0\"\n";
    Gateway::start_in(folder, &format!("{listen}{}", sites.concat()))
}

#[test]
fn a_connection_serves_the_names_of_its_certificate_and_no_others_that_have_one() {
    let upstream = Upstream::saying("well");
    let ground = Ground::start().expect("the lab starts");
    let gateway = house(&ground, &upstream);
    let tls = trusting(ground.certificates().authority());
    let ask = |host: &str| Request::get(format!("https://{host}/")).body(()).expect("a request");
    run(async {
        let address = gateway.addresses(true)[0];
        let mut connection = Connection::open_tls(address, "one.example", &tls).await;
        let cases = [
            ("one.example", 200),
            ("ONE.example:8443", 200),
            ("shared.example", 200),
            ("two.example", 421),
            ("bare.example", 200),
            ("one.example", 200),
        ];
        for (host, status) in cases {
            assert_eq!(connection.ask(ask(host)).await.expect("it is answered").status, status, "{host}");
        }
        let mut own = Connection::open_tls(address, "two.example", &tls).await;
        assert_eq!(own.ask(ask("two.example")).await.expect("it is answered").status, 200);
        let mut plain = Connection::open(gateway.address()).await;
        let asked = Request::get("http://bare.example/").body(()).expect("a request");
        assert_eq!(plain.ask(asked).await.expect("it is answered").status, 200);
    });
    let records = gateway.wait_for_records(8);
    assert_eq!(records.iter().filter(|record| cause(record) == "misdirected").count(), 1);
}
