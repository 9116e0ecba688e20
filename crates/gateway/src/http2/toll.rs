//! What a client's frames cost, and whether it has brought as much as it takes.
//!
//! The HTTP/2 layer answers or applies each frame as it comes and sets no limit to most kinds. So every frame that asks
//! for work and brings nothing has a price here, paid from an allowance that grows with time and with what is sent to the
//! client; requests given up have an allowance of their own. Only frame heads are read, and of trailers the first bytes:
//! pseudo-headers among them are let pass by that layer.

use crate::clock::Moment;
use std::collections::VecDeque;
use std::time::Duration;

/// The account of one connection.
pub(super) struct Toll {
    frames: Allowance,
    resets: Allowance,
    place: Place,
    trailers: Option<Trailers>,
    /// Streams whose head is whole and that were not seen as requests yet, oldest first.
    heads: VecDeque<u32>,
    /// The highest stream so far.
    highest: u32,
}

/// Units that may be spent, refilled as time goes by.
struct Allowance {
    left: u64,
    most: u64,
    /// Time per unit.
    pace: Duration,
    since: Moment,
}

/// Where in the client's bytes the reader stands.
enum Place {
    /// So much of what comes before the first frame is still to come.
    Preface(usize),
    /// In the head of a frame, of which so much is here.
    Head([u8; HEAD], usize),
    /// So much of a frame is still to come; then this stream's head is whole.
    Payload(usize, Option<u32>),
}

/// The beginning of a trailer section.
struct Trailers {
    /// Padding and priority before it.
    skip: usize,
    first: [u8; 3],
    len: usize,
}

/// Why a connection cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offence {
    /// The client asks for more work than it may.
    Excess,
    /// A pseudo-header among trailers (RFC 9113 §8.1).
    PseudoTrailer,
}

impl Toll {
    pub(super) fn new(now: Moment) -> Self {
        Self {
            frames: Allowance::new(FRAMES, FRAME_PACE, now),
            resets: Allowance::new(RESETS, RESET_PACE, now),
            place: Place::Preface(PREFACE),
            trailers: None,
            heads: VecDeque::new(),
            highest: 0,
        }
    }

    /// Reads on in what the client sends.
    pub(super) fn receive(&mut self, mut bytes: &[u8], now: Moment) -> Result<(), Offence> {
        while !bytes.is_empty() {
            let taken = match &mut self.place {
                Place::Preface(left) | Place::Payload(left, _) => {
                    let taken = bytes.len().min(*left);
                    *left -= taken;
                    if let Some(trailers) = &mut self.trailers {
                        trailers.look(bytes.get(..taken).unwrap_or_default())?;
                    }
                    taken
                }
                Place::Head(head, len) => {
                    let taken = bytes.len().min(HEAD - *len);
                    let room = head.iter_mut().skip(*len);
                    room.zip(bytes).for_each(|(place, byte)| *place = *byte);
                    *len += taken;
                    taken
                }
            };
            bytes = bytes.get(taken..).unwrap_or_default();
            self.go_on(now)?;
        }
        Ok(())
    }

    fn go_on(&mut self, now: Moment) -> Result<(), Offence> {
        match self.place {
            Place::Head(head, HEAD) => {
                let [a, b, c, kind, flags, id @ ..] = head;
                let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
                let stream = u32::from_be_bytes(id) & (u32::MAX >> 1);
                let whole = self.charge(kind, flags, length, stream, now)?;
                self.place = Place::Payload(length, whole);
                if length == 0 {
                    self.end_frame(whole);
                }
            }
            Place::Payload(0, whole) => self.end_frame(whole),
            Place::Preface(0) => self.place = Place::START,
            Place::Preface(_) | Place::Head(..) | Place::Payload(..) => {}
        }
        Ok(())
    }

    fn end_frame(&mut self, whole: Option<u32>) {
        self.place = Place::START;
        self.trailers = None;
        if let Some(stream) = whole
            && stream > self.highest
        {
            self.highest = stream;
            self.heads.push_back(stream);
        }
    }

    /// Takes the price of a frame; tells the stream whose head is whole with it.
    fn charge(
        &mut self,
        kind: u8,
        flags: u8,
        length: usize,
        stream: u32,
        now: Moment,
    ) -> Result<Option<u32>, Offence> {
        let has = |flag: u8| flags & flag != 0;
        let price = match kind {
            DATA if length == 0 && !has(END_STREAM) => FRAME,
            // Padding fills windows as data does, but may be all there is.
            DATA if has(PADDED) && length <= usize::from(u8::MAX) + 1 => FRAME,
            DATA => 0,
            HEADERS => 0,
            RST_STREAM => {
                self.resets.spend(1, now)?;
                FRAME
            }
            // Changes every stream, and is answered.
            SETTINGS if !has(ACK) => 20 * FRAME,
            PING if !has(ACK) => 4 * FRAME,
            // WINDOW_UPDATE, PRIORITY, CONTINUATION, kinds that nobody knows, and answers to what we have not asked.
            _ => FRAME,
        };
        if price > 0 {
            self.frames.spend(price, now)?;
        }
        if kind == HEADERS && stream <= self.highest {
            let skip = usize::from(has(PADDED)) + if has(PRIORITY) { 5 } else { 0 };
            self.trailers = Some(Trailers { skip, first: [0; 3], len: 0 });
        }
        Ok(Some(stream).filter(|_| matches!(kind, HEADERS | CONTINUATION) && has(END_HEADERS)))
    }

    /// So many bytes are sent to the client: reading them makes it send frames, too.
    pub(super) fn send(&mut self, bytes: usize) {
        self.frames.earn(bytes as u64);
    }

    /// A request was answered whole.
    pub(super) fn answered(&mut self) {
        self.resets.earn(1);
    }

    /// A request was malformed, which is as good as given up.
    pub(super) fn malformed(&mut self, now: Moment) -> Result<(), Offence> {
        self.resets.spend(1, now)
    }

    /// The stream was seen as a request. Says how many before it never will be: their heads were refused below.
    pub(super) fn accepted(&mut self, stream: u32) -> usize {
        let before = self.heads.iter().take_while(|head| **head <= stream).count();
        let own = self.heads.drain(..before).next_back();
        before - usize::from(own == Some(stream))
    }

    /// Everything that was read has been looked at: says how many heads were refused below.
    pub(super) fn settled(&mut self) -> usize {
        let refused = self.heads.len();
        self.heads.clear();
        refused
    }
}

impl Trailers {
    /// Pseudo-headers come first (RFC 9113 §8.3), so the first field tells. One that stands in the table that changes
    /// is not known here; it goes nowhere.
    fn look(&mut self, piece: &[u8]) -> Result<(), Offence> {
        let skipped = self.skip.min(piece.len());
        self.skip -= skipped;
        let rest = piece.iter().skip(skipped);
        for (place, byte) in self.first.iter_mut().skip(self.len).zip(rest) {
            *place = *byte;
            self.len += 1;
        }
        // RFC 7541 §6: an entry, a name that is one, or a new name. Pseudo-headers are the entries 1 to 14.
        let is_pseudo = match (self.len, self.first) {
            (0, _) => false,
            (_, [0x81..=0x8e | 0x41..=0x4e | 0x01..=0x0e | 0x11..=0x1e, ..]) => true,
            // A colon as it is, or in Huffman's code.
            (3, [0x00 | 0x10 | 0x40, length, first]) => match length & 0x80 {
                0 => first == b':',
                _ => first >> 1 == 0x5c,
            },
            _ => false,
        };
        if is_pseudo { Err(Offence::PseudoTrailer) } else { Ok(()) }
    }
}

impl Place {
    const START: Self = Self::Head([0; HEAD], 0);
}

impl Allowance {
    const fn new(most: u64, pace: Duration, now: Moment) -> Self {
        Self { left: most, most, pace, since: now }
    }

    fn spend(&mut self, price: u64, now: Moment) -> Result<(), Offence> {
        if self.left < price {
            let earned = now.since(self.since).as_nanos() / self.pace.as_nanos().max(1);
            self.since = now;
            self.earn(u64::try_from(earned).unwrap_or(u64::MAX));
        }
        self.left = self.left.checked_sub(price).ok_or(Offence::Excess)?;
        Ok(())
    }

    fn earn(&mut self, units: u64) {
        self.left = self.left.saturating_add(units).min(self.most);
    }
}

const HEAD: usize = 9;
const PREFACE: usize = 24;

// RFC 9113 §6.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;

/// The price of a frame that brings nothing. As sixteen bytes sent earn it, a reader may open its windows once for
/// every small piece of an answer.
const FRAME: u64 = 16;

/// Two thousand such frames at once: clients open windows and set priorities by the dozen, not by the thousand.
const FRAMES: u64 = 2_000 * FRAME;

/// A thousand a second: that is one percent of a core.
const FRAME_PACE: Duration = Duration::from_micros(1_000 / FRAME);

/// Who leaves a page gives up all its requests at once, which are a hundred by default; twice is no attack yet. Each
/// request that is let to its end makes up for one that is not.
const RESETS: u64 = 200;

/// Fifty a second cost no more than as many requests that are served.
const RESET_PACE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("is short").to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(payload);
        frame
    }

    fn begun(now: Moment) -> Toll {
        let mut toll = Toll::new(now);
        assert_eq!(toll.receive(&[0; PREFACE], now), Ok(()));
        toll
    }

    /// How many of these frames are let through at once.
    fn let_through(frame: &[u8]) -> usize {
        let now = Moment::now();
        let mut toll = begun(now);
        (0..100_000).take_while(|_| toll.receive(frame, now).is_ok()).count()
    }

    #[test]
    fn what_brings_nothing_has_a_price() {
        assert_eq!(let_through(&frame(PING, 0, 0, &[0; 8])), 500);
        assert_eq!(let_through(&frame(PING, ACK, 0, &[0; 8])), 2_000);
        assert_eq!(let_through(&frame(SETTINGS, 0, 0, &[])), 100);
        assert_eq!(let_through(&frame(8, 0, 0, &[0, 0, 0, 1])), 2_000);
        assert_eq!(let_through(&frame(DATA, 0, 1, &[])), 2_000);
        assert_eq!(let_through(&frame(DATA, PADDED, 1, &[1, 0])), 2_000);
        assert_eq!(let_through(&frame(RST_STREAM, 0, 1, &[0; 4])), 200);
        assert_eq!(let_through(&frame(0xee, 0, 1, &[0; 4])), 2_000);
        assert_eq!(let_through(&frame(DATA, 0, 1, b"x")), 100_000);
    }

    #[test]
    fn time_and_what_is_sent_make_up_for_it() {
        let now = Moment::now();
        let mut toll = begun(now);
        let update = frame(8, 0, 0, &[0, 0, 0, 1]);
        (0..2_000).for_each(|_| assert_eq!(toll.receive(&update, now), Ok(())));
        toll.send(32);
        (0..2).for_each(|_| assert_eq!(toll.receive(&update, now), Ok(())));
        let later = now + Duration::from_secs(1);
        let count = (0..5_000).take_while(|_| toll.receive(&update, later).is_ok()).count();
        assert!((900..=1_100).contains(&count), "{count}");
        let reset = frame(RST_STREAM, 0, 1, &[0; 4]);
        let mut toll = begun(now);
        for _ in 0..1_000 {
            assert_eq!(toll.receive(&reset, now), Ok(()));
            toll.answered();
        }
    }

    #[test]
    fn pseudo_headers_among_trailers_are_seen() {
        let now = Moment::now();
        let check = |flags: u8, trailers: &[u8]| {
            let mut toll = begun(now);
            toll.receive(&frame(HEADERS, END_HEADERS, 1, &[0x82, 0x84]), now).expect("a head is no offence");
            let trailers = frame(HEADERS, END_HEADERS | END_STREAM | flags, 1, trailers);
            trailers.chunks(1).try_for_each(|byte| toll.receive(byte, now))
        };
        let pseudo: [&[u8]; 5] =
            [&[0x82], &[0x04, 1, b'/'], &[0x44, 1, b'/'], b"\0\x02:a\0", &[0x10, 0x82, 0xb8, 0, 0]];
        for trailers in pseudo {
            assert_eq!(check(0, trailers), Err(Offence::PseudoTrailer), "{trailers:x?}");
        }
        assert_eq!(check(PADDED | PRIORITY, &[0, 0, 0, 0, 0, 9, 0x82]), Err(Offence::PseudoTrailer));
        let others: [&[u8]; 4] = [&[], b"\0\x02ab\0", &[0x0f, 3, 1, b'a'], &[0xbe]];
        for trailers in others {
            assert_eq!(check(0, trailers), Ok(()), "{trailers:x?}");
        }
        assert_eq!(check(PADDED, &[1, 0xbe, 0x82]), Ok(()));
    }

    #[test]
    fn heads_are_followed_through_pieces_of_any_size() {
        let now = Moment::now();
        let bytes = [
            frame(HEADERS, END_HEADERS, 1, b"abc"),
            frame(DATA, END_STREAM, 1, b"0123456789"),
            frame(HEADERS, 0, 3, b"ab"),
            frame(CONTINUATION, 0, 3, b""),
            frame(CONTINUATION, END_HEADERS, 3, b"c"),
            frame(HEADERS, END_HEADERS | END_STREAM, 3, b"trailers"),
            frame(HEADERS, END_HEADERS, 5, b""),
            frame(HEADERS, END_HEADERS, 7, b"abc"),
        ]
        .concat();
        for size in 1..20 {
            let mut toll = begun(now);
            for piece in bytes.chunks(size) {
                assert_eq!(toll.receive(piece, now), Ok(()));
            }
            assert_eq!(toll.heads, [1, 3, 5, 7], "in pieces of {size}");
            assert_eq!(toll.accepted(1), 0);
            assert_eq!(toll.accepted(5), 1);
            assert_eq!(toll.settled(), 1);
        }
    }
}
