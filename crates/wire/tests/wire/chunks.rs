//! The chunked coding: data, extensions, trailers, and every way to get them wrong.

use crate::outcome::{SINGLY, WHOLE, chunked_in};
use torwart_wire::http1::ChunkLimits;

fn check(bytes: &str, expected: &str) {
    for split in [WHOLE, SINGLY, &[2, 5]] {
        assert_eq!(
            chunked_in(bytes.as_bytes(), split, ChunkLimits::default()),
            expected,
            "{bytes:?} by {split:?}"
        );
    }
}

#[test]
fn data_is_found_between_the_framing() {
    check("0\r\n\r\n", "<> end");
    check("5\r\nhello\r\n0\r\n\r\n", "<hello> end");
    check("5\r\nhello\r\n6\r\n world\r\n00\r\n\r\n", "<hello world> end");
    check("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\nGET", "<01234567890123456789> end left=GET");
    check("0000000000000003\r\nabc\r\n0\r\n\r\n", "<abc> end");
    check("5\r\nhello\r\n", "<hello> more");
    check("5\r\nhel", "<hel> more");
    check("7fffffffffffffff\r\nabc", "<abc> more");
}

#[test]
fn sizes_are_hexadecimal_and_nothing_else() {
    for (bytes, expected) in [
        ("\r\n", "bad_chunk_size at 0"),
        ("g\r\n", "bad_chunk_size at 0"),
        ("+5\r\n", "bad_chunk_size at 0"),
        ("-5\r\n", "bad_chunk_size at 0"),
        (" 5\r\n", "bad_chunk_size at 0"),
        ("0x5\r\n", "bad_chunk_size at 1"),
        ("5 \r\n", "bad_chunk_size at 2"),
        ("5 zz\r\n", "bad_chunk_size at 2"),
        ("5_0\r\n", "bad_chunk_size at 1"),
        ("5\0\r\n", "nul at 1"),
        ("5\n", "bare_lf at 1"),
        ("5\rx", "bare_cr at 1"),
        ("5\r\r\n", "bare_cr at 1"),
        ("8000000000000000\r\n", "bad_chunk_size at 15"),
        ("10000000000000000\r\n", "bad_chunk_size at 16"),
        ("00000000000000005\r\n", "bad_chunk_size at 16"),
        ("fffffffffffffffff\r\n", "bad_chunk_size at 15"),
    ] {
        check(bytes, &format!("<> {expected}"));
    }
}

#[test]
fn data_must_be_as_long_as_its_size_says() {
    check("5\r\nhelloworld\r\n", "<hello> bad_chunk_end at 8");
    check("5\r\nhello\n", "<hello> bad_chunk_end at 8");
    check("5\r\nhello\rx", "<hello> bad_chunk_end at 9");
    check("5\r\nhel\r\n0\r\n\r\n", "<hel\\r\\n> bad_chunk_end at 8");
}

#[test]
fn extensions_follow_their_grammar_and_are_dropped() {
    for good in [";a", ";a=b", " ; a = b ;c", ";a=\"q;\\\"\"", ";a=\"\u{e4}\t \"", ";a=b;c=\"\""] {
        check(&format!("1{good}\r\nx\r\n0{good}\r\n\r\n"), "<x> end");
    }
    for (bad, at) in [
        (";\r\n", 2),
        (";;\r\n", 2),
        (";a=\r\n", 4),
        (";a=b c\r\n", 6),
        (";a=b \r\n", 6),
        (";a \r\n", 4),
        (";a=\"\r\"", 5),
        (";a b\r\n", 4),
        (";a=\"b\r\n", 6),
        (";a=\"b\"c\r\n", 7),
        (";a\u{e4}\r\n", 3),
        (";a=\x01\r\n", 4),
    ] {
        check(&format!("1{bad}"), &format!("<> bad_chunk_extension at {at}"));
    }
    check("1;a\n", "<> bare_lf at 3");
    check("1;a=\"\n", "<> bare_lf at 5");
    check("1;a=\0", "<> nul at 4");
}

#[test]
fn trailers_are_checked_and_sifted() {
    check("0\r\nGrpc-Status: 0\r\n\r\nX", "<> end trailers=Grpc-Status: 0\\r\\n left=X");
    check(
        "0\r\nA: 1\r\nContent-Length: 5\r\nB:2\r\nAuthorization: x\r\n\r\n",
        "<> end trailers=A: 1\\r\\nB:2\\r\\n",
    );
    check("0\r\nHost: a\r\n\r\n", "<> end");
    check("0\r\nA: 1\r\n", "<> more");
    for (bytes, expected) in [
        ("0\r\nA\r\n", "bad_trailer at 4"),
        ("0\r\nA : 1\r\n", "bad_trailer at 4"),
        ("0\r\n: 1\r\n", "bad_trailer at 3"),
        ("0\r\n A: 1\r\n", "bad_trailer at 3"),
        ("0\r\nA: 1\r\n b\r\n", "bad_trailer at 9"),
        ("0\r\nA: 1\x01\r\n", "bad_trailer at 7"),
        ("0\r\nA: \0\r\n", "nul at 6"),
        ("0\r\nA: 1\n", "bare_lf at 7"),
        ("0\r\n\n", "bare_lf at 3"),
        ("0\r\nA: 1\rx", "bare_cr at 7"),
        ("0\r\nA: 1\r\r\n", "bare_cr at 7"),
    ] {
        check(bytes, &format!("<> {expected}"));
    }
}

#[test]
fn limits_hold_over_the_whole_body() {
    let limits = ChunkLimits { extension_bytes: 6, trailer_bytes: 10, trailer_fields: 2 };
    let check = |bytes: &str, expected: &str| {
        for split in [WHOLE, SINGLY] {
            assert_eq!(chunked_in(bytes.as_bytes(), split, limits), expected, "{bytes:?}");
        }
    };
    check("1;aa\r\nx\r\n1;bb\r\ny\r\n0\r\n\r\n", "<xy> end");
    check("1;aa\r\nx\r\n1;bb\r\ny\r\n0;\r\n\r\n", "<xy> too large: chunk_extensions");
    check("0\r\nA:\r\nB:\r\n\r\n", "<> end trailers=A:\\r\\nB:\\r\\n");
    check("0\r\nA: 12345\r\n\r\n", "<> end trailers=A: 12345\\r\\n");
    check("0\r\nA: 123456\r\n\r\n", "<> too large: trailers");
    check("0\r\nHost: 78901234567890", "<> too large: trailers");
    let limits = ChunkLimits { trailer_fields: 2, ..ChunkLimits::default() };
    assert_eq!(chunked_in(b"0\r\nA:\r\nHost:\r\nB:\r\n\r\n", WHOLE, limits), "<> too large: trailers");
}
