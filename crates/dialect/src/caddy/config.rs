//! Reads Caddy configuration: the Caddyfile with its imports, and the JSON it becomes.
//!
//! In reading order: `tokens` and `lines` (words and blocks), `expand` (imports, snippets, arguments), `site` (a
//! site's addresses and directives), `matcher` (which requests), `proxy` (a `reverse_proxy` becomes a route), `logs`;
//! `json` fills the same settings from the other notation. Values of the environment are not known here: where a
//! default is written it is taken, otherwise the placeholder stays.

mod address;
mod expand;
mod json;
mod lines;
mod logs;
mod matcher;
mod proxy;
mod settings;
mod site;
mod tokens;

use crate::Product;
use crate::config::{Entry, Files, GatewayConfig, NoteKind};
use std::path::Path;
use std::sync::Arc;

/// Reads the configuration that begins at `entry`.
pub(crate) fn read(entry: &Entry, files: &dyn Files) -> GatewayConfig {
    let mut config = GatewayConfig::new(Product::Caddy);
    let path = entry.file();
    let text = match files.read(path) {
        Ok(text) => text,
        Err(error) => {
            let why = error.to_string();
            config.note(None, NoteKind::Unreadable { file: path.to_path_buf(), why });
            return config;
        }
    };
    config.files.push(path.to_path_buf());
    let file: Arc<Path> = Arc::from(path);
    // Since 2.11 an upstream behind TLS is sent its own name as Host.
    let names_upstream = entry.is_at_least((2, 11, 0));
    if text.trim_start_matches('\u{feff}').trim_start().starts_with("{")
        && (text.contains("\"apps\"") || path.extension().is_some_and(|extension| extension == "json"))
    {
        json::read(&text, &file, names_upstream, &mut config);
    } else {
        let lines = expand::read(&text, &file, files, &mut config);
        site::read_all(&lines, names_upstream, &mut config);
    }
    config
}
