//! A connection to a FastCGI application that is read like one of HTTP/1.1.
//!
//! Each request is begun by [`FastCgi::begin`], which says how many of the bytes written next are records already, and
//! how many are body; the body is put into records here. What is read is the answer as `torwart_wire::fastcgi`
//! translates it, and every way it can end keeps its meaning.

use crate::ending_of::ended;
use crate::stream::Stream;
use crate::{Idle, ending_of};
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use torwart_cause::{Deadline, Ending};
use torwart_wire::fastcgi::{Answer, HEADER_BYTES, MOST_CONTENT, Told, stdin_header};
use torwart_wire::http1::ResponseLimits;

/// A connection to an application.
pub struct FastCgi {
    stream: Stream,
    upload: Upload,
    answer: Option<Answer>,
    /// Where bytes of the connection are read into.
    room: Box<[u8]>,
    /// Bytes of HTTP that wait to be read, and how many were.
    out: Vec<u8>,
    read: usize,
    /// The application sent something behind its answer.
    spoke: Option<u8>,
    is_closed: bool,
    /// What went wrong, told once the bytes before it were read.
    failed: Option<io::Error>,
}

/// A request that begins.
#[derive(Clone, Copy, Debug)]
pub struct Begin {
    /// How many bytes come first that are records already.
    pub records: usize,
    /// How many bytes of body follow them.
    pub body: u64,
    /// Whether no body may follow the answer's head.
    pub is_head: bool,
    /// Whether the connection may carry another request.
    pub keeps: bool,
    /// How large the answer's head may be.
    pub limits: ResponseLimits,
}

/// The request on its way.
#[derive(Default)]
struct Upload {
    /// Bytes that go out as they are.
    records: usize,
    /// Bytes of body to come.
    body: u64,
    /// Those of them that belong to the record under way.
    record: usize,
    /// Headers that wait to go out, and how much of them went.
    queued: Vec<u8>,
    sent: usize,
}

impl FastCgi {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            upload: Upload::default(),
            answer: None,
            room: vec![0; ROOM].into(),
            out: Vec::new(),
            read: 0,
            spoke: None,
            is_closed: false,
            failed: None,
        }
    }

    /// Begins a request. The answer to the one before must have been read to its end.
    pub fn begin(&mut self, begin: &Begin) {
        self.answer = Some(Answer::new(begin.limits, begin.is_head, begin.keeps));
        self.upload = Upload { records: begin.records, body: begin.body, ..Upload::default() };
        // The empty record that ends the body is part of the records where there is no body.
        self.out.clear();
        self.read = 0;
    }

    /// What the application told in this request so far.
    pub fn told(&self) -> Option<&Told> {
        self.answer.as_ref().map(Answer::told)
    }

    pub(crate) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// As [`Stream::poll_idle`]: an application that still works on a request is not quiet.
    pub(crate) fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<Idle> {
        let is_done = self.answer.as_ref().is_none_or(Answer::is_whole) && self.read == self.out.len();
        if let Some(byte) = self.spoke {
            return Poll::Ready(Idle::Spoke(byte));
        }
        if self.is_closed {
            return Poll::Ready(Idle::Ended(Ending::Closed));
        }
        if !is_done {
            return Poll::Ready(Idle::Spoke(self.out.get(self.read).copied().unwrap_or_default()));
        }
        self.stream.poll_idle(context)
    }

    /// Reads once and translates.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(answer) = &mut self.answer else {
            self.is_closed = true;
            return Poll::Ready(());
        };
        let mut room = ReadBuf::new(&mut self.room);
        match ready!(Pin::new(&mut self.stream).poll_read(context, &mut room)) {
            Ok(()) => {}
            Err(error) => {
                // What had begun is shown to have begun.
                answer.close(&mut self.out);
                self.failed = Some(error);
                return Poll::Ready(());
            }
        }
        let bytes = room.filled();
        if bytes.is_empty() {
            answer.close(&mut self.out);
            self.is_closed = true;
            return Poll::Ready(());
        }
        match answer.translate(bytes, &mut self.out) {
            // A translator takes everything before the end of the answer.
            Ok(used) => self.spoke = bytes.get(used).copied(),
            Err(ending) => self.failed = Some(ended(ending)),
        }
        Poll::Ready(())
    }

    fn poll_queued(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let upload = &mut self.upload;
        while let Some(rest) = upload.queued.get(upload.sent..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.stream).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => upload.sent += sent,
            }
        }
        upload.queued.clear();
        upload.sent = 0;
        Poll::Ready(Ok(()))
    }

    /// Bytes of the body, at most those of the record under way.
    fn poll_body(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            if self.upload.record == 0 {
                ready!(self.poll_queued(context))?;
                self.upload.open(bytes.len());
            }
            let upload = &mut self.upload;
            let queued = upload.queued.get(upload.sent..).unwrap_or_default();
            let piece = bytes.get(..upload.record).unwrap_or(bytes);
            let both = [IoSlice::new(queued), IoSlice::new(piece)];
            let sent = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, &both))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let of_queue = sent.min(queued.len());
            let of_body = sent - of_queue;
            upload.sent += of_queue;
            if of_body > 0 {
                upload.took(of_body);
                if upload.body == 0 {
                    // Should the socket be full now, the flush that follows a body sends the rest.
                    let _ = self.poll_queued(context)?;
                }
                return Poll::Ready(Ok(of_body));
            }
        }
    }
}

impl Upload {
    /// Begins a record for as many of `here` bytes as fit.
    fn open(&mut self, here: usize) {
        let left = usize::try_from(self.body).unwrap_or(usize::MAX);
        self.record = here.min(left).min(MOST_CONTENT);
        self.queued.extend_from_slice(&stdin_header(u16::try_from(self.record).unwrap_or(u16::MAX)));
    }

    /// So many bytes of the body went out.
    fn took(&mut self, bytes: usize) {
        self.record -= bytes;
        self.body -= bytes as u64;
        self.queued.clear();
        self.sent = 0;
        if self.body == 0 {
            self.queued.extend_from_slice(&stdin_header(0));
        }
    }
}

impl AsyncRead for FastCgi {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if let Some(rest) = this.out.get(this.read..).filter(|rest| !rest.is_empty()) {
                let len = rest.len().min(buffer.remaining());
                buffer.put_slice(rest.get(..len).unwrap_or_default());
                this.read += len;
                return Poll::Ready(Ok(()));
            }
            this.out.clear();
            this.read = 0;
            if let Some(error) = this.failed.take() {
                this.is_closed = true;
                return Poll::Ready(Err(error));
            }
            if this.is_closed || this.answer.as_ref().is_some_and(Answer::is_over) {
                return Poll::Ready(Ok(()));
            }
            ready!(this.poll_more(context));
        }
    }
}

impl AsyncWrite for FastCgi {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.upload.records > 0 {
            let piece = bytes.get(..this.upload.records).unwrap_or(bytes);
            let sent = ready!(Pin::new(&mut this.stream).poll_write(context, piece))?;
            this.upload.records -= sent;
            return Poll::Ready(Ok(sent));
        }
        if this.upload.body == 0 || bytes.is_empty() {
            // Nobody writes more than was announced.
            return Poll::Ready(Err(io::ErrorKind::InvalidInput.into()));
        }
        this.poll_body(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.upload.body == 0 {
            ready!(this.poll_queued(context))?;
        }
        Pin::new(&mut this.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl AsFd for FastCgi {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Asks an application for its own variables and waits for the answer: one that answers has a worker to spare.
///
/// # Errors
/// How it ended instead: nobody spoke in time, the connection was closed, or what came was no FastCGI.
pub async fn ask_for_worker(stream: &mut Stream, deadline: std::time::Duration) -> Result<(), Ending> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let asked = async {
        let mut question = Vec::new();
        torwart_wire::fastcgi::write_get_values(&mut question);
        let of = |error: &io::Error| ending_of(error, Deadline::FirstByte);
        stream.write_all(&question).await.map_err(|error| of(&error))?;
        let mut header = [0; HEADER_BYTES];
        let mut have = 0;
        while have < header.len() {
            let room = header.get_mut(have..).unwrap_or_default();
            match stream.read(room).await.map_err(|error| of(&error))? {
                0 if have == 0 => return Err(Ending::Closed),
                0 => break,
                read => have += read,
            }
        }
        // Version 1, and the kind of record that answers the question; old applications say that they do not know it.
        if matches!(header, [1, 10 | 11, ..]) {
            Ok(())
        } else {
            let what = torwart_cause::Malformation::NotFastCgi;
            Err(Ending::Malformed(torwart_cause::Fault { what, at: 0 }))
        }
    };
    tokio::time::timeout(deadline, asked).await.unwrap_or(Err(Ending::TimedOut(Deadline::FirstByte)))
}

/// As much as one read takes.
const ROOM: usize = 16 << 10;

#[cfg(test)]
mod tests;
