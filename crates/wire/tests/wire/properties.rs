//! What holds for any bytes: pieces change nothing, nothing panics, what is written is read again.

use crate::outcome::{STRICT, WHOLE, chunked_in, request_in, response_in};
use proptest::prelude::*;
use torwart_wire::http1::{
    Asked, CHUNK_END, ChunkLimits, LAST_CHUNK, Leniency, RequestLimits, ResponseLimits, parse_request,
    write_chunk_size, write_field, write_number, write_request_line, write_status_line,
};
use torwart_wire::{Head, Version};

/// Words of which messages and their faults are made.
pub(crate) const WORDS: &[&str] = &[
    "GET ",
    "POST ",
    "OPTIONS * ",
    "CONNECT a:1 ",
    "/ ",
    "/a?b ",
    "http://b",
    "HTTP/1.1",
    "HTTP/1.0",
    "HTTP/2.0",
    "\r\n",
    "\r\n\r\n",
    "\r",
    "\n",
    " ",
    "\t",
    "\0",
    ":",
    ": ",
    ",",
    ";",
    "\"",
    "Host: a\r\n",
    "Host",
    "Content-Length: 5\r\n",
    "Content-Length: ",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: ",
    "Connection: close, x\r\n",
    "Expect: ",
    "100-continue",
    "Upgrade: websocket\r\n",
    "Connection: upgrade\r\n",
    "x: y\r\n",
    "chunked",
    "gzip",
    "5",
    "0",
    "a",
    "ff",
    "-1",
    "\u{e4}",
    "\x7f",
    "200 OK",
    " 204 ",
    " 101 ",
    " 304 ",
    "\r\n\t",
    "5\r\nhello\r\n",
    "0\r\n\r\n",
    ";a=b",
    "=",
    "\x16\x03\x01",
    "Keep-Alive: timeout=5\r\n",
];

/// A message put together from words, mostly in a likely order.
pub(crate) fn soup(start: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![8 => prop::sample::select(WORDS).prop_map(|w| w.as_bytes().to_vec()), 1 => any::<[u8; 1]>().prop_map(Vec::from)];
    (prop::sample::select(start), prop::collection::vec(word, 0..12), any::<bool>()).prop_map(
        |(start, words, ends)| {
            let mut bytes = start.as_bytes().to_vec();
            bytes.extend(words.concat());
            if ends {
                bytes.extend_from_slice(b"\r\n\r\n");
            }
            bytes
        },
    )
}

pub(crate) const REQUEST_STARTS: &[&str] = &[
    "",
    "GET / HTTP/1.1\r\nHost: a\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n",
    "POST /a HTTP/1.0\r\n",
    "\r\nGET ",
];
pub(crate) const RESPONSE_STARTS: &[&str] =
    &["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 101 S\r\nUpgrade: x\r\n", "HTTP/1.0 304\n"];

fn any_leniency() -> impl Strategy<Value = Leniency> {
    (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(a, b, bare_lf, obs_fold, e, f)| Leniency {
            equal_lengths: a,
            coding_beats_length: b,
            bare_lf,
            obs_fold,
            space_before_colon: e,
            missing_host: f,
            target_characters: a,
            control_bytes: b,
        },
    )
}

fn splits() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1_usize..9, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_of_a_request_change_nothing(
        bytes in soup(REQUEST_STARTS), split in splits(), lenient in any_leniency(), is_tight in any::<bool>()
    ) {
        let tight = RequestLimits { head_bytes: 60, target_bytes: 12, fields: 2 };
        let limits = if is_tight { tight } else { RequestLimits::default() };
        let whole = request_in(&bytes, WHOLE, &limits, &lenient);
        prop_assert_eq!(&request_in(&bytes, &split, &limits, &lenient), &whole);
        prop_assert_eq!(&request_in(&bytes, &[1], &limits, &lenient), &whole);
    }

    #[test]
    fn pieces_of_a_response_change_nothing(
        bytes in soup(RESPONSE_STARTS), split in splits(), lenient in any_leniency(), is_tight in any::<bool>()
    ) {
        let tight = ResponseLimits { head_bytes: 60, field_bytes: 20, fields: 2 };
        let limits = if is_tight { tight } else { ResponseLimits::default() };
        let asked = Asked { upgrade: Some(b"x"), ..Asked::default() };
        let whole = response_in(&bytes, WHOLE, asked, &limits, &lenient);
        prop_assert_eq!(&response_in(&bytes, &split, asked, &limits, &lenient), &whole);
        prop_assert_eq!(&response_in(&bytes, &[1], asked, &limits, &lenient), &whole);
    }

    #[test]
    fn pieces_of_a_chunked_body_change_nothing(bytes in soup(&["5\r\nhello\r\n", "0\r\n", ""]), split in splits()) {
        let limits = ChunkLimits { extension_bytes: 10, trailer_bytes: 30, trailer_fields: 2 };
        let whole = chunked_in(&bytes, WHOLE, limits);
        prop_assert_eq!(&chunked_in(&bytes, &split, limits), &whole);
        prop_assert_eq!(&chunked_in(&bytes, &[1], limits), &whole);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        request_in(&bytes, WHOLE, &RequestLimits::default(), &STRICT);
        response_in(&bytes, WHOLE, Asked::default(), &ResponseLimits::default(), &STRICT);
        chunked_in(&bytes, WHOLE, ChunkLimits::default());
    }

    #[test]
    fn what_is_written_is_read_again(
        method in "[A-Z]{1,10}", path in "/[a-z0-9/._~-]{0,20}(\\?[a-z=&]{0,9})?",
        fields in prop::collection::vec(("x-[a-z0-9_]{1,9}", "([!-~][ -~]{0,20}[!-~])?"), 0..8),
    ) {
        prop_assume!(method != "CONNECT");
        let mut out = Vec::new();
        write_request_line(&mut out, method.as_bytes(), path.as_bytes());
        write_field(&mut out, b"Host", b"a.example");
        for (name, value) in &fields {
            write_field(&mut out, name.as_bytes(), value.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        let mut head = Head::default();
        head.buffer.grow(out.len());
        head.buffer.spare().copy_from_slice(&out);
        head.buffer.commit(out.len());
        let parsed = parse_request(&mut head, &RequestLimits::default(), &STRICT);
        prop_assert!(matches!(parsed, Ok(Some(_))), "{parsed:?} {}", out.escape_ascii());
        prop_assert_eq!(head.method(), method.as_bytes());
        prop_assert_eq!(head.path_and_query(), path.as_bytes());
        prop_assert_eq!(head.len(), out.len());
        let read: Vec<_> = head.fields().skip(1).map(|f| (f.name.to_vec(), f.value.to_vec())).collect();
        let wrote: Vec<_> = fields.into_iter().map(|(n, v)| (n.into_bytes(), v.into_bytes())).collect();
        prop_assert_eq!(read, wrote);
    }

    #[test]
    fn a_written_status_line_is_read_again(status in 200_u16..600, reason in "[ -~]{0,20}") {
        prop_assume!(status != 204 && status != 304);
        let mut out = Vec::new();
        write_status_line(&mut out, Version::Http11, status, reason.as_bytes());
        out.extend_from_slice(b"Content-Length: 1\r\n\r\n");
        let read = response_in(&out, WHOLE, Asked::default(), &ResponseLimits::default(), &STRICT);
        prop_assert_eq!(read, format!("1.1 {status} ({}) length=1", reason.as_bytes().escape_ascii()));
    }

    #[test]
    fn written_chunks_are_read_again(chunks in prop::collection::vec("[a-z]{0,300}", 0..6), split in splits()) {
        let mut out = Vec::new();
        for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
            write_chunk_size(&mut out, chunk.len());
            out.extend_from_slice(chunk.as_bytes());
            out.extend_from_slice(CHUNK_END);
        }
        out.extend_from_slice(LAST_CHUNK);
        let read = chunked_in(&out, &split, ChunkLimits::default());
        prop_assert_eq!(read, format!("<{}> end", chunks.concat()));
    }

    #[test]
    fn numbers_are_written_as_everywhere(number in any::<u64>(), shift in 0_u32..64) {
        let number = number >> shift;
        let mut out = Vec::new();
        write_number(&mut out, number);
        prop_assert_eq!(String::from_utf8_lossy(&out), number.to_string());
        out.clear();
        write_chunk_size(&mut out, number as usize);
        let expected = if number == 0 { String::new() } else { format!("{number:x}\r\n") };
        prop_assert_eq!(&out, expected.as_bytes());
    }
}
