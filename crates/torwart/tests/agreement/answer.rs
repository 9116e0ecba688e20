//! Reads answers from raw bytes, by its own small parser, and says whether they are whole.

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It did not: the client has stopped waiting.
    Open,
    /// FIN.
    Closed,
    /// RST.
    Reset,
}

/// A final answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) is_complete: bool,
    /// The statuses of the interim answers before it.
    pub(crate) interim: Vec<u16>,
}

/// How an answer's body ends.
#[derive(Clone, Copy)]
enum Framing {
    Nothing,
    Length(usize),
    Chunked,
    UntilClose,
}

impl Answer {
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// Takes the first answer off the bytes; `None` while there is not even a whole head.
///
/// An answer that is not complete yet is given as it stands.
pub(crate) fn take(bytes: &[u8], method: &str, end: End) -> Option<(Answer, usize)> {
    let mut interim = Vec::new();
    let mut at = 0;
    loop {
        let rest = bytes.get(at..)?;
        let head_length = find(rest, b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&rest[..head_length]).into_owned();
        let mut lines = head.split("\r\n");
        let status_line = lines.next()?;
        let is_http = status_line.starts_with("HTTP/1.");
        let status = status_line.split(' ').nth(1).filter(|_| is_http).and_then(|text| text.parse().ok())?;
        at += head_length;
        if matches!(status, 100 | 102..200) {
            interim.push(status);
            continue;
        }
        let fields: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        let mut answer = Answer { status, fields, interim, ..Answer::default() };
        at += answer.take_body(&bytes[at..], method, end);
        return Some((answer, at));
    }
}

impl Answer {
    fn framing(&self, method: &str) -> Framing {
        if method == "HEAD" || matches!(self.status, 204 | 304) {
            return Framing::Nothing;
        }
        if self.values("transfer-encoding").any(|value| value.eq_ignore_ascii_case("chunked")) {
            return Framing::Chunked;
        }
        match self.values("content-length").next().and_then(|value| value.parse().ok()) {
            Some(length) => Framing::Length(length),
            None => Framing::UntilClose,
        }
    }

    /// Takes the body and says how many bytes that were.
    fn take_body(&mut self, bytes: &[u8], method: &str, end: End) -> usize {
        match self.framing(method) {
            Framing::Nothing => {
                self.is_complete = true;
                0
            }
            Framing::Length(length) => {
                let count = length.min(bytes.len());
                self.body = bytes[..count].to_vec();
                self.is_complete = count == length;
                count
            }
            Framing::UntilClose => {
                self.body = bytes.to_vec();
                self.is_complete = end == End::Closed;
                bytes.len()
            }
            Framing::Chunked => self.take_chunks(bytes),
        }
    }

    fn take_chunks(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some(line_end) = find(&bytes[at..], b"\r\n") {
            let size = size(&bytes[at..at + line_end]);
            at += line_end + 2;
            let Some(size) = size else { return bytes.len() };
            if size == 0 {
                return at + self.take_trailers(&bytes[at..]);
            }
            let count = size.min(bytes.len() - at);
            self.body.extend_from_slice(&bytes[at..at + count]);
            at += count;
            if bytes.get(at..at + 2) != Some(b"\r\n") {
                return bytes.len();
            }
            at += 2;
        }
        bytes.len()
    }

    fn take_trailers(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some(line_end) = find(&bytes[at..], b"\r\n") {
            let line = String::from_utf8_lossy(&bytes[at..at + line_end]).into_owned();
            at += line_end + 2;
            match line.split_once(':') {
                Some((name, value)) => self.fields.push((name.to_owned(), value.trim().to_owned())),
                None => {
                    self.is_complete = line.is_empty();
                    break;
                }
            }
        }
        at
    }
}

fn size(line: &[u8]) -> Option<usize> {
    let line = line.split(|byte| *byte == b';').next()?;
    usize::from_str_radix(std::str::from_utf8(line).ok()?.trim(), 16).ok()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[test]
fn completeness_is_judged_by_framing_and_end() {
    let check = |text: &str, end, expected| {
        let (answer, _) = take(text.as_bytes(), "GET", end).expect("has a head");
        assert_eq!(answer.is_complete, expected, "{text:?}");
    };
    check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", End::Open, true);
    check("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", End::Closed, false);
    check("HTTP/1.1 200 OK\r\n\r\nok", End::Closed, true);
    check("HTTP/1.1 200 OK\r\n\r\nok", End::Reset, false);
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n";
    check(chunked, End::Closed, false);
    check(&format!("{chunked}0\r\n"), End::Closed, false);
    check(&format!("{chunked}0\r\nA: b\r\n\r\n"), End::Open, true);
}
