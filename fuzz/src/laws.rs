//! What must hold for any bytes. Shared by the fuzz targets and by the test that replays their corpus.

use crate::outcome::{SINGLY, STRICT, WHOLE, chunked_in, request_in, response_in};
use torwart_wire::http1::{
    Asked, ChunkLimits, Leniency, RequestLimits, ResponseLimits, parse_request, write_field,
    write_request_line,
};
use torwart_wire::{Framing, Head, Known};

const LENIENT: Leniency = Leniency {
    equal_lengths: true,
    coding_beats_length: true,
    bare_lf: true,
    obs_fold: true,
    space_before_colon: true,
    missing_host: true,
    target_characters: true,
    control_bytes: true,
};

/// Pieces change nothing, and what is accepted is accepted again, with the same meaning, when it is written anew.
pub(crate) fn request_head(bytes: &[u8]) {
    let tight = RequestLimits { head_bytes: 100, target_bytes: 16, fields: 3 };
    for limits in [RequestLimits::default(), tight] {
        for lenient in [STRICT, LENIENT] {
            let whole = request_in(bytes, WHOLE, &limits, &lenient);
            for split in [SINGLY, &[3, 1, 7]] {
                assert_eq!(request_in(bytes, split, &limits, &lenient), whole);
            }
        }
    }
    let Some((first, framing)) = parsed(bytes) else { return };
    let again = rewritten(&first, framing);
    let (second, framing_again) =
        parsed(&again).expect("what was accepted is accepted when it is written anew");
    assert_eq!(framing, framing_again);
    assert_eq!(first.method(), second.method());
    assert_eq!(first.path_and_query(), second.path_and_query());
    assert!(first.authority().is_empty() || first.authority() == second.authority());
    assert!(second.buffer.unread().is_empty());
}

/// Pieces change nothing.
pub(crate) fn response_head(bytes: &[u8]) {
    let tight = ResponseLimits { head_bytes: 100, field_bytes: 24, fields: 3 };
    let asked = [
        Asked::default(),
        Asked { is_head: true, ..Asked::default() },
        Asked { is_connect: true, ..Asked::default() },
        Asked { upgrade: Some(b"websocket"), ..Asked::default() },
    ];
    for limits in [ResponseLimits::default(), tight] {
        for asked in asked {
            for lenient in [STRICT, LENIENT] {
                let whole = response_in(bytes, WHOLE, asked, &limits, &lenient);
                for split in [SINGLY, &[3, 1, 7]] {
                    assert_eq!(response_in(bytes, split, asked, &limits, &lenient), whole);
                }
            }
        }
    }
}

/// Pieces change nothing.
pub(crate) fn chunked(bytes: &[u8]) {
    let tight = ChunkLimits { extension_bytes: 8, trailer_bytes: 24, trailer_fields: 2 };
    for limits in [ChunkLimits::default(), tight] {
        let whole = chunked_in(bytes, WHOLE, limits);
        for split in [SINGLY, &[3, 1, 7]] {
            assert_eq!(chunked_in(bytes, split, limits), whole);
        }
    }
}

fn parsed(bytes: &[u8]) -> Option<(Head, Framing)> {
    let mut head = Head::with_capacity(bytes.len());
    head.buffer.spare().copy_from_slice(bytes);
    head.buffer.commit(bytes.len());
    let request = parse_request(&mut head, &RequestLimits::default(), &STRICT).ok()??;
    Some((head, request.framing))
}

/// As a gateway would forward it: own framing and `Host`, nothing that was for one connection.
fn rewritten(head: &Head, framing: Framing) -> Vec<u8> {
    let is_connect = head.method() == b"CONNECT";
    let mut out = Vec::new();
    let target = if is_connect { head.target() } else { head.path_and_query() };
    write_request_line(&mut out, head.method(), target);
    write_field(&mut out, b"Host", if head.authority().is_empty() { b"none" } else { head.authority() });
    for field in head.fields().filter(|field| !field.is_hop_by_hop) {
        if !matches!(field.known, Known::Host | Known::ContentLength) {
            write_field(&mut out, field.name, field.value);
        }
    }
    match framing {
        Framing::Length(length) => write_field(&mut out, b"Content-Length", length.to_string().as_bytes()),
        Framing::Chunked => write_field(&mut out, b"Transfer-Encoding", b"chunked"),
        Framing::None | Framing::UntilClose => {}
    }
    out.extend_from_slice(b"\r\n");
    out
}
