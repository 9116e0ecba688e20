//! Idle connections: opens many, asks once on each, then holds them while somebody measures the proxy's memory.

use crate::client::Target;
use anyhow::{Result, anyhow};
use tokio::io::AsyncReadExt as _;

/// Arguments of `hold`.
#[derive(clap::Args)]
pub(crate) struct Hold {
    #[command(flatten)]
    target: Target,
    /// How many connections to hold.
    #[arg(long)]
    connections: usize,
}

impl Hold {
    pub(crate) async fn run(self) -> Result<()> {
        let asker = self.target.asker()?;
        let mut buffer = vec![0; 256 << 10];
        let mut held = Vec::with_capacity(self.connections);
        while held.len() < self.connections {
            let failed = |failure| anyhow!("connection {}: {failure:?}", held.len() + 1);
            let mut stream = asker.connect().await.map_err(failed)?;
            asker.ask(&mut *stream, &mut buffer).await.map_err(failed)?;
            held.push(stream);
        }
        crate::say("ready")?;
        // Standard input is read on a thread of its own: it ends when the measuring program lets go.
        let input =
            tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
        input.await??;
        let closed = count_closed(held).await;
        crate::say(&format!("closed by the proxy meanwhile: {closed}"))
    }
}

/// How many connections ended while they were held; a measurement with many of them is worth nothing.
async fn count_closed(held: Vec<Box<dyn crate::client::Stream>>) -> usize {
    let mut closed = 0;
    for mut stream in held {
        let mut byte = [0];
        let ended = tokio::time::timeout(std::time::Duration::ZERO, stream.read(&mut byte)).await;
        closed += usize::from(ended.is_ok());
    }
    closed
}
