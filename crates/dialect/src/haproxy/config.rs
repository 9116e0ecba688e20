//! Reads HAProxy configuration: sections, their defaults, conditions, servers.
//!
//! In reading order: `syntax` (lines and sections), `scope` (which line holds), `frontend` (who takes what), `condition`
//! (names and paths in `if`), `backend` and `server` (where it goes), `global` and `logs`.

mod backend;
mod condition;
mod frontend;
mod global;
mod logs;
mod scope;
mod server;
mod syntax;

use crate::Product;
use crate::config::{Entry, Files, GatewayConfig, NoteKind, Route};
use backend::Backend;
use frontend::Frontend;
use global::Global;
use scope::Scope;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use syntax::Section;

/// All sections, with what they share.
struct Haproxy<'a> {
    sections: &'a [Section],
    global: Global<'a>,
}

impl<'a> Haproxy<'a> {
    /// The places of the sections where clients come in.
    fn fronts(&self) -> impl Iterator<Item = usize> + 'a {
        let sections = self.sections.iter().enumerate();
        sections.filter(|(_, one)| matches!(one.kind(), "frontend" | "listen")).map(|(place, _)| place)
    }

    /// The place of a section among all.
    fn place_of(&self, section: &Section) -> usize {
        self.sections.iter().position(|one| std::ptr::eq(one, section)).unwrap_or(usize::MAX)
    }
}

/// Reads the configuration that begins at `entry`: one or several files, or folders with files named `.cfg`.
pub(crate) fn read(entry: &Entry, files: &dyn Files) -> GatewayConfig {
    let mut config = GatewayConfig::new(Product::Haproxy);
    let mut sections = Vec::new();
    for path in &entry.files {
        for file in files_of(path, files) {
            read_file(&file, files, &mut sections, &mut config);
        }
    }
    let haproxy = Haproxy { sections: &sections, global: global::read(&sections) };
    for place in haproxy.fronts() {
        let Some(front) = Frontend::new(&haproxy, place, &mut config) else { continue };
        front.routes(&haproxy, files, &mut config);
    }
    unused_backends(&haproxy, &mut config);
    for (place, section) in sections.iter().enumerate() {
        deadlines_missing(&haproxy, place, &mut config);
        if matches!(section.kind(), "backend" | "listen")
            && let Some(backend) = Backend::new(&sections, place)
        {
            backend.remarks(&sections, haproxy.global.verifies.value, &mut config);
        }
    }
    logs::read(&haproxy, &mut config);
    config
}

fn files_of(path: &Path, files: &dyn Files) -> Vec<PathBuf> {
    let inside = files.glob(&format!("{}/*.cfg", path.display()));
    if inside.is_empty() { vec![path.to_path_buf()] } else { inside }
}

fn read_file(path: &Path, files: &dyn Files, sections: &mut Vec<Section>, config: &mut GatewayConfig) {
    let text = match files.read(path) {
        Ok(text) => text,
        Err(error) => {
            let why = error.to_string();
            return config.note(None, NoteKind::Unreadable { file: path.to_path_buf(), why });
        }
    };
    config.files.push(path.to_path_buf());
    let mut stray = Vec::new();
    syntax::parse(&Arc::from(path), &text, sections, &mut stray);
    if let Some(line) = stray.first() {
        let what = format!("unknown keyword '{}' out of section", line.word(0));
        config.note(Some(line.at.clone()), NoteKind::Syntax { what });
    }
}

/// Backends nobody names are kept, so that their upstreams are known; no client's request reaches them.
fn unused_backends(haproxy: &Haproxy<'_>, config: &mut GatewayConfig) {
    for (place, section) in haproxy.sections.iter().enumerate().filter(|(_, one)| one.kind() == "backend") {
        let is_used = config
            .routes
            .iter()
            .any(|route| route.pool.as_ref().is_some_and(|pool| pool.value == section.name()));
        if let Some(backend) =
            Backend::new(haproxy.sections, place).filter(|backend| !is_used && backend.has_servers())
        {
            config.routes.push(Route { is_internal: true, ..backend.route(None, &haproxy.global, None) });
        }
    }
}

/// The product warns too: without these a wait may last for ever.
fn deadlines_missing(haproxy: &Haproxy<'_>, place: usize, config: &mut GatewayConfig) {
    let Some(scope) = Scope::new(haproxy.sections, place) else { return };
    let wanted: &[&str] = match scope.section.kind() {
        "frontend" => &["client"],
        "backend" => &["connect", "server"],
        "listen" => &["client", "connect", "server"],
        _ => return,
    };
    for name in wanted.iter().filter(|name| scope.timeout(name).is_none()) {
        let what = NoteKind::DeadlineMissing {
            directive: format!("timeout {name}"),
            section: format!("{} {}", scope.section.kind(), scope.section.name()).trim_end().to_owned(),
        };
        config.note(Some(scope.section.head.at.clone()), what);
    }
}
