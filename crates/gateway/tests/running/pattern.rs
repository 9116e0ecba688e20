//! Bodies of any size whose every byte is known by its place, so that they need not be kept to be compared.

/// Fills a piece of the body that begins at this place.
pub(crate) fn fill(place: u64, piece: &mut [u8]) {
    for (place, byte) in (place..).zip(piece) {
        *byte = byte_at(place);
    }
}

/// Compares what arrives with what it should be.
#[derive(Debug, Default)]
pub(crate) struct Check {
    /// How many bytes came.
    pub(crate) length: u64,
    /// Where the first wrong one stood.
    pub(crate) wrong_at: Option<u64>,
}

impl Check {
    pub(crate) fn take(&mut self, piece: &[u8]) {
        let wrong = (self.length..).zip(piece).find(|(place, byte)| **byte != byte_at(*place));
        self.wrong_at = self.wrong_at.or(wrong.map(|(place, _)| place));
        self.length += piece.len() as u64;
    }

    /// Fails unless exactly these many right bytes came.
    pub(crate) fn expect(&self, length: u64) {
        assert_eq!((self.length, self.wrong_at), (length, None));
    }
}

/// Neighbours differ, and no power of two repeats it.
fn byte_at(place: u64) -> u8 {
    let mixed = place.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 56) as u8
}
