//! The client of a fetch: it has said all it wants, and reads the answer that the engine writes into a [`Fill`].
//!
//! Here an answer is judged as its head comes: whether it is kept, whether it only says that what is stored still holds,
//! whether a stale one stands in for it.

use super::entry::{Body, Form, Stored};
use super::fill::{Begun, Ended, Fill, Reply};
use super::job::Job;
use crate::clock::Moment;
use crate::per_core::Core;
use crate::streams::poll_pieces;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use torwart_cause::Evidence;
use torwart_policy::cache::{Answered, Freshness, kept_fields, storable, validate, vary};
use torwart_wire::http1::{write_field, write_status_line};
use torwart_wire::translate::{ResponseReader, Told};
use torwart_wire::{Head, Known, Version};

/// The client's side of a fetch.
pub struct Intake {
    core: Rc<Core>,
    job: Rc<Job>,
    fill: Arc<Fill>,
    reader: ResponseReader,
    /// When the upstream was asked, since 1970.
    asked: Duration,
    draft: Option<Draft>,
    /// Whether the body is read for nobody.
    is_swallowed: bool,
    swallowed: usize,
    /// Bytes it counts among those that are under way to be kept.
    counted: u64,
}

/// An answer that is to be kept once it is whole.
struct Draft {
    reply: Arc<Reply>,
    freshness: Freshness,
    form: Form,
}

impl Intake {
    /// For this job.
    pub fn new(core: &Rc<Core>, job: &Rc<Job>, fill: &Arc<Fill>) -> Self {
        Self {
            core: Rc::clone(core),
            job: Rc::clone(job),
            fill: Arc::clone(fill),
            reader: ResponseReader::new(false),
            asked: core.wall_clock(),
            draft: None,
            is_swallowed: false,
            swallowed: 0,
            counted: 0,
        }
    }

    /// Whether a stale answer is at hand for whoever waits.
    pub fn has_stand_in(&self) -> bool {
        let now = self.core.wall_clock();
        self.job.stored.as_ref().is_some_and(|stored| stored.freshness.may_stand_in(now, stored.is_pinned))
    }

    /// The fetch is over: what came whole is kept, and everybody is told.
    pub fn finish(&mut self, is_complete: bool, evidence: Evidence) {
        let is_whole = is_complete && self.reader.may_end();
        let store = &self.core.shared.store;
        if let Some(draft) = self.draft.take().filter(|_| is_whole)
            && let Some(pieces) = self.fill.pieces()
        {
            let kept = keep(
                &self.job,
                &draft.reply,
                Body::of(&pieces, store.arena()).into(),
                draft.freshness,
                draft.form,
            );
            store.put(&self.job.key, Arc::new(kept), &self.fill);
        }
        if !self.fill.has_begun()
            && let Some(stored) = &self.job.stored
        {
            stored.failed(self.core.wall_clock());
        }
        store.leave(&self.job.key, &self.fill);
        self.fill.end(Ended { is_whole, evidence: Arc::new(evidence) });
    }

    fn poll_take(&mut self, cx: &Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let (taken, told) = self.reader.read(bytes).map_err(|_| io::ErrorKind::BrokenPipe)?;
        match told {
            Told::Nothing | Told::End(_) => Poll::Ready(Ok(taken)),
            Told::Interim(head) => {
                let mut text = Vec::new();
                let reason = head.status().canonical_reason().unwrap_or_default();
                write_status_line(&mut text, Version::Http11, head.status().as_u16(), reason.as_bytes());
                for (name, value) in head.headers() {
                    write_field(&mut text, name.as_str().as_bytes(), value.as_bytes());
                }
                text.extend_from_slice(b"\r\n");
                self.fill.interim(text);
                Poll::Ready(Ok(taken))
            }
            Told::Head { head, .. } => {
                self.begin(&head);
                Poll::Ready(Ok(taken))
            }
            Told::Data(count) => self.poll_data(cx, bytes.get(..count).unwrap_or(bytes)),
        }
    }

    fn poll_data(&mut self, cx: &Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_swallowed {
            self.swallowed += data.len();
            if self.swallowed > SWALLOWED {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
        } else {
            let length = data.len() as u64;
            let store = &self.core.shared.store;
            if self.draft.is_some()
                && (self.fill.len() + length > store.largest() || !store.has_room_under_way(length))
            {
                // Nobody may join any more, because its beginning goes.
                store.leave(&self.job.key, &self.fill);
                self.fill.give_up_keeping();
                self.draft = None;
            }
            match self.fill.poll_append(cx, data) {
                Poll::Ready(Ok(())) if self.draft.is_some() => {
                    store.count_under_way(length);
                    self.counted += length;
                }
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        self.reader.took(data.len());
        Poll::Ready(Ok(data.len()))
    }

    /// The head came.
    fn begin(&mut self, told: &http::Response<()>) {
        let now = self.core.wall_clock();
        let status = told.status().as_u16();
        let reason = told.status().canonical_reason().unwrap_or_default();
        let mut head = Head::response(reason.as_bytes());
        for (name, value) in told.headers() {
            head.push_field(name.as_str().as_bytes(), value.as_bytes());
        }
        if let Some(stored) = self.job.stored.clone() {
            if status == 304 && self.job.is_conditional {
                return self.validated(&stored, &head, now);
            }
            let is_failure = matches!(status, 500 | 502..=504);
            if is_failure && stored.freshness.may_stand_in(now, stored.is_pinned) {
                stored.failed(now);
                self.is_swallowed = true;
                return self.fill.begin(Begun::Failed(status), false);
            }
        }
        self.answered(status, head, now);
    }

    /// What is stored still holds (RFC 9111 §4.3.3), unless the upstream speaks of something else.
    fn validated(&mut self, stored: &Arc<Stored>, update: &Head, now: Duration) {
        let store = &self.core.shared.store;
        if !validate::is_about(&stored.head, update) {
            store.turn_private(&self.job.key, Some(stored), Duration::ZERO);
            return self.fill.begin(Begun::Mistaken, false);
        }
        let head = validate::freshen(&stored.head, update);
        let request = self.job.request();
        let answered = self.judged(stored.status, &head, &request, now);
        let (head, freshness, is_kept) = match answered {
            Ok(freshness) => (without_left_out(&head), freshness, true),
            Err(_) => (head, stored.freshness, false),
        };
        let kept = Stored::new(
            stored.status,
            head,
            Arc::clone(&stored.body),
            freshness,
            stored.form.clone(),
            self.job.is_pinned,
        );
        let kept = Arc::new(kept);
        if is_kept {
            store.put(&self.job.key, Arc::clone(&kept), &self.fill);
        } else {
            store.turn_private(&self.job.key, Some(stored), Duration::ZERO);
        }
        self.fill.begin(Begun::Validated(kept), false);
    }

    fn answered(&mut self, status: u16, head: Head, now: Duration) {
        let request = self.job.request();
        let length =
            head.get(Known::ContentLength).and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        let store = &self.core.shared.store;
        let fits = length.is_none_or(|length: u64| length <= store.largest());
        let judged = self.judged(status, &head, &request, now).ok().filter(|_| fits);
        let Some(freshness) = judged else {
            // Whoever waits goes by himself, and so does who comes within the next while; and a successor that may not
            // be kept leaves nothing of its predecessor.
            let is_successor = status < 500;
            let gone = self.job.stored.as_ref().filter(|_| is_successor);
            store.turn_private(&self.job.key, gone, now + if fits { PRIVATE } else { Duration::ZERO });
            store.leave(&self.job.key, &self.fill);
            let reply = Reply { status, head, length, form: None };
            return self.fill.begin(Begun::Answer(Arc::new(reply)), false);
        };
        let names = vary::names(&head).unwrap_or_default();
        let form = Form {
            zone: self.job.zone,
            parts: self.job.parts.as_slice().into(),
            values: vary::values(&names, &request).into(),
            names: names.into(),
        };
        let reply = Arc::new(Reply { status, head, length, form: Some(form.clone()) });
        self.draft = Some(Draft { reply: Arc::clone(&reply), freshness, form });
        self.fill.begin(Begun::Answer(reply), true);
    }

    fn judged(&self, status: u16, head: &Head, request: &Head, now: Duration) -> Result<Freshness, ()> {
        let answered = Answered {
            status,
            head,
            request,
            is_authorized: self.job.is_authorized,
            rules: &self.job.rules,
            received: now,
            delay: now.saturating_sub(self.asked),
        };
        storable(&answered).map_err(drop)
    }
}

fn keep(job: &Job, reply: &Reply, body: Arc<Body>, freshness: Freshness, form: Form) -> Stored {
    Stored::new(reply.status, without_left_out(&reply.head), body, freshness, form, job.is_pinned)
}

/// The fields that are kept.
fn without_left_out(head: &Head) -> Head {
    let keeps = kept_fields(head);
    let mut kept = Head::response(head.reason());
    for field in head.fields().filter(|field| keeps(field.name)) {
        kept.push_field(field.name, field.value);
    }
    kept
}

impl AsyncRead for Intake {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.fill.is_deserted(cx) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Poll::Pending
    }
}

impl AsyncWrite for Intake {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        poll_pieces(bytes, |rest| this.poll_take(cx, rest))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.core.shared.store.forget_under_way(self.counted);
        // A fetch that was dropped ends like one that failed; after one that ended this changes nothing.
        self.core.shared.store.leave(&self.job.key, &self.fill);
        self.fill.end(Ended { is_whole: false, evidence: Arc::default() });
    }
}

impl Core {
    /// The time since 1970.
    pub fn wall_clock(&self) -> Duration {
        Duration::from_micros(self.timestamp(Moment::now()).micros())
    }
}

/// Bytes of a failure's page that are read so that its link can be used again.
const SWALLOWED: usize = 64 << 10;

/// For this long after an answer for one client nobody waits for another's answer to the same page.
const PRIVATE: Duration = Duration::from_secs(60);
