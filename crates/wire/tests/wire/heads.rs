//! The head as a buffer and as a list of fields: what stays, what follows, what is for one connection only.

use crate::outcome::STRICT;
use torwart_wire::http1::{Asked, RequestLimits, ResponseLimits, parse_request, parse_response};
use torwart_wire::{Head, Known};

fn filled(bytes: &[u8]) -> Head {
    let mut head = Head::with_capacity(bytes.len());
    head.buffer.spare()[..bytes.len()].copy_from_slice(bytes);
    head.buffer.commit(bytes.len());
    head
}

fn parsed(bytes: &[u8]) -> Head {
    let mut head = filled(bytes);
    let parsed = parse_request(&mut head, &RequestLimits::default(), &STRICT);
    assert!(matches!(parsed, Ok(Some(_))), "{parsed:?}");
    head
}

/// The fields as `name=value`, hop-by-hop ones in parentheses.
fn fields_text(head: &Head) -> String {
    let fields = head.fields().map(|field| {
        let text = format!("{}={}", field.name.escape_ascii(), field.value.escape_ascii());
        if field.is_hop_by_hop { format!("({text})") } else { text }
    });
    fields.collect::<Vec<_>>().join(" ")
}

#[test]
fn pipelined_requests_come_one_after_another() {
    let mut head = parsed(b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET");
    assert_eq!(head.target(), b"/1");
    assert_eq!(head.len(), 28);
    head.next_message();
    assert!(head.is_empty());
    assert!(parse_request(&mut head, &RequestLimits::default(), &STRICT).is_ok_and(|r| r.is_some()));
    assert_eq!(head.target(), b"/2");
    assert_eq!(head.buffer.unread(), b"GET");
    // A finished head gives way by itself.
    assert_eq!(parse_request(&mut head, &RequestLimits::default(), &STRICT), Ok(None));
    assert_eq!(head.buffer.unread(), b"GET");
    assert_eq!(head.fields().len(), 0);
}

#[test]
fn the_body_is_read_behind_the_head_without_harming_it() {
    let mut head = parsed(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    let spare = head.buffer.capacity();
    assert!(head.buffer.spare().is_empty());
    head.buffer.consume(1);
    assert_eq!(head.buffer.unread(), b"b");
    head.buffer.compact();
    head.buffer.spare()[..1].copy_from_slice(b"c");
    head.buffer.commit(1);
    assert_eq!(head.buffer.unread(), b"bc");
    head.buffer.consume(2);
    assert_eq!(head.buffer.spare().len(), 2, "the whole room behind the head is free again");
    head.buffer.grow(spare + 10);
    assert_eq!(head.buffer.spare().len(), 12);
    assert_eq!(head.target(), b"/");
    assert_eq!(head.get(Known::Host), Some(b"a".as_slice()));
    head.clear();
    head.buffer.shrink(0);
    assert_eq!(head.buffer.capacity(), 0);
    assert_eq!(head.get(Known::Host), None);
}

#[test]
fn impossible_counts_are_cut_to_what_there_is() {
    let mut head = filled(b"abc");
    head.buffer.commit(usize::MAX);
    assert_eq!(head.buffer.unread(), b"abc");
    head.buffer.consume(usize::MAX);
    assert_eq!(head.buffer.unread(), b"");
    assert_eq!(head.buffer.spare().len(), 3);
}

#[test]
fn fields_for_one_connection_are_marked() {
    let head = parsed(
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Mine ,te,Trailer\r\nconnection: Y\r\nKeep-Alive: z\r\n\
          X-Mine: 1\r\nx-mine: 2\r\nX-Mine-Too: 3\r\ny: 4\r\nTE: trailers\r\nTrailer: q\r\nUpgrade: w\r\n\
          HTTP2-Settings: s\r\nProxy-Authorization: p\r\nProxy-Connection: c\r\n\r\n",
    );
    assert_eq!(
        fields_text(&head),
        "Host=a (Connection=close, X-Mine ,te,Trailer) (connection=Y) (Keep-Alive=z) (X-Mine=1) (x-mine=2) \
         X-Mine-Too=3 (y=4) (TE=trailers) (Trailer=q) (Upgrade=w) (HTTP2-Settings=s) (Proxy-Authorization=p) \
         (Proxy-Connection=c)"
    );
}

#[test]
fn connection_cannot_take_away_what_is_meant_for_everybody() {
    let head = parsed(
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Host, Content-Length, Cookie, X-Forwarded-For, Cache-Control\r\n\
          Content-Length: 1\r\nCookie: c\r\nX-Forwarded-For: 1.2.3.4\r\nCache-Control: no-store\r\n\r\n",
    );
    let marked: Vec<_> = head.fields().filter(|field| field.is_hop_by_hop).map(|field| field.name).collect();
    assert_eq!(marked, [b"Connection"]);
}

#[test]
fn endless_connection_options_are_refused() {
    let bytes = format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: {}\r\n\r\n", "a,".repeat(101));
    assert_eq!(crate::requests::request(bytes.as_bytes()), "too large: field_count");
}

#[test]
fn fields_are_found_by_kind_and_by_name() {
    let head = parsed(b"GET / HTTP/1.1\r\nHost: a\r\nCOOKIE: 1\r\ncookie: 2\r\nX_Under-score:  u \r\n\r\n");
    assert_eq!(head.get(Known::Cookie), Some(b"1".as_slice()));
    assert_eq!(head.all(Known::Cookie).collect::<Vec<_>>(), [b"1", b"2"]);
    assert_eq!(head.find("x_under-SCORE"), Some(b"u".as_slice()));
    assert_eq!(head.find("x-under-score"), None);
    assert!(!head.has(Known::Via));
}

#[test]
fn a_head_can_be_made_of_copies() {
    let mut head = Head::request(b"GET", b"/a?b");
    head.push_field(b"host", b"shop.example");
    head.push_field(b"te", b"trailers");
    assert_eq!((head.method(), head.path(), head.path_and_query()), (&b"GET"[..], &b"/a"[..], &b"/a?b"[..]));
    assert_eq!(head.authority(), b"shop.example");
    assert_eq!(fields_text(&head), "host=shop.example (te=trailers)");
    assert_eq!(head.len(), "GET /a?b\r\nhost: shop.example\r\nte: trailers\r\n".len());
    let mut head = Head::response(b"OK");
    head.push_field(b"server", b"x");
    assert_eq!((head.reason(), head.get(Known::Server)), (&b"OK"[..], Some(&b"x"[..])));
}

#[test]
fn folded_answers_are_unfolded_in_place() {
    let mut head = filled(b"HTTP/1.1 200 OK\r\nA: 1 \r\n\t2\r\n 3 \r\nB:\n \r\n  x\r\nC: \r\n \r\n\r\n");
    let parsed = parse_response(&mut head, Asked::default(), &ResponseLimits::default(), &STRICT);
    assert!(matches!(parsed, Ok(Some(_))), "{parsed:?}");
    let fields: Vec<_> = head.fields().map(|field| (field.name, field.value)).collect();
    assert_eq!(fields, [(&b"A"[..], &b"1    2   3"[..]), (b"B", b"x"), (b"C", b"")]);
}

#[test]
fn a_body_that_was_skipped_can_be_read_again() {
    let mut head = parsed(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbodyGET");
    head.buffer.skip(4);
    assert_eq!(head.buffer.unread(), b"GET");
    head.buffer.rewind();
    assert_eq!(head.buffer.unread(), b"bodyGET");
    head.buffer.skip(4);
    head.next_message();
    assert_eq!(head.buffer.unread(), b"GET");
}

/// Heads of 128 KiB, byte by byte. Looking at each part again for each byte would take minutes.
#[test]
fn a_head_that_drips_is_not_looked_at_again_and_again() {
    const LONG: usize = 128 * 1024;
    let limits = ResponseLimits { head_bytes: 2 * LONG, field_bytes: 2 * LONG, fields: LONG };
    let shapes = [
        format!("HTTP/1.1 200 {}\r\n\r\n", "r".repeat(LONG)),
        format!("HTTP/1.1 200 OK\r\n{}: x\r\n\r\n", "n".repeat(LONG)),
        format!("HTTP/1.1 200 OK\r\nx{}: x\r\n\r\n", " ".repeat(LONG)),
        format!("HTTP/1.1 200 OK\r\nx:{}\r\n\r\n", " ".repeat(LONG)),
        format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "v".repeat(LONG)),
        format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "\t".repeat(LONG)),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(LONG / 6)),
        format!("HTTP/1.1 200 OK\r\na:{}\r\n\r\n", "\n b".repeat(LONG / 3)),
    ];
    for shape in shapes {
        let mut head = Head::with_capacity(shape.len());
        let mut parsed = None;
        for byte in shape.bytes() {
            assert!(parsed.is_none(), "complete too early");
            head.buffer.spare()[0] = byte;
            head.buffer.commit(1);
            parsed = parse_response(&mut head, Asked::default(), &limits, &STRICT).expect("nothing is wrong");
        }
        assert!(parsed.is_some(), "{:?}...", &shape[..24]);
    }
    let limits = RequestLimits { head_bytes: 2 * LONG, target_bytes: LONG, fields: 1 };
    let line = format!("GET /{} HTTP/1.1{}", "t".repeat(LONG - 2), "x".repeat(LONG / 2));
    let mut head = Head::with_capacity(line.len());
    for byte in line.bytes() {
        head.buffer.spare()[0] = byte;
        head.buffer.commit(1);
        assert_eq!(parse_request(&mut head, &limits, &STRICT), Ok(None));
    }
}
