//! The head of a message: its bytes in arrival order, and ranges into them. Never a map.
//!
//! It is also the connection's read buffer: bytes are read straight into [`Head::buffer`], a parser of [`crate::http1`]
//! finds the head in them, and what follows the head stays there as body or as the next message.

use crate::http1::TargetForm;
use crate::http1::write_field;
use crate::{Buffer, Known, Version};

/// Room for this many fields is made at once.
const USUAL_FIELDS: usize = 24;

/// One message head and the buffer it stands in.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The bytes: the head is kept, what follows it is unread. While a head is being parsed, only add to them; to give
    /// them up use [`Head::clear`].
    pub buffer: Buffer,
    pub(crate) start: StartLine,
    pub(crate) lines: Vec<FieldLine>,
    pub(crate) present: u64,
    pub(crate) scan: Scan,
    len: u32,
}

/// One field of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as it arrived.
    pub name: &'a [u8],
    /// The value, without the whitespace around it.
    pub value: &'a [u8],
    /// Which field it is, if it is one the gateway knows.
    pub known: Known,
    /// Whether it is meant for this connection only and must not be passed on (RFC 9110 §7.6.1).
    pub is_hop_by_hop: bool,
}

impl Head {
    /// A head whose buffer has room for `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            buffer: Buffer::with_capacity(bytes),
            lines: Vec::with_capacity(USUAL_FIELDS),
            ..Self::default()
        }
    }

    /// A request head made of copies: for messages that did not arrive as HTTP/1 and for tests.
    /// The target is taken in origin form; push `host` as a field to set the authority.
    pub fn request(method: &[u8], target: &[u8]) -> Self {
        let mut head = Self::default();
        head.start.method = head.copy_in(method);
        head.copy_in(b" ");
        head.start.target = head.copy_in(target);
        head.start.path_and_query = head.start.target;
        head.start.path = head.start.target;
        if let Some(query) = memchr::memchr(b'?', target) {
            head.start.path.end = head.start.path.start + narrow(query);
        }
        head.copy_in(b"\r\n");
        head.len = narrow(head.buffer.received().len());
        head
    }

    /// A response head made of copies, with the reason phrase only: the status is told by [`crate::http1::Response`].
    pub fn response(reason: &[u8]) -> Self {
        let mut head = Self::default();
        head.start.reason = head.copy_in(reason);
        head.copy_in(b"\r\n");
        head.len = narrow(head.buffer.received().len());
        head
    }

    /// Adds a copy of a field at the end. The caller answers for the grammar of name and value.
    pub fn push_field(&mut self, name: &[u8], value: &[u8]) {
        let known = Known::of(name);
        let before = self.buffer_floor();
        let name = self.copy_in(name);
        self.copy_in(b": ");
        let value = self.copy_in(value);
        self.copy_in(b"\r\n");
        if known == Known::Host && self.start.authority.is_empty() {
            self.start.authority = value;
        }
        self.push_line(FieldLine {
            name,
            value,
            known,
            is_hop_by_hop: known.is_hop_by_hop(),
            is_as_written: true,
        });
        self.len = self.len.saturating_add(narrow(self.buffer_floor() - before));
    }

    /// The request method; empty in a response.
    pub fn method(&self) -> &[u8] {
        self.at(self.start.method)
    }

    /// The request target as it arrived; empty in a response.
    pub fn target(&self) -> &[u8] {
        self.at(self.start.target)
    }

    /// The reason phrase of a response; it may be empty.
    pub fn reason(&self) -> &[u8] {
        self.at(self.start.reason)
    }

    /// The effective `host[:port]` of a request: an absolute target beats `Host` (RFC 9112 §3.2.2).
    pub fn authority(&self) -> &[u8] {
        self.at(self.start.authority)
    }

    /// The path of the target without its query: `/` if the target has none, `*` for `OPTIONS *`.
    pub fn path(&self) -> &[u8] {
        if self.start.path.is_empty() { self.start.no_path.bytes() } else { self.at(self.start.path) }
    }

    /// Path and query of the target, ready to be sent on.
    pub fn path_and_query(&self) -> &[u8] {
        if self.start.path_and_query.is_empty() {
            self.start.no_path.bytes()
        } else {
            self.at(self.start.path_and_query)
        }
    }

    /// The fields in the order in which they arrived.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Field<'_>> {
        self.lines.iter().map(|line| self.field(line))
    }

    /// The first value of a known field.
    pub fn get(&self, known: Known) -> Option<&[u8]> {
        self.all(known).next()
    }

    /// All values of a known field.
    pub fn all(&self, known: Known) -> impl Iterator<Item = &[u8]> {
        let lines = if self.has(known) { self.lines.as_slice() } else { &[] };
        lines.iter().filter(move |line| line.known == known).map(|line| self.at(line.value))
    }

    /// Whether a known field is there. Cheap: no field is looked at. Always true for [`Known::Other`].
    pub fn has(&self, known: Known) -> bool {
        known == Known::Other || self.present & known.bit() != 0
    }

    /// The first value of the field with this name, in any case of letters.
    pub fn find(&self, name: &str) -> Option<&[u8]> {
        self.fields().find(|field| field.name.eq_ignore_ascii_case(name.as_bytes())).map(|field| field.value)
    }

    /// Appends every field that is wanted as a line of its own: `name: value`. Lines that stand in the buffer like that
    /// already, as most do, are copied in runs.
    pub fn copy_fields(&self, out: &mut Vec<u8>, mut is_wanted: impl FnMut(&Field<'_>) -> bool) {
        let (mut start, mut end) = (0, 0);
        for line in &self.lines {
            let field = self.field(line);
            if !is_wanted(&field) {
                continue;
            }
            let (from, to) = (line.name.start as usize, line.value.end as usize + 2);
            if line.is_as_written && from == end {
                end = to;
                continue;
            }
            out.extend_from_slice(self.buffer.slice(start, end));
            (start, end) = (0, 0);
            if line.is_as_written {
                (start, end) = (from, to);
            } else {
                write_field(out, field.name, field.value);
            }
        }
        out.extend_from_slice(self.buffer.slice(start, end));
    }

    /// The bytes of the head on the wire, blank line included; 0 while it is incomplete.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is no complete head yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Drops this head and makes the unread bytes the beginning of the next message.
    pub fn next_message(&mut self) {
        self.buffer.release();
        self.forget();
    }

    /// Drops head and bytes.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.forget();
    }

    /// Gets ready to go on parsing: a finished head gives way to the next message.
    pub(crate) fn resume(&mut self) {
        if self.len != 0 || !self.buffer.is_at_front() {
            self.next_message();
        }
    }

    /// The head is complete and `len` bytes long.
    pub(crate) fn finish(&mut self, len: usize) {
        self.len = narrow(len);
        self.buffer.keep(len);
    }

    pub(crate) fn at(&self, span: Span) -> &[u8] {
        self.buffer.slice(span.start as usize, span.end as usize)
    }

    pub(crate) fn push_line(&mut self, line: FieldLine) {
        self.present |= line.known.bit();
        self.lines.push(line);
    }

    fn field(&self, line: &FieldLine) -> Field<'_> {
        Field {
            name: self.at(line.name),
            value: self.at(line.value),
            known: line.known,
            is_hop_by_hop: line.is_hop_by_hop,
        }
    }

    fn forget(&mut self) {
        self.start = StartLine::default();
        self.lines.clear();
        self.present = 0;
        self.scan = Scan::default();
        self.len = 0;
    }

    fn copy_in(&mut self, bytes: &[u8]) -> Span {
        let start = self.buffer_floor();
        self.buffer.append_kept(bytes);
        Span::new(start, self.buffer_floor())
    }

    fn buffer_floor(&self) -> usize {
        self.buffer.received().len() - self.buffer.unread().len()
    }
}

/// A range of the buffer. Heads are limited far below 4 GiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// The parsers look at no byte beyond 4 GiB, so nothing is cut here.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

/// Where the parts of the start line stand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StartLine {
    pub(crate) method: Span,
    pub(crate) target: Span,
    pub(crate) reason: Span,
    pub(crate) authority: Span,
    pub(crate) path: Span,
    pub(crate) path_and_query: Span,
    pub(crate) no_path: NoPath,
    /// What a complete request line says.
    pub(crate) request: Option<(Version, TargetForm)>,
    /// What a complete status line says.
    pub(crate) response: Option<(Version, u16)>,
}

/// What stands for a path that is not in the target.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum NoPath {
    #[default]
    Slash,
    /// `OPTIONS` with an absolute target without a path means the server as a whole (RFC 9112 §3.2.4).
    Asterisk,
    /// CONNECT has no path at all.
    Nothing,
}

impl NoPath {
    const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Slash => b"/",
            Self::Asterisk => b"*",
            Self::Nothing => b"",
        }
    }
}

/// Where one field stands, and what it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldLine {
    pub(crate) name: Span,
    pub(crate) value: Span,
    pub(crate) known: Known,
    pub(crate) is_hop_by_hop: bool,
    /// Whether it stands in the buffer as `name: value` and CRLF, just as it would be written.
    pub(crate) is_as_written: bool,
}

/// How far an incomplete head was looked at, so that no byte is looked at twice.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scan {
    /// Where the line begins that is being read.
    pub(crate) line: usize,
    /// Where the field begins that is being read; before `line` for a folded one.
    pub(crate) field: usize,
    /// Up to where it was looked at.
    pub(crate) at: usize,
    /// Where its first part ends (field name, request target), once that was seen.
    pub(crate) name_end: usize,
    /// Where its second part begins (field value, request target).
    pub(crate) value: usize,
    pub(crate) phase: Phase,
    /// Whether the line continues the field before it.
    pub(crate) is_folded: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Empty lines before the start line.
    #[default]
    Before,
    /// The first word of the start line.
    FirstWord,
    /// The rest of the start line.
    StartLine,
    /// The first byte of a line.
    LineStart,
    /// In a field name.
    Name,
    /// In whitespace between name and colon.
    NameSpace,
    /// In a field value.
    Value,
}

/// Offsets within a head as 32 bits. The limits of the parsers see to it that nothing is cut.
pub(crate) fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
