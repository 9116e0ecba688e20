//! Dates of HTTP (RFC 9110 §5.6.7): written in the one form, read in all three.

use std::io::Write;

/// Appends the date of so many seconds since 1970.
pub fn write(seconds: u64, out: &mut Vec<u8>) {
    let days = seconds / DAY;
    let (year, month, day) = civil(days);
    let of_day = seconds % DAY;
    let weekday = usize::try_from((days + 4) % 7).unwrap_or_default();
    let name = |names: &'static [&'static str], index: usize| names.get(index).copied().unwrap_or_default();
    // Writing into a vector cannot fail.
    let _ = write!(
        out,
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        name(&WEEKDAYS, weekday),
        name(&MONTHS, usize::try_from(month - 1).unwrap_or_default()),
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60,
    );
}

/// As [`parse`], but only for what is written as one of the three forms to the letter; which letters are large does not
/// matter. What decides how long something holds is better not guessed.
pub fn parse_exactly(text: &[u8]) -> Option<u64> {
    const FORMS: [&[u8]; 2] = [b"aaa, dd aaa dddd dd:dd:dd aaa", b"aaa aaa _d dd:dd:dd dddd"];
    let is_like = |form: &[u8], text: &[u8]| {
        form.len() == text.len()
            && form.iter().zip(text).all(|(form, byte)| match form {
                b'a' => byte.is_ascii_alphabetic(),
                b'd' => byte.is_ascii_digit(),
                b'_' => byte.is_ascii_digit() || *byte == b' ',
                other => other == byte,
            })
    };
    let old = text.iter().position(|byte| *byte == b',').and_then(|comma| text.split_at_checked(comma));
    let is_old = old.is_some_and(|(day, rest)| {
        day.len() > 5 && day.iter().all(u8::is_ascii_alphabetic) && is_like(b", dd-aaa-dd dd:dd:dd aaa", rest)
    });
    if !is_old && !FORMS.iter().any(|form| is_like(form, text)) {
        return None;
    }
    // Names as they are usually written: the first letter of each word large, the zone all of it.
    let mut usual = text.to_ascii_lowercase();
    let mut is_first = true;
    for byte in &mut usual {
        if is_first {
            byte.make_ascii_uppercase();
        }
        is_first = matches!(byte, b' ' | b'-' | b',');
    }
    if let Some(zone) = usual.len().checked_sub(3).and_then(|start| usual.get_mut(start..)) {
        zone.make_ascii_uppercase();
    }
    parse(&usual)
}

/// The seconds since 1970 of a date: `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or
/// `Sun Nov  6 08:49:37 1994`. `None` for anything else, and for dates before 1970.
pub fn parse(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let words: Vec<&str> = text.split([' ', '-']).filter(|word| !word.is_empty()).collect();
    let (day, month, year, time) = match words.as_slice() {
        [_, day, month, year, time, "GMT"] => (*day, *month, *year, *time),
        [_, month, day, time, year] => (*day, *month, *year, *time),
        _ => return None,
    };
    let month = 1 + u64::try_from(MONTHS.iter().position(|name| *name == month)?).ok()?;
    let day = number(day).filter(|day| (1..=31).contains(day))?;
    let year = match number(year)? {
        // Two digits are from RFC 850: the next fifty years belong to the next century, all others to the last.
        short @ 0..=69 if year.len() == 2 => 2000 + short,
        short if year.len() == 2 => 1900 + short,
        long => Some(long).filter(|_| year.len() == 4)?,
    };
    let mut clock = time.split(':').map(number);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if year < 1970 || hour > 23 || minute > 59 || second > 60 || clock.next().is_some() {
        return None;
    }
    Some(days_until(year, month, day) * DAY + hour * 3600 + minute * 60 + second)
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Days from 1970 to this date of the Gregorian calendar. Years begin in March, so that leap days end them.
fn days_until(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let of_era = year % 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - TO_1970
}

/// Year, month and day of so many days since 1970.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + TO_1970;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

const DAY: u64 = 86_400;

/// Days from the first of March of the year 0 to 1970.
const TO_1970: u64 = 719_468;

static WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
static MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_three_forms_of_the_rfc_mean_the_same() {
        for text in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(parse(text.as_bytes()), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn only_the_three_forms_are_exact() {
        for text in
            ["Sun, 06 NOV 1994 08:49:37 gmt", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(parse_exactly(text.as_bytes()), Some(784_111_777), "{text}");
        }
        for text in [
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sun, 06  Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37",
            "0",
        ] {
            assert_eq!(parse_exactly(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in
            ["", "0", "Sun, 06 Nov 1994", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1969 08:49:37 GMT"]
        {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(seconds in 0u64..250_000_000_000) {
            let mut text = Vec::new();
            write(seconds, &mut text);
            prop_assert_eq!(parse(&text), Some(seconds));
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&bytes);
        }
    }
}
