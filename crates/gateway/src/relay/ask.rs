//! Sends the request and waits for the final head of the answer.
//!
//! Upload and head move concurrently: an early answer is taken while the body still goes out, interim answers are
//! passed on as they come, and a failed write does not hide an answer that is already here.

use super::upload::{Parts, Upload, UploadFault};
use super::waiting::Waiting;
use super::{hedge, untaken};
use crate::apart::apart;
use crate::client::poll_fill;
use crate::clock::Moment;
use crate::connect::Outgoing;
use crate::exchange::Exchange;
use crate::{request_head, response_head, script};
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::AsyncWrite;
use torwart_cause::{Deadline, Ending, FIRST_BYTES, Fault, Limit, Malformation, Step};
use torwart_dial::{Stop, ending_of};
use torwart_wire::http1::{Asked, Response, ResponseLimits, parse_response};
use torwart_wire::{Head, Version};

/// The final head, and what is still going on.
pub struct Reply {
    /// What the head says.
    pub response: Response,
    /// The rest of the request, if an early answer came.
    pub upload: Upload,
    /// When the head was complete.
    pub at: Moment,
}

/// Sends the request over the link; returns with the final head.
pub async fn ask(x: &mut Exchange<'_>, outgoing: &mut Outgoing) -> Result<Reply, Stop> {
    x.body.rewind(&mut x.desk.request.buffer);
    let limits = limits(x);
    // An application never asks for the body: it is there with the request.
    let is_fastcgi = outgoing.link.stream.as_fastcgi().is_some();
    if is_fastcgi {
        script::write(x, outgoing, limits.0);
    } else {
        request_head::write(x, &outgoing.upstream.upstream.authority, outgoing.desk.out.bytes());
    }
    let mut asking = Asking {
        limits,
        interim: 0,
        sent_at: None,
        continue_at: x
            .request
            .filter(|request| request.expects_continue)
            .map(|_| outgoing.began + if is_fastcgi { Duration::ZERO } else { CONTINUE_WAIT }),
        waiting: Waiting::new(Deadline::Send, outgoing.began),
        upload: Upload::new(x.buffers.replay.as_usize()),
    };
    let asked = match x.deadlines.hedge.filter(|_| hedge::is_possible(x, outgoing)) {
        None => poll_fn(|cx| asking.poll(cx, x, outgoing)).await,
        Some(after) => apart(hedge::ask(x, outgoing, &mut asking, after)).await,
    };
    x.try_until = None;
    let response = match asked {
        Ok(response) => response,
        Err(Stop) => {
            if untaken::is_open_question(x, outgoing) {
                apart(untaken::settle(x, outgoing)).await;
            }
            return Err(Stop);
        }
    };
    let now = Moment::now();
    let since = asking.sent_at.unwrap_or(outgoing.began);
    let attempt = x.attempt();
    attempt.status = Some(response.status);
    attempt.head = Step::Done { took: now.since(since) };
    if let Some(hint) = response.idle_hint {
        outgoing.upstream.upstream.state.hint_idle(hint);
    }
    Ok(Reply { response, upload: asking.upload, at: now })
}

/// The conversation until the final head.
pub struct Asking {
    limits: (ResponseLimits, u32),
    interim: u32,
    sent_at: Option<Moment>,
    /// When the client is told to go on although the upstream said nothing (RFC 9110 §10.1.1).
    continue_at: Option<Moment>,
    waiting: Waiting,
    upload: Upload,
}

impl Asking {
    /// Whether the whole request left for the kernel.
    pub fn has_sent(&self) -> bool {
        self.upload.is_done()
    }

    /// When its waiting ends, whatever happens.
    pub fn ends_at(&self, x: &Exchange<'_>) -> Moment {
        self.waiting.ends_at(x)
    }

    /// Ready with the ending when its waiting is over.
    pub fn poll_end(&self, cx: &Context<'_>, x: &mut Exchange<'_>) -> Poll<Ending> {
        self.waiting.poll(x, cx)
    }

    /// It goes on at another link, on which the request went out at this moment.
    pub fn goes_on_at(&mut self, sent_at: Moment) {
        self.sent_at = Some(sent_at);
    }

    /// Drives both directions; ready with the final head.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        x: &mut Exchange<'_>,
        outgoing: &mut Outgoing,
    ) -> Poll<Result<Response, Stop>> {
        if !self.upload.is_over() && self.poll_upload(cx, x, outgoing).is_err() {
            return Poll::Ready(Err(Stop));
        }
        if let Poll::Ready(result) = self.poll_head(cx, x, outgoing) {
            return Poll::Ready(result);
        }
        if self.upload.is_done()
            && let Some(ending) = x.poll_leaving(cx)
        {
            return Poll::Ready(Err(self.head_failed(x, ending)));
        }
        self.poll_deadlines(cx, x).map(Err)
    }

    fn poll_upload(
        &mut self,
        cx: &mut Context<'_>,
        x: &mut Exchange<'_>,
        outgoing: &mut Outgoing,
    ) -> Result<(), Stop> {
        let Some(mut parts) = Parts::of(x, outgoing) else { return Err(Stop) };
        let polled = self.upload.poll(cx, &mut parts);
        let after = |now: Moment| now.since(outgoing.began);
        match polled {
            Poll::Pending => Ok(()),
            Poll::Ready(Ok(())) => {
                let now = Moment::now();
                self.sent_at = Some(now);
                x.attempt().send = Step::Done { took: after(now) };
                if let Some(place) = &mut x.place {
                    place.sent();
                }
                self.waiting = Waiting::new(Deadline::FirstByte, now);
                Ok(())
            }
            Poll::Ready(Err(UploadFault::Client(ending))) => {
                x.keeps_client = false;
                x.desk.evidence.client.body = Step::Failed { ending, after: x.elapsed() };
                Err(Stop)
            }
            Poll::Ready(Err(UploadFault::Upstream(ending))) => {
                x.attempt().send = Step::Failed { ending, after: after(Moment::now()) };
                if x.attempt().sent == 0 {
                    return Err(Stop);
                }
                // The upstream may have answered before it closed: what is here is read.
                self.upload.give_up();
                Ok(())
            }
        }
    }

    fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        x: &mut Exchange<'_>,
        outgoing: &mut Outgoing,
    ) -> Poll<Result<Response, Stop>> {
        x.core.bring_desk(&mut outgoing.desk);
        loop {
            if !outgoing.desk.response.buffer.unread().is_empty() {
                match self.parse(x, &mut outgoing.desk.response) {
                    Ok(Some(response)) if response.is_interim => {
                        if let Err(ending) = self.pass_interim(x, &mut outgoing.desk.response, response) {
                            return Poll::Ready(Err(self.wrong(x, &outgoing.desk.response, ending)));
                        }
                        continue;
                    }
                    Ok(Some(response)) => return Poll::Ready(Ok(response)),
                    Ok(None) => {}
                    Err(ending) => return Poll::Ready(Err(self.wrong(x, &outgoing.desk.response, ending))),
                }
            }
            if !x.desk.out.is_empty() && self.flush_interim(cx, x).is_pending() {
                return Poll::Pending;
            }
            make_room(&mut outgoing.desk.response, self.limits.0.head_bytes);
            match poll_fill(&mut outgoing.link.stream, cx, &mut outgoing.desk.response.buffer, FIRST_READ) {
                Poll::Pending => {
                    if self.upload.is_over() && outgoing.desk.is_clear() {
                        x.core.lend_desk(&mut outgoing.desk);
                    }
                    return Poll::Pending;
                }
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(self.ended(x, outgoing, Ending::Closed))),
                Poll::Ready(Ok(read)) => x.attempt().received += read as u64,
                Poll::Ready(Err(error)) => {
                    let ending = ending_of(&error, Deadline::FirstByte);
                    return Poll::Ready(Err(self.ended(x, outgoing, ending)));
                }
            }
        }
    }

    fn parse(&self, x: &Exchange<'_>, response: &mut Head) -> Result<Option<Response>, Ending> {
        let asked =
            Asked { is_head: x.is_head(), is_connect: false, upgrade: request_head::offered_upgrade(x) };
        let read = parse_response(response, asked, &self.limits.0, &x.view.snapshot.leniency)?;
        if let Some(response) = &read
            && response.status / 100 == 2
            && !response.switches
            && x.client.stream.is_tunnel()
        {
            // Such a client takes any success for the protocol it asked for (RFC 8441 §5).
            return Err(Ending::Malformed(Fault { what: Malformation::BadUpgrade, at: 0 }));
        }
        Ok(read)
    }

    /// An interim answer goes on to clients that understand it (RFC 9110 §15.2); it restarts no deadline.
    #[cold]
    fn pass_interim(
        &mut self,
        x: &mut Exchange<'_>,
        head: &mut Head,
        response: Response,
    ) -> Result<(), Ending> {
        self.interim += 1;
        if self.interim > self.limits.1 {
            return Err(Ending::TooLarge(Limit::InterimCount));
        }
        let is_told = response.status == 100
            && std::mem::take(&mut self.continue_at).is_none()
            && x.was_told_to_continue;
        let understands = x.request.is_some_and(|request| request.version == Version::Http11);
        if understands && !is_told {
            response_head::write_interim(x, head, response.status);
            x.was_told_to_continue |= response.status == 100;
        }
        head.next_message();
        Ok(())
    }

    #[cold]
    fn flush_interim(&self, cx: &mut Context<'_>, x: &mut Exchange<'_>) -> Poll<()> {
        while !x.desk.out.is_empty() {
            match x.desk.out.poll_send(cx, &mut x.client.stream, &[]) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(sent)) => x.sent += sent.all as u64,
                // That the client is gone is found out where its answer is written.
                Poll::Ready(Err(_)) => x.desk.out.clear(),
            }
        }
        if let crate::client::ClientStream::Tls(stream) = &mut x.client.stream {
            return std::pin::Pin::new(stream).poll_flush(cx).map(|_| ());
        }
        Poll::Ready(())
    }

    fn poll_deadlines(&mut self, cx: &mut Context<'_>, x: &mut Exchange<'_>) -> Poll<Stop> {
        if !self.upload.is_over() {
            let what = if self.upload.waits_for_client { Deadline::ClientBody } else { Deadline::Send };
            self.waiting.wait_for(what, std::mem::take(&mut self.upload.moved));
            if self.poll_continue(cx, x).is_pending() {
                return Poll::Pending;
            }
        }
        let Poll::Ready(ending) = self.waiting.poll(x, cx) else { return Poll::Pending };
        Poll::Ready(match ending {
            Ending::TimedOut(Deadline::ClientBody) => {
                x.keeps_client = false;
                x.desk.evidence.client.body = Step::Failed { ending, after: x.elapsed() };
                Stop
            }
            Ending::TimedOut(Deadline::Send) => {
                let after = self.waiting.since().elapsed();
                x.attempt().send = Step::Failed { ending, after };
                Stop
            }
            ending => self.head_failed(x, ending),
        })
    }

    /// A client that waits for 100 is told to go on when the upstream keeps silent about it. Ready when there is nothing
    /// (more) to tell.
    fn poll_continue(&mut self, cx: &mut Context<'_>, x: &mut Exchange<'_>) -> Poll<()> {
        match self.continue_at {
            Some(at) => self.poll_continue_at(cx, x, at),
            None => Poll::Ready(()),
        }
    }

    #[cold]
    fn poll_continue_at(&mut self, cx: &mut Context<'_>, x: &mut Exchange<'_>, at: Moment) -> Poll<()> {
        let has_begun = x.body.taken() > 0 || !self.upload.waits_for_client;
        if has_begun {
            self.continue_at = None;
            return Poll::Ready(());
        }
        if x.client.poll_deadline(cx, at).is_pending() {
            return Poll::Pending;
        }
        self.continue_at = None;
        x.was_told_to_continue = true;
        x.desk.out.bytes().extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        // Its write is taken up again with the next interim answer or the final head, should the socket be full now.
        let _ = self.flush_interim(cx, x);
        Poll::Ready(())
    }

    /// The upstream's stream ended before its head was complete.
    #[cold]
    fn ended(&self, x: &mut Exchange<'_>, outgoing: &Outgoing, ending: Ending) -> Stop {
        if x.attempt().send.is_failed() && outgoing.desk.response.buffer.unread().is_empty() {
            return Stop;
        }
        if !self.upload.is_over() && outgoing.desk.response.buffer.unread().is_empty() {
            // It went away in the middle of the request.
            x.attempt().send = Step::Failed { ending, after: outgoing.began.elapsed() };
            return Stop;
        }
        if let Some(bytes) = outgoing.link.stream.first_bytes() {
            x.attempt().first_bytes = Some(bytes.into());
        }
        self.wrong(x, &outgoing.desk.response, ending)
    }

    /// Keeps the first bytes of what was wrong.
    #[cold]
    fn wrong(&self, x: &mut Exchange<'_>, response: &Head, ending: Ending) -> Stop {
        let bytes = response.buffer.unread();
        if !bytes.is_empty() {
            x.attempt().first_bytes = bytes.get(..bytes.len().min(FIRST_BYTES)).map(Into::into);
        }
        self.head_failed(x, ending)
    }

    #[cold]
    fn head_failed(&self, x: &mut Exchange<'_>, ending: Ending) -> Stop {
        let after = self.sent_at.unwrap_or_else(|| self.waiting.since()).elapsed();
        x.attempt().head = Step::Failed { ending, after };
        Stop
    }
}

fn limits(x: &Exchange<'_>) -> (ResponseLimits, u32) {
    let Some(pool) = x.pool() else { return (ResponseLimits::default(), 0) };
    let limits = &pool.limits;
    let heads = ResponseLimits {
        head_bytes: limits.head.as_usize(),
        field_bytes: limits.field.as_usize(),
        fields: limits.fields,
    };
    (heads, limits.interim)
}

fn make_room(response: &mut Head, most: usize) {
    let buffer = &mut response.buffer;
    if buffer.spare().is_empty() {
        let wanted = (buffer.capacity() * 2).min(most + FIRST_READ).max(buffer.capacity() + 1);
        buffer.grow(wanted);
    }
}

/// The first read of an answer takes this much: larger bodies are spliced from there on.
pub const FIRST_READ: usize = 8 << 10;

/// How long a client that waits for 100 is left waiting for the upstream's word.
const CONTINUE_WAIT: Duration = Duration::from_secs(1);
