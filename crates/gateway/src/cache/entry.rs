//! A stored answer, and the page it is a form of. Neither ever changes: what is new makes a new one, and whoever sends the
//! old one keeps it until it has gone out.

use super::arena::{Arena, Extent};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use torwart_policy::cache::{Freshness, vary};
use torwart_wire::Head;

/// A whole answer as it is kept: without what was for one connection, one client or one moment.
pub struct Stored {
    /// The status.
    pub status: u16,
    /// The fields that are kept.
    pub head: Head,
    /// The body.
    pub body: Arc<Body>,
    /// How long it is good for.
    pub freshness: Freshness,
    /// What makes it this form of its page.
    pub form: Form,
    /// Whether it always stays.
    pub is_pinned: bool,
    /// When the upstream last failed to say whether it still holds, in milliseconds since 1970.
    failed_at: AtomicU64,
}

/// Which of the forms of a page it is: the route's own, the operator's parts of the key, and what `Vary` names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The route, whatever its number.
    pub zone: u64,
    /// The operator's parts of the key.
    pub parts: Box<[u8]>,
    /// The fields that decide.
    pub names: Arc<[Box<[u8]>]>,
    /// What the request said in them.
    pub values: Box<[u8]>,
}

impl Form {
    /// Whether a request of this route is answered by it.
    pub fn fits(&self, zone: u64, parts: &[u8], request: &Head) -> bool {
        self.zone == zone && *self.parts == *parts && vary::fits(&self.names, &self.values, request)
    }
}

/// A body: small ones in one piece, larger ones where they go out from without being copied, or else in pieces.
#[derive(Default)]
pub struct Body {
    pieces: Box<[Bytes]>,
    extent: Option<Extent>,
    len: u64,
}

impl Body {
    /// A body of these pieces.
    pub fn of(pieces: &[Bytes], arena: Option<&Arc<Arena>>) -> Self {
        let len = pieces.iter().map(|piece| piece.len() as u64).sum();
        match arena.filter(|_| len >= LARGE).and_then(|arena| arena.keep(pieces)) {
            Some(extent) => Self { pieces: Box::default(), extent: Some(extent), len },
            None => Self::gathered(pieces),
        }
    }

    /// Where it lies, if not in pieces.
    pub const fn extent(&self) -> Option<&Extent> {
        self.extent.as_ref()
    }

    /// Many small pieces become few large ones.
    fn gathered(pieces: &[Bytes]) -> Self {
        let mut whole: Vec<Bytes> = Vec::new();
        let mut gathered: Vec<u8> = Vec::new();
        let mut len = 0;
        for piece in pieces {
            len += piece.len() as u64;
            if gathered.len() + piece.len() > PIECE && !gathered.is_empty() {
                whole.push(std::mem::take(&mut gathered).into_boxed_slice().into());
            }
            gathered.extend_from_slice(piece);
        }
        if !gathered.is_empty() {
            whole.push(gathered.into_boxed_slice().into());
        }
        Self { pieces: whole.into(), extent: None, len }
    }

    /// How long it is.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// The pieces that make up a part of it, where it lies in pieces.
    pub fn part(&self, start: u64, len: u64) -> impl Iterator<Item = &[u8]> {
        let mut at = 0;
        let end = start + len;
        self.pieces.iter().filter_map(move |piece| {
            let from = at;
            at += piece.len() as u64;
            let first = usize::try_from(start.saturating_sub(from)).ok()?;
            let last = usize::try_from(end.min(at).saturating_sub(from)).ok()?;
            piece.get(first..last).filter(|part| !part.is_empty())
        })
    }
}

impl Stored {
    /// A stored answer.
    pub fn new(
        status: u16,
        head: Head,
        body: Arc<Body>,
        freshness: Freshness,
        form: Form,
        is_pinned: bool,
    ) -> Self {
        Self { status, head, body, freshness, form, is_pinned, failed_at: AtomicU64::new(0) }
    }

    /// The upstream could not say whether it still holds.
    pub fn failed(&self, now: Duration) {
        self.failed_at.store(now.as_millis() as u64, Ordering::Relaxed);
    }

    /// Whether it could not within this time: whoever asks gets it at once, and the upstream is asked beside.
    pub fn has_failed_within(&self, now: Duration, time: Duration) -> bool {
        let at = Duration::from_millis(self.failed_at.load(Ordering::Relaxed));
        now.saturating_sub(at) < time
    }

    /// About how many bytes it takes.
    fn weight(&self) -> u64 {
        let form = self.form.parts.len() + self.form.values.len();
        let lines = self.head.fields().len() * LINE;
        self.body.len() + (self.head.len() + form + lines + OVERHEAD) as u64
    }
}

/// All forms of the answers of one address.
pub struct Page {
    /// The forms, those that came last at the end.
    pub forms: Vec<Arc<Stored>>,
    /// Until when, since 1970, nobody waits for somebody else's answer, because the last one was for one client alone.
    pub is_private_until: Duration,
    /// About how many bytes it takes.
    pub weight: u64,
}

impl Page {
    /// A page of these forms.
    pub fn new(mut forms: Vec<Arc<Stored>>, is_private_until: Duration) -> Self {
        if forms.len() > FORMS {
            forms.drain(..forms.len() - FORMS);
        }
        let weight = forms.iter().map(|form| form.weight()).sum::<u64>() + OVERHEAD as u64;
        Self { forms, is_private_until, weight }
    }

    /// The form for a request; the newest where several fit (RFC 9111 §4.1).
    pub fn find(&self, zone: u64, parts: &[u8], request: &Head) -> Option<&Arc<Stored>> {
        self.forms.iter().rev().find(|stored| stored.form.fits(zone, parts, request))
    }
}

/// Bodies are kept in pieces of this size: one write each, and no long copying at a time.
const PIECE: usize = 1 << 20;

/// Below this a copy costs less than a call.
const LARGE: u64 = 16 << 10;

/// Whatever a page varies by, more forms than this are not worth keeping.
const FORMS: usize = 32;

/// What a field costs beside its text, and a stored answer beside its bytes.
const LINE: usize = 32;
const OVERHEAD: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_body_is_made_of_parts_of_its_pieces() {
        let body = Body::of(
            &[Bytes::from(vec![1; PIECE]), Bytes::from_static(b"abc"), Bytes::from_static(b"def")],
            None,
        );
        assert_eq!(body.len(), PIECE as u64 + 6);
        let part = |start, len| body.part(start, len).map(<[u8]>::len).collect::<Vec<_>>();
        assert_eq!(part(0, body.len()), [PIECE, 6]);
        assert_eq!(part(PIECE as u64 - 1, 3), [1, 2]);
        assert_eq!(part(PIECE as u64 + 1, 2), [2]);
        assert_eq!(body.part(PIECE as u64 + 4, 2).collect::<Vec<_>>(), [b"ef"]);
        assert!(part(body.len(), 0).is_empty());
    }
}
