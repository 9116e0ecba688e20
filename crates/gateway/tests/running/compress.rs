//! Compression on the way to the client: what arrives is what was sent, in time, and what is cut stays cut.

use crate::client::Client;
use crate::gateway::{Folder, Gateway, cause};
use crate::message::Head;
use crate::upstream::Upstream;
use flate2::read::GzDecoder;
use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::mpsc::channel;

fn gateway(upstream: &Upstream, more: &str) -> Gateway {
    let url = upstream.url();
    Gateway::start(&format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{url}\"\ncompress = true\n{more}\n"
    ))
}

/// A page that is as compressible as pages are.
fn page(length: usize) -> String {
    let mut page = String::with_capacity(length + 64);
    for number in 0.. {
        if page.len() >= length {
            break;
        }
        let price = number * 7919 % 10_007;
        page.push_str(&format!("<li class=\"article\" data-id=\"{number}\"><b>{price}</b> EUR</li>\n"));
    }
    page.truncate(length);
    page
}

fn request(method: &str, accept: &str, version: &str) -> String {
    format!("{method} /page HTTP/{version}\r\nHost: shop.example\r\nAccept-Encoding: {accept}\r\n\r\n")
}

/// Head and body as they came.
fn ask(client: &mut Client, text: &str) -> io::Result<(Head, Vec<u8>)> {
    client.send(text)?;
    let head = client.head()?;
    let mut body = Vec::new();
    if !text.starts_with("HEAD") && head.word() != "304" {
        client.wire.body(&head, |piece| body.extend_from_slice(piece))?;
    }
    Ok((head, body))
}

fn decoded(coding: Option<&str>, bytes: &[u8]) -> String {
    let mut text = Vec::new();
    match coding {
        Some("gzip") => drop(GzDecoder::new(bytes).read_to_end(&mut text).expect("is gzip")),
        Some("br") => drop(brotli::Decompressor::new(bytes, 4096).read_to_end(&mut text).expect("is brotli")),
        Some("zstd") => {
            let mut whole = Vec::with_capacity(1 << 20);
            zstd_safe::DCtx::create().decompress(&mut whole, bytes).expect("is zstd");
            text = whole;
        }
        Some(other) => panic!("{other} is no coding of ours"),
        None => text = bytes.to_vec(),
    }
    String::from_utf8(text).expect("is text")
}

/// Answers everything with one page, of stated length or in chunks.
fn upstream(length: usize, is_chunked: bool) -> Upstream {
    let page = page(length);
    Upstream::start(move |link| {
        while let Some(request) = link.request()? {
            let fields =
                "Content-Type: text/html\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\nVary: Origin\r\n";
            if request.field("if-none-match").is_some() {
                link.send("HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n")?;
            } else if request.line.starts_with("HEAD") {
                link.send(&format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {}\r\n\r\n", page.len()))?;
            } else if is_chunked {
                link.send(&format!("HTTP/1.1 200 OK\r\n{fields}Transfer-Encoding: chunked\r\n\r\n"))?;
                for piece in page.as_bytes().chunks(10_000) {
                    link.wire.send(format!("{:x}\r\n", piece.len()).as_bytes())?;
                    link.wire.send(piece)?;
                    link.wire.send(b"\r\n")?;
                }
                link.send("0\r\n\r\n")?;
            } else {
                link.answer_with(fields, &page)?;
            }
        }
        Ok(())
    })
}

#[test]
fn pages_arrive_whole_in_every_coding_and_size() {
    for (length, is_chunked) in [(2000, false), (2000, true), (200_000, false), (200_000, true)] {
        let upstream = upstream(length, is_chunked);
        let gateway = gateway(&upstream, "");
        let mut client = Client::connect(gateway.address());
        for (accept, coding) in [
            ("gzip, deflate, br, zstd", Some("zstd")),
            ("gzip, br", Some("br")),
            ("gzip", Some("gzip")),
            ("identity", None),
            ("*", None),
        ] {
            let (head, body) = ask(&mut client, &request("GET", accept, "1.1")).expect("an answer");
            assert_eq!(head.field("content-encoding"), coding, "{accept}");
            assert_eq!(head.field("vary"), Some("Origin, Accept-Encoding"));
            assert_eq!(head.field("etag"), Some(if coding.is_some() { "W/\"v1\"" } else { "\"v1\"" }));
            assert_eq!(head.field("accept-ranges").is_some(), coding.is_none());
            assert!(decoded(coding, &body) == page(length), "{accept} {length}");
            assert!(coding.is_none() || body.len() < length / 2, "{coding:?}: {}", body.len());
        }
        assert_eq!(upstream.connections(), 1, "the link goes on");
        assert!(gateway.wait_for_records(5).iter().all(|record| cause(record).is_empty()));
    }
}

#[test]
fn a_small_whole_page_states_its_length_also_to_old_clients() {
    let upstream = upstream(3000, true);
    let gateway = gateway(&upstream, "");
    for version in ["1.1", "1.0"] {
        let mut client = Client::connect(gateway.address());
        let (head, body) = ask(&mut client, &request("GET", "gzip", version)).expect("an answer");
        assert_eq!(head.field("content-length"), Some(body.len().to_string().as_str()));
        assert_eq!(decoded(Some("gzip"), &body), page(3000));
    }
}

#[test]
fn asking_for_the_head_or_for_changes_says_the_same() {
    let upstream = upstream(3000, false);
    let gateway = gateway(&upstream, "");
    let mut client = Client::connect(gateway.address());
    let (head, _) = ask(&mut client, &request("HEAD", "gzip", "1.1")).expect("an answer");
    let fields = ["content-encoding", "etag", "vary", "content-length"].map(|name| head.field(name));
    assert_eq!(fields, [Some("gzip"), Some("W/\"v1\""), Some("Origin, Accept-Encoding"), None]);
    let (head, _) = ask(&mut client, &request("HEAD", "identity", "1.1")).expect("an answer");
    assert_eq!((head.field("content-length"), head.field("content-encoding")), (Some("3000"), None));
    let conditional = request("GET", "gzip\r\nIf-None-Match: W/\"v1\"", "1.1");
    let (head, _) = ask(&mut client, &conditional).expect("an answer");
    assert_eq!((head.word(), head.field("etag")), ("304", Some("W/\"v1\"")));
}

#[test]
fn an_old_client_reads_a_long_page_until_the_close() {
    let upstream = upstream(200_000, true);
    let gateway = gateway(&upstream, "");
    let mut client = Client::connect(gateway.address());
    client.send(&request("GET", "gzip", "1.0")).expect("sent");
    let head = client.head().expect("a head");
    assert_eq!((head.field("transfer-encoding"), head.field("content-length")), (None, None));
    let mut body = Vec::new();
    let mut room = [0; 4096];
    loop {
        match client.wire.read(&mut room).expect("it ends in an orderly way") {
            0 => break,
            read => body.extend_from_slice(&room[..read]),
        }
    }
    assert!(decoded(Some("gzip"), &body) == page(200_000));
}

#[test]
fn what_came_goes_out_when_the_upstream_pauses() {
    let (seen, waits) = channel();
    let waits = Mutex::new(waits);
    let upstream = Upstream::start(move |link| {
        while link.request()?.is_some() {
            link.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            for word in ["first", "other", "third"] {
                link.send(&format!("5\r\n{word}\r\n"))?;
                // It goes on only after the client has read this much.
                waits.lock().expect("nobody panics here").recv().expect("the client reads");
            }
            link.send("0\r\n\r\n")?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream, "");
    let mut client = Client::connect(gateway.address());
    client.send(&request("GET", "gzip", "1.1")).expect("sent");
    let head = client.head().expect("a head");
    assert_eq!(head.field("content-encoding"), Some("gzip"));
    let mut decoder = flate2::write::GzDecoder::new(Vec::new());
    let mut words = 0;
    client
        .wire
        .body(&head, |piece| {
            use std::io::Write;
            decoder.write_all(piece).expect("is gzip");
            decoder.flush().expect("is gzip");
            while decoder.get_ref().len() / 5 > words {
                words += 1;
                seen.send(()).expect("the upstream waits");
            }
        })
        .expect("it ends");
    assert_eq!(decoder.finish().expect("it is whole"), b"firstotherthird");
}

#[test]
fn a_cut_page_stays_cut() {
    let upstream = Upstream::start(|link| {
        if link.request()?.is_none() {
            return Ok(());
        }
        let half = page(100_000);
        link.send(&format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 200000\r\n\r\n{half}"
        ))
    });
    let gateway = gateway(&upstream, "");
    for accept in ["gzip", "br", "zstd"] {
        let mut client = Client::connect(gateway.address());
        ask(&mut client, &request("GET", accept, "1.1")).expect_err("the last chunk is missing");
    }
    let mut client = Client::connect(gateway.address());
    client.send(&request("GET", "gzip", "1.0")).expect("sent");
    client.head().expect("a head");
    let mut room = [0; 4096];
    let ended = loop {
        match client.wire.read(&mut room) {
            Ok(0) => break Ok(()),
            Ok(_) => {}
            Err(error) => break Err(error.kind()),
        }
    };
    assert_eq!(ended, Err(io::ErrorKind::ConnectionReset), "a clean close would end the message");
    let records = gateway.wait_for_records(4);
    assert!(
        records.iter().all(|record| cause(record) == "body_cut" && record["complete"] == false),
        "{records:?}"
    );
}

#[test]
fn trailers_are_passed_on_behind_a_coded_body() {
    let upstream = Upstream::start(|link| {
        while link.request()?.is_some() {
            let page = page(3000);
            link.send(&format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\nbb8\r\n{page}\r\n0\r\nX-End: yes\r\n\r\n"
            ))?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream, "");
    let mut client = Client::connect(gateway.address());
    client.send(&request("GET", "gzip", "1.1")).expect("sent");
    let head = client.head().expect("a head");
    assert_eq!(head.field("transfer-encoding"), Some("chunked"));
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.extend(client.wire.bytes(1).expect("more comes"));
    }
    assert!(bytes.ends_with(b"\r\n0\r\nX-End: yes\r\n\r\n"));
}

#[test]
fn a_route_says_for_itself_what_is_compressed() {
    let upstream = upstream(2000, false);
    let gateway = gateway(
        &upstream,
        "[[site.\"*\".route]]\npath = \"=/page\"\ncompress = { codings = \"gzip\", effort = \"high\", min_size = \"4KB\" }\n",
    );
    let mut client = Client::connect(gateway.address());
    let (head, body) = ask(&mut client, &request("GET", "gzip", "1.1")).expect("an answer");
    assert_eq!((head.field("content-encoding"), head.field("vary")), (None, Some("Origin")));
    assert_eq!(body.len(), 2000);
    let other = request("GET", "br", "1.1").replace("/page", "/other");
    let (head, _) = ask(&mut client, &other).expect("an answer");
    assert_eq!(head.field("content-encoding"), Some("br"));
}

#[test]
fn files_are_compressed_unless_they_lie_there_so() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("www")).expect("a folder");
    folder.write("www/page.html", &page(150_000));
    folder.write("www/style.css", &page(5000));
    folder.write("www/style.css.gz", "neighbour");
    let gateway = Gateway::start_in(
        folder,
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\n\
         files = { root = \"www\", precompressed = \"gzip\" }\ncompress = true\n",
    );
    let mut client = Client::connect(gateway.address());
    let path = |text: String, path: &str| text.replace("/page", path);
    for coding in ["gzip", "br", "zstd"] {
        let (head, body) =
            ask(&mut client, &path(request("GET", coding, "1.1"), "/page.html")).expect("an answer");
        assert_eq!(head.field("content-encoding"), Some(coding));
        assert_eq!((head.field("vary"), head.field("accept-ranges")), (Some("Accept-Encoding"), None));
        assert!(decoded(Some(coding), &body) == page(150_000));
        let tag = head.field("etag").expect("a tag").to_owned();
        assert!(tag.starts_with("W/"), "{tag}");
        let again = request("GET", &format!("{coding}\r\nIf-None-Match: {tag}"), "1.1");
        let (head, _) = ask(&mut client, &path(again, "/page.html")).expect("an answer");
        assert_eq!((head.word(), head.field("etag")), ("304", Some(tag.as_str())));
    }
    let (head, _) = ask(&mut client, &path(request("HEAD", "br", "1.1"), "/page.html")).expect("an answer");
    assert_eq!((head.field("content-encoding"), head.field("content-length")), (Some("br"), None));
    let part = request("GET", "gzip\r\nRange: bytes=0-9", "1.1");
    let (head, body) = ask(&mut client, &path(part, "/page.html")).expect("an answer");
    assert_eq!((head.word(), head.field("content-encoding"), body.len()), ("206", None, 10));
    let (head, body) =
        ask(&mut client, &path(request("GET", "gzip", "1.1"), "/style.css")).expect("an answer");
    assert_eq!((head.field("content-encoding"), body.as_slice()), (Some("gzip"), b"neighbour".as_slice()));
}

#[test]
fn what_is_stored_plain_is_coded_for_each_as_it_likes() {
    for is_chunked in [false, true] {
        let page_text = page(150_000);
        let upstream = Upstream::start(move |link| {
            while link.request()?.is_some() {
                let fields = "Content-Type: text/html\r\nCache-Control: max-age=60\r\nETag: \"v1\"\r\n";
                if is_chunked {
                    let size = page_text.len();
                    link.send(&format!(
                        "HTTP/1.1 200 OK\r\n{fields}Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n"
                    ))?;
                    link.send(&page_text)?;
                    link.send("\r\n0\r\n\r\n")?;
                } else {
                    link.answer_with(fields, &page_text)?;
                }
            }
            Ok(())
        });
        let gateway = gateway(&upstream, "cache = true");
        let mut client = Client::connect(gateway.address());
        for (accept, coding) in [
            ("gzip", Some("gzip")),
            ("br", Some("br")),
            ("zstd", Some("zstd")),
            ("identity", None),
            ("gzip", Some("gzip")),
        ] {
            let (head, body) = ask(&mut client, &request("GET", accept, "1.1")).expect("an answer");
            assert_eq!(
                (head.field("content-encoding"), head.field("vary")),
                (coding, Some("Accept-Encoding"))
            );
            assert!(decoded(coding, &body) == page(150_000), "{accept}");
        }
        let (head, _) = ask(&mut client, &request("HEAD", "br", "1.1")).expect("an answer");
        assert_eq!((head.field("content-encoding"), head.field("content-length")), (Some("br"), None));
        let conditional = request("GET", "gzip\r\nIf-None-Match: W/\"v1\"", "1.1");
        let (head, _) = ask(&mut client, &conditional).expect("an answer");
        assert_eq!((head.word(), head.field("etag")), ("304", Some("W/\"v1\"")));
        let part = request("GET", "gzip\r\nRange: bytes=0-9", "1.1");
        let (head, body) = ask(&mut client, &part).expect("an answer");
        assert_eq!((head.word(), head.field("content-encoding"), body.len()), ("206", None, 10));
        assert_eq!(upstream.targets().len(), 1, "it was fetched once");
    }
}

#[test]
fn a_cut_fetch_stays_cut_for_whom_it_is_coded() {
    let upstream = Upstream::start(|link| {
        if link.request()?.is_none() {
            return Ok(());
        }
        let half = page(100_000);
        link.send(&format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nCache-Control: max-age=60\r\nContent-Length: 200000\r\n\r\n{half}"
        ))
    });
    let gateway = gateway(&upstream, "cache = true\nretry = { attempts = 1 }");
    let mut client = Client::connect(gateway.address());
    ask(&mut client, &request("GET", "gzip", "1.1")).expect_err("the last chunk is missing");
    let records = gateway.wait_for_records(1);
    assert_eq!((cause(&records[0]), &records[0]["complete"]), ("body_cut", &false.into()));
}

#[test]
fn others_have_their_turns_while_a_long_answer_is_coded() {
    let upstream = Upstream::start(|link| {
        let long = page(2 << 20);
        while let Some(request) = link.request()? {
            link.answer_with(
                "Content-Type: text/html\r\n",
                if request.word() == "/page" { &long } else { "small" },
            )?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream, "");
    let address = gateway.address();
    let mut client = Client::connect(address);
    // The link for the small ones is there before.
    client.get("/small").expect("an answer");
    let long = std::thread::spawn(move || {
        let mut client = Client::connect(address);
        ask(&mut client, &request("GET", "gzip", "1.1")).expect("an answer").1
    });
    let mut served = 0;
    while !long.is_finished() {
        assert_eq!(client.get("/small").expect("an answer").body, "small");
        served += 1;
    }
    assert!(decoded(Some("gzip"), &long.join().expect("it does not panic")) == page(2 << 20));
    assert!(served >= 6, "{served} in all that time");
}
