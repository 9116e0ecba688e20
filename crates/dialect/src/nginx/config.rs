//! Reads nginx configuration: its files, its inheritance, its `upstream` blocks, its defaults.
//!
//! In reading order: `syntax` (words and blocks), `load` (includes), `scope` (which value holds), `site` (a `server`
//! block), `location` (one route), `pass` and `pool` (where it goes), `remarks` (what is odd about it).

mod load;
mod location;
mod logs;
mod pass;
mod pool;
mod remarks;
mod scope;
mod site;
mod stream;
mod syntax;
mod variables;

use crate::Product;
use crate::config::{Entry, Files, GatewayConfig, NoteKind};
use scope::Scope;
use std::path::{Path, PathBuf};
use syntax::Directive;

/// What holds for all of a configuration.
struct Nginx<'a> {
    /// What stands in the `http` block.
    http: &'a [Directive],
    /// The folder to which names of files belong.
    folder: PathBuf,
    /// The folder to which names of logs belong.
    prefix: PathBuf,
    /// The product is recent enough to keep connections to the servers of an `upstream` block without being told.
    keeps_idle_by_default: bool,
    /// The file is a part of a configuration only: it has no `http` block.
    is_fragment: bool,
}

/// Reads the configuration that begins at `entry`.
pub(crate) fn read(entry: &Entry, files: &dyn Files) -> GatewayConfig {
    let mut config = GatewayConfig::new(Product::Nginx);
    let mut root = Vec::new();
    for file in &entry.files {
        root.append(&mut load::load(file, files, &mut config));
    }
    count_words(&root, &mut config);
    // A single site's file has no `http` block: its directives stand where they would be included.
    let block = root.iter().find(|directive| directive.name == "http" && directive.block.is_some());
    let outer = Scope::new(&root);
    let (http, scope) = match block {
        Some(block) => (block.inner(), outer.with(block.inner())),
        None => (root.as_slice(), outer.clone()),
    };
    let folder = entry.file().parent().unwrap_or(Path::new("")).to_path_buf();
    let prefix = entry.root.clone().unwrap_or_else(|| match folder.file_name() {
        Some(name) if name == "conf" => folder.parent().unwrap_or(Path::new("")).to_path_buf(),
        _ => folder.clone(),
    });
    let keeps_idle_by_default = entry.is_at_least(KEEPS_IDLE);
    let nginx = Nginx { http, folder, prefix, keeps_idle_by_default, is_fragment: block.is_none() };
    for server in http.iter().filter(|one| one.name == "server" && one.block.is_some()) {
        site::read(&nginx, &scope, server, &mut config);
    }
    if !nginx.is_fragment {
        for server in http.iter().filter(|one| one.name == "server" && one.block.is_some()) {
            site::note_missing_ssl(&scope, server, &mut config);
        }
    }
    config.note_shadowed();
    if let Some(block) = root.iter().find(|one| one.name == "stream" && one.block.is_some()) {
        stream::read(&nginx, &outer, block, &mut config);
    }
    config.mark_fallbacks();
    logs::read(&nginx, &root, &mut config);
    config
}

/// A forgotten semicolon makes one long directive of two; the number of its words betrays it.
fn count_words(layer: &[Directive], config: &mut GatewayConfig) {
    for directive in layer {
        if ONE_WORD.contains(&directive.name.as_str()) && directive.args.len() != 1 {
            let what = format!("invalid number of arguments in \"{}\" directive", directive.name);
            config.note(Some(directive.at.clone()), NoteKind::Syntax { what });
        }
        count_words(directive.inner(), config);
    }
}

/// The version since which connections to the servers of an `upstream` block are kept by default, and HTTP/1.1 is spoken.
const KEEPS_IDLE: (u32, u32, u32) = (1, 29, 7);

/// Directives with exactly one word, of those we read.
const ONE_WORD: &[&str] = &[
    "client_max_body_size",
    "fastcgi_buffer_size",
    "fastcgi_connect_timeout",
    "fastcgi_pass",
    "fastcgi_read_timeout",
    "fastcgi_send_timeout",
    "grpc_pass",
    "proxy_buffer_size",
    "proxy_buffering",
    "proxy_connect_timeout",
    "proxy_http_version",
    "proxy_pass",
    "proxy_read_timeout",
    "proxy_send_timeout",
    "proxy_ssl_name",
    "proxy_ssl_server_name",
    "proxy_ssl_trusted_certificate",
    "proxy_ssl_verify",
    "root",
    "ssl_certificate",
    "ssl_certificate_key",
    "uwsgi_pass",
    "uwsgi_read_timeout",
];
