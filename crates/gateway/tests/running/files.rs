//! Files from a folder: what is sent, in whole and in part, and what never is.

use crate::client::{Answer, Client};
use crate::gateway::{Folder, Gateway, cause};
use std::os::unix::fs::symlink;

/// A folder with a site, things beside it, and ways out of it.
fn site(more: &str) -> Gateway {
    let folder = Folder::new();
    for sub in ["www", "www/docs", "www/empty", "www/.git", "www/.well-known"] {
        std::fs::create_dir(folder.path(sub)).expect("a folder");
    }
    for (file, text) in [
        ("www/index.html", "<h1>home</h1>"),
        ("www/a b.txt", "0123456789"),
        ("www/docs/index.html", "docs"),
        ("www/style.css", "body { color: black }"),
        ("www/style.css.br", "brotli"),
        ("www/style.css.gz", "gzip"),
        ("www/.git/config", "secret"),
        ("www/.env", "secret"),
        ("www/.well-known/proof", "proof"),
        ("www/info.php", "<?php secret"),
        ("secret.txt", "secret"),
    ] {
        folder.write(file, text);
    }
    std::fs::write(folder.path("www/large.bin"), large()).expect("a file");
    symlink("a b.txt", folder.path("www/inside")).expect("a link");
    symlink("../secret.txt", folder.path("www/outside")).expect("a link");
    symlink(folder.path("secret.txt"), folder.path("www/absolute")).expect("a link");
    symlink("..", folder.path("www/up")).expect("a link");
    symlink("/", folder.path("www/all")).expect("a link");
    let options = if more.is_empty() { String::new() } else { format!(", {more}") };
    let config = format!(
        r#"
[listen]
http = "127.0.0.1:0"

[site."shop.example"]
files = {{ root = "www"{options} }}
response_headers = {{ set = {{ X-Frame-Options = "DENY" }} }}
"#
    );
    Gateway::start_in(folder, &config)
}

fn large() -> Vec<u8> {
    (0..1_000_003u32).map(|number| (number % 251) as u8).collect()
}

fn ask(client: &mut Client, method: &str, path: &str, fields: &str) -> Answer {
    client.send(&format!("{method} {path} HTTP/1.1\r\nHost: shop.example\r\n{fields}\r\n")).expect("sent");
    client.answer().expect("an answer")
}

#[test]
fn files_are_sent_with_what_describes_them() {
    let gateway = site("cache_control = \"public, max-age=60\"");
    let mut client = Client::connect(gateway.address());
    let answer = client.get("/").expect("an answer");
    assert_eq!((answer.status, answer.body.as_str()), (200, "<h1>home</h1>"));
    assert_eq!(answer.head.field("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.head.field("cache-control"), Some("public, max-age=60"));
    assert_eq!(answer.head.field("accept-ranges"), Some("bytes"));
    assert_eq!(answer.head.field("x-frame-options"), Some("DENY"));
    assert!(answer.head.field("etag").is_some() && answer.head.field("last-modified").is_some());
    assert_eq!(client.get("/a%20b.txt").expect("an answer").body, "0123456789");
    assert_eq!(client.get("/inside").expect("an answer").body, "0123456789");
    assert_eq!(client.get("/.well-known/proof").expect("an answer").body, "proof");
    assert_eq!(client.get("/docs/").expect("an answer").body, "docs");
    let moved = client.get("/docs?a=b").expect("an answer");
    assert_eq!((moved.status, moved.head.field("location")), (308, Some("/docs/?a=b")));
    let records = gateway.wait_for_records(6);
    assert!(records.iter().all(|record| cause(record).is_empty()), "{records:?}");
}

#[test]
fn a_large_file_arrives_whole_and_in_parts() {
    let gateway = site("");
    let mut client = Client::connect(gateway.address());
    client.send("GET /large.bin HTTP/1.1\r\nHost: shop.example\r\n\r\n").expect("sent");
    let head = client.head().expect("a head");
    let mut body = Vec::new();
    client.wire.body(&head, |piece| body.extend_from_slice(piece)).expect("a body");
    assert!(body == large());
    client
        .send("GET /large.bin HTTP/1.1\r\nHost: shop.example\r\nRange: bytes=70000-140001\r\n\r\n")
        .expect("sent");
    let head = client.head().expect("a head");
    body.clear();
    client.wire.body(&head, |piece| body.extend_from_slice(piece)).expect("a body");
    assert_eq!(head.field("content-range"), Some("bytes 70000-140001/1000003"));
    assert!(body == large()[70000..=140_001]);
}

#[test]
fn ranges_and_conditions_are_kept() {
    let gateway = site("");
    let mut client = Client::connect(gateway.address());
    let path = "/a%20b.txt";
    let whole = ask(&mut client, "GET", path, "");
    let etag = whole.head.field("etag").expect("an entity tag").to_owned();
    let date = whole.head.field("last-modified").expect("a date").to_owned();
    let mut check = |method: &str, fields: &str, status: u16, body: &str| {
        let answer = ask(&mut client, method, path, fields);
        assert_eq!((answer.status, answer.body.as_str()), (status, body), "{fields}");
        answer
    };
    assert_eq!(
        check("GET", "Range: bytes=2-4\r\n", 206, "234").head.field("content-range"),
        Some("bytes 2-4/10")
    );
    check("GET", "Range: bytes=-3\r\n", 206, "789");
    check("GET", &format!("Range: bytes=-3\r\nIf-Range: {etag}\r\n"), 206, "789");
    check("GET", "Range: bytes=-3\r\nIf-Range: \"other\"\r\n", 200, "0123456789");
    let beyond = check("GET", "Range: bytes=10-\r\n", 416, "");
    assert_eq!(beyond.head.field("content-range"), Some("bytes */10"));
    let unchanged = check("GET", &format!("If-None-Match: \"x\", W/{etag}\r\n"), 304, "");
    assert_eq!(unchanged.head.field("etag"), Some(etag.as_str()));
    check("GET", &format!("If-Modified-Since: {date}\r\n"), 304, "");
    check("GET", &format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {date}\r\n"), 200, "0123456789");
    check("GET", "If-Match: \"x\"\r\n", 412, "");
    check("GET", &format!("If-Match: {etag}\r\n"), 200, "0123456789");
    check("GET", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 412, "");
    assert_eq!(check("OPTIONS", "", 204, "").head.field("allow"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(check("DELETE", "", 405, "").head.field("allow"), Some("GET, HEAD, OPTIONS"));
}

#[test]
fn several_parts_come_in_one_answer() {
    let gateway = site("");
    let mut client = Client::connect(gateway.address());
    let answer = ask(&mut client, "GET", "/a%20b.txt", "Range: bytes=0-1,8-\r\n");
    let kind = answer.head.field("content-type").expect("a type").to_owned();
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").expect("a boundary");
    let part = |range: &str, text: &str| {
        let kind = "text/plain; charset=utf-8";
        format!("\r\n--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: bytes {range}/10\r\n\r\n{text}")
    };
    let expected = format!("{}{}\r\n--{boundary}--\r\n", part("0-1", "01"), part("8-9", "89"));
    assert_eq!((answer.status, answer.body), (206, expected));
}

#[test]
fn head_says_what_get_would_send() {
    let gateway = site("");
    let mut client = Client::connect(gateway.address());
    client.send("HEAD /a%20b.txt HTTP/1.1\r\nHost: shop.example\r\n\r\n").expect("sent");
    assert_eq!(client.head().expect("a head").field("content-length"), Some("10"));
    assert_eq!(client.get("/").expect("an answer").status, 200);
}

#[test]
fn compressed_neighbours_go_to_those_who_take_them() {
    let gateway = site("precompressed = [\"br\", \"zstd\", \"gzip\"]");
    let mut client = Client::connect(gateway.address());
    let mut check = |accept: &str, coding: Option<&str>, body: &str| {
        let answer = ask(&mut client, "GET", "/style.css", &format!("Accept-Encoding: {accept}\r\n"));
        assert_eq!((answer.head.field("content-encoding"), answer.body.as_str()), (coding, body), "{accept}");
        assert_eq!(answer.head.field("content-type"), Some("text/css; charset=utf-8"));
        assert_eq!(answer.head.field("vary"), Some("Accept-Encoding"));
    };
    check("gzip, br", Some("br"), "brotli");
    check("gzip, br;q=0", Some("gzip"), "gzip");
    check("identity", None, "body { color: black }");
}

#[test]
fn nothing_outside_and_nothing_hidden_is_ever_sent() {
    let gateway = site("");
    let mut client = Client::connect(gateway.address());
    let fixed = [
        "/missing",
        "/.env",
        "/.git/config",
        "/%2eenv",
        "/.%67it/config",
        "/info.php",
        "/info.php/",
        "/empty/",
        "/outside",
        "/absolute",
        "/up/secret.txt",
        "/up",
        "/all/etc/passwd",
        "/style.css/",
        "/style.css/x",
        "/a%20b.txt%00.html",
        "/a%2f..%2fb",
        "/docs/..%5csecret.txt",
    ];
    let dots = ["..", "%2e%2e", ".%2e", "%2E.", "..;", "..;x=1", "%252e%252e", "..%c0%af", "..%5c", ".%00."];
    let slashes = ["/", "//", "%2f", "%5C", "\\", "/./", "%252f", "%c0%af"];
    let targets = ["secret.txt", "etc/passwd", "www/.env", "proc/self/environ"];
    let mut paths: Vec<String> = fixed.iter().map(|path| (*path).to_owned()).collect();
    for dot in dots {
        for slash in slashes {
            for target in targets {
                paths.extend(
                    [1, 4].map(|depth| format!("/{}{target}", format!("{dot}{slash}").repeat(depth))),
                );
                paths.push(format!("/docs/{dot}{slash}{dot}{slash}{target}"));
            }
        }
    }
    assert!(paths.len() > 900, "only {}", paths.len());
    for path in &paths {
        client.send(&format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\n\r\n")).expect("sent");
        let answer = client.answer().expect("an answer");
        assert!(matches!(answer.status, 400 | 404 | 308), "{path}: {}", answer.status);
        assert!(!answer.body.contains("secret") || answer.body.contains("<html"), "{path}");
        assert!(!answer.body.contains("root:"), "{path}");
        if !answer.keeps_alive() {
            client = Client::connect(gateway.address());
        }
    }
    let records = gateway.wait_for_records(paths.len());
    let first = records.iter().find(|record| record["path"] == "/missing").expect("a record");
    assert_eq!(cause(first), "file_missing");
}

#[test]
fn what_is_no_file_can_go_to_an_application() {
    let upstream = crate::application::Application::start(|_| Vec::new());
    let folder = Folder::new();
    folder.write("page.txt", "file");
    let config = format!(
        "[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"shop.example\"]\nfiles = \".\"\nupstreams = \"http://{}\"\n\
         retry = {{ attempts = 1 }}\n",
        upstream.address
    );
    let gateway = Gateway::start_in(folder, &config);
    let mut client = Client::connect(gateway.address());
    assert_eq!(client.get("/page.txt").expect("an answer").body, "file");
    // Who listens there does not speak HTTP, which shows that it was asked.
    assert_eq!(client.get("/api").expect("an answer").status, 502);
    let records = gateway.wait_for_records(2);
    assert_eq!(records[1]["attempts"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_file_that_may_not_be_read_is_said_to_be_there() {
    use std::os::unix::fs::PermissionsExt;
    let gateway = site("");
    let file = gateway.folder().path("www/style.css");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o000)).expect("it is ours");
    if std::fs::File::open(&file).is_ok() {
        // Nothing is closed to root.
        return;
    }
    let answer = Client::connect(gateway.address()).get("/style.css").expect("an answer");
    assert_eq!((answer.status, cause(&gateway.wait_for_records(1)[0])), (403, "file_denied"));
}

#[test]
fn a_deployment_that_turns_a_link_is_served_at_once() {
    let folder = Folder::new();
    for release in ["one", "two"] {
        std::fs::create_dir(folder.path(release)).expect("a folder");
        folder.write(&format!("{release}/page.txt"), release);
    }
    symlink("one", folder.path("current")).expect("a link");
    let config = "[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"shop.example\"]\nfiles = \"current\"\n";
    let gateway = Gateway::start_in(folder, config);
    let mut client = Client::connect(gateway.address());
    assert_eq!(client.get("/page.txt").expect("an answer").body, "one");
    let place = |name: &str| gateway.folder().path(name);
    symlink("two", place("next")).expect("a link");
    std::fs::rename(place("next"), place("current")).expect("it is turned");
    assert_eq!(client.get("/page.txt").expect("an answer").body, "two");
}
