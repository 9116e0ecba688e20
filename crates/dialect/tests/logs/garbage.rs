//! Whatever stands in a log, reading it ends without a panic.

use proptest::prelude::*;
use torwart_dialect::Product;
use torwart_dialect::config::LogKind;
use torwart_dialect::log::{LogLine, MAX_LINE, Reader, explain_flags, join};

fn readers() -> Vec<Reader> {
    let mut readers: Vec<Reader> = Product::ALL
        .into_iter()
        .flat_map(|product| [LogKind::Error, LogKind::Access].map(|kind| Reader::usual(product, kind)))
        .collect();
    readers.push(Reader::of_pattern(
        Product::Nginx,
        "$remote_addr $time_local $request $upstream_addr $upstream_status",
    ));
    readers.push(Reader::of_pattern(Product::Apache, "%h %l %u %t %r %>s %{Host}i %D%T%%"));
    readers
}

fn read_all(line: &[u8]) -> Vec<LogLine> {
    readers().iter().filter_map(|reader| reader.read(line)).collect()
}

const LINES: &[&str] = &[
    "2026/11/21 16:35:45 [error] 9#9: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 10.9.8.7, server: a, request: \"GET / HTTP/1.1\", upstream: \"http://unix:/run/a.sock:/\", host: \"a\"",
    "Nov 21 16:36:41 lb haproxy[1]: 10.9.8.7:5 [21/Nov/2026:16:36:41.657] web app/s1 0/0/0/-1/0 502 209 - - SH-- 1/1/0/0/0 0/0 {a|b} {} \"GET / HTTP/1.1\"",
    "[Sat Nov 21 16:36:41.123456 2026] [proxy:error] [pid 8:tid 1] (111)Connection refused: AH00957: HTTP: attempt to connect to [::1]:9 (a) failed",
    "10.9.8.7 - - [21/Nov/2026:16:35:45 +0100] \"GET /a HTTP/1.1\" 502 157 \"-\" \"-\" 1 \"r\" \"http://a\" 3ms",
    "{\"level\":\"error\",\"ts\":1795277112.25,\"logger\":\"http.log.error\",\"msg\":\"dial tcp 1.2.3.4:5: i/o timeout\",\"request\":{\"host\":\"a\"},\"status\":504}",
    "time=\"2026-11-21T16:05:12Z\" level=debug msg=\"'502 Bad Gateway' caused by: EOF\"",
    "Server a/s1 is DOWN, reason: Layer7 wrong status, code: 503, info: \"x\", check duration: 0ms.",
];

proptest! {
    #[test]
    fn any_bytes_are_read_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_all(&bytes);
        let _ = Reader::guess(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn lines_cut_and_changed_are_read_or_not(
        which in 0..LINES.len(),
        from in 0usize..200,
        to in 0usize..300,
        change in any::<u8>(),
        at in 0usize..200,
    ) {
        let mut bytes = LINES[which].as_bytes().to_vec();
        if let Some(byte) = bytes.get_mut(at) {
            *byte = change;
        }
        let bytes = bytes.get(from..to.min(LINES[which].len())).unwrap_or(&bytes).to_vec();
        let lines = read_all(&bytes);
        for line in &lines {
            let _ = line.verdict();
        }
        let _ = join(&lines, 0);
    }

    #[test]
    fn any_pattern_and_any_flags_are_taken(pattern in "[%$a-z{}\"<> :,\\\\]*", line in "[a-z \",:{}]*", flags in "\\PC*") {
        for product in Product::ALL {
            let _ = Reader::of_pattern(product, &pattern).read(line.as_bytes());
        }
        let _ = explain_flags(&flags);
    }
}

#[test]
fn a_line_without_end_is_cut() {
    let long = format!("{}{}", LINES[0], "x".repeat(4 * MAX_LINE));
    assert_eq!(read_all(long.as_bytes()).len(), 1);
    let quotes = "\"".repeat(MAX_LINE);
    let _ = read_all(quotes.as_bytes());
    let deep = "{\"a\":".repeat(MAX_LINE / 5);
    assert!(read_all(deep.as_bytes()).is_empty());
}
