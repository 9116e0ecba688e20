//! What the gateway's logs tell: the tail of each, read through the crate `dialect`, counted by cause and upstream.
//!
//! Only lines about this site count, as far as a line names its site. A request that failed stands in the error log with
//! its cause and in the access log with its status; so where a product keeps both, causes come from the error log, and the
//! access log tells how many requests there are. Times become ages: many logs write local time without its zone, which the
//! file's own time of change gives away.

mod file;
mod tally;
mod trouble;

use crate::Case;
use file::Tail;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tokio::time::timeout;
use torwart_cause::{Cause, Verdict};
use torwart_dialect::Product;
use torwart_dialect::config::LogKind;
use torwart_dialect::log::{LogLine, Reader};

pub use trouble::{Traffic, Trouble, What};

/// What the gateway's logs tell.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// Files that could not be read, and why.
    pub unreadable: Vec<(PathBuf, String)>,
    /// Logs that go elsewhere than to a file, as the configuration has it.
    pub elsewhere: Vec<String>,
    /// What went wrong, by cause and upstream, the most frequent of the last hour first.
    pub troubles: Vec<Trouble>,
    /// The requests of the access log.
    pub traffic: Option<Traffic>,
    /// Whether an error log, or a log with the causes of failures, is among the files.
    pub has_causes: bool,
}

/// Reads the tails.
pub async fn observe(case: &Case) -> Logs {
    // The site's own request comes first, so that what it met stands in the log too.
    let _ = timeout(FRONT, case.front()).await;
    let gateway = case.gateway().await;
    let mut logs = Logs::default();
    let mut wanted: Vec<Wanted> = Vec::new();
    let configured =
        gateway.config.iter().flat_map(|config| config.logs.iter().map(move |log| (config.product, log)));
    let host = case.question().url.host.as_str();
    for (product, log) in configured {
        if !log.names.is_empty() && !log.names.iter().any(|name| name.eq_ignore_ascii_case(host)) {
            continue;
        }
        match &log.path {
            Some(path) if is_log_file(path) => {
                if wanted.iter().all(|(known, ..)| known != path) {
                    wanted.push((path.clone(), Some(Reader::of(product, log)), Some(log.kind)));
                }
            }
            Some(path) if !path.exists() => logs.unreadable.push((path.clone(), "not found".to_owned())),
            _ => logs.elsewhere.push(log.target.written.clone()),
        }
    }
    for path in &case.question().logs {
        let known = wanted.iter().position(|(known, ..)| known == path);
        match known {
            Some(_) => {}
            None => wanted.push((path.clone(), None, None)),
        }
    }
    if gateway.product() == Some(Product::Haproxy) && wanted.is_empty() {
        let usual = Path::new("/var/log/haproxy.log");
        wanted.extend(is_log_file(usual).then(|| (usual.to_path_buf(), None, None)));
    }
    let site = Site { host: host.to_owned(), port: case.question().url.port };
    let read = tokio::task::spawn_blocking(move || read_all(wanted, logs, &site)).await;
    read.unwrap_or_default()
}

impl Logs {
    /// The troubles whose last time is no longer ago than this.
    pub fn since(&self, age: Duration) -> impl Iterator<Item = &Trouble> {
        self.troubles.iter().filter(move |trouble| trouble.last <= age)
    }

    /// The trouble with this cause, the most frequent first.
    pub fn of_cause(&self, cause: Cause) -> impl Iterator<Item = &Trouble> {
        self.troubles.iter().filter(move |trouble| trouble.what == What::Cause(cause))
    }
}

/// A log to read: its file, and its reader and kind where the configuration tells them.
type Wanted = (PathBuf, Option<Reader>, Option<LogKind>);

/// The site whose lines count.
struct Site {
    host: String,
    port: u16,
}

impl Site {
    /// Whether a line is about this site, as far as it tells.
    fn is_meant(&self, line: &LogLine) -> bool {
        let Some(named) = &line.request.host else { return true };
        let (name, port) = match named.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, port.parse().ok()),
            _ => (named.as_str(), None),
        };
        let name = name.trim_matches(['[', ']']).trim_end_matches('.');
        name.eq_ignore_ascii_case(&self.host) && port.is_none_or(|port: u16| port == self.port)
    }
}

fn read_all(wanted: Vec<Wanted>, mut logs: Logs, site: &Site) -> Logs {
    let now = SystemTime::now();
    let mut tally = tally::Tally::default();
    for (path, reader, kind) in wanted {
        let tail = match file::read(&path, TAIL) {
            Ok(tail) => tail,
            Err(error) => {
                logs.unreadable.push((path, error.to_string()));
                continue;
            }
        };
        let Some(reader) = reader.or_else(|| Reader::guess(&tail.text)) else {
            logs.unreadable.push((path, "not a log we can read".to_owned()));
            continue;
        };
        logs.has_causes |= kind == Some(LogKind::Error) || is_complete(reader.product());
        read_one(&path, &tail, &reader, now, site, &mut tally);
        logs.files.push(path);
    }
    logs.has_causes |= tally.has_error_lines;
    let (troubles, traffic) = tally.result(logs.has_causes);
    Logs { troubles, traffic, ..logs }
}

fn read_one(
    path: &Path,
    tail: &Tail,
    reader: &Reader,
    now: SystemTime,
    site: &Site,
    tally: &mut tally::Tally,
) {
    let lines: Vec<(u32, &str)> = tail.lines().collect();
    let read: Vec<(u32, &str, LogLine)> = lines
        .into_iter()
        .filter_map(|(number, text)| Some((number, text, reader.read(text.as_bytes())?)))
        .collect();
    let last = read.iter().rev().find_map(|(.., line)| line.time);
    let offset = file::offset_seconds(last, tail.changed);
    for (number, text, line) in &read {
        if !site.is_meant(line) {
            continue;
        }
        let age = line.time.and_then(|time| file::age(time, offset, now)).unwrap_or(Duration::MAX);
        tally.add(&tally::Line { path, number: *number, text, line, age });
    }
}

/// Whether the access lines of this product tell the causes of failures themselves.
const fn is_complete(product: Product) -> bool {
    matches!(product, Product::Haproxy | Product::Caddy | Product::Traefik)
}

fn is_log_file(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|said| said.is_file())
}

/// The cause a verdict names, or the likeliest where it is open.
fn cause_of(verdict: &Verdict) -> Option<Cause> {
    match verdict {
        Verdict::Well => None,
        Verdict::Named { cause, .. } => Some(*cause),
        Verdict::Open { .. } => None,
    }
}

/// How long the site's own request is waited for.
const FRONT: Duration = Duration::from_secs(6);
/// How much of each log is read.
const TAIL: u64 = 2 << 20;
