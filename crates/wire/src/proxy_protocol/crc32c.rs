//! CRC-32C (Castagnoli), bit-reflected, as the PROXY protocol's checksum wants it.

/// The checksum of a header whose own four checksum bytes, at `hole`, count as zeros.
pub(super) fn with_hole(bytes: &[u8], hole: usize) -> u32 {
    let sum = bytes.iter().enumerate().fold(!0, |sum, (at, &byte)| {
        let byte = if (hole..hole + 4).contains(&at) { 0 } else { byte };
        step(sum, byte)
    });
    !sum
}

fn step(sum: u32, byte: u8) -> u32 {
    (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (POLYNOMIAL & 0u32.wrapping_sub(sum & 1)))
}

const POLYNOMIAL: u32 = 0x82f6_3b78;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_catalogue_comes_out() {
        assert_eq!(with_hole(b"123456789", 100), 0xe306_9283);
    }
}
