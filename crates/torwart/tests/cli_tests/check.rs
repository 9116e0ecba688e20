//! `torwart check`.

use crate::program::{Folder, run};
use crate::upstream::Upstream;
use serde_json::Value;
use std::io::{Read, Write};
use torwart_lab::{Catalogue, Certificate, Ground};

fn plan(upstream: &str, more: &str) -> String {
    format!("{more}[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"shop.test\"]\nupstreams = \"{upstream}\"\n")
}

#[test]
fn a_good_file_with_a_good_upstream_is_well() {
    let upstream = Upstream::start("one");
    let folder = Folder::new();
    let outcome = run(&["check", &folder.write("torwart.toml", &plan(&upstream.url(), ""))]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.out);
    for part in ["nothing to complain about", "answers", "200", "deadline.first_byte", "3 attempts", "Well"] {
        assert!(outcome.out.contains(part), "{part}: {}", outcome.out);
    }
}

#[test]
fn every_complaint_is_shown_at_once() {
    let folder = Folder::new();
    let file = folder
        .write("torwart.toml", "workers = 0\n[listen]\nhtpp = \"127.0.0.1:0\"\n[site.a]\npool = \"b\"\n");
    let outcome = run(&["check", &file]);
    assert_eq!(outcome.code, Some(1));
    for part in ["torwart.toml:1:11", "torwart.toml:3:1", "torwart.toml:5:8", "did you mean `http`?"] {
        assert!(outcome.out.contains(part), "{part}: {}", outcome.out);
    }
    let outcome = run(&["check", &file, "--lang", "de"]);
    assert!(outcome.out.contains("Meinten Sie `http`?"), "{}", outcome.out);
}

#[test]
fn a_fault_of_an_upstream_is_named() {
    let folder = Folder::new();
    let file = folder.write("torwart.toml", &plan("http://127.0.0.1:1", ""));
    let outcome = run(&["check", &file]);
    assert_eq!(outcome.code, Some(1));
    for part in ["connect_refused", "127.0.0.1:1", "torwart explain connect_refused", "Faulty"] {
        assert!(outcome.out.contains(part), "{part}: {}", outcome.out);
    }
    assert_eq!(run(&["check", &file, "--offline"]).code, Some(0));
}

#[test]
fn json_says_the_same() {
    let (one, folder) = (Upstream::start("one"), Folder::new());
    let file = folder.write("torwart.toml", &plan("http://127.0.0.1:1", "lenient = \"bare_lf\"\n"));
    let outcome = run(&["check", &file, "--format", "json"]);
    assert_eq!(outcome.code, Some(1));
    let found = outcome.json();
    assert_eq!((&found["schema"], &found["ok"]), (&1.into(), &false.into()));
    assert_eq!(found["upstreams"][0]["cause"], "connect_refused");
    assert_eq!(found["upstreams"][0]["status"], Value::Null);
    assert_eq!(found["loosened"][0]["key"], "lenient: bare_lf");
    assert_eq!(found["deadlines"][0]["steps"][0]["ms"], 10_000);
    let file = folder.write("torwart.toml", &plan(&one.url(), "workres = 1\n"));
    let found = run(&["check", &file, "--format", "json"]).json();
    let complaint = &found["complaints"][0];
    assert_eq!((&complaint["line"], &complaint["column"]), (&1.into(), &1.into()));
    assert_eq!(complaint["severity"], "error");
    assert_eq!(found["upstreams"], Value::Null);
}

#[test]
fn a_refused_certificate_is_shown_with_what_it_says() {
    let ground = Ground::start().expect("the lab starts");
    let fault = Catalogue::get().find("tls-expired").expect("it is in the catalogue");
    let script = fault.script().expect("it has one").clone();
    let upstream = torwart_lab::Upstream::start(&ground, script).expect("it starts");
    let folder = Folder::new();
    folder.write("ca.pem", ground.certificates().authority());
    let address = upstream.address().expect("it listens");
    let tls = "tls = { ca = \"ca.pem\", name = \"good.lab.test\" }\n";
    let file = folder.write("torwart.toml", &(plan(&format!("https://{address}"), "") + tls));
    let outcome = run(&["check", &file]);
    assert_eq!(outcome.code, Some(1));
    for part in ["tls_expired", "ended on 2021-01-01", "*.lab.test", "Torwart lab authority"] {
        assert!(outcome.out.contains(part), "{part}: {}", outcome.out);
    }
}

#[test]
fn own_certificates_are_compared_with_the_hosts() {
    let upstream = Upstream::start("one");
    let ground = Ground::start().expect("the lab starts");
    let folder = Folder::new();
    let write = |leaf: &torwart_lab::certificates::Leaf| {
        folder.write("chain.pem", &leaf.chain);
        folder.write("key.pem", &leaf.key);
        let more =
            "certificate = { chain = \"chain.pem\", key = \"key.pem\" }\naliases = \"www.shop.test\"\n";
        let text = plan(&upstream.url(), "").replace("http = ", "https = ") + more;
        run(&["check", &folder.write("torwart.toml", &text)])
    };
    let outcome = write(&ground.certificates().issue(&["shop.test"]).expect("it is issued"));
    assert_eq!(outcome.code, Some(0), "{}", outcome.out);
    assert!(outcome.out.contains("not for these hosts of the site: www.shop.test"), "{}", outcome.out);
    let outcome = write(ground.certificates().leaf(Certificate::Expired).expect("there is one"));
    assert_eq!(outcome.code, Some(1), "{}", outcome.out);
    assert!(outcome.out.contains("ended on 2021-01-01"), "{}", outcome.out);
}

#[test]
fn the_schema_is_printed() {
    let outcome = run(&["check", "--schema"]);
    assert_eq!(outcome.code, Some(0));
    assert_eq!(outcome.json()["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn what_cannot_be_read_is_told() {
    let outcome = run(&["check", "/nowhere/torwart.toml"]);
    assert_eq!(outcome.code, Some(3));
    assert!(outcome.err.contains("/nowhere/torwart.toml"), "{}", outcome.err);
    assert_eq!(run(&["check"]).code, Some(2));
}

#[test]
fn a_service_that_says_who_may_come_in_is_asked() {
    let (upstream, service, folder) = (Upstream::start("one"), Upstream::start("in"), Folder::new());
    let with = |service: &str| {
        let auth = format!("auth = {{ forward = \"{service}/verify\", deadline = \"2s\" }}\n");
        folder.write("torwart.toml", &(plan(&upstream.url(), "") + &auth))
    };
    let open = with(&service.url());
    let found = run(&["check", &open, "--format", "json"]).json();
    assert_eq!(found["upstreams"][1]["pool"], "auth.forward");
    assert_eq!((&found["upstreams"][1]["status"], &found["ok"]), (&200.into(), &true.into()));
    assert_eq!(found["upstreams"][1]["lets_anybody_in"], true);
    let outcome = run(&["check", &open, "--lang", "de"]);
    assert!(outcome.out.contains("lässt ein, wer gar nichts vorzeigt"), "{}", outcome.out);

    let outcome = run(&["check", &with("http://127.0.0.1:1"), "--format", "json"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.out);
    assert_eq!(outcome.json()["upstreams"][1]["cause"], "connect_refused");

    // Whoever knows nothing of the path knows nothing of who may come in.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = listener.local_addr().expect("it is bound");
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody asks");
        let mut heard = Vec::new();
        while !heard.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("the question is whole");
            heard.extend_from_slice(&byte);
        }
        stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").expect("it is heard");
        String::from_utf8(heard).expect("it is text")
    });
    let outcome = run(&["check", &with(&format!("http://{address}")), "--format", "json"]);
    assert_eq!(outcome.json()["upstreams"][1]["cause"], "authoriser_failed");
    let heard = answering.join().expect("it does not panic");
    assert!(heard.starts_with("GET /verify HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains("X-Forwarded-Host: shop.test\r\n"), "{heard}");
}
