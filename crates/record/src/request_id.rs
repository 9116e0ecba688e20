//! Request ids a person can say on the phone: three words of five letters, such as `bakim-toruf-zalan`.
//!
//! An id is a 48-bit number. Each word holds 16 bits as consonant-vowel-consonant-vowel-consonant (the idea of
//! proquints, arXiv:0901.4016), from letters that English and German speakers do not mix up: no `e` (an English `i`),
//! no `v` (a German `f`). Every core counts in its own part of the number space and scrambles the count with a key
//! chosen at start, so ids are unique within a process without locks and do not tell how many there were.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

/// The id of one exchange.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

impl RequestId {
    /// The length of every id's text.
    pub const TEXT_LEN: usize = 17;

    /// An id from its number; only the low 48 bits count.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits & MASK)
    }

    /// The id's number, below 2^48.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The text, without allocation. Always ASCII.
    pub fn text(self) -> [u8; Self::TEXT_LEN] {
        let mut text = [b'-'; Self::TEXT_LEN];
        for (place, word) in text.chunks_mut(6).zip(self.words()) {
            place[..5].copy_from_slice(&spell(word));
        }
        text
    }

    /// Appends the text.
    pub fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.text());
    }

    const fn words(self) -> [u16; 3] {
        [(self.0 >> 32) as u16, (self.0 >> 16) as u16, self.0 as u16]
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

/// The text is not a request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseRequestIdError;

impl fmt::Display for ParseRequestIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a request id: it has three words of five letters, such as bakim-toruf-zalan")
    }
}

impl std::error::Error for ParseRequestIdError {}

impl FromStr for RequestId {
    type Err = ParseRequestIdError;

    /// Reads an id as people write it: in any case, with hyphens, spaces or nothing between the words.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut letters =
            text.bytes().filter(|byte| !matches!(byte, b'-' | b' ')).map(|b| b.to_ascii_lowercase());
        let mut bits = 0;
        for position in 0..15 {
            let letter = letters.next().ok_or(ParseRequestIdError)?;
            let is_vowel = position % 5 % 2 == 1;
            let alphabet = if is_vowel { &VOWELS[..] } else { &CONSONANTS[..] };
            let value = alphabet.iter().position(|known| *known == letter).ok_or(ParseRequestIdError)?;
            bits = bits << if is_vowel { 2 } else { 4 } | value as u64;
        }
        if letters.next().is_some() { Err(ParseRequestIdError) } else { Ok(Self(bits)) }
    }
}

/// One core's source of ids.
#[derive(Clone, Debug)]
pub struct RequestIds {
    seed: u64,
    core: u64,
    count: u64,
}

impl RequestIds {
    /// A source with this seed. Two sources with different seeds give the same id once in 2^48 pairs.
    pub const fn new(seed: u64) -> Self {
        Self { seed, core: 0, count: seed >> 17 }
    }

    /// The part of core `core` of at most 256: sources with one seed and different cores never give the same id.
    pub const fn of_core(self, core: usize) -> Self {
        Self { core: (core as u64 & 0xff) << PER_CORE, ..self }
    }

    /// A seed by chance, from the operating system.
    pub fn seed_by_chance() -> u64 {
        RandomState::new().hash_one(std::process::id())
    }

    /// The next id.
    pub fn next_id(&mut self) -> RequestId {
        loop {
            self.count = self.count.wrapping_add(1);
            let id = RequestId(scramble(self.core | (self.count & ((1 << PER_CORE) - 1)), self.seed));
            if id.words().iter().all(|word| !UNSAID.contains(word)) {
                return id;
            }
        }
    }
}

/// A permutation of 48-bit numbers: adding, multiplying by an odd number and folding can all be undone.
const fn scramble(number: u64, seed: u64) -> u64 {
    let mut x = number.wrapping_add(seed) & MASK;
    x ^= x >> 23;
    x = x.wrapping_mul(0x9e37_79b9_7f4a_7c15 | 1) & MASK;
    x ^= x >> 25;
    x = x.wrapping_mul((seed << 1) ^ 0xd6e8_feb8_6659_fd93 | 1) & MASK;
    x ^ x >> 22
}

const fn spell(word: u16) -> [u8; 5] {
    [
        CONSONANTS[(word >> 12) as usize],
        VOWELS[(word >> 10 & 3) as usize],
        CONSONANTS[(word >> 6 & 15) as usize],
        VOWELS[(word >> 4 & 3) as usize],
        CONSONANTS[(word & 15) as usize],
    ]
}

const fn word(letters: &[u8; 5]) -> u16 {
    place(&CONSONANTS, letters[0]) << 12
        | place(&VOWELS, letters[1]) << 10
        | place(&CONSONANTS, letters[2]) << 6
        | place(&VOWELS, letters[3]) << 4
        | place(&CONSONANTS, letters[4])
}

const fn place(alphabet: &[u8], letter: u8) -> u16 {
    let mut index = 0;
    while alphabet[index] != letter {
        index += 1;
    }
    index as u16
}

const MASK: u64 = (1 << 48) - 1;
const PER_CORE: u32 = 40;
const CONSONANTS: [u8; 16] = *b"bdfghjklmnprstwz";
const VOWELS: [u8; 4] = *b"aiou";

/// Words nobody should have to read out to a customer.
const UNSAID: [u16; 8] = [
    word(b"nazis"),
    word(b"jihad"),
    word(b"nigar"),
    word(b"fagot"),
    word(b"fukin"),
    word(b"fukat"),
    word(b"kanak"),
    word(b"sodom"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn an_id_is_found_again_however_it_is_written() {
        let mut ids = RequestIds::new(RequestIds::seed_by_chance()).of_core(3);
        for _ in 0..10_000 {
            let id = ids.next_id();
            let text = id.to_string();
            assert_eq!(text.len(), RequestId::TEXT_LEN);
            assert_eq!(text.parse(), Ok(id));
            assert_eq!(text.to_uppercase().replace('-', " ").parse(), Ok(id));
            assert_eq!(text.replace('-', "").parse(), Ok(id));
        }
    }

    #[test]
    fn known_texts_stand_for_known_numbers() {
        assert_eq!(RequestId::from_bits(0).to_string(), "babab-babab-babab");
        assert_eq!(RequestId::from_bits(u64::MAX).to_string(), "zuzuz-zuzuz-zuzuz");
        assert_eq!(RequestId::from_bits(1 << 44).to_string(), "dabab-babab-babab");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "bakim",
            "bakim-toruf-zelan",
            "bakim-toruf-zalan-",
            "bakim-toruf-zalana",
            "bükim-toruf-zalan",
        ] {
            let is_only_hyphen = text.ends_with('-');
            assert_eq!(text.parse::<RequestId>().is_ok(), is_only_hyphen, "{text}");
        }
    }

    #[test]
    fn cores_never_give_the_same_id() {
        let seed = RequestIds::seed_by_chance();
        let mut seen = HashSet::new();
        for core in [0, 1, 2, 255] {
            let mut ids = RequestIds::new(seed).of_core(core);
            for _ in 0..50_000 {
                assert!(seen.insert(ids.next_id()));
            }
        }
    }

    #[test]
    fn neighbours_do_not_look_alike() {
        let mut ids = RequestIds::new(42);
        let ids: Vec<_> = (0..1000).map(|_| ids.next_id().to_string()).collect();
        let starts: HashSet<_> = ids.iter().map(|id| &id[..5]).collect();
        assert!(starts.len() > 950, "{}", starts.len());
    }

    #[test]
    fn unsaid_words_never_come() {
        // A source that would give such an id as its next one skips it.
        let mut ids = RequestIds::new(7);
        for _ in 0..200_000 {
            assert!(ids.next_id().words().iter().all(|word| !UNSAID.contains(word)));
        }
    }
}
