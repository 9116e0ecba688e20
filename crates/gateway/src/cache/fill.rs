//! An answer under way from the upstream to whoever waits for it: appended by one fetch, read by any number of clients on
//! any core. A client that leaves disturbs nobody.
//!
//! While the answer will be kept, all of it stays from the first byte on, and the fetch runs at the upstream's pace. One
//! that will not be kept is only passed on: its fetch runs at the pace of the slowest reader, and ends with the last one.

use super::entry::{Form, Stored};
use bytes::Bytes;
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use torwart_cause::Evidence;
use torwart_wire::Head;

/// One answer under way.
pub struct Fill {
    /// Which requests for the page may wait for it.
    pub sort: Box<[u8]>,
    state: Mutex<State>,
    is_outdated: AtomicBool,
}

#[derive(Default)]
struct State {
    /// Interim heads, as they go to clients.
    interims: Vec<Bytes>,
    begun: Option<Begun>,
    pieces: VecDeque<Bytes>,
    /// Pieces before the first one here, which nobody needs any more.
    dropped: usize,
    /// Bytes that came in all.
    len: u64,
    is_kept: bool,
    ended: Option<Ended>,
    readers: Vec<Option<Reading>>,
    writer: Option<Waker>,
}

#[derive(Default)]
struct Reading {
    /// The number of the next piece.
    next: usize,
    /// The bytes before it.
    at: u64,
    waker: Option<Waker>,
}

/// What is known once the head came.
#[derive(Clone)]
pub enum Begun {
    /// An answer, whose body comes.
    Answer(Arc<Reply>),
    /// The stored answer still holds; this is it, as of now.
    Validated(Arc<Stored>),
    /// The upstream speaks of a state that is not the stored one: it has to be asked again, for all of it.
    Mistaken,
    /// The upstream says that it failed with this status, and a stale answer may stand in.
    Failed(u16),
}

/// The head of an answer.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The fields.
    pub head: Head,
    /// The length of the body, where it was said.
    pub length: Option<u64>,
    /// Which requests it answers beside the one that it was asked for; none where it is for one client.
    pub form: Option<Form>,
}

/// How it ended.
#[derive(Clone)]
pub struct Ended {
    /// Whether the answer came whole.
    pub is_whole: bool,
    /// What was observed on the way.
    pub evidence: Arc<Evidence>,
}

/// What a reader finds.
pub enum Found {
    /// The next bytes.
    Data(Bytes),
    /// The end.
    Ended(Ended),
}

impl Fill {
    /// One that has not begun.
    pub fn new(sort: &[u8]) -> Arc<Self> {
        Arc::new(Self { sort: sort.into(), state: Mutex::default(), is_outdated: AtomicBool::new(false) })
    }

    /// A reader from the first byte on.
    pub fn read(self: &Arc<Self>) -> Reader {
        let mut state = self.state();
        let free = state.readers.iter().position(Option::is_none);
        let place = free.unwrap_or(state.readers.len());
        match state.readers.get_mut(place) {
            Some(reader) => *reader = Some(Reading::default()),
            None => state.readers.push(Some(Reading::default())),
        }
        drop(state);
        Reader { fill: Arc::clone(self), place }
    }

    /// What it fetches was given up in the meantime: it is not kept.
    pub fn outdate(&self) {
        self.is_outdated.store(true, Ordering::Release);
    }

    /// Whether it was.
    pub fn is_outdated(&self) -> bool {
        self.is_outdated.load(Ordering::Acquire)
    }

    /// An interim head came; further ones than anybody needs are left out.
    pub fn interim(&self, text: Vec<u8>) {
        let mut state = self.state();
        if state.interims.len() < INTERIMS {
            state.interims.push(text.into());
            state.wake();
        }
    }

    /// The head came; `is_kept` tells whether all of the body stays.
    pub fn begin(&self, begun: Begun, is_kept: bool) {
        let mut state = self.state();
        state.is_kept = is_kept;
        state.begun = Some(begun);
        state.wake();
    }

    /// Whether the head came.
    pub fn has_begun(&self) -> bool {
        self.state().begun.is_some()
    }

    /// Appends a piece of the body, or waits until the readers have caught up with one that is not kept.
    pub fn poll_append(&self, cx: &Context<'_>, data: &[u8]) -> Poll<io::Result<()>> {
        let mut state = self.state();
        if !state.is_kept {
            let slowest = state.readers.iter().flatten().map(|reader| (reader.at, reader.next)).min();
            let Some((at, next)) = slowest else {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            };
            while state.dropped < next && state.pieces.pop_front().is_some() {
                state.dropped += 1;
            }
            if state.len - at > WINDOW {
                state.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
        }
        state.len += data.len() as u64;
        state.pieces.push_back(Bytes::copy_from_slice(data));
        state.wake();
        Poll::Ready(Ok(()))
    }

    /// Whether nobody reads any more what only they would have; whoever asks is woken when that may have changed.
    pub fn is_deserted(&self, cx: &Context<'_>) -> bool {
        let mut state = self.state();
        state.writer = Some(cx.waker().clone());
        state.begun.is_some() && !state.is_kept && state.readers.iter().flatten().next().is_none()
    }

    /// How many bytes came.
    pub fn len(&self) -> u64 {
        self.state().len
    }

    /// It became too long to be kept: from now on it is only passed on.
    pub fn give_up_keeping(&self) {
        self.state().is_kept = false;
    }

    /// All pieces, where all of them are here.
    pub fn pieces(&self) -> Option<Vec<Bytes>> {
        let state = self.state();
        (state.is_kept && state.dropped == 0).then(|| state.pieces.iter().cloned().collect())
    }

    /// The fetch is over.
    pub fn end(&self, ended: Ended) {
        let mut state = self.state();
        if state.ended.is_none() {
            state.ended = Some(ended);
        }
        state.wake();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whole after every step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wake(&mut self) {
        for reader in self.readers.iter_mut().flatten() {
            if let Some(waker) = reader.waker.take() {
                waker.wake();
            }
        }
    }
}

/// One who reads. Dropping it is leaving.
pub struct Reader {
    fill: Arc<Fill>,
    place: usize,
}

impl Reader {
    /// What it reads.
    pub fn fill(&self) -> &Arc<Fill> {
        &self.fill
    }

    /// The interim head of this number.
    pub fn interim(&self, number: usize) -> Option<Bytes> {
        self.fill.state().interims.get(number).cloned()
    }

    /// Ready when the head is known, or that none comes.
    pub fn poll_begun(&self, cx: &Context<'_>) -> Poll<Result<Begun, Ended>> {
        let mut state = self.fill.state();
        if let Some(begun) = &state.begun {
            return Poll::Ready(Ok(begun.clone()));
        }
        if let Some(ended) = &state.ended {
            return Poll::Ready(Err(ended.clone()));
        }
        state.wait(self.place, cx);
        Poll::Pending
    }

    /// The length of the body where all of it is here already.
    pub fn whole_length(&self) -> Option<u64> {
        let state = self.fill.state();
        state.ended.as_ref().filter(|ended| ended.is_whole).map(|_| state.len)
    }

    /// The next piece, or the end.
    pub fn poll_next(&self, cx: &Context<'_>) -> Poll<Found> {
        let mut state = self.fill.state();
        let next = state.readers.get(self.place).and_then(Option::as_ref).map_or(0, |reader| reader.next);
        let here = next.checked_sub(state.dropped).and_then(|index| state.pieces.get(index)).cloned();
        if let Some(data) = here {
            if let Some(Some(reader)) = state.readers.get_mut(self.place) {
                reader.next += 1;
                reader.at += data.len() as u64;
            }
            if let Some(writer) = state.writer.take() {
                writer.wake();
            }
            return Poll::Ready(Found::Data(data));
        }
        if let Some(ended) = &state.ended {
            return Poll::Ready(Found::Ended(ended.clone()));
        }
        state.wait(self.place, cx);
        Poll::Pending
    }

    /// Ready when the fetch is over.
    pub fn poll_ended(&self, cx: &Context<'_>) -> Poll<Ended> {
        let mut state = self.fill.state();
        if let Some(ended) = &state.ended {
            return Poll::Ready(ended.clone());
        }
        state.wait(self.place, cx);
        Poll::Pending
    }
}

impl State {
    fn wait(&mut self, place: usize, cx: &Context<'_>) {
        if let Some(Some(reader)) = self.readers.get_mut(place) {
            reader.waker = Some(cx.waker().clone());
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.fill.state();
        if let Some(reader) = state.readers.get_mut(self.place) {
            *reader = None;
        }
        // Whoever waits for the slowest may be waiting for us.
        if let Some(writer) = state.writer.take() {
            writer.wake();
        }
    }
}

/// Interim heads that are passed on.
const INTERIMS: usize = 8;

/// How far the fetch of an answer that is not kept may be ahead of its slowest reader.
const WINDOW: u64 = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(is_whole: bool) -> Ended {
        Ended { is_whole, evidence: Arc::default() }
    }

    /// Everything a reader can have now.
    fn drain(reader: &Reader) -> (Vec<u8>, bool) {
        let cx = Context::from_waker(Waker::noop());
        let mut data = Vec::new();
        loop {
            match reader.poll_next(&cx) {
                Poll::Ready(Found::Data(piece)) => data.extend_from_slice(&piece),
                Poll::Ready(Found::Ended(ended)) => return (data, ended.is_whole),
                Poll::Pending => return (data, false),
            }
        }
    }

    #[test]
    fn whoever_comes_late_reads_from_the_first_byte_on() {
        let cx = Context::from_waker(Waker::noop());
        let fill = Fill::new(b"");
        let first = fill.read();
        fill.begin(Begun::Failed(500), true);
        assert!(fill.poll_append(&cx, b"abc").is_ready());
        assert_eq!(drain(&first), (b"abc".to_vec(), false));
        let second = fill.read();
        assert!(fill.poll_append(&cx, b"def").is_ready());
        fill.end(ended(true));
        assert_eq!(drain(&first), (b"def".to_vec(), true));
        assert_eq!(drain(&second), (b"abcdef".to_vec(), true));
        assert_eq!((second.whole_length(), fill.pieces().map(|pieces| pieces.len())), (Some(6), Some(2)));
    }

    #[test]
    fn what_is_not_kept_waits_for_its_slowest_reader_and_ends_with_the_last() {
        let cx = Context::from_waker(Waker::noop());
        let fill = Fill::new(b"");
        let (fast, slow) = (fill.read(), fill.read());
        fill.begin(Begun::Failed(500), false);
        let piece = vec![0; 100_000];
        let mut count = 0;
        while fill.poll_append(&cx, &piece).is_ready() {
            count += 1;
            drain(&fast);
        }
        assert!((3..=4).contains(&count), "{count}");
        assert_eq!(drain(&slow).0.len(), count * piece.len());
        assert!(fill.poll_append(&cx, &piece).is_ready());
        drop(slow);
        drain(&fast);
        assert!(fill.pieces().is_none());
        drop(fast);
        assert!(matches!(fill.poll_append(&cx, &piece), Poll::Ready(Err(_))));
    }
}
