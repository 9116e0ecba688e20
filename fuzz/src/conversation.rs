//! What must hold for whole conversations: everything one connection carries, read by our codec and written anew as a
//! gateway writes it, is taken for exactly the same messages by a reader that shares no line with the codec.

use crate::laws::{self, LENIENT};
use crate::outcome::{SINGLY, STRICT, Split, WHOLE, pieces};
use torwart_cause::Ending;
use torwart_wire::http1::{
    Asked, ChunkDecoder, ChunkLimits, Leniency, Piece, RequestLimits, ResponseLimits, parse_request,
    parse_response, write_chunk_size, write_field, write_last_chunk, write_status_line,
};
use torwart_wire::{Framing, Head, Known, Version};

/// Everything a client sends on a connection.
pub(crate) fn requests(bytes: &[u8]) {
    for lenient in [STRICT, LENIENT] {
        let whole = Heard::of(bytes, WHOLE, &Side::Client, &lenient);
        for split in [SINGLY, &[3, 1, 7]] {
            assert_eq!(Heard::of(bytes, split, &Side::Client, &lenient), whole, "pieces change nothing");
        }
        if lenient == STRICT {
            let sent: Vec<u8> = whole.messages.concat();
            let read = strict::requests(&sent).expect("what is sent on is beyond doubt");
            assert_eq!(read, whole.meant, "and means what was meant");
        }
    }
}

/// Everything an upstream sends for one request; the first byte says for which.
pub(crate) fn responses(bytes: &[u8]) {
    let Some((asked, bytes)) = bytes.split_first() else { return };
    let upgrade: Option<&[u8]> = (asked & 2 != 0).then_some(b"websocket");
    let side = Side::Upstream(Asked { is_head: asked & 1 != 0, is_connect: false, upgrade });
    let whole = Heard::of(bytes, WHOLE, &side, &STRICT);
    for split in [SINGLY, &[3, 1, 7]] {
        assert_eq!(Heard::of(bytes, split, &side, &STRICT), whole, "pieces change nothing");
    }
    let sent: Vec<u8> = whole.messages.concat();
    let read = strict::responses(&sent, asked & 1 != 0).expect("what is sent on is beyond doubt");
    assert_eq!(read, whole.meant, "and means what was meant");
}

/// Who speaks.
enum Side<'a> {
    Client,
    Upstream(Asked<'a>),
}

/// What was made of a connection's bytes.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    /// The first words of each complete message (method and target, or status), and its body.
    meant: Vec<(String, Vec<u8>)>,
    /// The same messages as they are sent on.
    messages: Vec<Vec<u8>>,
    /// Why nothing more was read.
    end: String,
}

/// A message whose head is complete.
struct Message {
    words: String,
    head: Vec<u8>,
    body: Vec<u8>,
    trailers: Vec<u8>,
    framing: Framing,
    decoder: ChunkDecoder,
    is_last: bool,
}

impl Heard {
    fn of(bytes: &[u8], split: Split<'_>, side: &Side<'_>, lenient: &Leniency) -> Self {
        let mut heard = Self::default();
        let mut head = Head::default();
        let mut message = None;
        for piece in pieces(bytes, split) {
            let capacity = head.buffer.capacity();
            head.buffer.grow(capacity + piece.len());
            head.buffer.spare()[..piece.len()].copy_from_slice(piece);
            head.buffer.commit(piece.len());
            match heard.go_on(&mut head, &mut message, side, lenient) {
                Ok(true) => {}
                Ok(false) => return heard,
                Err(ending) => {
                    heard.end = format!("{ending:?}");
                    return heard;
                }
            }
        }
        if let Some(message) = message.take_if(|message: &mut Message| message.framing == Framing::UntilClose)
        {
            heard.finish(message);
        }
        heard
    }

    /// Reads what there is; false means that nothing more will be.
    fn go_on(
        &mut self,
        head: &mut Head,
        message: &mut Option<Message>,
        side: &Side<'_>,
        lenient: &Leniency,
    ) -> Result<bool, Ending> {
        loop {
            let Some(open) = message else {
                let begun = match side {
                    Side::Client => request(head, lenient)?,
                    Side::Upstream(asked) => response(head, *asked, lenient)?,
                };
                match begun {
                    Some(begun) => *message = Some(begun),
                    None => return Ok(true),
                }
                continue;
            };
            if !open.read(head)? {
                return Ok(true);
            }
            if let Some(done) = message.take() {
                let is_last = done.is_last;
                self.finish(done);
                if is_last {
                    "last".clone_into(&mut self.end);
                    return Ok(false);
                }
            }
        }
    }

    fn finish(&mut self, message: Message) {
        let Message { words, head: mut sent, body, trailers, framing, .. } = message;
        match framing {
            Framing::Chunked | Framing::UntilClose => {
                write_chunk_size(&mut sent, body.len());
                sent.extend_from_slice(&body);
                if !body.is_empty() {
                    sent.extend_from_slice(b"\r\n");
                }
                write_last_chunk(&mut sent, &trailers);
            }
            Framing::Length(_) | Framing::None => sent.extend_from_slice(&body),
        }
        self.meant.push((words, body));
        self.messages.push(sent);
    }
}

impl Message {
    fn new(words: String, head: Vec<u8>, framing: Framing, is_last: bool) -> Self {
        let decoder = ChunkDecoder::new(ChunkLimits::default());
        Self { words, head, body: Vec::new(), trailers: Vec::new(), framing, decoder, is_last }
    }

    /// Takes body from the unread bytes; whether it is complete.
    fn read(&mut self, head: &mut Head) -> Result<bool, Ending> {
        match self.framing {
            Framing::None => Ok(true),
            Framing::Length(length) => {
                let missing = length.saturating_sub(self.body.len() as u64);
                let have = head.buffer.unread().len();
                let taken = usize::try_from(missing).map_or(have, |missing| missing.min(have));
                self.body.extend_from_slice(&head.buffer.unread()[..taken]);
                head.buffer.consume(taken);
                Ok(self.body.len() as u64 == length)
            }
            Framing::UntilClose => {
                let have = head.buffer.unread().len();
                self.body.extend_from_slice(head.buffer.unread());
                head.buffer.consume(have);
                Ok(false)
            }
            Framing::Chunked => loop {
                match self.decoder.decode(head.buffer.unread())? {
                    Piece::Data { skip, len } => {
                        self.body.extend_from_slice(&head.buffer.unread()[skip..skip + len]);
                        head.buffer.consume(skip + len);
                    }
                    Piece::More { skip } => {
                        head.buffer.consume(skip);
                        return Ok(false);
                    }
                    Piece::End { skip } => {
                        head.buffer.consume(skip);
                        self.trailers = self.decoder.trailers().to_vec();
                        return Ok(true);
                    }
                }
            },
        }
    }
}

fn request(head: &mut Head, lenient: &Leniency) -> Result<Option<Message>, Ending> {
    let Some(request) = parse_request(head, &RequestLimits::default(), lenient)? else { return Ok(None) };
    let is_connect = head.method() == b"CONNECT";
    let target = if is_connect { head.target() } else { head.path_and_query() };
    let words = format!("{} {}", head.method().escape_ascii(), target.escape_ascii());
    let sent = laws::rewritten(head, request.framing);
    Ok(Some(Message::new(words, sent, request.framing, is_connect || !request.keeps_alive)))
}

fn response(head: &mut Head, asked: Asked<'_>, lenient: &Leniency) -> Result<Option<Message>, Ending> {
    let Some(response) = parse_response(head, asked, &ResponseLimits::default(), lenient)? else {
        return Ok(None);
    };
    let mut sent = Vec::new();
    write_status_line(&mut sent, Version::Http11, response.status, head.reason());
    for field in head.fields().filter(|field| !field.is_hop_by_hop && field.known != Known::ContentLength) {
        write_field(&mut sent, field.name, field.value);
    }
    match response.framing {
        Framing::Length(length) => write_field(&mut sent, b"Content-Length", length.to_string().as_bytes()),
        Framing::Chunked | Framing::UntilClose => write_field(&mut sent, b"Transfer-Encoding", b"chunked"),
        Framing::None => {}
    }
    sent.extend_from_slice(b"\r\n");
    let words = response.status.to_string();
    Ok(Some(Message::new(words, sent, response.framing, !response.is_interim)))
}

/// A reader of its own, as small and as strict as can be; it shares nothing with the codec.
pub(crate) mod strict {
    type Messages = Vec<(String, Vec<u8>)>;

    /// All requests; the bytes must hold whole ones and nothing else.
    pub(crate) fn requests(mut bytes: &[u8]) -> Result<Messages, String> {
        let mut messages = Messages::new();
        while !bytes.is_empty() {
            let (start, fields, rest) = head(bytes)?;
            let [method, target, b"HTTP/1.1"] = start.splitn(3, |byte| *byte == b' ').collect::<Vec<_>>()[..]
            else {
                return Err(format!("start {}", start.escape_ascii()));
            };
            if !is_token(method) || target.is_empty() || !target.iter().all(u8::is_ascii_graphic) {
                return Err(format!("start {}", start.escape_ascii()));
            }
            if fields.iter().filter(|(name, _)| name == b"host").count() != 1 {
                return Err("hosts".to_owned());
            }
            let (body, rest) = body(&fields, rest)?;
            messages.push((format!("{} {}", method.escape_ascii(), target.escape_ascii()), body));
            bytes = rest;
        }
        Ok(messages)
    }

    /// All responses to one request.
    pub(super) fn responses(mut bytes: &[u8], is_head: bool) -> Result<Messages, String> {
        let mut messages = Messages::new();
        while !bytes.is_empty() {
            let (start, fields, rest) = head(bytes)?;
            let status = start.strip_prefix(b"HTTP/1.1 ").and_then(|start| start.get(..3));
            let status = status.and_then(|status| std::str::from_utf8(status).ok()).unwrap_or_default();
            if !status.bytes().all(|digit| digit.is_ascii_digit()) || start.get(12) != Some(&b' ') {
                return Err(format!("start {}", start.escape_ascii()));
            }
            let has_body = !is_head && !status.starts_with('1') && !["204", "304"].contains(&status);
            let (body, rest) = if has_body { body(&fields, rest)? } else { (Vec::new(), rest) };
            messages.push((status.to_owned(), body));
            bytes = rest;
        }
        Ok(messages)
    }

    type Fields = Vec<(Vec<u8>, Vec<u8>)>;

    /// Start line, fields, and what follows the blank line.
    fn head(bytes: &[u8]) -> Result<(&[u8], Fields, &[u8]), String> {
        let (start, mut rest) = line(bytes)?;
        let mut fields = Fields::new();
        loop {
            let (field, after) = line(rest)?;
            rest = after;
            if field.is_empty() {
                return Ok((start, fields, rest));
            }
            fields.push(one(field)?);
        }
    }

    fn one(field: &[u8]) -> Result<(Vec<u8>, Vec<u8>), String> {
        let colon = field.iter().position(|byte| *byte == b':').ok_or("no colon")?;
        let (name, value) = (&field[..colon], &field[colon + 1..]);
        if !is_token(name) || value.iter().any(|byte| *byte < 0x20 && *byte != b'\t' || *byte == 0x7f) {
            return Err(format!("field {}", field.escape_ascii()));
        }
        Ok((name.to_ascii_lowercase(), value.trim_ascii().to_vec()))
    }

    fn line(bytes: &[u8]) -> Result<(&[u8], &[u8]), String> {
        let end = bytes.windows(2).position(|pair| pair == b"\r\n").ok_or("no line end")?;
        let line = &bytes[..end];
        if line.contains(&b'\n') || line.contains(&b'\r') || line.contains(&0) {
            return Err(format!("line {}", line.escape_ascii()));
        }
        Ok((line, &bytes[end + 2..]))
    }

    fn body<'a>(fields: &Fields, rest: &'a [u8]) -> Result<(Vec<u8>, &'a [u8]), String> {
        let all = |wanted: &[u8]| -> Vec<&Vec<u8>> {
            fields.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value).collect()
        };
        match (all(b"content-length").as_slice(), all(b"transfer-encoding").as_slice()) {
            ([], []) => Ok((Vec::new(), rest)),
            ([length], []) => {
                let length = std::str::from_utf8(length).ok().and_then(|text| text.parse().ok());
                let (body, rest) = length.and_then(|length| rest.split_at_checked(length)).ok_or("length")?;
                Ok((body.to_vec(), rest))
            }
            ([], [coding]) if coding.as_slice() == b"chunked" => chunks(rest),
            _ => Err("framing".to_owned()),
        }
    }

    fn chunks(mut rest: &[u8]) -> Result<(Vec<u8>, &[u8]), String> {
        let mut body = Vec::new();
        loop {
            let (size, after) = line(rest)?;
            let digits = std::str::from_utf8(size).unwrap_or_default();
            let is_plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            let size = if is_plain { usize::from_str_radix(digits, 16).ok() } else { None }.ok_or("size")?;
            if size == 0 {
                rest = after;
                break;
            }
            let (data, after) = after.split_at_checked(size).ok_or("chunk")?;
            body.extend_from_slice(data);
            rest = after.strip_prefix(b"\r\n").ok_or("chunk end")?;
        }
        loop {
            let (trailer, after) = line(rest)?;
            rest = after;
            if trailer.is_empty() {
                return Ok((body, rest));
            }
            one(trailer)?;
        }
    }

    fn is_token(text: &[u8]) -> bool {
        let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
        !text.is_empty() && text.iter().all(is_token)
    }
}
