//! The way of log lines from the cores to the file: batches, one bounded queue, one writer thread.
//!
//! A core writes lines into its own batch and hands it over when it is full, when a tenth of a second has passed, or
//! at once when an exchange failed. It never waits: if the queue is full the batch is dropped and its lines are counted.
//! Time comes from the caller. The writer thread belongs to the [`JournalWriter`], which waits for it when dropped.

mod writer;

pub use writer::{JournalError, JournalWriter, Report, Sink};

use crate::{HumanLog, JsonLog, Metrics, Record};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use writer::Message;

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalFormat {
    /// One JSON object per line.
    Json {
        /// Whether the path is followed by the query.
        is_query_logged: bool,
    },
    /// Short lines for eyes.
    Human {
        /// Whether lines carry ANSI colours.
        is_coloured: bool,
        /// Whether the path is followed by the query.
        is_query_logged: bool,
    },
}

/// Where the journal goes and how.
#[derive(Clone, Debug)]
pub struct JournalOptions {
    /// Where lines are written.
    pub sink: Sink,
    /// How they look.
    pub format: JournalFormat,
    /// How many batches may wait for the writer.
    pub queue: usize,
}

impl JournalOptions {
    /// JSON without queries, and room for 256 waiting batches: at most some 16 MiB.
    pub const fn new(sink: Sink) -> Self {
        Self { sink, format: JournalFormat::Json { is_query_logged: false }, queue: 256 }
    }
}

/// One core's side of the journal.
#[derive(Debug)]
pub struct Journal {
    format: Format,
    queue: SyncSender<Message>,
    spare: Spare,
    dropped: Arc<AtomicU64>,
    batch: Vec<u8>,
    lines: u64,
    due: Option<Duration>,
    hurried: Option<Duration>,
}

#[derive(Debug)]
enum Format {
    Json(JsonLog),
    Human(HumanLog),
}

/// Emptied batches on their way back to the core that filled them.
type Spare = Arc<Mutex<Vec<Vec<u8>>>>;

/// Lines on their way to the writer.
#[derive(Debug)]
struct Batch {
    lines: u64,
    bytes: Vec<u8>,
    spare: Spare,
}

impl Journal {
    fn new(format: JournalFormat, queue: SyncSender<Message>, metrics: &Metrics) -> Self {
        let format = match format {
            JournalFormat::Json { is_query_logged } => Format::Json(JsonLog::new(is_query_logged)),
            JournalFormat::Human { is_coloured, is_query_logged } => {
                Format::Human(HumanLog::new(is_coloured).with_query(is_query_logged))
            }
        };
        Self {
            format,
            queue,
            spare: Spare::default(),
            dropped: metrics.dropped_records(),
            batch: Vec::with_capacity(BATCH_BYTES + BATCH_BYTES / 4),
            lines: 0,
            due: None,
            hurried: None,
        }
    }

    /// Writes one exchange's line. Neither waits nor locks; the writer is woken at most once per batch.
    pub fn write(&mut self, record: &Record<'_>, now: Duration) {
        match &mut self.format {
            Format::Json(log) => log.write(record, &mut self.batch),
            Format::Human(log) => log.write(record, &mut self.batch),
        }
        self.lines += 1;
        if self.lines >= BATCH_LINES || self.batch.len() >= BATCH_BYTES {
            self.flush();
        } else if record.is_failed() {
            self.hurry(now);
        } else if self.due.is_none() {
            self.due = Some(now + MAX_AGE);
        }
    }

    /// When [`Journal::tick`] has to be called at the latest; `None` while no line waits.
    pub const fn due(&self) -> Option<Duration> {
        self.due
    }

    /// Hands the batch over if its time has come.
    pub fn tick(&mut self, now: Duration) {
        if self.due.is_some_and(|due| due <= now) {
            self.flush();
        }
    }

    /// Hands the batch over now.
    pub fn flush(&mut self) {
        self.due = None;
        if self.lines == 0 {
            return;
        }
        // Only the writer holds this lock otherwise, and only to put a batch back; if it does so now, take a new one.
        let spare = self.spare.try_lock().ok().and_then(|mut spare| spare.pop());
        let empty = spare.unwrap_or_else(|| Vec::with_capacity(self.batch.capacity()));
        let bytes = std::mem::replace(&mut self.batch, empty);
        let batch = Batch { lines: std::mem::take(&mut self.lines), bytes, spare: self.spare.clone() };
        match self.queue.try_send(Message::Batch(batch)) {
            Ok(()) => {}
            Err(
                TrySendError::Full(Message::Batch(batch)) | TrySendError::Disconnected(Message::Batch(batch)),
            ) => {
                self.dropped.fetch_add(batch.lines, Ordering::Relaxed);
                batch.give_back();
            }
            Err(_) => {}
        }
    }

    /// A failure leaves at once; in a storm of failures at most once in ten milliseconds.
    fn hurry(&mut self, now: Duration) {
        match self.hurried.map(|hurried| hurried + HURRY) {
            Some(again) if again > now => self.due = Some(self.due.map_or(again, |due| due.min(again))),
            _ => {
                self.hurried = Some(now);
                self.flush();
            }
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.flush();
    }
}

impl Batch {
    /// Returns the empty buffer to its core, unless that has enough of them.
    fn give_back(mut self) {
        self.bytes.clear();
        if let Ok(mut spare) = self.spare.lock()
            && spare.len() < SPARE_BATCHES
        {
            spare.push(self.bytes);
        }
    }
}

const BATCH_LINES: u64 = 64;
const BATCH_BYTES: usize = 48 * 1024;
const MAX_AGE: Duration = Duration::from_millis(100);
const HURRY: Duration = Duration::from_millis(10);
const SPARE_BATCHES: usize = 4;
