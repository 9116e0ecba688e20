//! What must hold for any bytes. Shared by the fuzz targets and by the test that replays their corpus.

use crate::outcome::{SINGLY, STRICT, WHOLE, chunked_in, request_in, response_in};
use torwart_wire::cgi::parse_head;
use torwart_wire::fastcgi::{Answer, read_params};
use torwart_wire::http1::{
    Asked, ChunkLimits, Leniency, RequestLimits, ResponseLimits, parse_request, write_field,
    write_request_line,
};
use torwart_wire::{Framing, Head, Known, proxy_protocol};

pub(crate) const LENIENT: Leniency = Leniency {
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
pub(crate) fn rewritten(head: &Head, framing: Framing) -> Vec<u8> {
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

/// A header is found at the same place however it arrives, a wrong one as soon as it is wrong, and what is written is
/// read again.
pub(crate) fn proxy_header(bytes: &[u8]) {
    let whole = proxy_protocol::parse(bytes);
    for len in 0..bytes.len() {
        let early = proxy_protocol::parse(bytes.get(..len).unwrap_or_default());
        match (early, whole) {
            (Ok(None), _) => {}
            (early, whole) => assert_eq!(early, whole),
        }
    }
    let Ok(Some(stated)) = whole else { return };
    assert!(stated.len <= bytes.len() && stated.len <= proxy_protocol::MOST_BYTES);
    if let proxy_protocol::Origin::Client { client, server } = stated.origin {
        for write in [proxy_protocol::write_v1, proxy_protocol::write_v2] {
            let mut again = Vec::new();
            write(&mut again, Some(client), Some(server));
            let read = proxy_protocol::parse(&again).expect("what is written is right").expect("and whole");
            assert_eq!(read.len, again.len());
            let proxy_protocol::Origin::Client { client: from, server: to } = read.origin else {
                panic!("the addresses are lost");
            };
            assert_eq!(from.ip().to_canonical(), client.ip().to_canonical());
            assert_eq!(to.ip().to_canonical(), server.ip().to_canonical());
            assert_eq!((from.port(), to.port()), (client.port(), server.port()));
        }
    }
}

/// Any bytes as an application's answer: pieces change nothing but the size of chunks, and evidence stays small.
pub(crate) fn fastcgi(bytes: &[u8]) {
    let tight = ResponseLimits { head_bytes: 100, field_bytes: 24, fields: 3 };
    for limits in [ResponseLimits::default(), tight] {
        for is_head in [false, true] {
            let whole = fastcgi_in(bytes, bytes.len().max(1), limits, is_head);
            for step in [1, 3, 7] {
                assert_eq!(fastcgi_in(bytes, step, limits, is_head), whole);
            }
        }
    }
    // The pairs of a request's variables, and a head by itself.
    let _ = (read_params(bytes), parse_head(bytes, &tight));
}

/// What came of the answer, and what it told; head and body without chunk framing.
fn fastcgi_in(
    bytes: &[u8],
    step: usize,
    limits: ResponseLimits,
    is_head: bool,
) -> (Result<usize, torwart_cause::Ending>, Vec<u8>, String) {
    let mut answer = Answer::new(limits, is_head, true);
    let (mut out, mut unread, mut used) = (Vec::new(), Vec::new(), 0);
    let mut result = Ok(());
    for piece in bytes.chunks(step) {
        unread.extend_from_slice(piece);
        match answer.translate(&unread, &mut out) {
            Ok(taken) => {
                used += taken;
                unread.drain(..taken);
            }
            Err(ending) => {
                result = Err(ending);
                break;
            }
        }
    }
    if result.is_ok() {
        answer.close(&mut out);
    }
    assert!(answer.told().first.len() <= 512 && answer.told().errors.len() <= 512);
    let told = format!("{} {:?}", answer.is_whole(), answer.told());
    (result.map(|()| used), without_chunks(&out), if result.is_ok() { told } else { String::new() })
}

fn without_chunks(out: &[u8]) -> Vec<u8> {
    let mut head = Head::with_capacity(out.len() + 1);
    if let Some(room) = head.buffer.spare().get_mut(..out.len()) {
        room.copy_from_slice(out);
    }
    head.buffer.commit(out.len());
    let parsed = torwart_wire::http1::parse_response(
        &mut head,
        Asked::default(),
        &ResponseLimits { head_bytes: 1 << 17, ..ResponseLimits::default() },
        &LENIENT,
    );
    let Ok(Some(response)) = parsed else { return out.to_vec() };
    if response.framing != Framing::Chunked {
        return out.to_vec();
    }
    let mut plain = out.get(..head.len()).unwrap_or_default().to_vec();
    let mut decoder = torwart_wire::http1::ChunkDecoder::new(ChunkLimits::default());
    let mut body = out.get(head.len()..).unwrap_or_default();
    loop {
        match decoder.decode(body).expect("our own chunks are right") {
            torwart_wire::http1::Piece::Data { skip, len } => {
                plain.extend_from_slice(body.get(skip..skip + len).unwrap_or_default());
                body = body.get(skip + len..).unwrap_or_default();
            }
            torwart_wire::http1::Piece::More { .. } => return plain,
            torwart_wire::http1::Piece::End { .. } => {
                plain.extend_from_slice(b"END");
                return plain;
            }
        }
    }
}
