//! Moments as certificates have them: seconds since 1970, shown to people, and read from `Date` fields.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::time::{SystemTime, UNIX_EPOCH};

/// This moment by this machine's clock.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A moment for people: `2026-11-21 16:07 UTC`.
pub fn shown(moment: i64) -> String {
    match Timestamp::from_second(moment) {
        Ok(stamp) => stamp.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => moment.to_string(),
    }
}

/// The moment of a `Date` field (RFC 9110 §5.6.7, today's form only).
pub fn of_date_field(text: &str) -> Option<i64> {
    let civil = DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text.trim()).ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

/// Whole days between two moments, never negative.
pub const fn days(from: i64, to: i64) -> i64 {
    let days = (to - from) / DAY;
    if days < 0 { 0 } else { days }
}

/// Seconds of a day.
pub const DAY: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_fields_are_read_and_shown() {
        let moment = of_date_field("Sat, 21 Nov 2026 16:07:00 GMT").unwrap();
        assert_eq!(shown(moment), "2026-11-21 16:07 UTC");
        assert_eq!(of_date_field("tomorrow"), None);
        assert_eq!(days(moment, moment + 3 * DAY + 5), 3);
        assert_eq!(days(moment, 0), 0);
    }
}
