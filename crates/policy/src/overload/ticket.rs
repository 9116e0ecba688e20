//! The ticket of a waiting room, as it stands in a cookie: signed, so that nobody can write his own.
//!
//! It says the place in the order, or that its holder is inside. How bytes are signed is told by the caller, who has the
//! key; a ticket of another room or with another key is as good as none.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What a ticket says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Whether its holder is inside.
    pub is_inside: bool,
    /// The place in the order of arrival.
    pub number: u64,
    /// Whose it is: chosen by chance.
    pub holder: u64,
}

/// A signature.
pub type Signature = [u8; 16];

impl Ticket {
    /// The text of the cookie.
    pub fn write(self, sign: impl FnOnce(&[u8]) -> Signature) -> String {
        let bytes = self.bytes();
        let signature = sign(&bytes);
        URL_SAFE_NO_PAD.encode([bytes.as_slice(), &signature].concat())
    }

    /// The ticket a cookie holds, if its signature is ours.
    pub fn read(text: &[u8], sign: impl FnOnce(&[u8]) -> Signature) -> Option<Self> {
        if text.len() > LONGEST_TEXT {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (said, signature) = bytes.split_first_chunk::<LENGTH>()?;
        let expected = sign(said);
        // Every byte is compared, so that the time says nothing about where they differ.
        let differing = expected.iter().zip(signature).fold(0, |all, (ours, theirs)| all | (ours ^ theirs));
        if differing != 0 || signature.len() != expected.len() {
            return None;
        }
        let (kind, rest) = said.split_first()?;
        let (number, holder) = rest.split_first_chunk::<8>()?;
        Some(Self {
            is_inside: *kind == INSIDE,
            number: u64::from_be_bytes(*number),
            holder: u64::from_be_bytes(holder.try_into().ok()?),
        })
    }

    fn bytes(self) -> [u8; LENGTH] {
        let mut bytes = [if self.is_inside { INSIDE } else { WAITING }; LENGTH];
        if let Some(place) = bytes.get_mut(1..9) {
            place.copy_from_slice(&self.number.to_be_bytes());
        }
        if let Some(place) = bytes.get_mut(9..LENGTH) {
            place.copy_from_slice(&self.holder.to_be_bytes());
        }
        bytes
    }
}

const LENGTH: usize = 17;
const LONGEST_TEXT: usize = 64;
const WAITING: u8 = 1;
const INSIDE: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(key: u8) -> impl Fn(&[u8]) -> Signature {
        move |bytes| {
            let mut signature = [key; 16];
            for (index, byte) in bytes.iter().enumerate() {
                signature[index % 16] = signature[index % 16].wrapping_mul(31).wrapping_add(*byte);
            }
            signature
        }
    }

    #[test]
    fn a_ticket_is_read_again_and_a_forged_one_is_not() {
        let ticket = Ticket { is_inside: false, number: 4711, holder: 0xdead_beef_0123_4567 };
        let text = ticket.write(sign(1));
        assert_eq!(Ticket::read(text.as_bytes(), sign(1)), Some(ticket));
        assert_eq!(Ticket::read(text.as_bytes(), sign(2)), None);
        let inside = Ticket { is_inside: true, ..ticket }.write(sign(1));
        assert_ne!(inside, text);
        let forged: String = inside.chars().take(23).chain(text.chars().skip(23)).collect();
        assert_eq!(Ticket::read(forged.as_bytes(), sign(1)), None);
        for text in ["", "x", "====", &text[..30], &format!("{text}AA"), &"A".repeat(1000)] {
            assert_eq!(Ticket::read(text.as_bytes(), sign(1)), None, "{text}");
        }
    }
}
