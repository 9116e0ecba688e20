//! The time of a log line, as far as the line tells it.
//!
//! Most logs write the local time of their host, some with its offset, some without. The reading of the wall clock is
//! kept as it stands; [`Stamp::utc_micros`] needs the offset from the caller where the line has none.

/// A reading of the gateway's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Microseconds since 1970-01-01T00:00:00 of the clock as read, whatever its zone.
    pub wall_micros: i64,
    /// Seconds east of UTC; nothing where the line does not say.
    pub offset: Option<i32>,
}

impl Stamp {
    /// Microseconds since the epoch; `local_offset` (seconds east of UTC) is used where the line has no offset.
    pub fn utc_micros(self, local_offset: i32) -> i64 {
        let offset = i64::from(self.offset.unwrap_or(local_offset));
        self.wall_micros.saturating_sub(offset.saturating_mul(MICROS))
    }

    /// The stamp of seconds since the epoch, with fractions.
    pub(crate) fn of_unix(seconds: f64) -> Option<Self> {
        let micros = seconds * 1e6;
        (micros.is_finite() && micros.abs() < 1e17)
            .then_some(Stamp { wall_micros: micros.round() as i64, offset: Some(0) })
    }

    /// Reads `2026/11/21 16:05:12` (nginx, Caddy), `2026-11-21T16:05:12.123+01:00`, `2026-11-21 16:05:12,123`.
    pub(crate) fn parse_ymd(text: &str) -> Option<Self> {
        let mut digits = Cursor(text.trim());
        let year = digits.number(4)?;
        digits.one_of("/-")?;
        let month = digits.number(2)?;
        digits.one_of("/-")?;
        let day = digits.number(2)?;
        digits.one_of("T ")?;
        let micros = digits.clock()?;
        let offset = digits.offset()?;
        Some(Stamp { wall_micros: days(year, month, day)? * DAY + micros, offset })
    }

    /// Reads `21/Nov/2026:16:05:12.123 +0100`, with or without fraction and offset (access logs, HAProxy).
    pub(crate) fn parse_clf(text: &str) -> Option<Self> {
        let mut digits = Cursor(text.trim().trim_start_matches('[').trim_end_matches(']'));
        let day = digits.number(2)?;
        digits.one_of("/")?;
        let month = digits.month()?;
        digits.one_of("/")?;
        let year = digits.number(4)?;
        digits.one_of(":")?;
        let micros = digits.clock()?;
        let offset = digits.offset()?;
        Some(Stamp { wall_micros: days(year, month, day)? * DAY + micros, offset })
    }

    /// Reads `Sat Nov 21 16:05:12.123456 2026` (Apache's error log).
    pub(crate) fn parse_ctime(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let first = words.next()?;
        let month = if first.len() == 3 && Cursor(first).month().is_none() { words.next()? } else { first };
        let month = Cursor(month).month()?;
        let day = words.next()?.parse().ok()?;
        let micros = Cursor(words.next()?).clock()?;
        let year = words.next()?.parse().ok()?;
        Some(Stamp { wall_micros: days(year, month, day)? * DAY + micros, offset: None })
    }
}

/// Days from 1970-01-01 to a day of the Gregorian calendar; nothing for a day that does not exist in any year.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Counted in years that begin in March, so that the leap day is the last one.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Option<&'a str> {
        let (taken, rest) = (self.0.get(..length)?, self.0.get(length..)?);
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, length: usize) -> Option<i64> {
        let taken = self.take(length)?;
        taken.bytes().all(|byte| byte.is_ascii_digit()).then(|| taken.parse().ok()).flatten()
    }

    fn one_of(&mut self, allowed: &str) -> Option<()> {
        allowed.contains(self.take(1)?).then_some(())
    }

    fn month(&mut self) -> Option<i64> {
        let name = self.take(3)?;
        MONTHS.iter().zip(1..).find(|(month, _)| month.eq_ignore_ascii_case(name)).map(|(_, number)| number)
    }

    /// `16:05:12`, with a fraction of up to nine digits.
    fn clock(&mut self) -> Option<i64> {
        let hours = self.number(2)?;
        self.one_of(":")?;
        let minutes = self.number(2)?;
        self.one_of(":")?;
        let seconds = self.number(2)?;
        if hours > 24 || minutes > 59 || seconds > 60 {
            return None;
        }
        Some((hours * 3600 + minutes * 60 + seconds) * MICROS + self.fraction())
    }

    fn fraction(&mut self) -> i64 {
        let Some(rest) = self.0.strip_prefix(['.', ',']) else { return 0 };
        let length = rest.bytes().take_while(u8::is_ascii_digit).count().min(9);
        let mut micros = 0;
        for place in 0..6 {
            let digit = rest.as_bytes().get(place).filter(|_| place < length).map_or(0, |byte| byte - b'0');
            micros = micros * 10 + i64::from(digit);
        }
        self.0 = rest.get(length..).unwrap_or_default();
        micros
    }

    /// `Z`, `+01:00`, ` +0100`, or nothing; an outer nothing where something else stands there.
    fn offset(&mut self) -> Option<Option<i32>> {
        let rest = self.0.trim_start();
        if rest.is_empty() {
            return Some(None);
        }
        if rest.starts_with(['Z', 'z']) {
            return Some(Some(0));
        }
        let sign = match rest.get(..1)? {
            "+" => 1,
            "-" => -1,
            _ => return None,
        };
        self.0 = rest.get(1..)?;
        let hours = self.number(2)?;
        self.0 = self.0.strip_prefix(':').unwrap_or(self.0);
        let minutes = self.number(2)?;
        i32::try_from(sign * (hours * 3600 + minutes * 60)).ok().map(Some)
    }
}

const MICROS: i64 = 1_000_000;
const DAY: i64 = 86_400 * MICROS;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T16:05:12Z.
    const SECOND: i64 = 1_795_277_112;

    #[track_caller]
    fn check(stamp: Option<Stamp>, micros: i64, offset: Option<i32>) {
        assert_eq!(stamp, Some(Stamp { wall_micros: SECOND * MICROS + micros, offset }));
    }

    #[test]
    fn every_product_s_time_is_read() {
        check(Stamp::parse_ymd("2026/11/21 16:05:12"), 0, None);
        check(Stamp::parse_ymd("2026-11-21T16:05:12.25+01:00"), 250_000, Some(3600));
        check(Stamp::parse_ymd("2026-11-21T16:05:12.123456789Z"), 123_456, Some(0));
        check(Stamp::parse_clf("[21/Nov/2026:16:05:12.655]"), 655_000, None);
        check(Stamp::parse_clf("21/Nov/2026:16:05:12 -0530"), 0, Some(-19_800));
        check(Stamp::parse_ctime("Sat Nov 21 16:05:12.000001 2026"), 1, None);
        check(Stamp::of_unix(1_795_277_112.5), 500_000, Some(0));
    }

    #[test]
    fn the_offset_is_taken_off() {
        let stamp = Stamp { wall_micros: 7_200 * MICROS, offset: Some(3600) };
        assert_eq!(stamp.utc_micros(0), 3_600 * MICROS);
        assert_eq!(Stamp { offset: None, ..stamp }.utc_micros(-60), 7_260 * MICROS);
    }

    #[test]
    fn nonsense_is_no_time() {
        for text in ["", "2026", "2026/13/01 00:00:00", "2026/01/01 99:00:00", "99/Foo/2026:00:00:00", "äöüß"]
        {
            assert_eq!(Stamp::parse_ymd(text), None, "{text}");
            assert_eq!(Stamp::parse_clf(text), None, "{text}");
            assert_eq!(Stamp::parse_ctime(text), None, "{text}");
        }
    }
}
