//! The ground everything in the lab stands on: one thread with its own runtime, the lab's certificates, the limits.
//!
//! The lab must misbehave on time while the gateway under test is busy, so it never shares the gateway's threads.
//! Tasks are owned: each belongs to a [`Task`] whose drop ends it, and all of them end with the ground.

use crate::Certificates;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// One thread of the lab. Cheap to clone; it ends with its last clone and the handles made from it.
#[derive(Clone)]
pub struct Ground {
    inner: Arc<Inner>,
}

struct Inner {
    work: Option<mpsc::UnboundedSender<Work>>,
    thread: Option<JoinHandle<()>>,
    runtime: tokio::runtime::Handle,
    certificates: Arc<Certificates>,
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A running piece of the lab; dropping it ends it.
pub(crate) struct Task {
    _ground: Ground,
    _alive: oneshot::Sender<()>,
}

impl Ground {
    /// Starts the thread, with fresh certificates.
    pub fn start() -> io::Result<Self> {
        let certificates = Certificates::generate().map_err(io::Error::other)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (work, queue) = mpsc::unbounded_channel();
        let handle = runtime.handle().clone();
        let thread = std::thread::Builder::new()
            .name("lab".to_owned())
            .spawn(move || runtime.block_on(live(queue)))?;
        let inner = Inner {
            work: Some(work),
            thread: Some(thread),
            runtime: handle,
            certificates: Arc::new(certificates),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The lab's certificates.
    pub fn certificates(&self) -> &Arc<Certificates> {
        &self.inner.certificates
    }

    /// Runs this until it ends or its handle is dropped.
    pub(crate) fn run(&self, future: impl Future<Output = ()> + Send + 'static) -> Task {
        let (alive, mut gone) = oneshot::channel::<()>();
        let work = async move {
            tokio::select! {
                () = future => {}
                _ = &mut gone => {}
            }
        };
        if let Some(queue) = &self.inner.work {
            // The queue lives as long as the thread, and the thread as long as `self`.
            let _ = queue.send(Box::pin(work));
        }
        Task { _ground: self.clone(), _alive: alive }
    }

    /// Lets sockets be registered with the lab's runtime from any thread.
    pub(crate) fn enter(&self) -> tokio::runtime::EnterGuard<'_> {
        self.inner.runtime.enter()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.work = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            // A panic of the lab's thread has been reported by the panic hook already.
            let _ = thread.join();
        }
    }
}

async fn live(mut queue: mpsc::UnboundedReceiver<Work>) {
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            work = queue.recv() => match work {
                Some(work) => { tasks.spawn(work); }
                None => return,
            },
            Some(_) = tasks.join_next() => {}
        }
    }
}

/// How long one connection may last, whatever its script says.
pub(crate) const CONNECTION_TIME: Duration = Duration::from_secs(120);
/// Connections of one upstream at the same time.
pub(crate) const CONNECTIONS: usize = 1024;
