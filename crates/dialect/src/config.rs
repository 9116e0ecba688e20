//! What another gateway's configuration says, in one form for all products.
//!
//! [`read`] follows includes and gives a [`GatewayConfig`]: listeners, routes with their upstreams and deadlines, log
//! files, and notes on what is odd in the files themselves. Each value is a [`Fact`] with file and line, or the
//! product's default, which is a fact too. Reading never fails: what could not be read is a [`Note`].
//! Which route a request takes is told by [`GatewayConfig::routes_for`].

pub(crate) mod address;
pub(crate) mod choose;
mod fact;
mod files;
mod guess;
mod listener;
mod log_file;
mod note;
mod route;
mod upstream;

pub use address::{Place, Scheme, UpstreamAddress};
pub use fact::{At, Fact};
pub use files::{Entry, Files};
pub use guess::guess_product;
pub use listener::{ListenAddress, Listener};
pub use log_file::{LogFile, LogFormat, LogKind};
pub use note::{Note, NoteKind};
pub use route::{Deadlines, HostRule, HttpVersion, PathRule, Retries, Route, Sni, UpstreamTls};
pub use upstream::{HealthCheck, Resolves, UpstreamConfig};

use crate::Product;
use std::path::{Path, PathBuf};

/// Everything a gateway's configuration says that matters for its path to the upstreams.
#[derive(Debug, Clone, PartialEq)]
pub struct GatewayConfig {
    /// Whose configuration it is.
    pub product: Product,
    /// The files read, in the order in which they were opened.
    pub files: Vec<PathBuf>,
    /// Where the gateway listens.
    pub listeners: Vec<Listener>,
    /// What is done with which requests, in the order of the files.
    pub routes: Vec<Route>,
    /// Where the gateway writes what it sees.
    pub logs: Vec<LogFile>,
    /// What is wrong or remarkable in the files themselves.
    pub notes: Vec<Note>,
}

impl GatewayConfig {
    /// A configuration in which nothing was found yet.
    pub fn new(product: Product) -> Self {
        GatewayConfig {
            product,
            files: Vec::new(),
            listeners: Vec::new(),
            routes: Vec::new(),
            logs: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The routes that could take a request for `path` on `host` (a name, no port), the one that does first.
    ///
    /// Where sites on several ports serve the name, those that pass the request on come before those that do not.
    pub fn routes_for(&self, host: &str, path: &str) -> Vec<&Route> {
        choose::routes_for(self, host, path, None)
    }

    /// As [`GatewayConfig::routes_for`], of the listeners on `port` only.
    pub fn routes_at(&self, port: u16, host: &str, path: &str) -> Vec<&Route> {
        choose::routes_for(self, host, path, Some(port))
    }

    /// Adds a remark; the same one about the same place only once.
    pub(crate) fn note(&mut self, at: Option<At>, what: NoteKind) {
        let note = Note { at, what };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Reads one of its files and lists it; one that cannot be read becomes a note.
    pub(crate) fn open(&mut self, files: &dyn Files, path: &Path) -> Option<String> {
        match files.read(path) {
            Ok(text) => {
                if !self.files.iter().any(|known| known == path) {
                    self.files.push(path.to_path_buf());
                }
                Some(text)
            }
            Err(error) => {
                let why = error.to_string();
                self.note(None, NoteKind::Unreadable { file: path.to_path_buf(), why });
                None
            }
        }
    }

    /// Every upstream of every route, with its route; an upstream used by several routes comes several times.
    pub fn upstreams(&self) -> impl Iterator<Item = (&Route, &UpstreamConfig)> {
        self.routes.iter().flat_map(|route| route.upstreams.iter().map(move |upstream| (route, upstream)))
    }
}

/// Reads the configuration that begins in the file `entry`, with the product's usual folders.
pub fn read(product: Product, entry: &Path, files: &dyn Files) -> GatewayConfig {
    read_entry(&Entry::new(product, entry), files)
}

/// Reads the configuration that a running gateway was started with.
pub fn read_entry(entry: &Entry, files: &dyn Files) -> GatewayConfig {
    match entry.product {
        Product::Nginx => crate::nginx::config::read(entry, files),
        Product::Haproxy => crate::haproxy::config::read(entry, files),
        Product::Apache => crate::apache::config::read(entry, files),
        Product::Caddy => crate::caddy::config::read(entry, files),
        Product::Traefik => crate::traefik::config::read(entry, files),
    }
}
