//! Durations as people write them: `200ms`, `10s`, `1m30s`.

use std::time::Duration;

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DurationFault {
    /// A number without a unit.
    NoUnit,
    /// A fraction.
    Fraction,
    /// Not of the form at all, or too long to count.
    Form,
}

/// Reads a duration: numbers with units, the larger unit first.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> Result<Duration, DurationFault> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DurationFault::NoUnit);
    }
    let mut total = Duration::ZERO;
    let mut units = UNITS.iter();
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        if tail.starts_with(['.', ',']) {
            return Err(DurationFault::Fraction);
        }
        let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at(letters);
        let (_, milliseconds) = units.find(|(name, _)| *name == unit).ok_or(DurationFault::Form)?;
        let number: u64 = number.parse().map_err(|_| DurationFault::Form)?;
        let part = number.checked_mul(*milliseconds).ok_or(DurationFault::Form)?;
        total = total.checked_add(Duration::from_millis(part)).ok_or(DurationFault::Form)?;
        rest = tail.trim_start();
    }
    if text.is_empty() { Err(DurationFault::Form) } else { Ok(total) }
}

/// Writes a duration so that it reads back the same; whole milliseconds only.
pub fn show(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, size) in UNITS {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    text
}

/// The units with their milliseconds, largest first.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_read_from_large_to_small() {
        assert_eq!(parse("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(parse("200ms"), Ok(Duration::from_millis(200)));
        assert_eq!(parse("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("1h 5m"), Ok(Duration::from_secs(3900)));
        assert_eq!(parse("2d"), Ok(Duration::from_secs(172_800)));
    }

    #[test]
    fn what_is_not_a_duration_is_told_apart() {
        assert_eq!(parse("10"), Err(DurationFault::NoUnit));
        assert_eq!(parse("1.5s"), Err(DurationFault::Fraction));
        for text in [
            "",
            "s",
            "10 s",
            "10S",
            "30s1m",
            "1s1s",
            "-1s",
            "99999999999999999999s",
            "18446744073709551615d",
            "ü",
        ] {
            assert_eq!(parse(text), Err(DurationFault::Form), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_duration_shown_reads_back(milliseconds in 0..u64::from(u32::MAX)) {
            let duration = Duration::from_millis(milliseconds);
            prop_assert_eq!(parse(&show(duration)), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,12}") {
            let _ = parse(&text);
        }
    }
}
