//! The thread that owns the log file.
//!
//! A disk error is counted and reported, never fatal: lines that cannot be written are dropped, and the file is tried
//! again with the next batch. Rotation works by renaming the file and asking for a reopen.

use super::{Batch, Journal, JournalFormat, JournalOptions};
use crate::Metrics;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Where lines are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sink {
    /// A file, appended to, created if it is missing.
    File(PathBuf),
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Something went wrong with the log's file.
#[derive(Debug)]
pub enum JournalError {
    /// The file could not be opened.
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Lines could not be written and are lost.
    Write {
        /// How many lines.
        lines: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The writer's thread could not be started.
    Thread {
        /// What the system said.
        source: io::Error,
    },
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { path, .. } => write!(f, "cannot open the access log {}", path.display()),
            Self::Write { lines, .. } => write!(f, "cannot write to the access log, {lines} lines are lost"),
            Self::Thread { .. } => f.write_str("cannot start the access log's thread"),
        }
    }
}

impl std::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Open { source, .. } | Self::Write { source, .. } | Self::Thread { source } => Some(source),
        }
    }
}

/// What is told about failures of the file, at most every ten seconds. Called on the writer's thread.
pub type Report = Box<dyn Fn(&JournalError) + Send>;

/// The owner of the writer's thread. Dropping it writes what waits and ends the thread.
#[derive(Debug)]
pub struct JournalWriter {
    format: JournalFormat,
    queue: SyncSender<Message>,
    orders: Arc<Orders>,
    ended: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
pub(super) enum Message {
    Batch(Batch),
    /// Nothing but a reason to look at the orders.
    Wake,
}

/// What the thread is asked to do, beside the queue, so that a full queue does not swallow it.
#[derive(Debug, Default)]
struct Orders {
    reopen: AtomicBool,
    stop: AtomicBool,
}

impl JournalWriter {
    /// Opens the sink and starts the thread.
    pub fn start(options: JournalOptions, metrics: &Metrics, report: Report) -> Result<Self, JournalError> {
        let (queue, batches) = sync_channel(options.queue.max(1));
        let (end, ended) = sync_channel(1);
        let orders = Arc::<Orders>::default();
        let output = Output::open(&options.sink)?;
        let writer = Writer {
            sink: options.sink,
            output: Some(output),
            is_line_open: false,
            orders: orders.clone(),
            errors: metrics.journal_errors(),
            dropped: metrics.dropped_records(),
            report,
            reported: None,
        };
        let run = move || {
            writer.run(&batches);
            // Nobody may be waiting any more.
            let _ = end.send(());
        };
        let thread = std::thread::Builder::new().name("torwart-journal".to_owned()).spawn(run);
        let thread = thread.map_err(|source| JournalError::Thread { source })?;
        Ok(Self { format: options.format, queue, orders, ended, thread: Some(thread) })
    }

    /// One core's side.
    pub fn journal(&self, metrics: &Metrics) -> Journal {
        Journal::new(self.format, self.queue.clone(), metrics)
    }

    /// Closes the file and opens it by its name again, after it was renamed by log rotation.
    pub fn reopen(&self) {
        self.order(&self.orders.reopen);
    }

    fn order(&self, order: &AtomicBool) {
        order.store(true, Ordering::Release);
        // A full queue wakes the thread just as well.
        drop(self.queue.try_send(Message::Wake));
    }
}

impl Drop for JournalWriter {
    /// Waits for the thread, but not for ever: a pipe nobody reads must not keep the process.
    fn drop(&mut self) {
        self.order(&self.orders.stop);
        let has_ended = !matches!(self.ended.recv_timeout(STOP), Err(RecvTimeoutError::Timeout));
        if let Some(thread) = self.thread.take()
            && has_ended
        {
            // A panic of the thread was already printed by the panic hook.
            drop(thread.join());
        }
    }
}

struct Writer {
    sink: Sink,
    output: Option<Output>,
    is_line_open: bool,
    orders: Arc<Orders>,
    errors: Arc<AtomicU64>,
    dropped: Arc<AtomicU64>,
    report: Report,
    reported: Option<Instant>,
}

impl Writer {
    fn run(mut self, batches: &Receiver<Message>) {
        while let Ok(message) = batches.recv() {
            self.take(message);
            if self.orders.stop.load(Ordering::Acquire) {
                // What the cores handed over before is still written; what comes later is dropped and counted there.
                batches.try_iter().for_each(|message| self.take(message));
                break;
            }
        }
    }

    fn take(&mut self, message: Message) {
        if self.orders.reopen.swap(false, Ordering::AcqRel) {
            self.output = None;
        }
        if let Message::Batch(batch) = message {
            self.write(batch);
        } else {
            self.opened();
        }
    }

    fn write(&mut self, batch: Batch) {
        let is_line_open = self.is_line_open;
        let Some(output) = self.opened() else {
            self.dropped.fetch_add(batch.lines, Ordering::Relaxed);
            return batch.give_back();
        };
        match output.write(&batch.bytes, is_line_open) {
            Ok(()) => self.is_line_open = false,
            Err(cut) => {
                self.is_line_open = cut.is_line_open;
                self.dropped.fetch_add(batch.lines, Ordering::Relaxed);
                self.fail(&JournalError::Write { lines: batch.lines, source: cut.source });
            }
        }
        batch.give_back();
    }

    fn opened(&mut self) -> Option<&mut Output> {
        if self.output.is_none() {
            match Output::open(&self.sink) {
                Ok(output) => {
                    self.is_line_open = false;
                    self.output = Some(output);
                }
                Err(error) => self.fail(&error),
            }
        }
        self.output.as_mut()
    }

    fn fail(&mut self, error: &JournalError) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        if self.reported.is_none_or(|reported| now - reported >= REPORT_EVERY) {
            self.reported = Some(now);
            (self.report)(error);
        }
    }
}

enum Output {
    File(File),
    Stdout,
    Stderr,
}

/// A write that failed, perhaps in the middle of a line.
struct Cut {
    source: io::Error,
    is_line_open: bool,
}

impl Output {
    fn open(sink: &Sink) -> Result<Self, JournalError> {
        match sink {
            Sink::File(path) => {
                open(path).map(Self::File).map_err(|source| JournalError::Open { path: path.clone(), source })
            }
            Sink::Stdout => Ok(Self::Stdout),
            Sink::Stderr => Ok(Self::Stderr),
        }
    }

    fn write(&mut self, mut bytes: &[u8], mut is_line_open: bool) -> Result<(), Cut> {
        let mut end_of_line: &[u8] = if is_line_open { b"\n" } else { b"" };
        while !bytes.is_empty() {
            let part = if end_of_line.is_empty() { bytes } else { end_of_line };
            match self.write_some(part) {
                Ok(0) => return Err(Cut { source: io::ErrorKind::WriteZero.into(), is_line_open }),
                Ok(length) => {
                    let (written, _) = part.split_at(length.min(part.len()));
                    is_line_open = written.last() != Some(&b'\n');
                    if end_of_line.is_empty() {
                        bytes = bytes.get(length..).unwrap_or_default();
                    } else {
                        end_of_line = b"";
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(Cut { source, is_line_open }),
            }
        }
        Ok(())
    }

    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                let length = stdout.write(bytes)?;
                stdout.flush().map(|()| length)
            }
            Self::Stderr => io::stderr().lock().write(bytes),
        }
    }
}

/// Readable by the group, so that log shippers need no more rights than that.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

const STOP: Duration = Duration::from_secs(5);
const REPORT_EVERY: Duration = Duration::from_secs(10);
