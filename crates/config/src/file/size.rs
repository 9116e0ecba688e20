//! Sizes as people write them: `16KiB`, `1MB`, `0B`.

use crate::ByteSize;

/// Why a text is no size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SizeFault {
    /// A number without a unit.
    NoUnit,
    /// A fraction.
    Fraction,
    /// `K`, `M`, `G`: could mean 1000 or 1024.
    HalfUnit,
    /// Not of the form at all, or too large to count.
    Form,
}

/// Reads a size.
pub(crate) fn parse(text: &str) -> Result<ByteSize, SizeFault> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(SizeFault::Form);
    }
    if unit.starts_with(['.', ',']) {
        return Err(SizeFault::Fraction);
    }
    let unit = unit.trim_start();
    let is = |name: &&str| name.eq_ignore_ascii_case(unit);
    if unit.is_empty() {
        return Err(SizeFault::NoUnit);
    }
    if ["K", "M", "G", "T"].iter().any(is) {
        return Err(SizeFault::HalfUnit);
    }
    let (_, size) = UNITS.iter().find(|(name, _)| is(name)).ok_or(SizeFault::Form)?;
    let number: u64 = number.parse().map_err(|_| SizeFault::Form)?;
    number.checked_mul(*size).map(ByteSize::new).ok_or(SizeFault::Form)
}

const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("KB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimal_and_binary_units_differ() {
        assert_eq!(parse("16KiB"), Ok(ByteSize::new(16_384)));
        assert_eq!(parse("1MB"), Ok(ByteSize::new(1_000_000)));
        assert_eq!(parse("0B"), Ok(ByteSize::new(0)));
        assert_eq!(parse("5 gb"), Ok(ByteSize::new(5_000_000_000)));
    }

    #[test]
    fn what_is_not_a_size_is_told_apart() {
        assert_eq!(parse("10"), Err(SizeFault::NoUnit));
        assert_eq!(parse("1.5MB"), Err(SizeFault::Fraction));
        assert_eq!(parse("10M"), Err(SizeFault::HalfUnit));
        for text in ["", "MB", "10X", "-1B", "18446744073709551615KB", "1MB2KB", "ü"] {
            assert_eq!(parse(text), Err(SizeFault::Form), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_size_shown_reads_back(bytes: u64) {
            let size = ByteSize::new(bytes);
            prop_assert_eq!(parse(&size.to_string()), Ok(size));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,12}") {
            let _ = parse(&text);
        }
    }
}
