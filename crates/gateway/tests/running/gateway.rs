//! A gateway in this process, with its configuration and its access log.

use crate::eventually;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use torwart_config::{Plan, Source, check};
use torwart_gateway::{Bound, Inherited, Listeners, Options};
use torwart_kernel::handover::{End, Handed};

/// A running gateway in a folder of its own; dropping it stops it.
pub(crate) struct Gateway {
    running: Option<torwart_gateway::Gateway>,
    folder: Folder,
}

/// A folder that is removed in the end.
pub(crate) struct Folder(PathBuf);

impl Gateway {
    /// Starts on this configuration. `{folder}` in it stands for the gateway's folder, where its log is written.
    pub(crate) fn start(config: &str) -> Self {
        Self::start_in(Folder::new(), config)
    }

    /// As [`Gateway::start`], in a folder that holds files already.
    pub(crate) fn start_in(folder: Folder, config: &str) -> Self {
        let options = Options { version: "test".to_owned(), is_coloured: false };
        let running = torwart_gateway::Gateway::start(plan(&folder, config), &options)
            .unwrap_or_else(|problem| panic!("{problem}"));
        Self { running: Some(running), folder }
    }

    /// Starts another one on the sockets of this one, as the next process does.
    pub(crate) fn succeed(&self, config: &str) -> Self {
        let (ours, theirs) = End::pair().expect("there are descriptors");
        let sockets = self.running().descriptors().expect("there are descriptors");
        ours.send(b"listen", &sockets).expect("it is taken");
        let mut inherited = Inherited::from_predecessor();
        for socket in theirs.receive().expect("it has come").expect("it has come").sockets {
            match socket {
                Handed::Tcp(socket) => inherited.add_tcp(socket),
                Handed::Unix(socket) => inherited.add_unix(socket),
                Handed::Udp(socket) => inherited.add_udp(socket),
            }
            .expect("it has an address");
        }
        let folder = Folder(self.folder.0.clone());
        let plan = plan(&folder, config);
        let mut listeners = Listeners::open(&plan, inherited).unwrap_or_else(|problem| panic!("{problem}"));
        listeners.forget_unused();
        let options = Options { version: "test".to_owned(), is_coloured: false };
        let running = torwart_gateway::Gateway::start_on(listeners, plan, &options);
        Self { running: Some(running.unwrap_or_else(|problem| panic!("{problem}"))), folder }
    }

    pub(crate) fn running(&self) -> &torwart_gateway::Gateway {
        self.running.as_ref().expect("it runs until it is stopped")
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Takes over another configuration.
    pub(crate) fn adopt(&self, config: &str) -> Result<u64, String> {
        self.running().adopt(plan(&self.folder, config)).map_err(|problem| problem.to_string())
    }

    /// The first address that speaks plain HTTP.
    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses(false)[0]
    }

    /// The addresses with or without TLS.
    pub(crate) fn addresses(&self, is_tls: bool) -> Vec<SocketAddr> {
        let bound = self.running().addresses();
        bound.iter().filter(|bound| bound.is_tls == is_tls).filter_map(Bound::ip).collect()
    }

    /// Stops it, and says whether everything had ended by then. The log can be read on.
    pub(crate) fn stop(&mut self, within: Duration) -> bool {
        self.running.take().expect("it is stopped once").stop(within)
    }

    /// Takes the running gateway out, to stop it from another thread.
    pub(crate) fn take(&mut self) -> torwart_gateway::Gateway {
        self.running.take().expect("it is taken once")
    }

    /// The records so far.
    pub(crate) fn records(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path("access.log")).unwrap_or_default();
        // The last line may still be under way.
        let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        lines.map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    /// The records as soon as there are so many.
    pub(crate) fn wait_for_records(&self, count: usize) -> Vec<Value> {
        eventually(&format!("{count} records"), || self.records().len() >= count);
        self.records()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop(Duration::from_millis(100));
        }
    }
}

/// The cause in a record.
pub(crate) fn cause(record: &Value) -> &str {
    record["cause"].as_str().unwrap_or_default()
}

/// The plan of a configuration, which must be free of complaints that forbid it.
fn plan(folder: &Folder, config: &str) -> Plan {
    let folder = &folder.0;
    let text = format!("{config}\n[log]\naccess = \"{{folder}}/access.log\"\n");
    let text = text.replace("{folder}", &folder.display().to_string());
    let checked = check(&Source::new(&folder.join("torwart.toml"), text), &|file| file.exists());
    checked.plan.unwrap_or_else(|| panic!("{:#?}", checked.complaints))
}

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("torwart-running-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder can be written to");
        Self(path)
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path(file), text).expect("the folder can be written to");
    }
}

impl AsRef<Path> for Folder {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind in the temporary folder is the system's to clear.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
