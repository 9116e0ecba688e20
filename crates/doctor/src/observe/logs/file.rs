//! The tail of a log file with its line numbers, and the ages of its lines.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use torwart_dialect::log::Stamp;

/// The end of a file.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    /// Its text, from a whole line on.
    pub(super) text: String,
    /// The number of its first line, from 1; 0 where nobody counted.
    first: u32,
    /// When the file was changed last.
    pub(super) changed: Option<SystemTime>,
}

impl Tail {
    /// The lines with their numbers; 0 where nobody counted.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u32, &str)> {
        let number = |index: usize| match self.first {
            0 => 0,
            first => first.saturating_add(u32::try_from(index).unwrap_or(u32::MAX)),
        };
        self.text.lines().enumerate().map(move |(index, line)| (number(index), line))
    }
}

/// Reads the last `most` bytes of a file.
pub(super) fn read(path: &Path, most: u64) -> io::Result<Tail> {
    let mut file = File::open(path)?;
    let said = file.metadata()?;
    if !said.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
    }
    let skipped = said.len().saturating_sub(most);
    let mut first = if skipped <= MOST_COUNTED { 1 + newlines(&mut file, skipped)? } else { 0 };
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if skipped > 0 {
        let cut = text.find('\n').map_or(text.len(), |at| at + 1);
        text.drain(..cut);
        first += u32::from(first > 0);
    }
    Ok(Tail { text, first, changed: said.modified().ok() })
}

/// How many lines end within the first `length` bytes.
fn newlines(file: &mut File, length: u64) -> io::Result<u32> {
    let mut rest = file.take(length);
    let mut buffer = vec![0u8; 1 << 16];
    let mut count = 0u32;
    loop {
        let read = rest.read(&mut buffer)?;
        if read == 0 {
            return Ok(count);
        }
        let lines = buffer.iter().take(read).filter(|byte| **byte == b'\n').count();
        count = count.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
    }
}

/// How far the log's clock is from UTC, in seconds: its last line was written when the file was changed last. Zones lie
/// on whole quarters of an hour; what is further off than a day is another fault and no zone.
pub(super) fn offset_seconds(last: Option<Stamp>, changed: Option<SystemTime>) -> i32 {
    let Some((stamp, changed)) = last.zip(changed) else { return 0 };
    let Ok(changed) = changed.duration_since(UNIX_EPOCH) else { return 0 };
    let ahead = stamp.wall_micros / 1_000_000 - i64::try_from(changed.as_secs()).unwrap_or(i64::MAX);
    let rounded = (ahead + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
    i32::try_from(rounded).ok().filter(|seconds| seconds.abs() <= 86_400).unwrap_or(0)
}

/// How long ago a line was written.
pub(super) fn age(stamp: Stamp, offset: i32, now: SystemTime) -> Option<Duration> {
    let now = i64::try_from(now.duration_since(UNIX_EPOCH).ok()?.as_micros()).ok()?;
    let micros = now.saturating_sub(stamp.utc_micros(offset));
    Some(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}

/// Beyond so many bytes before the tail, lines are not counted.
const MOST_COUNTED: u64 = 128 << 20;
/// A quarter of an hour.
const QUARTER: i64 = 900;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_knows_its_line_numbers() {
        let path = std::env::temp_dir().join(format!("torwart-log-{}", std::process::id()));
        std::fs::write(&path, "one\ntwo\nthree\nfour\n").expect("a file");
        let all = read(&path, 1000).expect("the file");
        assert_eq!(all.lines().collect::<Vec<_>>(), [(1, "one"), (2, "two"), (3, "three"), (4, "four")]);
        let end = read(&path, 8).expect("the file");
        assert_eq!(end.lines().collect::<Vec<_>>(), [(4, "four")]);
        let _ = std::fs::remove_file(&path);
    }

    #[test]
    fn local_time_is_told_by_the_files_time_of_change() {
        let changed = UNIX_EPOCH + Duration::from_secs(1_795_277_112);
        let stamp = |seconds: i64| Some(Stamp { wall_micros: seconds * 1_000_000, offset: None });
        assert_eq!(offset_seconds(stamp(1_795_277_110), Some(changed)), 0);
        assert_eq!(offset_seconds(stamp(1_795_277_112 + 3590), Some(changed)), 3600);
        assert_eq!(offset_seconds(stamp(1_795_277_112 - 19_800), Some(changed)), -19_800);
        assert_eq!(offset_seconds(stamp(1_000), Some(changed)), 0);
        let now = changed + Duration::from_secs(10);
        let age = age(stamp(1_795_277_112 + 3600).expect("a stamp"), 3600, now).expect("an age");
        assert_eq!(age, Duration::from_secs(10));
    }
}
