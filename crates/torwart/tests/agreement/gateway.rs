//! The gateway under test, started as the binary starts it, and its log.

use crate::world::{LOG_TIME, log_file};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use torwart_config::{Source, check};
use torwart_gateway::Options;

/// A running gateway; dropping it stops it.
pub(crate) struct Gateway {
    running: Option<torwart_gateway::Gateway>,
    log: PathBuf,
}

impl Gateway {
    pub(crate) fn start(config: &str, folder: &Path) -> Result<Self, String> {
        let source = Source::new(&folder.join("torwart.toml"), config.to_owned());
        let checked = check(&source, &|path| path.exists());
        let plan = checked.plan.ok_or_else(|| format!("{:#?}", checked.complaints))?;
        let options = Options { version: "agreement".to_owned(), is_coloured: false };
        let running = torwart_gateway::Gateway::start(plan, &options).map_err(|error| error.to_string())?;
        Ok(Self { running: Some(running), log: log_file(folder) })
    }

    /// Where clients connect, with or without TLS.
    pub(crate) fn address(&self, is_tls: bool) -> Option<SocketAddr> {
        let bound = self.running.as_ref()?.addresses();
        bound.iter().find(|bound| bound.is_tls == is_tls).and_then(torwart_gateway::Bound::ip)
    }

    /// Stops after a moment, within this time, from another thread; the log can be read on.
    pub(crate) fn begin_to_stop(&mut self, moment: Duration, within: Duration) -> Option<JoinHandle<bool>> {
        let running = self.running.take()?;
        Some(std::thread::spawn(move || {
            crate::client::pause(moment);
            running.stop(within)
        }))
    }

    /// The log's lines so far.
    pub(crate) fn log(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The log as soon as it has so many lines, or the time is up.
    pub(crate) fn wait_for_lines(&self, count: usize) -> Vec<String> {
        let until = Instant::now() + LOG_TIME;
        loop {
            let lines = self.log();
            if lines.len() >= count || Instant::now() > until {
                return lines;
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop(Duration::from_millis(50));
        }
    }
}
