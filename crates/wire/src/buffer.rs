//! A read buffer in one reused allocation.
//!
//! Its bytes are in three parts: kept (the head that was parsed), unread, and spare. All of it is initialised memory,
//! so reading into the spare part needs no unsafe code. Nothing here ever panics: counts beyond a part are cut to it.

/// Bytes in a reused allocation: kept, then unread, then spare.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    floor: usize,
    start: usize,
    end: usize,
}

impl Buffer {
    /// A buffer with room for `n` bytes.
    pub fn with_capacity(n: usize) -> Self {
        Self { bytes: vec![0; n], floor: 0, start: 0, end: 0 }
    }

    /// The bytes it has room for, kept ones included.
    pub fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes that were received and not yet consumed.
    pub fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Where to read into. Empty when the buffer is full: [`Buffer::compact`] or [`Buffer::grow`] it then.
    pub fn spare(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// `n` bytes were written into [`Buffer::spare`].
    pub fn commit(&mut self, n: usize) {
        self.end = self.end.saturating_add(n).min(self.bytes.len());
    }

    /// `n` unread bytes are done. When nothing is left unread, the whole spare room is at hand again.
    pub fn consume(&mut self, n: usize) {
        self.start = self.start.saturating_add(n).min(self.end);
        if self.start == self.end {
            self.start = self.floor;
            self.end = self.floor;
        }
    }

    /// `n` unread bytes are done for now but stay, so that [`Buffer::rewind`] can bring them back.
    pub fn skip(&mut self, n: usize) {
        self.start = self.start.saturating_add(n).min(self.end);
    }

    /// Makes all bytes behind the kept ones unread again that were skipped and neither consumed nor compacted since.
    pub fn rewind(&mut self) {
        self.start = self.floor;
    }

    /// Moves the unread bytes down to the kept ones.
    pub fn compact(&mut self) {
        if self.start > self.floor {
            self.bytes.copy_within(self.start..self.end, self.floor);
            self.end -= self.start - self.floor;
            self.start = self.floor;
        }
    }

    /// Makes room for `capacity` bytes in all; never shrinks.
    pub fn grow(&mut self, capacity: usize) {
        if capacity > self.bytes.len() {
            self.bytes.reserve_exact(capacity - self.bytes.len());
            self.bytes.resize(capacity, 0);
        }
    }

    /// Gives memory back down to `capacity`, but never bytes that are kept or unread.
    pub fn shrink(&mut self, capacity: usize) {
        self.compact();
        self.bytes.truncate(capacity.max(self.end));
        self.bytes.shrink_to_fit();
    }

    /// Forgets all bytes; the room stays.
    pub fn clear(&mut self) {
        self.floor = 0;
        self.start = 0;
        self.end = 0;
    }

    /// The bytes of this range of the buffer; empty if there is no such range.
    pub(crate) fn slice(&self, start: usize, end: usize) -> &[u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// The same, to be changed in place.
    pub(crate) fn slice_mut(&mut self, start: usize, end: usize) -> &mut [u8] {
        self.bytes.get_mut(start..end).unwrap_or_default()
    }

    /// Everything that was received, kept bytes included.
    pub(crate) fn received(&self) -> &[u8] {
        self.bytes.get(..self.end).unwrap_or_default()
    }

    /// Whether the unread bytes begin at the very front.
    pub(crate) fn is_at_front(&self) -> bool {
        self.start == 0
    }

    /// Keeps the first `n` unread bytes; only for a buffer that keeps nothing yet.
    pub(crate) fn keep(&mut self, n: usize) {
        self.floor = n.min(self.end);
        self.start = self.floor;
    }

    /// Gives up what was kept and moves the unread bytes to the front.
    pub(crate) fn release(&mut self) {
        self.floor = 0;
        self.compact();
    }

    /// Adds a copy of `bytes` to the kept part, before the unread bytes.
    pub(crate) fn append_kept(&mut self, bytes: &[u8]) {
        self.compact();
        self.grow(self.end.saturating_add(bytes.len()));
        self.bytes.copy_within(self.floor..self.end, self.floor + bytes.len());
        let to = self.floor + bytes.len();
        if let Some(place) = self.bytes.get_mut(self.floor..to) {
            place.copy_from_slice(bytes);
        }
        self.floor = to;
        self.start = to;
        self.end += bytes.len();
    }
}
