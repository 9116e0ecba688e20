//! Plays a script on one connection and notes what the peer sent.

use crate::frames::Frames;
use crate::reception::{PeerEnd, Reception, Seen};
use crate::script::{Drip, FrameKind, Loop, Repeat, Step, Tls};
use crate::stream::Stream;
use crate::{Certificates, Request};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One connection being played.
pub(crate) struct Player {
    stream: Stream,
    reception: Reception,
    seen: Arc<Mutex<Seen>>,
    certificates: Arc<Certificates>,
    /// Requests whose heads the script has taken.
    heads_taken: usize,
    frames: Frames,
}

/// Whether a script goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Goes,
    Over,
}

impl Player {
    pub(crate) fn new(stream: Stream, seen: Arc<Mutex<Seen>>, certificates: Arc<Certificates>) -> Self {
        Self {
            stream,
            reception: Reception::default(),
            seen,
            certificates,
            heads_taken: 0,
            frames: Frames::default(),
        }
    }

    /// Plays the steps over and over until the connection ends; once only if they never read.
    pub(crate) async fn play(&mut self, steps: &[Step]) {
        loop {
            let result = self.steps(steps).await;
            if !matches!(result, Ok(Flow::Goes)) || !steps.iter().any(Step::is_reading) {
                break;
            }
        }
        self.stream.close().await;
    }

    /// Plays the steps once. An error means that the peer has ended the connection.
    pub(crate) async fn steps(&mut self, steps: &[Step]) -> io::Result<Flow> {
        for step in steps {
            if self.step(step).await? == Flow::Over {
                return Ok(Flow::Over);
            }
        }
        Ok(Flow::Goes)
    }

    async fn step(&mut self, step: &Step) -> io::Result<Flow> {
        match step {
            Step::ReadHead => return self.read_head().await,
            Step::ReadBody => return self.read_body().await,
            Step::Read(count) => return self.read_bytes(*count).await,
            Step::ReadRecord => return self.read_record().await,
            Step::ReadFrame(kind) => return self.read_frame(*kind).await,
            Step::Send(octets) => self.stream.write_all(&octets.0).await?,
            Step::Repeat(repeat) => self.repeat(repeat).await?,
            Step::Drip(drip) => self.drip(drip).await?,
            Step::Answer(text) => self.answer("text/plain; charset=utf-8", &text.0).await?,
            Step::Echo => self.echo().await?,
            Step::Wait(span) => tokio::time::sleep(span.0).await,
            Step::ShutdownWrite => self.stream.shutdown_write().await?,
            Step::Hang => while self.fill().await? > 0 {},
            Step::Tls(tls) => return self.handshake(*tls).await,
            Step::TlsAlert(number) => return self.alert(*number).await,
            Step::Loop(inner) => return self.repeat_steps(inner).await,
            Step::Close => {
                self.stream.close().await;
                return Ok(Flow::Over);
            }
            Step::Reset => {
                self.stream.reset();
                return Ok(Flow::Over);
            }
            Step::CloseWithoutNotify => {
                self.stream.close_without_notify();
                return Ok(Flow::Over);
            }
        }
        Ok(Flow::Goes)
    }

    /// Waits for the next request head and takes it. Over when the peer leaves instead.
    pub(crate) async fn read_head(&mut self) -> io::Result<Flow> {
        while self.look(|seen| seen.requests.len()) <= self.heads_taken {
            if self.fill().await? == 0 {
                return Ok(Flow::Over);
            }
        }
        self.heads_taken += 1;
        Ok(Flow::Goes)
    }

    /// Gives the head taken last back, so that the next [`Step::ReadHead`] takes it again.
    pub(crate) fn give_head_back(&mut self) {
        self.heads_taken = self.heads_taken.saturating_sub(1);
    }

    /// Waits for the rest of the body of the request whose head was taken last.
    pub(crate) async fn read_body(&mut self) -> io::Result<Flow> {
        let index = self.heads_taken.saturating_sub(1);
        while self.look(|seen| seen.requests.get(index).is_some_and(|request| !request.is_whole)) {
            if self.fill().await? == 0 {
                return Ok(Flow::Over);
            }
        }
        Ok(Flow::Goes)
    }

    /// The request whose head was taken last.
    pub(crate) fn request(&self) -> Request {
        let index = self.heads_taken.saturating_sub(1);
        self.look(|seen| seen.requests.get(index).cloned()).unwrap_or_default()
    }

    /// Sends a whole 200 with this body.
    pub(crate) async fn answer(&mut self, media_type: &str, body: &[u8]) -> io::Result<()> {
        let length = body.len();
        let mut bytes =
            format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n")
                .into_bytes();
        if self.request().method() != "HEAD" {
            bytes.extend_from_slice(body);
        }
        self.stream.write_all(&bytes).await
    }

    /// Sends these bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Closes in an orderly way.
    pub(crate) async fn close(&mut self) {
        self.stream.close().await;
    }

    async fn echo(&mut self) -> io::Result<()> {
        let body = crate::server::echo(&self.request());
        self.answer("application/json", body.as_bytes()).await
    }

    async fn read_bytes(&mut self, count: usize) -> io::Result<Flow> {
        let goal = self.look(|seen| seen.bytes) + count as u64;
        while self.look(|seen| seen.bytes) < goal {
            if self.fill().await? == 0 {
                return Ok(Flow::Over);
            }
        }
        Ok(Flow::Goes)
    }

    /// Reads one TLS record and forgets it: it is no request.
    async fn read_record(&mut self) -> io::Result<Flow> {
        let mut record = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let length = record.get(3..5).map_or(usize::MAX, |length| {
                length.iter().fold(0, |sum, byte| sum * 256 + usize::from(*byte)) + 5
            });
            if record.len() >= length {
                return Ok(Flow::Goes);
            }
            let count = self.stream.read(&mut buffer).await?;
            if count == 0 {
                return Ok(Flow::Over);
            }
            record.extend_from_slice(buffer.get(..count).unwrap_or_default());
        }
    }

    /// Reads frames until one of this kind has come whole.
    async fn read_frame(&mut self, wanted: FrameKind) -> io::Result<Flow> {
        let mut buffer = [0; BLOCK];
        loop {
            while let Some(frame) = self.frames.next() {
                let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                frame.note(&mut seen);
                if frame.kind == wanted as u8 {
                    return Ok(Flow::Goes);
                }
            }
            let count = self.stream.read(&mut buffer).await?;
            if count == 0 {
                self.seen.lock().unwrap_or_else(PoisonError::into_inner).end = PeerEnd::Closed;
                return Ok(Flow::Over);
            }
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).bytes += count as u64;
            self.frames.take(buffer.get(..count).unwrap_or_default());
        }
    }

    async fn handshake(&mut self, tls: Tls) -> io::Result<Flow> {
        let acceptor = self.certificates.acceptor(tls).map_err(io::Error::other)?;
        self.stream.handshake(&acceptor).await?;
        Ok(Flow::Goes)
    }

    async fn alert(&mut self, number: u8) -> io::Result<Flow> {
        if self.read_record().await? == Flow::Over {
            return Ok(Flow::Over);
        }
        // Record type 21, TLS 1.2 on the wire, two bytes: fatal and the number (RFC 8446 §6).
        self.stream.write_all(&[21, 3, 3, 0, 2, 2, number]).await?;
        Ok(Flow::Goes)
    }

    async fn repeat(&mut self, repeat: &Repeat) -> io::Result<()> {
        let Repeat { text, times } = repeat;
        // Sent in blocks: one system call per repetition would make megabytes slow.
        let per_block = (BLOCK / text.0.len().max(1)).max(1) as u64;
        let block = text.0.repeat(usize::try_from(per_block.min(*times)).unwrap_or(1));
        for _ in 0..times / per_block {
            self.stream.write_all(&block).await?;
        }
        for _ in 0..times % per_block {
            self.stream.write_all(&text.0).await?;
        }
        Ok(())
    }

    async fn drip(&mut self, drip: &Drip) -> io::Result<()> {
        for byte in &drip.text.0 {
            self.stream.write_all(&[*byte]).await?;
            tokio::time::sleep(drip.every.0.max(Duration::from_millis(1))).await;
        }
        Ok(())
    }

    async fn repeat_steps(&mut self, inner: &Loop) -> io::Result<Flow> {
        for _ in 0..inner.times {
            if Box::pin(self.steps(&inner.steps)).await? == Flow::Over {
                return Ok(Flow::Over);
            }
        }
        Ok(Flow::Goes)
    }

    /// Reads what comes and notes it; 0 is the peer's end.
    async fn fill(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        let result = self.stream.read(&mut buffer).await;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match &result {
            Ok(0) => seen.end = PeerEnd::Closed,
            Ok(count) if self.frames.have_begun() => {
                seen.bytes += *count as u64;
                self.frames.take(buffer.get(..*count).unwrap_or_default());
                while let Some(frame) = self.frames.next() {
                    frame.note(&mut seen);
                }
            }
            Ok(count) => self.reception.take(buffer.get(..*count).unwrap_or_default(), &mut seen),
            Err(_) => seen.end = PeerEnd::Reset,
        }
        result
    }

    fn look<T>(&self, question: impl FnOnce(&Seen) -> T) -> T {
        question(&self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

const BLOCK: usize = 16 * 1024;
