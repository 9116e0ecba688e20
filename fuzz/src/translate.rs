//! What must hold where messages cross between versions: a list of fields that is told in HTTP/1.1 is one request for
//! every strict reader and nothing besides, and the engine's answers are read the same wherever they are cut.

use crate::conversation::strict;
use crate::outcome::{SINGLY, STRICT, Split, WHOLE, pieces};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use torwart_wire::http1::{RequestLimits, parse_request};
use torwart_wire::translate::{Ask, BodyWriter, ResponseReader, Told, write_request};
use torwart_wire::{Framing, Head};

/// Any text as a list of fields as HTTP/2 and HTTP/3 decode it, with a body: `:method`, `:scheme://:authority:path`, then
/// fields, each a line; behind an empty line the body. The first byte says how the body comes.
pub(crate) fn request_fields(bytes: &[u8]) {
    let Some((how, bytes)) = bytes.split_first() else { return };
    let Some(asked) = Asked::of(bytes) else { return };
    let ask = Ask {
        method: &asked.method,
        uri: &asked.uri,
        protocol: (how & 1 != 0).then_some("websocket"),
        fields: &asked.fields,
        ends: asked.body.is_empty(),
    };
    let mut head = Vec::new();
    let Ok(framing) = write_request(&ask, "dGhlIHNhbXBsZSBub25jZQ==", &mut head) else { return };
    let Some((method, target)) = accepted(&head, framing) else { return };
    let whole = told_body(framing, asked.body, WHOLE, 1 << 16);
    for room in [1, 2, 7] {
        assert_eq!(told_body(framing, asked.body, WHOLE, room), whole, "room changes nothing");
    }
    for split in [SINGLY, &[3, 1, 7]] {
        let cut = told_body(framing, asked.body, split, 5);
        assert_eq!(cut.is_some(), whole.is_some(), "whether a body is as long as it says");
        let Some(body) = cut else { continue };
        let sent = [head.as_slice(), &body].concat();
        let read = strict::requests(&sent).expect("what is laid on the desk is beyond doubt");
        assert_eq!(read, [(format!("{method} {target}"), asked.body.to_vec())], "one request, and this one");
    }
}

/// A request before it is told.
struct Asked<'a> {
    method: Method,
    uri: Uri,
    fields: HeaderMap,
    body: &'a [u8],
}

impl<'a> Asked<'a> {
    /// `None` where the layers below would have refused it.
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let method = Method::from_bytes(line(&mut rest)?).ok()?;
        let uri = Uri::try_from(line(&mut rest)?).ok()?;
        let mut fields = HeaderMap::new();
        while let Some(field) = line(&mut rest).filter(|field| !field.is_empty()) {
            let colon = field.iter().position(|byte| *byte == b':')?;
            let name = HeaderName::from_bytes(field.get(..colon)?).ok()?;
            fields.append(name, HeaderValue::from_bytes(field.get(colon + 1..)?).ok()?);
        }
        // Bodies that never end belong to tunnels, where nothing is framed.
        (method != Method::CONNECT).then_some(Self { method, uri, fields, body: rest })
    }
}

fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (line, after) = rest.split_at(end);
    *rest = after.get(1..)?;
    Some(line)
}

/// Method and target as the engine reads them, unless it refuses; that it reads the framing that was told.
fn accepted(told: &[u8], framing: Framing) -> Option<(String, String)> {
    let mut head = Head::with_capacity(told.len() + 1);
    head.buffer.spare()[..told.len()].copy_from_slice(told);
    head.buffer.commit(told.len());
    let request = parse_request(&mut head, &RequestLimits::default(), &STRICT).ok()??;
    assert!(head.buffer.unread().is_empty(), "a list of fields is one head");
    assert!(request.framing == framing, "{:?} is read, {framing:?} was told", request.framing);
    Some((head.method().escape_ascii().to_string(), head.target().escape_ascii().to_string()))
}

/// The body as it is read behind its head; `None` where it is not as long as that says.
fn told_body(framing: Framing, body: &[u8], split: Split<'_>, room: usize) -> Option<Vec<u8>> {
    let mut writer = BodyWriter::new(framing);
    let mut told = Vec::new();
    let mut buffer = vec![0; room];
    let mut drain = |writer: &mut BodyWriter| {
        while !writer.is_empty() {
            let given = writer.give(&mut buffer);
            assert!(given > 0, "what waits is given");
            told.extend_from_slice(&buffer[..given]);
        }
    };
    for piece in pieces(body, split) {
        writer.data(Bytes::copy_from_slice(piece)).ok()?;
        drain(&mut writer);
    }
    writer.end(None).ok()?;
    drain(&mut writer);
    assert!(writer.has_ended());
    // Chunks are as the pieces were; what they carry is compared by whoever reads them.
    Some(told)
}

/// Any bytes as what the engine answers; whether to HEAD, the first byte says.
pub(crate) fn response_reader(bytes: &[u8]) {
    let Some((asked, bytes)) = bytes.split_first() else { return };
    let bytes = bytes.get(..4096).unwrap_or(bytes);
    let whole = told(bytes, WHOLE, asked & 1 != 0);
    for split in [SINGLY, &[3, 1, 7]] {
        assert_eq!(told(bytes, split, asked & 1 != 0), whole, "pieces change nothing");
    }
}

/// What a reader says of these bytes.
fn told(bytes: &[u8], split: Split<'_>, is_to_head: bool) -> (String, Vec<u8>) {
    let mut reader = ResponseReader::new(is_to_head);
    let (mut told, mut data) = (String::new(), Vec::new());
    for piece in pieces(bytes, split) {
        let mut rest = piece;
        // A chunk may begin without a byte of its framing here.
        let mut idle = 0;
        while !rest.is_empty() {
            let Ok((read, said)) = reader.read(rest) else {
                return (told + "unreadable", data);
            };
            rest = &rest[read..];
            idle = if read > 0 || matches!(said, Told::Data(_)) { 0 } else { idle + 1 };
            assert!(idle < 2, "it goes on");
            match said {
                Told::Nothing => {}
                Told::Interim(head) => told += &format!("{head:?} "),
                Told::Head { head, ends } => {
                    assert_eq!(ends, reader.has_ended());
                    told += &format!("{head:?} {ends} ");
                }
                Told::Data(count) => {
                    assert!(count <= rest.len() && (count > 0 || rest.is_empty()), "it goes on");
                    data.extend_from_slice(&rest[..count]);
                    rest = &rest[count..];
                    assert_eq!(reader.took(count), reader.has_ended());
                }
                Told::End(trailers) => {
                    assert!(reader.has_ended());
                    told += &format!("{trailers:?} ");
                }
            }
        }
    }
    assert!(!reader.has_ended() || reader.may_end());
    (told + &format!("{} {}", reader.has_ended(), reader.may_end()), data)
}
