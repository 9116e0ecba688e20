//! A panic in one exchange: that exchange's fault, answered and recorded; nobody else notices.

use super::*;
use crate::{Gateway, Options};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;
use torwart_config::{Source, check};

/// Panics where the test's request asks for it, as a fault of this program would.
pub(super) fn panic_if_asked(x: &Exchange<'_>) {
    assert!(x.desk.request.path() != b"/panic", "asked for by the test");
}

fn start(upstream: SocketAddr) -> Gateway {
    let text = format!(
        "[listen]\nhttp = \"127.0.0.1:0\"\n[log]\naccess = false\n[site.\"*\"]\nupstreams = [\"http://{upstream}\"]\n"
    );
    let checked = check(&Source::new(Path::new("torwart.toml"), text), &|_| true);
    let plan = checked.plan.unwrap_or_else(|| panic!("{:#?}", checked.complaints));
    Gateway::start(plan, &Options { version: "test".into(), is_coloured: false })
        .unwrap_or_else(|problem| panic!("{problem}"))
}

/// One request on this connection; the answer as far as it comes within the deadline.
fn ask(stream: &mut TcpStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the gateway takes the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the gateway answers and closes");
    answer
}

fn connect(gateway: &Gateway) -> TcpStream {
    let address = gateway.addresses().iter().find_map(crate::Bound::ip).expect("a listener");
    let stream = TcpStream::connect(address).expect("the gateway accepts");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a deadline");
    stream
}

#[test]
fn a_panic_is_answered_with_500_recorded_once_and_leaves_others_alone() {
    let upstream = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let gateway = start(upstream.local_addr().expect("an address"));
    let (mut well, mut ill) = (connect(&gateway), connect(&gateway));

    let answer = ask(&mut ill, "/panic");
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(answer.contains("error=proxy_internal_error"), "{answer}");
    assert!(!answer.contains("asked for by the test"), "nothing inside leaks: {answer}");

    let serving = std::thread::spawn(move || {
        let (mut stream, _) = upstream.accept().expect("the gateway connects");
        let mut head = [0; 4096];
        let read = stream.read(&mut head).expect("the gateway sends");
        assert!(read > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").expect("the gateway reads");
    });
    let answer = ask(&mut well, "/");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ok"), "{answer}");
    serving.join().expect("the upstream did its part");

    let page = gateway.metrics().scrape(torwart_record::Exposition::Prometheus);
    let count =
        |line: &str| page.lines().filter(|known| known.starts_with(line) && known.ends_with(" 1")).count();
    assert_eq!(count("torwart_causes_total{"), 1, "{page}");
    assert!(page.contains("cause=\"gateway_bug\"} 1"), "{page}");
    assert!(gateway.stop(Duration::from_secs(5)));
}
