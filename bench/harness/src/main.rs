//! The instruments of the benchmark: a fast origin, a load generator with exact counts, and the floor.
//!
//! `bench/run` starts these around the proxies it compares. None of them measures the proxy: CPU time and memory are
//! read from the outside. Each runs on one thread, so that it can be pinned to a core that is not the proxy's.

mod client;
mod floor;
mod grpc;
mod hold;
mod http2;
mod http3;
mod load;
mod origin;
mod resets;

use clap::Parser;

/// Instruments of the benchmark; started by `bench/run` and `bench/guard`.
#[derive(Parser)]
#[command(name = "torwart-bench")]
enum Arguments {
    /// Serves /1k, /64k and /1m, takes every upload, and answers calls of gRPC.
    Origin(origin::Origin),
    /// Sends an exact number of requests and prints how it went, as JSON.
    Load(load::Load),
    /// Opens connections with one request each, says `ready`, and holds them idle until its input ends.
    Hold(hold::Hold),
    /// Asks over HTTP/2 and gives up at once, as fast as it can.
    Resets(resets::Resets),
    /// Copies bytes between paired sockets without knowing HTTP: what no proxy can undercut.
    Floor(floor::Floor),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse() {
        Arguments::Origin(origin) => on_one_thread(origin.run()),
        Arguments::Load(load) => on_one_thread(load.run()),
        Arguments::Hold(hold) => on_one_thread(hold.run()),
        Arguments::Resets(resets) => on_one_thread(resets.run()),
        Arguments::Floor(floor) => floor.run(),
    }
}

fn on_one_thread(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// Prints one line and flushes it, for the program that waits for it.
fn say(line: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
