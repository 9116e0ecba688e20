//! The thread that checks passwords: their hashes are slow on purpose, and must not hold up a core.
//!
//! It starts with the first password. A short queue bounds the work that strangers can give; when it is full, the
//! gateway says that it is full.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;
use torwart_policy::users::{Credentials, Users};

/// The thread, and the way to it.
#[derive(Default)]
pub(super) struct Passwords(Mutex<Option<Running>>);

struct Running {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

struct Job {
    users: Arc<Users>,
    credentials: Credentials,
    answer: oneshot::Sender<bool>,
}

/// As many passwords wait as may.
pub(super) struct Busy;

impl Passwords {
    /// Has a password checked; the receiver gets the outcome.
    pub(super) fn check(
        &self,
        users: &Arc<Users>,
        credentials: Credentials,
    ) -> Result<oneshot::Receiver<bool>, Busy> {
        let (answer, outcome) = oneshot::channel();
        let job = Job { users: Arc::clone(users), credentials, answer };
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_none() {
            *running = Some(start().map_err(|_| Busy)?);
        }
        let jobs = running.as_ref().and_then(|running| running.jobs.as_ref());
        match jobs.map(|jobs| jobs.try_send(job)) {
            Some(Ok(())) => Ok(outcome),
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => Err(Busy),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was already reported by the panic hook.
            let _ = thread.join();
        }
    }
}

fn start() -> std::io::Result<Running> {
    let (jobs, received) = sync_channel(QUEUE);
    let thread = std::thread::Builder::new().name("passwords".into()).spawn(move || work(&received))?;
    Ok(Running { jobs: Some(jobs), thread: Some(thread) })
}

fn work(jobs: &Receiver<Job>) {
    while let Ok(Job { users, credentials, answer }) = jobs.recv() {
        // Whoever does not wait any more needs no answer.
        if !answer.is_closed() {
            let _ = answer.send(users.is_right(&credentials));
        }
    }
}

/// At fifty milliseconds each, whoever comes last waits three seconds.
const QUEUE: usize = 64;
