//! Values as Go programs write them: durations (`1m30s`, `250ms`) and sizes (`10MiB`).

use std::time::Duration;

/// A duration; a bare number counts `unit`. Days (`d`) are Caddy's addition.
pub(crate) fn duration(text: &str, unit: Duration) -> Option<Duration> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(unit.as_secs_f64() * number).ok();
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let number: f64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let letters = rest
            .chars()
            .take_while(|letter| !letter.is_ascii_digit() && *letter != '.')
            .map(char::len_utf8)
            .sum();
        let seconds = match rest.get(..letters)? {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        sum = sum.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = rest.get(letters..)?;
    }
    (!text.is_empty()).then_some(sum)
}

/// A size in bytes, with decimal (`MB`) or binary (`MiB`) multiples.
pub(crate) fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let number: f64 = text.get(..digits)?.parse().ok()?;
    let factor = match text.get(digits..)?.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "ki" | "kib" => 1024.0,
        "mi" | "mib" => 1_048_576.0,
        "gi" | "gib" => 1_073_741_824.0,
        _ => return None,
    };
    Some((number * factor) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        let check = |text, millis| {
            assert_eq!(duration(text, Duration::from_secs(1)), Some(Duration::from_millis(millis)), "{text}");
        };
        check("1m30s", 90_000);
        check("250ms", 250);
        check("1.5h", 5_400_000);
        check("2d", 172_800_000);
        check("30", 30_000);
        for text in ["", "s", "1x", "--", "1m-"] {
            assert_eq!(duration(text, Duration::from_secs(1)), None, "{text}");
        }
    }

    #[test]
    fn sizes_are_read() {
        assert_eq!(size("10MB"), Some(10_000_000));
        assert_eq!(size("4KiB"), Some(4096));
        assert_eq!(size("512"), Some(512));
        assert_eq!(size("ten"), None);
    }
}
