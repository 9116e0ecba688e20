//! Lines arrive in batches, whole and in order; what cannot be written is dropped and counted.

use crate::sample::{failed, good, metrics};
use std::fs;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use torwart_record::{
    Failures, JournalError, JournalFormat, JournalOptions, JournalWriter, Metrics, Record, Recorder,
    RequestId, Sink,
};

/// A directory of its own for one test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("torwart-journal-{}-{number}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn writer(path: &Path, metrics: &Metrics, queue: usize) -> JournalWriter {
    let options = JournalOptions { queue, ..JournalOptions::new(Sink::File(path.to_owned())) };
    JournalWriter::start(options, metrics, Box::new(|_| {})).unwrap()
}

fn ids(path: &Path) -> Vec<u64> {
    let text = fs::read_to_string(path).unwrap();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            value["id"].as_str().unwrap().parse::<RequestId>().unwrap().bits()
        })
        .collect()
}

/// Any moment on the recorder's clock.
const NOW: Duration = Duration::from_secs(1000);

/// Waits until a file has lines that satisfy the condition; the deadline only bounds a test that fails.
fn until(path: &Path, condition: impl Fn(&[u64]) -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    // A write under way may show half of a line.
    let is_whole = || fs::read(path).is_ok_and(|text| text.ends_with(b"\n"));
    while !(is_whole() && condition(&ids(path))) {
        assert!(Instant::now() < end, "the lines did not come");
        std::thread::yield_now();
    }
}

#[test]
fn every_line_arrives_once_and_in_order() {
    let (folder, metrics) = (Folder::new(), metrics());
    let path = folder.file("access.log");
    let writer = writer(&path, &metrics, 1000);
    let mut journal = writer.journal(&metrics);
    let sample = good();
    for number in 0..1000 {
        journal.write(&Record { id: RequestId::from_bits(number), ..sample.record() }, NOW);
    }
    drop(journal);
    drop(writer);
    assert_eq!(ids(&path), (0..1000).collect::<Vec<_>>());
    assert_eq!(metrics.dropped_records().load(Ordering::Relaxed), 0);
}

#[test]
fn a_batch_leaves_when_it_is_full_or_old() {
    let (folder, metrics) = (Folder::new(), metrics());
    let path = folder.file("access.log");
    let writer = writer(&path, &metrics, 10);
    let mut journal = writer.journal(&metrics);
    let (sample, now) = (good(), NOW);
    assert_eq!(journal.due(), None);
    for _ in 0..63 {
        journal.write(&sample.record(), now);
    }
    assert_eq!(journal.due(), Some(now + Duration::from_millis(100)));
    journal.write(&sample.record(), now);
    assert_eq!(journal.due(), None);
    until(&path, |ids| ids.len() == 64);
    journal.write(&sample.record(), now);
    journal.tick(now + Duration::from_millis(99));
    assert!(journal.due().is_some());
    journal.tick(now + Duration::from_millis(100));
    assert_eq!(journal.due(), None);
    until(&path, |ids| ids.len() == 65);
}

#[test]
fn a_failure_leaves_at_once_but_a_storm_of_them_in_batches() {
    let (folder, metrics) = (Folder::new(), metrics());
    let path = folder.file("access.log");
    let writer = writer(&path, &metrics, 10);
    let mut journal = writer.journal(&metrics);
    let (sample, now) = (failed(), NOW);
    journal.write(&sample.record(), now);
    assert_eq!(journal.due(), None);
    until(&path, |ids| ids.len() == 1);
    for _ in 0..5 {
        journal.write(&sample.record(), now + Duration::from_millis(3));
    }
    assert_eq!(journal.due(), Some(now + Duration::from_millis(10)));
    journal.write(&sample.record(), now + Duration::from_millis(10));
    assert_eq!(journal.due(), None);
    until(&path, |ids| ids.len() == 7);
}

#[test]
fn reopening_lets_the_file_be_rotated() {
    let (folder, metrics) = (Folder::new(), metrics());
    let (path, rotated) = (folder.file("access.log"), folder.file("access.log.1"));
    let writer = writer(&path, &metrics, 10);
    let mut journal = writer.journal(&metrics);
    let sample = failed();
    journal.write(&sample.record(), NOW);
    until(&path, |ids| ids.len() == 1);
    fs::rename(&path, &rotated).unwrap();
    writer.reopen();
    journal.write(&sample.record(), NOW + Duration::from_secs(1));
    drop(journal);
    drop(writer);
    assert_eq!(ids(&rotated).len(), 1);
    assert_eq!(ids(&path).len(), 1);
}

#[test]
fn a_reader_that_stands_still_costs_lines_but_no_time() {
    let metrics = metrics();
    let (mut reader, pipe) = std::io::pipe().unwrap();
    let writer = writer(Path::new(&format!("/proc/self/fd/{}", pipe.as_raw_fd())), &metrics, 2);
    drop(pipe);
    let mut journal = writer.journal(&metrics);
    let (sample, now) = (good(), NOW);
    let written = 64 * 50;
    for _ in 0..written {
        journal.write(&sample.record(), now);
    }
    let dropped = metrics.dropped_records().load(Ordering::Relaxed);
    assert!(dropped > 0 && dropped.is_multiple_of(64), "{dropped}");
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).map(|_| text.lines().count() as u64)
    });
    drop(journal);
    drop(writer);
    assert_eq!(reading.join().unwrap().unwrap(), written - dropped);
}

#[test]
fn a_full_disk_is_reported_and_counted_and_the_gateway_goes_on() {
    let metrics = metrics();
    let (send, reports) = mpsc::channel();
    let report = move |error: &JournalError| {
        let JournalError::Write { lines, source } = error else { return };
        send.send((*lines, source.raw_os_error())).unwrap();
    };
    let options = JournalOptions::new(Sink::File("/dev/full".into()));
    let writer = JournalWriter::start(options, &metrics, Box::new(report)).unwrap();
    let mut journal = writer.journal(&metrics);
    for seconds in 0..3 {
        journal.write(&failed().record(), NOW + Duration::from_secs(seconds));
    }
    drop(journal);
    drop(writer);
    // Reported once, counted each time.
    assert_eq!(reports.iter().collect::<Vec<_>>(), [(1, Some(28))]);
    assert_eq!(metrics.journal_errors().load(Ordering::Relaxed), 3);
    assert_eq!(metrics.dropped_records().load(Ordering::Relaxed), 3);
}

#[test]
fn a_file_that_cannot_be_opened_is_said_at_the_start() {
    let metrics = metrics();
    let options = JournalOptions::new(Sink::File("/nonexistent/access.log".into()));
    let error = JournalWriter::start(options, &metrics, Box::new(|_| {})).unwrap_err();
    assert_eq!(error.to_string(), "cannot open the access log /nonexistent/access.log");
}

#[test]
fn lines_after_the_writers_end_are_counted_as_dropped() {
    let (folder, metrics) = (Folder::new(), metrics());
    let writer = writer(&folder.file("access.log"), &metrics, 10);
    let mut journal = writer.journal(&metrics);
    drop(writer);
    journal.write(&good().record(), NOW);
    drop(journal);
    assert_eq!(metrics.dropped_records().load(Ordering::Relaxed), 1);
}

#[test]
fn a_recorder_counts_logs_and_keeps() {
    let (folder, metrics) = (Folder::new(), metrics());
    let path = folder.file("access.log");
    let options = JournalOptions {
        format: JournalFormat::Human { is_coloured: false, is_query_logged: false },
        ..JournalOptions::new(Sink::File(path.clone()))
    };
    let writer = JournalWriter::start(options, &metrics, Box::new(|_| {})).unwrap();
    let failures = Arc::new(Failures::new(10));
    let recorder = Recorder::new(metrics.core(0), Some(writer.journal(&metrics)), failures.clone());
    let now = NOW;
    recorder.record(&good().record(), now);
    assert!(recorder.due().is_some());
    recorder.record(&failed().record(), now);
    assert!(recorder.due().is_none());
    drop(recorder);
    drop(writer);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert_eq!(failures.ring.len(), 1);
    assert_eq!(failures.incidents.list().len(), 1);
}
