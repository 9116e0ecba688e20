//! Noticing that a file the plan was made from has changed.
//!
//! Folders are watched, not files: editors replace files, and Kubernetes swaps a symbolic link one folder further up. An
//! event is only a reason to look; whether something changed is decided by the files themselves, so that a log file in
//! the same folder costs nothing. Where the system reports nothing (network file systems) a look now and then must do.

use notify::event::{EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Watches a set of files. What they are is known from the first moment on; the system is asked to tell of changes once
/// it is started, which takes a thread.
pub(super) struct FileWatch {
    files: Vec<PathBuf>,
    seen: Vec<Option<Look>>,
    names: Arc<Mutex<BTreeSet<PathBuf>>>,
    watcher: Option<RecommendedWatcher>,
    folders: BTreeSet<PathBuf>,
    events: mpsc::Receiver<()>,
}

/// What tells one state of a file from another: device, inode, size, and its times with nanoseconds.
type Look = (u64, u64, u64, [i64; 4]);

impl FileWatch {
    /// Watches these files from now on. Without any it never reports anything.
    pub(super) fn new(files: Vec<PathBuf>) -> Self {
        let mut watch = Self {
            files: Vec::new(),
            seen: Vec::new(),
            names: Arc::default(),
            watcher: None,
            folders: BTreeSet::new(),
            events: mpsc::channel(1).1,
        };
        watch.watch(files);
        watch
    }

    /// Asks the system to tell of changes.
    pub(super) fn start(&mut self) {
        // One waiting event is as good as many.
        let (notes, events) = mpsc::channel(1);
        let known = Arc::clone(&self.names);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| concerns(&event, &known)) {
                // A full queue has a note already.
                let _ = notes.try_send(());
            }
        });
        self.watcher = watcher.ok();
        self.events = events;
        self.watch(self.files.clone());
    }

    /// Whatever the files are now is known from here on.
    pub(super) fn mark(&mut self) {
        self.seen = self.look();
    }

    /// Watches these files instead. Those watched before keep their mark, so that no change is lost in between.
    pub(super) fn watch(&mut self, files: Vec<PathBuf>) {
        let known = |file: &PathBuf| self.files.iter().position(|known| known == file);
        let seen = |file| match known(file).and_then(|at| self.seen.get(at)) {
            Some(seen) => *seen,
            None => look(file),
        };
        self.seen = files.iter().map(seen).collect();
        let mut folders = BTreeSet::new();
        let mut names = BTreeSet::new();
        for file in &files {
            let real = file.canonicalize().ok();
            for path in [Some(file.clone()), real].into_iter().flatten() {
                folders.insert(folder(&path));
                names.insert(path);
            }
        }
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = names;
        self.files = files;
        if let Some(watcher) = &mut self.watcher {
            for gone in self.folders.difference(&folders) {
                // A folder that was removed is watched no more anyway.
                let _ = watcher.unwatch(gone);
            }
            // What cannot be watched is left out, and tried again the next time.
            folders.retain(|folder| {
                self.folders.contains(folder) || watcher.watch(folder, RecursiveMode::NonRecursive).is_ok()
            });
            self.folders = folders;
        }
    }

    /// Waits until a file has changed and everything has been quiet for a moment.
    pub(super) async fn changed(&mut self) {
        if self.files.is_empty() {
            return std::future::pending().await;
        }
        while self.look() == self.seen {
            let often = if self.watcher.is_some() { LOOK_EVERY } else { LOOK_OFTEN };
            if let Ok(None) = timeout(often, self.events.recv()).await {
                // Without a watcher only the clock is left.
                sleep(often).await;
            }
        }
        let latest = Instant::now() + AT_LATEST;
        loop {
            let quiet = latest.min(Instant::now() + QUIET);
            match timeout_at(quiet, self.events.recv()).await {
                Ok(Some(())) => {}
                Ok(None) => return sleep(QUIET).await,
                Err(_) => return,
            }
        }
    }

    fn look(&self) -> Vec<Option<Look>> {
        self.files.iter().map(|file| look(file)).collect()
    }
}

/// Writing to a file that is none of ours is everyday life; anything else may be a link being swapped.
fn concerns(event: &Event, names: &Mutex<BTreeSet<PathBuf>>) -> bool {
    match event.kind {
        EventKind::Access(_) => false,
        EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)) => {
            let names = names.lock().unwrap_or_else(PoisonError::into_inner);
            // Paths may be told in another form than ours; a name too many costs one look.
            let is_ours = |path: &PathBuf| names.iter().any(|name| name.file_name() == path.file_name());
            event.paths.iter().any(is_ours)
        }
        _ => true,
    }
}

fn look(file: &Path) -> Option<Look> {
    let data = std::fs::metadata(file).ok()?;
    let times = [data.mtime(), data.mtime_nsec(), data.ctime(), data.ctime_nsec()];
    Some((data.dev(), data.ino(), data.size(), times))
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Editors and copies need several steps; nobody minds this delay.
const QUIET: Duration = Duration::from_millis(200);
/// Somebody who writes without end is not waited for.
const AT_LATEST: Duration = Duration::from_secs(2);
/// For changes the system does not report.
const LOOK_EVERY: Duration = Duration::from_secs(10);
const LOOK_OFTEN: Duration = Duration::from_secs(2);
