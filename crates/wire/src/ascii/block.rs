//! Sixteen bytes at once: which of them is the first control byte, which the first that cannot stand in a plain name.
//!
//! Each byte is judged without a branch and the verdicts are kept in a block of their own, which the compiler turns into
//! a handful of vector instructions; the first verdict is then found in two words.

use std::hint::black_box;

/// Sixteen bytes.
pub(super) type Block = [u8; 16];

/// The offset of the first control byte other than HTAB.
#[inline(always)]
pub(super) fn first_control(block: &Block) -> Option<usize> {
    first_where(block, |byte| ((byte < 0x20) & (byte != b'\t')) | (byte == 0x7f))
}

/// The offset of the first byte that is no letter, digit, `-` or `_`.
#[inline(always)]
pub(super) fn first_outside_plain_name(block: &Block) -> Option<usize> {
    first_where(block, |byte| {
        let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let is_digit = byte.wrapping_sub(b'0') < 10;
        !(is_letter | is_digit | (byte == b'-') | (byte == b'_'))
    })
}

#[inline(always)]
fn first_where(block: &Block, is_wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let mut verdicts = [0_u8; 16];
    for (verdict, &byte) in verdicts.iter_mut().zip(block) {
        *verdict = if is_wanted(byte) { 0xff } else { 0 };
    }
    // Without this, the compiler takes the verdicts apart again into sixteen scalars.
    let number = u128::from_le_bytes(black_box(verdicts));
    (number != 0).then(|| (number.trailing_zeros() / 8) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_found_for_every_byte_in_every_place() {
        for byte in 0..=255_u8 {
            for place in 0..16 {
                for around in [b'a', b' ', b'\t', 0x7f, 0xff] {
                    let mut block = [around; 16];
                    block[place] = byte;
                    let control = block.iter().position(|&b| crate::ascii::is_control(b));
                    assert_eq!(first_control(&block), control, "{block:?}");
                    let is_plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
                    let outside = block.iter().position(|b| !is_plain(b));
                    assert_eq!(first_outside_plain_name(&block), outside, "{block:?}");
                }
            }
        }
    }
}
