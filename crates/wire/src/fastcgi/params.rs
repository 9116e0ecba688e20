//! Variables of a request: pairs of name and value, each with its length before it.

use super::{HEADER_BYTES, Kind, MOST_CONTENT, header};

/// Writes the variables of a request as records. A pair never crosses a record where it fits into one, because some
/// applications read each record by itself.
#[derive(Debug)]
pub struct Params<'o> {
    out: &'o mut Vec<u8>,
    /// Where the record under way begins.
    record: usize,
}

impl<'o> Params<'o> {
    /// Begins behind what `out` holds.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        let record = out.len();
        out.extend_from_slice(&header(Kind::Params, 0));
        Self { out, record }
    }

    /// Appends a pair.
    pub fn push(&mut self, name: &[u8], value: &[u8]) {
        let length = |text: &[u8]| if text.len() < 0x80 { 1 } else { 4 };
        let needed = length(name) + length(value) + name.len() + value.len();
        if self.content() + needed > MOST_CONTENT && self.content() > 0 {
            self.close();
        }
        self.write_length(name.len());
        self.write_length(value.len());
        self.write(name);
        self.write(value);
    }

    /// Closes the list.
    pub fn finish(mut self) {
        if self.content() > 0 {
            self.close();
        }
        // The record just opened is the empty one that ends the list.
    }

    fn write_length(&mut self, length: usize) {
        match u8::try_from(length) {
            Ok(short) if short < 0x80 => self.write(&[short]),
            // Heads are far smaller than what 31 bits can say.
            _ => self.write(&(u32::try_from(length).unwrap_or(u32::MAX) | 0x8000_0000).to_be_bytes()),
        }
    }

    fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = MOST_CONTENT - self.content();
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.out.extend_from_slice(now);
            if !later.is_empty() {
                self.close();
            }
            bytes = later;
        }
    }

    fn content(&self) -> usize {
        self.out.len() - self.record - HEADER_BYTES
    }

    /// Writes the length into the record under way and opens the next one.
    fn close(&mut self) {
        let content = u16::try_from(self.content()).unwrap_or(u16::MAX);
        if let Some(place) = self.out.get_mut(self.record..self.record + HEADER_BYTES) {
            place.copy_from_slice(&header(Kind::Params, content));
        }
        self.record = self.out.len();
        self.out.extend_from_slice(&header(Kind::Params, 0));
    }
}

/// Reads the pairs of a list, as an application would: the content of its records, joined. `None` where a pair is cut.
pub fn read_params(mut content: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut pairs = Vec::new();
    while !content.is_empty() {
        let (name, rest) = read_length(content)?;
        let (value, rest) = read_length(rest)?;
        let (name, rest) = rest.split_at_checked(name)?;
        let (value, rest) = rest.split_at_checked(value)?;
        pairs.push((name, value));
        content = rest;
    }
    Some(pairs)
}

fn read_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [short @ ..0x80, rest @ ..] => Some((usize::from(*short), rest)),
        [first, second, third, fourth, rest @ ..] => {
            let length = u32::from_be_bytes([first & 0x7f, *second, *third, *fourth]);
            Some((usize::try_from(length).ok()?, rest))
        }
        _ => None,
    }
}
