//! Reads Traefik configuration: the static file it is started with, and the dynamic files that one names.
//!
//! In reading order: `sources` (which files, in which notation), `entrance` (entry points and logs), `rule` (which
//! requests a router takes), `route` (routers with their services), `transport` (how servers are spoken to). What other
//! providers give (Docker labels, Kubernetes) is not in files and not seen here.

mod entrance;
mod route;
mod rule;
mod sources;
mod transport;

use crate::Product;
use crate::config::{At, Entry, Fact, Files, GatewayConfig};
use crate::tree::{Node, Value};
use std::path::Path;
use std::sync::Arc;

/// A file as a tree.
struct Source {
    file: Arc<Path>,
    root: Node,
}

impl Source {
    fn at(&self, node: &Node) -> At {
        At::new(&self.file, node.line)
    }

    /// The value that `name: …` says.
    fn fact<T>(&self, name: &str, node: &Node, value: T) -> Fact<T> {
        Fact::written(value, self.at(node), self.written(name, node))
    }

    /// An entry as it would stand in this file.
    fn written(&self, name: &str, node: &Node) -> String {
        let is_toml = self.file.extension().is_some_and(|extension| extension == "toml");
        let shown = show(node, is_toml);
        if is_toml { format!("{name} = {shown}") } else { format!("{name}: {shown}") }
    }
}

fn show(node: &Node, is_toml: bool) -> String {
    match &node.value {
        Value::Null => String::new(),
        Value::Scalar(text)
            if is_toml && text.parse::<f64>().is_err() && text != "true" && text != "false" =>
        {
            format!("\"{text}\"")
        }
        Value::Scalar(text) => text.clone(),
        Value::List(items) => {
            format!("[{}]", items.iter().map(|item| show(item, is_toml)).collect::<Vec<_>>().join(", "))
        }
        Value::Map(_) => "{…}".to_owned(),
    }
}

/// Reads the configuration that begins at `entry`.
pub(crate) fn read(entry: &Entry, files: &dyn Files) -> GatewayConfig {
    let mut config = GatewayConfig::new(Product::Traefik);
    let sources = sources::read(entry, files, &mut config);
    let entrances = entrance::read(&sources, &mut config);
    route::read(&sources, &entrances, &mut config);
    config
}
