//! Where larger bodies lie: in one file that is memory alone, from which they go to plain sockets without being copied.
//!
//! The file has room for all that may be stored and takes memory only where something lies. A part that is given up goes
//! back to the free ones once the kernel has let go of its pages, so what is still on its way to a client stays whole.

use bytes::Bytes;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use torwart_kernel::MemoryFile;

/// The file and its free parts.
pub struct Arena {
    file: MemoryFile,
    /// Where each free part begins, and how long it is.
    free: Mutex<BTreeMap<u64, u64>>,
}

/// One body in it.
pub struct Extent {
    arena: Arc<Arena>,
    at: u64,
    room: u64,
}

impl Arena {
    /// One with room for so many bytes.
    ///
    /// # Errors
    /// Where the system has no such files: bodies lie elsewhere then.
    pub fn new(size: u64) -> io::Result<Arc<Self>> {
        let size = size / PAGE * PAGE;
        let file = MemoryFile::new(size)?;
        Ok(Arc::new(Self { file, free: Mutex::new(BTreeMap::from([(0, size)])) }))
    }

    /// Keeps a body of these pieces; `None` where there is no room for it.
    pub fn keep(self: &Arc<Self>, pieces: &[Bytes]) -> Option<Extent> {
        let len: u64 = pieces.iter().map(|piece| piece.len() as u64).sum();
        let room = len.next_multiple_of(PAGE);
        let at = self.take(room)?;
        let extent = Extent { arena: Arc::clone(self), at, room };
        let mut end = at;
        for piece in pieces {
            self.file.write(piece, end).ok()?;
            end += piece.len() as u64;
        }
        Some(extent)
    }

    /// The first part that is large enough.
    fn take(&self, room: u64) -> Option<u64> {
        let mut free = self.free();
        let (at, len) = free.iter().find(|(_, len)| **len >= room).map(|(at, len)| (*at, *len))?;
        free.remove(&at);
        if len > room {
            free.insert(at + room, len - room);
        }
        Some(at)
    }

    fn give_back(&self, at: u64, room: u64) {
        if self.file.forget(at, room).is_err() {
            // Nobody may write where something may still be read.
            return;
        }
        let mut free = self.free();
        let (mut at, mut room) = (at, room);
        if let Some(after) = free.remove(&(at + room)) {
            room += after;
        }
        if let Some((before, len)) = free.range(..at).next_back().map(|(before, len)| (*before, *len))
            && before + len == at
        {
            free.remove(&before);
            (at, room) = (before, len + room);
        }
        free.insert(at, room);
    }

    fn free(&self) -> MutexGuard<'_, BTreeMap<u64, u64>> {
        // Whole after every step.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Extent {
    /// The file it lies in.
    pub fn file(&self) -> &MemoryFile {
        &self.arena.file
    }

    /// Where its byte of this number lies.
    pub fn place(&self, byte: u64) -> u64 {
        self.at + byte
    }
}

impl Drop for Extent {
    fn drop(&mut self) {
        self.arena.give_back(self.at, self.room);
    }
}

/// Parts are whole pages, so that each can be given back.
const PAGE: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_up_makes_room_again() {
        let arena = Arena::new(10 * PAGE).expect("there is memory");
        let body = |pages: u64, byte: u8| Bytes::from(vec![byte; (pages * PAGE) as usize - 1]);
        let kept: Vec<_> = (1..=5).map(|byte| arena.keep(&[body(2, byte)]).expect("there is room")).collect();
        assert!(arena.keep(&[body(1, 9)]).is_none());
        for (extent, byte) in kept.iter().zip(1..) {
            let mut last = [0];
            extent.file().read(&mut last, extent.place(2 * PAGE - 2)).expect("it is there");
            assert_eq!(last, [byte]);
        }
        drop(kept);
        assert_eq!(*arena.free(), BTreeMap::from([(0, 10 * PAGE)]));
        assert!(arena.keep(&[body(5, 1), body(5, 2)]).is_some());
    }
}
