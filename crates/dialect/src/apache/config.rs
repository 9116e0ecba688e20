//! Reads Apache configuration: includes, variables, virtual hosts, everything that passes requests on.
//!
//! In reading order: `syntax` (lines and sections), `load` (includes and conditions), `scope` (which directive holds),
//! `site` (a virtual host), `passing` (its routes), `target` (addresses, parameters, workers), `route` (what holds for one of them), `logs`.

mod load;
mod logs;
mod passing;
mod route;
mod scope;
mod site;
mod syntax;
mod target;

use crate::Product;
use crate::config::address::split_port;
use crate::config::{At, Entry, Files, GatewayConfig, ListenAddress};
use std::path::PathBuf;
use syntax::Directive;

/// What holds for all of a configuration.
struct Apache<'a> {
    /// The main server.
    root: &'a [Directive],
    /// The folder to which relative names belong.
    folder: PathBuf,
    /// The modules loaded by name; none where the files do not tell.
    modules: Vec<String>,
    ports: Vec<(At, ListenAddress)>,
}

impl<'a> Apache<'a> {
    /// The addresses of `Listen`.
    fn ports(&self) -> &[(At, ListenAddress)] {
        &self.ports
    }

    /// The virtual hosts.
    fn sites(&self) -> impl Iterator<Item = &'a Directive> + use<'a> {
        self.root.iter().filter(|one| one.name == "virtualhost" && one.block.is_some())
    }
}

/// Reads the configuration that begins at `entry`.
pub(crate) fn read(entry: &Entry, files: &dyn Files) -> GatewayConfig {
    let mut config = GatewayConfig::new(Product::Apache);
    let loaded = load::load(entry, files, &mut config);
    let apache = Apache {
        root: &loaded.root,
        folder: loaded.folder,
        modules: loaded.modules,
        ports: ports(&loaded.root),
    };
    for site in apache.sites() {
        site::read(&apache, Some(site), &mut config);
    }
    config.note_shadowed();
    // The main server answers where no virtual host listens.
    let is_taken = |(_, address): &(At, ListenAddress)| {
        let port = |one: &ListenAddress| match one {
            ListenAddress::Tcp { port, .. } => Some(*port),
            ListenAddress::Unix(_) => None,
        };
        config.listeners.iter().any(|listener| port(&listener.address) == port(address))
    };
    let free: Vec<(At, ListenAddress)> = apache.ports.iter().filter(|one| !is_taken(one)).cloned().collect();
    let has_sites = apache.sites().next().is_some();
    if !free.is_empty() || !has_sites {
        let main = Apache {
            ports: free,
            root: apache.root,
            folder: apache.folder.clone(),
            modules: apache.modules.clone(),
        };
        site::read(&main, None, &mut config);
    }
    config.mark_fallbacks();
    logs::read(&apache, &mut config);
    config
}

fn ports(root: &[Directive]) -> Vec<(At, ListenAddress)> {
    let listens = root.iter().filter(|one| one.name == "listen");
    let parsed = listens.filter_map(|listen| {
        let text = listen.arg(0);
        let address = match text.parse() {
            Ok(port) => ListenAddress::Tcp { host: None, port },
            Err(_) => {
                let (host, port) = split_port(text)?;
                let host = (!matches!(host, "*" | "0.0.0.0")).then(|| host.to_owned());
                ListenAddress::Tcp { host, port: port?.parse().ok()? }
            }
        };
        Some((listen.at.clone(), address))
    });
    parsed.collect()
}
