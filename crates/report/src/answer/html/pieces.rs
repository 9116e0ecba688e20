//! A page cut at the places where each answer differs.
//!
//! The layout is rendered with marks instead of values; the marks are private-use characters that no text of ours
//! contains. A group between `begin` and `end` is left out where its slot has no value.

use std::collections::BTreeMap;

/// A place that each answer fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Site,
    RequestId,
    Time,
    Datetime,
    Wait,
    RetryAfter,
    Links,
    Support,
    StatusPage,
    Details,
}

/// The page, cut.
#[derive(Debug)]
pub(super) struct Pieces(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Fixed(Box<str>),
    Value(Slot),
    Begin(Slot),
    End,
}

/// Ends a group.
pub(super) const END: &str = "\u{e002}";

/// The marks that begin groups, by slot name.
pub(super) fn begins() -> BTreeMap<&'static str, String> {
    marks(BEGIN)
}

/// The marks that stand for values, by slot name.
pub(super) fn slots() -> BTreeMap<&'static str, String> {
    marks(VALUE)
}

impl Pieces {
    /// Cuts a page laid out with marks.
    pub(super) fn of(page: &str) -> Self {
        let mut pieces = Vec::new();
        let mut fixed = String::new();
        let mut rest = page.chars();
        while let Some(c) = rest.next() {
            let piece = match c {
                BEGIN => slot(rest.next()).map(Piece::Begin),
                VALUE => slot(rest.next()).map(Piece::Value),
                '\u{e002}' => Some(Piece::End),
                _ => {
                    fixed.push(c);
                    continue;
                }
            };
            pieces.push(Piece::Fixed(std::mem::take(&mut fixed).into_boxed_str()));
            pieces.extend(piece);
        }
        pieces.push(Piece::Fixed(fixed.into_boxed_str()));
        Self(pieces)
    }

    /// Puts the values in; they must be escaped already.
    pub(super) fn fill(&self, value: impl Fn(Slot) -> Option<String>) -> String {
        let mut page = String::with_capacity(CAPACITY);
        // How deep we are inside a group that is left out.
        let mut omitted = 0_usize;
        for piece in &self.0 {
            match piece {
                Piece::Begin(slot) if omitted > 0 || value(*slot).is_none() => omitted += 1,
                Piece::End => omitted = omitted.saturating_sub(1),
                Piece::Fixed(text) if omitted == 0 => page.push_str(text),
                Piece::Value(slot) if omitted == 0 => page.push_str(&value(*slot).unwrap_or_default()),
                Piece::Begin(_) | Piece::Fixed(_) | Piece::Value(_) => {}
            }
        }
        page
    }
}

fn marks(kind: char) -> BTreeMap<&'static str, String> {
    (0_u32..)
        .zip(SLOTS)
        .filter_map(|(index, (name, _))| {
            Some((name, [kind, char::from_u32(FIRST + index)?].iter().collect()))
        })
        .collect()
}

fn slot(mark: Option<char>) -> Option<Slot> {
    let index = u32::from(mark?).checked_sub(FIRST)?;
    SLOTS.get(usize::try_from(index).ok()?).map(|(_, slot)| *slot)
}

const SLOTS: [(&str, Slot); 10] = [
    ("site", Slot::Site),
    ("request_id", Slot::RequestId),
    ("time", Slot::Time),
    ("datetime", Slot::Datetime),
    ("wait", Slot::Wait),
    ("retry_after", Slot::RetryAfter),
    ("links", Slot::Links),
    ("support", Slot::Support),
    ("status_page", Slot::StatusPage),
    ("details", Slot::Details),
];

const BEGIN: char = '\u{e000}';
const VALUE: char = '\u{e001}';
const FIRST: u32 = 0xe100;
/// A little more than the built-in page needs.
const CAPACITY: usize = 14 * 1024;
