//! Compresses what goes to a client, from whatever source: an upstream's answer, a stored one, or a file.
//!
//! [`begin`] decides before the head is written and notes what the head must say instead ([`crate::response_head`] reads
//! it); the body is then given to the [`Coded`] it returns, piece by piece. Whoever gives it flushes when the source
//! pauses, so that nothing is held back, and lets others have the core after every [`TURN`]. One that is dropped before
//! [`Coded::finish`] leaves a stream without its end, which no client takes for whole.
//!
//! A coder holds its memory for as long as its client takes to read. So a core lends only [`BUDGET`] of it; beyond that
//! answers go out as they are, which is always right.

mod coder;

use crate::client::ClientStream;
use crate::exchange::Exchange;
use crate::response_head::Way;
use coder::{Coder, Goal};
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::task::Context;
use torwart_config::plan::{Compression, Effort};
use torwart_policy::compress::{Answer, Change, judge};
use torwart_wire::{Head, Version, http1};

/// The coders of a core.
#[derive(Default)]
pub struct Coders {
    /// Bytes of those that are lent.
    lent: Cell<usize>,
    free: RefCell<Vec<Coder>>,
}

/// A body on its way through a coder.
pub struct Coded {
    coder: Coder,
    coders: Rc<Coders>,
    way: Way,
    /// Coded bytes that were not handed on.
    room: Vec<u8>,
    /// Whether the coder may hold something back.
    is_behind: bool,
}

/// The coder failed, for want of memory. What was coded so far stays cut.
#[derive(Clone, Copy, Debug)]
pub struct Broken;

/// Decides about an answer before its head is written; `length` is that of its body, if it is known. The answer's head
/// will say what comes of it. With `None` the body goes out as it is.
#[inline(never)]
pub fn begin(x: &mut Exchange<'_>, status: u16, head: &Head, length: Option<u64>) -> Option<Box<Coded>> {
    if matches!(x.client.stream, ClientStream::Fetch(_)) {
        // The cache keeps what the upstream said, and has it coded on the way out.
        return None;
    }
    let plan = x.route()?.compress.clone()?;
    let mut change = judge(&plan, &x.desk.request, Answer { status, head, length })?;
    let mut coded = None;
    if let Change::Coded(coding) = change
        && !x.is_head()
    {
        let speaks_11 = x.request.is_none_or(|request| request.version == Version::Http11);
        let way = if speaks_11 { Way::Chunked } else { Way::UntilClose };
        coded = Coders::lend(&x.core.coders, coding, plan.effort, way).map(Box::new);
        if coded.is_none() {
            change = Change::Varies;
        }
    }
    x.notes().change = Some(change);
    coded
}

/// Has the task go on after all others, and after the sockets were looked at: a task that merely wakes itself has its turn
/// again before anybody hears of what came in meanwhile.
pub fn give_way(cx: &mut Context<'_>) {
    // Its first poll only puts the task at the end.
    let _ = pin!(tokio::task::yield_now()).poll(cx);
}

/// Whether the answer says that its body is coded here, be it one to HEAD.
pub fn is_coded(x: &Exchange<'_>) -> bool {
    matches!(x.notes.as_ref().and_then(|notes| notes.change), Some(Change::Coded(_)))
}

/// The body stays as it is after all.
pub fn leave(x: &mut Exchange<'_>) {
    x.notes().change = Some(Change::Varies);
}

impl Coders {
    fn lend(coders: &Rc<Self>, coding: Compression, effort: Effort, way: Way) -> Option<Coded> {
        let weight = Coder::weight(coding, effort);
        if coders.lent.get() + weight > BUDGET {
            return None;
        }
        let coder = coders.take(coding, effort).or_else(|| Coder::new(coding, effort))?;
        coders.lent.set(coders.lent.get() + weight);
        Some(Coded { coder, coders: Rc::clone(coders), way, room: Vec::new(), is_behind: false })
    }

    fn take(&self, coding: Compression, effort: Effort) -> Option<Coder> {
        let mut free = self.free.borrow_mut();
        let found = free.iter().position(|coder| coder.is(coding, effort))?;
        Some(free.swap_remove(found))
    }

    /// Gives up half of those that lie here, as nobody may need them any more.
    pub fn trim(&self) {
        let mut free = self.free.borrow_mut();
        let kept = free.len() / 2;
        free.truncate(kept);
    }
}

impl Coded {
    /// How the body goes to the client.
    pub fn way(&self) -> Way {
        self.way
    }

    /// Codes some of the body; `out` gets what comes of it, framed.
    ///
    /// # Errors
    /// When the coder is broken.
    pub fn push(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
        self.is_behind = true;
        self.coder.code(data, Goal::Density, &mut self.room)?;
        if self.room.len() >= GATHERED {
            self.hand_on(out);
        }
        Ok(())
    }

    /// Whether something that came in has not gone out.
    pub fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// The source pauses: everything that came in goes out.
    ///
    /// # Errors
    /// When the coder is broken.
    pub fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), Broken> {
        if std::mem::take(&mut self.is_behind) {
            self.coder.code(&[], Goal::Promptness, &mut self.room)?;
            self.hand_on(out);
        }
        Ok(())
    }

    /// The body is complete: ends the coded stream, and the message with these trailers where it is chunked.
    ///
    /// # Errors
    /// When the coder is broken.
    pub fn finish(&mut self, trailers: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
        self.coder.code(&[], Goal::End, &mut self.room)?;
        self.is_behind = false;
        self.hand_on(out);
        if self.way == Way::Chunked {
            http1::write_last_chunk(out, trailers);
        }
        Ok(())
    }

    /// Codes the last of a body whose first bytes were given to nobody: all of it, unframed.
    ///
    /// # Errors
    /// When the coder is broken.
    pub fn take_whole(&mut self, data: &[u8]) -> Result<(), Broken> {
        self.coder.code(data, Goal::Density, &mut self.room)
    }

    /// The coded body after all of it was [taken](Self::take_whole).
    ///
    /// # Errors
    /// When the coder is broken.
    pub fn whole(mut self) -> Result<Vec<u8>, Broken> {
        self.coder.code(&[], Goal::End, &mut self.room)?;
        Ok(std::mem::take(&mut self.room))
    }

    fn hand_on(&mut self, out: &mut Vec<u8>) {
        if self.room.is_empty() {
            return;
        }
        if self.way == Way::Chunked {
            http1::write_chunk_size(out, self.room.len());
            out.extend_from_slice(&self.room);
            out.extend_from_slice(http1::CHUNK_END);
        } else {
            out.extend_from_slice(&self.room);
        }
        self.room.clear();
    }
}

impl Drop for Coded {
    fn drop(&mut self) {
        self.coders.lent.set(self.coders.lent.get().saturating_sub(self.coder.own_weight()));
        let mut free = self.coders.free.borrow_mut();
        if free.len() < KEPT
            && let Some(coder) = self.coder.fresh()
        {
            free.push(coder);
        }
    }
}

/// As much of a body as is coded before others have their turn: half a millisecond's work.
pub const TURN: usize = 32 << 10;

/// Coded bytes are handed on in pieces of about this size.
const GATHERED: usize = 8 << 10;

/// Memory of the coders a core has lent at a time: about 200 that do gzip, or 15 that do their utmost.
const BUDGET: usize = 64 << 20;

/// Coders kept for the next answers: making one costs more than a small answer.
const KEPT: usize = 8;

#[cfg(test)]
mod tests;
