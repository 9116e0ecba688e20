//! Which files hold Traefik's configuration, and reading them whatever their notation.

use super::Source;
use crate::config::{At, Entry, Files, GatewayConfig, NoteKind};
use crate::tree::{self, Node, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The entry file, then the dynamic files that it names.
pub(super) fn read(entry: &Entry, files: &dyn Files, config: &mut GatewayConfig) -> Vec<Source> {
    let mut sources = Vec::new();
    for path in &entry.files {
        read_one(path, files, config, &mut sources);
    }
    let mut more: Vec<(PathBuf, At, bool)> = Vec::new();
    for source in &sources {
        let Some(provider) = source.root.at(&["providers", "file"]) else { continue };
        if let Some(node) = provider.get("filename") {
            more.extend(node.text().map(|name| (absolute(name, source), source.at(node), false)));
        }
        if let Some(node) = provider.get("directory") {
            more.extend(node.text().map(|name| (absolute(name, source), source.at(node), true)));
        }
    }
    for (path, at, is_folder) in more {
        if !is_folder {
            if !read_one(&path, files, config, &mut sources) {
                let what =
                    NoteKind::IncludeMatchesNothing { pattern: path.display().to_string(), is_fatal: true };
                config.note(Some(at), what);
            }
            continue;
        }
        let found = in_folder(&path, files, 0);
        if found.is_empty() {
            let what =
                NoteKind::IncludeMatchesNothing { pattern: path.display().to_string(), is_fatal: false };
            config.note(Some(at), what);
        }
        for file in found {
            read_one(&file, files, config, &mut sources);
        }
    }
    sources
}

/// Traefik takes names relative to where it was started; that is mostly the folder of its file, or the root.
fn absolute(name: &str, source: &Source) -> PathBuf {
    source.file.parent().unwrap_or(Path::new("")).join(name)
}

/// Dynamic files of a folder and the folders in it.
fn in_folder(folder: &Path, files: &dyn Files, depth: usize) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for path in files.folder(folder).into_iter().take(MOST) {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("yml" | "yaml" | "toml") => out.push(path),
            None if depth < DEEPEST => out.extend(in_folder(&path, files, depth + 1)),
            _ => {}
        }
    }
    out
}

/// Reads a file; false where there is none.
fn read_one(path: &Path, files: &dyn Files, config: &mut GatewayConfig, sources: &mut Vec<Source>) -> bool {
    if sources.iter().any(|source| source.file.as_ref() == path) {
        return true;
    }
    let text = match files.read(path) {
        Ok(text) => text,
        Err(error) => {
            if error.kind() == std::io::ErrorKind::NotFound && !sources.is_empty() {
                return false;
            }
            config.note(None, NoteKind::Unreadable { file: path.to_path_buf(), why: error.to_string() });
            return true;
        }
    };
    config.files.push(path.to_path_buf());
    let file: Arc<Path> = Arc::from(path);
    let (root, wrong) = parse(path, &text);
    match wrong {
        // Dynamic files may be Go templates, which only Traefik can fill in.
        Some((line, _)) if text.contains("{{") => {
            let why = "it is a template".to_owned();
            config.note(Some(At::new(&file, line)), NoteKind::Unreadable { file: path.to_path_buf(), why });
        }
        Some((line, what)) => config.note(Some(At::new(&file, line)), NoteKind::Syntax { what }),
        None => {}
    }
    sources.push(Source { file, root });
    true
}

fn parse(path: &Path, text: &str) -> (Node, Option<(u32, String)>) {
    let empty = || Node { line: 1, value: Value::Null };
    if path.extension().is_some_and(|extension| extension == "toml") {
        return match tree::read_toml(text) {
            Ok(root) => (root, None),
            Err(wrong) => (empty(), Some(wrong)),
        };
    }
    let (documents, wrong) = tree::read_yaml(text);
    (documents.into_iter().next().unwrap_or_else(empty), wrong)
}

/// Files of a folder that are read.
const MOST: usize = 500;

/// Levels of folders that are read.
const DEEPEST: usize = 4;
