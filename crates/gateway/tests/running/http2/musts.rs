//! What RFC 9113 demands of a server: malformed messages cost their stream, broken framing costs the connection, and
//! nothing of either gets through.

use super::gateway;
use super::raw::*;
use crate::gateway::cause;
use crate::upstream::Upstream;

type Fields = &'static [(&'static str, &'static str)];

/// A request with these fields behind the pseudo-headers.
fn with(fields: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    [GOOD, fields].concat()
}

/// Fields that make a request malformed which is good without them.
const BEHIND: &[Fields] = &[
    &[("X-Upper", "a")],
    &[(":path", "/twice")],
    &[("x-a", "b"), (":path", "/late")],
    &[(":unknown", "a")],
    &[(":status", "200")],
    &[("connection", "close")],
    &[("connection", "x-a"), ("x-a", "b")],
    &[("keep-alive", "timeout=5")],
    &[("proxy-connection", "close")],
    &[("transfer-encoding", "chunked")],
    &[("upgrade", "h2c")],
    &[("te", "gzip")],
    &[("te", "trailers, gzip")],
    &[("host", "b.example")],
    &[("host", "a.example"), ("host", "a.example")],
    &[("content-length", "5")],
    &[("content-length", "0"), ("content-length", "1")],
    &[("content-length", "-1")],
    &[("content-length", "+0")],
    &[("content-length", "0, 0")],
    &[("x-a", " b")],
    &[("x-a", "b\t")],
    &[("x-a", "b\r\nx-b: c")],
    &[("x-a", "b\nc")],
    &[("x-a", "b\rc")],
    &[("x-a", "b\0c")],
    &[("x a", "b")],
    &[("x-a\r\nx-b", "b")],
    &[("x:a", "b")],
    &[("", "b")],
    &[(":", "b")],
];

/// Malformed requests.
const WHOLE: &[Fields] = &[
    &[(":scheme", "http"), (":path", "/"), (":authority", "a.example")],
    &[(":method", "GET"), (":path", "/"), (":authority", "a.example")],
    &[(":method", "GET"), (":scheme", "http"), (":authority", "a.example")],
    &[(":method", "GET"), (":scheme", "http"), (":path", "/")],
    &[(":method", "GET"), (":scheme", "http"), (":path", ""), (":authority", "a.example")],
    &[(":method", "GET"), (":scheme", "http"), (":path", "x"), (":authority", "a.example")],
    &[(":method", "GET"), (":scheme", "http"), (":path", "http://b.example/"), (":authority", "a.example")],
    &[(":method", "GET"), (":scheme", "http"), (":path", "/ HTTP/1.1\r\nx: y"), (":authority", "a.example")],
    &[(":method", "G T"), (":scheme", "http"), (":path", "/"), (":authority", "a.example")],
    &[(":method", "CONNECT"), (":scheme", "http"), (":path", "/"), (":authority", "a.example")],
    &[
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/"),
        (":protocol", "websocket"),
        (":authority", "a"),
    ],
    &[],
];

#[test]
fn a_malformed_head_costs_its_stream_and_goes_nowhere() {
    let upstream = Upstream::saying("well");
    let gateway = gateway(&upstream);
    let heads = BEHIND.iter().map(|fields| with(fields)).chain(WHOLE.iter().map(|fields| fields.to_vec()));
    let mut raw = Raw::open(gateway.address());
    let mut count = 0;
    for (number, fields) in heads.enumerate() {
        let stream = 1 + 4 * u32::try_from(number).expect("they are few");
        raw.send(&head(stream, END_STREAM, &fields));
        match raw.outcome(stream) {
            Outcome::Reset(PROTOCOL_ERROR) => {}
            // A server may always do more (RFC 9113 §5.4.2).
            Outcome::GoAway(PROTOCOL_ERROR) => raw = Raw::open(gateway.address()),
            other => panic!("{fields:?}: {other:?}"),
        }
        raw.send(&head(stream + 2, END_STREAM, GOOD));
        assert_eq!(raw.outcome(stream + 2), Outcome::Answered(200), "after {fields:?}");
        count += 1;
    }
    assert!(upstream.targets().iter().all(|target| target == "/good"), "{:?}", upstream.targets());
    let records = gateway.wait_for_records(2 * count);
    let malformed = records.iter().filter(|record| cause(record) == "request_malformed");
    assert_eq!((malformed.count(), records.len()), (count, 2 * count), "each has its record");
}

#[test]
fn what_the_strict_parser_forbids_is_answered() {
    let upstream = Upstream::saying("well");
    let gateway = gateway(&upstream);
    let mut raw = Raw::open(gateway.address());
    let cases: &[(Fields, u16)] = &[
        (&[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "u@a.example")], 400),
        (&[(":method", "GET"), (":scheme", "http"), (":path", "*"), (":authority", "a.example")], 400),
        (&[(":method", "CONNECT"), (":authority", "a.example:443")], 501),
        (&[(":method", "OPTIONS"), (":scheme", "http"), (":path", "*"), (":authority", "a.example")], 200),
        (&[(":method", "GET"), (":scheme", "http"), (":path", "/good"), ("host", "a.example")], 200),
        (
            &[
                (":method", "GET"),
                (":scheme", "http"),
                (":path", "/good"),
                (":authority", "a.example"),
                ("te", "trailers"),
            ],
            200,
        ),
    ];
    for (number, (fields, status)) in cases.iter().enumerate() {
        let stream = 1 + 2 * u32::try_from(number).expect("they are few");
        raw.send(&head(stream, END_STREAM, fields));
        assert_eq!(raw.outcome(stream), Outcome::Answered(*status), "{fields:?}");
    }
}

#[test]
fn a_body_that_is_not_what_its_head_said_costs_its_stream() {
    let upstream = Upstream::start(|link| {
        while let Some(head) = link.wire.head()? {
            link.wire.body(&head, |_| {})?;
            link.answer("well")?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream);
    let mut raw = Raw::open(gateway.address());
    let post = [(":method", "POST"), (":scheme", "http"), (":path", "/good"), (":authority", "a")];
    let five: &[_] = &[post.as_slice(), &[("content-length", "5")]].concat();
    let trailers = |stream, fields: &[(&str, &str)]| head(stream, END_STREAM, fields);
    let cases = [
        ("too long", five, frame(DATA, END_STREAM, 1, b"123456")),
        ("too short", five, frame(DATA, END_STREAM, 3, b"1234")),
        ("too long in pieces", five, [frame(DATA, 0, 5, b"123"), frame(DATA, 0, 5, b"456")].concat()),
        ("a field of the connection behind the body", &post, trailers(7, &[("connection", "close")])),
        ("TE behind the body", &post, trailers(9, &[("te", "trailers")])),
        ("trailers that are not the end", &post, head(11, 0, &[("x-a", "b")])),
    ];
    for (number, (what, fields, rest)) in cases.iter().enumerate() {
        let stream = 1 + 2 * u32::try_from(number).expect("they are few");
        raw.send(&[head(stream, 0, fields), rest.clone()].concat());
        assert_eq!(raw.outcome(stream), Outcome::Reset(PROTOCOL_ERROR), "{what}");
    }
    raw.send(&[head(13, 0, five), frame(DATA, END_STREAM, 13, b"12345")].concat());
    assert_eq!(raw.outcome(13), Outcome::Answered(200));
    let records = gateway.wait_for_records(cases.len() + 1);
    assert_eq!(records.len(), cases.len() + 1);
    for record in &records {
        assert!(["request_malformed", "client_left", ""].contains(&cause(record)), "{record}");
    }
}

/// Frames that must end a connection: what, its bytes, and the codes that may be said.
type Broken = (&'static str, Vec<u8>, &'static [u32]);

fn broken_frames() -> Vec<Broken> {
    let setting = |id: u16, value: u32| [id.to_be_bytes().as_slice(), &value.to_be_bytes()].concat();
    let get = || head(1, END_STREAM, GOOD);
    let size: &[u32] = &[FRAME_SIZE_ERROR, PROTOCOL_ERROR];
    let protocol: &[u32] = &[PROTOCOL_ERROR];
    let ended: &[u32] = &[STREAM_CLOSED, PROTOCOL_ERROR];
    let window: &[u32] = &[FLOW_CONTROL_ERROR];
    let compression: &[u32] = &[COMPRESSION_ERROR, PROTOCOL_ERROR];
    vec![
        ("DATA on stream 0", frame(DATA, 0, 0, b"x"), protocol),
        ("DATA on an idle stream", frame(DATA, 0, 1, b"x"), protocol),
        ("DATA above the frame size", frame(DATA, 0, 1, &[0; 16385]), size),
        ("HEADERS on stream 0", head(0, END_STREAM, GOOD), protocol),
        ("HEADERS on an even stream", head(2, END_STREAM, GOOD), protocol),
        ("a stream below the last one", [head(5, 0, GOOD), head(3, END_STREAM, GOOD)].concat(), ended),
        ("HEADERS above the frame size", frame(HEADERS, END_HEADERS, 1, &[0; 16385]), size),
        ("padding beyond the frame", frame(DATA, PADDED, 1, &[9, 0, 0]), protocol),
        ("padding beyond the head", frame(HEADERS, PADDED | END_HEADERS, 1, &[9, 0, 0]), protocol),
        ("PRIORITY on stream 0", frame(PRIORITY, 0, 0, &[0, 0, 0, 1, 0]), protocol),
        ("RST_STREAM on stream 0", frame(RST_STREAM, 0, 0, &[0; 4]), protocol),
        ("RST_STREAM on an idle stream", frame(RST_STREAM, 0, 1, &[0; 4]), protocol),
        ("RST_STREAM of a wrong size", [get(), frame(RST_STREAM, 0, 1, &[0; 3])].concat(), size),
        ("SETTINGS on a stream", frame(SETTINGS, 0, 1, &[]), protocol),
        ("SETTINGS of a wrong size", frame(SETTINGS, 0, 0, &[0; 5]), size),
        ("an acknowledgement with settings", frame(SETTINGS, ACK, 0, &[0; 6]), size),
        ("ENABLE_PUSH of 2", frame(SETTINGS, 0, 0, &setting(2, 2)), protocol),
        (
            "a window of 2 GiB",
            frame(SETTINGS, 0, 0, &setting(4, 1 << 31)),
            &[FLOW_CONTROL_ERROR, PROTOCOL_ERROR],
        ),
        ("a frame size below the least", frame(SETTINGS, 0, 0, &setting(5, 16383)), protocol),
        ("a frame size above the most", frame(SETTINGS, 0, 0, &setting(5, 1 << 24)), protocol),
        ("PUSH_PROMISE", frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2]), protocol),
        ("PING on a stream", frame(PING, 0, 1, &[0; 8]), protocol),
        ("PING of a wrong size", frame(PING, 0, 0, &[0; 7]), size),
        ("GOAWAY on a stream", frame(GOAWAY, 0, 1, &[0; 8]), protocol),
        ("WINDOW_UPDATE of nothing", frame(WINDOW_UPDATE, 0, 0, &[0; 4]), protocol),
        ("WINDOW_UPDATE of a wrong size", frame(WINDOW_UPDATE, 0, 0, &[0; 3]), size),
        ("WINDOW_UPDATE on an idle stream", frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]), protocol),
        ("a window above 2 GiB", frame(WINDOW_UPDATE, 0, 0, &[0x7f, 255, 255, 255]), window),
        (
            "a pseudo-header behind the body",
            [head(1, 0, GOOD), head(1, END_STREAM, &[(":path", "/b")])].concat(),
            protocol,
        ),
        ("CONTINUATION of nothing", frame(CONTINUATION, END_HEADERS, 1, b""), protocol),
        (
            "something between HEADERS and CONTINUATION",
            [frame(HEADERS, 0, 1, b""), frame(PING, 0, 0, &[0; 8])].concat(),
            protocol,
        ),
        (
            "CONTINUATION of another stream",
            [frame(HEADERS, 0, 1, b""), frame(CONTINUATION, END_HEADERS, 3, b"")].concat(),
            protocol,
        ),
        ("a field that the table does not have", frame(HEADERS, END_HEADERS, 1, &[0xff, 0x7f]), compression),
        ("a table above its limit", frame(HEADERS, END_HEADERS, 1, &[0x3f, 0xff, 0xff, 0x7f]), compression),
    ]
}

#[test]
fn broken_framing_costs_its_connection_and_no_other() {
    let upstream = Upstream::start(|link| {
        // Whoever asks waits, so that its stream is still open.
        while link.request()?.is_some() {
            if link.wire.has_ended() {
                return Ok(());
            }
        }
        Ok(())
    });
    let gateway = gateway(&upstream);
    for (what, bytes, codes) in broken_frames() {
        let mut raw = Raw::open(gateway.address());
        raw.send(&bytes);
        let outcome = raw.outcome(u32::MAX);
        assert!(matches!(outcome, Outcome::GoAway(code) if codes.contains(&code)), "{what}: {outcome:?}");
        assert!(raw.next().is_none(), "{what}: the connection ends");
    }
}

#[test]
fn a_frame_on_a_stream_that_is_over_or_out_of_bounds_costs_the_stream_at_least() {
    let upstream = Upstream::start(|link| {
        while link.request()?.is_some() {
            if link.wire.has_ended() {
                return Ok(());
            }
        }
        Ok(())
    });
    let gateway = gateway(&upstream);
    let cases: [(&str, Vec<u8>, &[u32]); 6] = [
        ("DATA behind the end", frame(DATA, 0, 1, b"x"), &[STREAM_CLOSED, PROTOCOL_ERROR]),
        ("HEADERS behind the end", head(1, END_STREAM, GOOD), &[STREAM_CLOSED, PROTOCOL_ERROR]),
        ("WINDOW_UPDATE of nothing", frame(WINDOW_UPDATE, 0, 1, &[0; 4]), &[PROTOCOL_ERROR]),
        ("a window above 2 GiB", frame(WINDOW_UPDATE, 0, 1, &[0x7f, 255, 255, 255]), &[FLOW_CONTROL_ERROR]),
        ("a stream that depends on itself", frame(PRIORITY, 0, 1, &[0, 0, 0, 1, 0]), &[PROTOCOL_ERROR]),
        ("PRIORITY of a wrong size", frame(PRIORITY, 0, 1, &[0; 4]), &[FRAME_SIZE_ERROR, PROTOCOL_ERROR]),
    ];
    for (what, bytes, codes) in cases {
        let mut raw = Raw::open(gateway.address());
        raw.send(&[head(1, END_STREAM, GOOD), bytes].concat());
        let (Outcome::Reset(code) | Outcome::GoAway(code)) = raw.outcome(1) else {
            panic!("{what}: it is answered")
        };
        assert!(codes.contains(&code), "{what}: {code}");
    }
}

#[test]
fn what_may_be_ignored_is_ignored_and_pings_are_answered() {
    let upstream = Upstream::saying("well");
    let gateway = gateway(&upstream);
    let mut raw = Raw::open(gateway.address());
    raw.send(&frame(PING, 0, 0, b"12345678"));
    let pong = raw.next_of(PING);
    assert_eq!((pong.flags, pong.payload.as_slice()), (ACK, b"12345678".as_slice()));
    let setting = [0xab, 0xcd, 0, 0, 0, 1];
    let ignored = [
        frame(0xfe, 0xff, 0, b"anything"),
        frame(PRIORITY, 0, 99, &[0, 0, 0, 1, 0]),
        frame(SETTINGS, 0, 0, &setting),
        frame(WINDOW_UPDATE, 0, 0, &[0x80, 0, 0, 1]),
    ];
    raw.send(&ignored.concat());
    // A head in three frames, padded and with a priority.
    let block = block(GOOD);
    let (first, rest) = block.split_at(5);
    let padded = [&[2, 0, 0, 0, 0, 9], first, &[0, 0]].concat();
    raw.send(&frame(HEADERS, END_STREAM | PADDED | 0x20, 1, &padded));
    raw.send(&frame(CONTINUATION, 0, 1, &rest[..1]));
    raw.send(&frame(CONTINUATION, END_HEADERS, 1, &rest[1..]));
    assert_eq!(raw.outcome(1), Outcome::Answered(200));
    // Who says goodbye still gets what it asked for.
    raw.send(&[head(3, END_STREAM, GOOD), frame(GOAWAY, 0, 0, &[0; 8])].concat());
    assert_eq!(raw.outcome(3), Outcome::Answered(200));
}

#[test]
fn an_answer_without_a_body_ends_with_its_head() {
    let upstream = Upstream::start(|link| {
        while let Some(request) = link.request()? {
            link.send(match request.word() {
                "/204" => "HTTP/1.1 204 No Content\r\n\r\n",
                "/304" => "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n",
                "/empty" => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                _ => "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: X-A\r\nX-A: b\r\n\r\n",
            })?;
        }
        Ok(())
    });
    let gateway = gateway(&upstream);
    let mut raw = Raw::open(gateway.address());
    for (number, (method, path)) in
        [("GET", "/204"), ("GET", "/304"), ("GET", "/empty"), ("HEAD", "/head")].into_iter().enumerate()
    {
        let stream = 1 + 2 * u32::try_from(number).expect("they are few");
        let fields = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "a")];
        raw.send(&head(stream, END_STREAM, &fields));
        let answer = raw.next_of(HEADERS);
        assert_eq!((answer.stream, answer.flags), (stream, END_HEADERS | END_STREAM), "{path}");
    }
}

#[test]
fn more_streams_than_allowed_are_refused_unprocessed() {
    let upstream = Upstream::start(|link| {
        while link.request()?.is_some() {
            if link.wire.has_ended() {
                return Ok(());
            }
        }
        Ok(())
    });
    let gateway = gateway(&upstream);
    let mut raw = Raw::open(gateway.address());
    let heads: Vec<u8> = (0..101).flat_map(|number| head(1 + 2 * number, END_STREAM, GOOD)).collect();
    raw.send(&heads);
    assert_eq!(raw.outcome(201), Outcome::Reset(REFUSED_STREAM));
}
