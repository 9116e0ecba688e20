//! What came of parsing some bytes, as one line of text. The fuzz targets use this file too.

use std::fmt::Write;
use torwart_cause::Ending;
use torwart_wire::http1::{
    Asked, ChunkDecoder, ChunkLimits, Leniency, Piece, Request, RequestLimits, Response, ResponseLimits,
    parse_request, parse_response,
};
use torwart_wire::{Framing, Head, Version};

pub(crate) const STRICT: Leniency = Leniency {
    equal_lengths: false,
    coding_beats_length: false,
    bare_lf: false,
    obs_fold: false,
    space_before_colon: false,
    missing_host: false,
    target_characters: false,
    control_bytes: false,
};

/// Pieces of these lengths, over and over; 0 stands for all the rest.
pub(crate) type Split<'a> = &'a [usize];
pub(crate) const WHOLE: Split<'static> = &[0];
pub(crate) const SINGLY: Split<'static> = &[1];

pub(crate) fn request_in(
    bytes: &[u8],
    split: Split<'_>,
    limits: &RequestLimits,
    lenient: &Leniency,
) -> String {
    let mut head = Head::default();
    match feed(&mut head, bytes, split, |head| parse_request(head, limits, lenient)) {
        Err(ending) => ending_text(ending),
        Ok(None) => "more".to_owned(),
        Ok(Some(request)) => request_text(&head, &request),
    }
}

pub(crate) fn response_in(
    bytes: &[u8],
    split: Split<'_>,
    asked: Asked<'_>,
    limits: &ResponseLimits,
    lenient: &Leniency,
) -> String {
    let mut head = Head::default();
    match feed(&mut head, bytes, split, |head| parse_response(head, asked, limits, lenient)) {
        Err(ending) => ending_text(ending),
        Ok(None) => "more".to_owned(),
        Ok(Some(response)) => response_text(&head, &response),
    }
}

/// The data in angle brackets, the trailers, and what was left over; or how it ended.
pub(crate) fn chunked_in(bytes: &[u8], split: Split<'_>, limits: ChunkLimits) -> String {
    let mut decoder = ChunkDecoder::new(limits);
    let mut unread = Vec::new();
    let mut data = Vec::new();
    for piece in pieces(bytes, split) {
        unread.extend_from_slice(piece);
        loop {
            let (used, goes_on) = match decoder.decode(&unread) {
                Err(ending) => return format!("<{}> {}", data.escape_ascii(), ending_text(ending)),
                Ok(Piece::Data { skip, len }) => {
                    assert!(len > 0, "no progress");
                    data.extend_from_slice(&unread[skip..skip + len]);
                    (skip + len, true)
                }
                Ok(Piece::More { skip }) => {
                    assert_eq!(skip, unread.len(), "all of it was framing");
                    (skip, false)
                }
                Ok(Piece::End { skip }) => (skip, false),
            };
            unread.drain(..used);
            if !goes_on {
                break;
            }
        }
    }
    let end = if decoder.is_done() { "end" } else { "more" };
    let mut text = format!("<{}> {end}", data.escape_ascii());
    for (name, value) in [("trailers", decoder.trailers()), ("left", unread.as_slice())] {
        if !value.is_empty() {
            let _ = write!(text, " {name}={}", value.escape_ascii());
        }
    }
    text
}

fn ending_text(ending: Ending) -> String {
    match ending {
        Ending::Malformed(fault) => format!("{} at {}", fault.what.id(), fault.at),
        Ending::TooLarge(limit) => format!("too large: {}", limit.id()),
        other => format!("{other:?}"),
    }
}

/// Reads as a connection would: as little room as possible, a try after each piece.
fn feed<T>(
    head: &mut Head,
    bytes: &[u8],
    split: Split<'_>,
    mut parse: impl FnMut(&mut Head) -> Result<Option<T>, Ending>,
) -> Result<Option<T>, Ending> {
    let mut parsed = None;
    for piece in pieces(bytes, split) {
        let capacity = head.buffer.capacity();
        head.buffer.grow(capacity + piece.len());
        head.buffer.spare()[..piece.len()].copy_from_slice(piece);
        head.buffer.commit(piece.len());
        if parsed.is_none() {
            parsed = parse(head)?;
        }
    }
    Ok(parsed)
}

pub(crate) fn pieces<'a>(bytes: &'a [u8], split: Split<'a>) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = bytes;
    let mut lengths = split.iter().cycle();
    std::iter::from_fn(move || {
        let wanted = *lengths.next()?;
        let wanted = if wanted == 0 { rest.len() } else { wanted.min(rest.len()) };
        let (piece, after) = rest.split_at(wanted);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

fn request_text(head: &Head, request: &Request) -> String {
    let mut text = format!(
        "{} {} {} {:?} host={} {}",
        head.method().escape_ascii(),
        head.path_and_query().escape_ascii(),
        version_text(request.version),
        request.form,
        head.authority().escape_ascii(),
        framing_text(request.framing),
    );
    let flags = [
        (!request.keeps_alive, "closes"),
        (request.expects_continue, "expects-continue"),
        (request.wants_upgrade, "wants-upgrade"),
        (request.accepts_trailers, "accepts-trailers"),
    ];
    add_flags(&mut text, &flags);
    if let Some(number) = request.max_forwards {
        let _ = write!(text, " max-forwards={number}");
    }
    add_rest(&mut text, head);
    text
}

fn response_text(head: &Head, response: &Response) -> String {
    let mut text = format!(
        "{} {} ({}) {}",
        version_text(response.version),
        response.status,
        head.reason().escape_ascii(),
        framing_text(response.framing),
    );
    let flags = [
        (!response.keeps_alive, "closes"),
        (response.is_interim, "interim"),
        (response.switches, "switches"),
    ];
    add_flags(&mut text, &flags);
    if let Some(hint) = response.idle_hint {
        let _ = write!(text, " idle={hint:?}");
    }
    add_rest(&mut text, head);
    text
}

fn add_flags(text: &mut String, flags: &[(bool, &str)]) {
    for (_, name) in flags.iter().filter(|(is_set, _)| *is_set) {
        let _ = write!(text, " {name}");
    }
}

fn add_rest(text: &mut String, head: &Head) {
    if !head.buffer.unread().is_empty() {
        let _ = write!(text, " left={}", head.buffer.unread().escape_ascii());
    }
}

fn version_text(version: Version) -> &'static str {
    match version {
        Version::Http10 => "1.0",
        Version::Http11 => "1.1",
    }
}

fn framing_text(framing: Framing) -> String {
    match framing {
        Framing::None => "none".to_owned(),
        Framing::Length(length) => format!("length={length}"),
        Framing::Chunked => "chunked".to_owned(),
        Framing::UntilClose => "until-close".to_owned(),
    }
}
