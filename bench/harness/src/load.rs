//! The load generator: a fixed number of requests over a fixed number of connections, closed loop.
//!
//! The exact count is the point: CPU time, system calls and instructions per request are differences divided by it.

use crate::client::{Asker, Failure, Target};
use anyhow::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Arguments of `load`.
#[derive(clap::Args)]
pub(crate) struct Load {
    #[command(flatten)]
    target: Target,
    /// How many requests to send in all.
    #[arg(long)]
    requests: u32,
    /// Over how many connections at once.
    #[arg(long, default_value_t = 64)]
    connections: u32,
    /// How many requests at once on each (with HTTP/3).
    #[arg(long, default_value_t = 1)]
    streams: u32,
    /// Give up after so many seconds.
    #[arg(long, default_value_t = 60)]
    within: u64,
}

/// What the connections share.
pub(crate) struct Tally {
    left: AtomicI64,
    good: AtomicU64,
    bytes: AtomicU64,
    not_connected: AtomicU64,
    cut: AtomicU64,
    wrong: AtomicU64,
}

impl Load {
    pub(crate) async fn run(self) -> Result<()> {
        let tally = Arc::new(Tally {
            left: AtomicI64::new(i64::from(self.requests)),
            good: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            not_connected: AtomicU64::new(0),
            cut: AtomicU64::new(0),
            wrong: AtomicU64::new(0),
        });
        let started = Instant::now();
        let mut connections = JoinSet::new();
        if self.target.http3 {
            let asker = Arc::new(self.target.http3_asker()?);
            for _ in 0..self.connections {
                connections.spawn(Arc::clone(&asker).ask_until_done(Arc::clone(&tally), self.streams));
            }
        } else {
            let asker = Arc::new(self.target.asker()?);
            for _ in 0..self.connections {
                connections.spawn(ask_until_done(Arc::clone(&asker), Arc::clone(&tally)));
            }
        }
        let all = async { while connections.join_next().await.is_some() {} };
        let in_time = tokio::time::timeout(Duration::from_secs(self.within), all).await.is_ok();
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        crate::say(&format!(
            "{{\"good\": {}, \"bytes\": {}, \"not_connected\": {}, \"cut\": {}, \"wrong\": {}, \"in_time\": {in_time}, \"seconds\": {:.3}}}",
            count(&tally.good),
            count(&tally.bytes),
            count(&tally.not_connected),
            count(&tally.cut),
            count(&tally.wrong),
            started.elapsed().as_secs_f64()
        ))
    }
}

impl Tally {
    pub(crate) fn take(&self) -> bool {
        self.left.fetch_sub(1, Ordering::Relaxed) > 0
    }

    pub(crate) fn note(&self, outcome: Result<usize, Failure>) {
        let counter = match outcome {
            Ok(length) => {
                self.bytes.fetch_add(length as u64, Ordering::Relaxed);
                &self.good
            }
            Err(Failure::Connect) => &self.not_connected,
            Err(Failure::Cut) => &self.cut,
            Err(Failure::Wrong) => &self.wrong,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// One connection's life: asks as long as requests are left, and connects anew where it must.
async fn ask_until_done(asker: Arc<Asker>, tally: Arc<Tally>) {
    let mut buffer = vec![0; 256 << 10];
    let mut connection = None;
    while tally.take() {
        let mut stream = match connection.take() {
            Some(stream) => stream,
            None => match asker.connect().await {
                Ok(stream) => stream,
                Err(failure) => {
                    tally.note(Err(failure));
                    continue;
                }
            },
        };
        let outcome = asker.ask(&mut *stream, &mut buffer).await;
        if outcome.is_ok() && !asker.closes {
            connection = Some(stream);
        }
        tally.note(outcome);
    }
}
