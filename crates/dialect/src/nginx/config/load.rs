//! Follows nginx's `include`: one tree of directives from all files.

use super::syntax::{Directive, parse};
use crate::config::{Files, GatewayConfig, NoteKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reads the entry file and everything it includes; relative names belong to the folder of the entry file.
pub(super) fn load(entry: &Path, files: &dyn Files, config: &mut GatewayConfig) -> Vec<Directive> {
    let folder = entry.parent().unwrap_or(Path::new("")).to_path_buf();
    let mut loader = Loader { files, config, folder, open: Vec::new(), opened: 0 };
    loader.file(entry)
}

struct Loader<'a> {
    files: &'a dyn Files,
    config: &'a mut GatewayConfig,
    folder: PathBuf,
    open: Vec<PathBuf>,
    /// How many were read, one that is included again counts again.
    opened: usize,
}

impl Loader<'_> {
    fn file(&mut self, path: &Path) -> Vec<Directive> {
        let Some(text) = self.config.open(self.files, path) else { return Vec::new() };
        let (directives, refusals) = parse(&Arc::from(path), &text);
        for (at, what) in refusals {
            self.config.note(Some(at), NoteKind::Syntax { what });
        }
        self.opened += 1;
        self.open.push(path.to_path_buf());
        let directives = self.expand(directives);
        self.open.pop();
        directives
    }

    fn expand(&mut self, directives: Vec<Directive>) -> Vec<Directive> {
        let mut expanded = Vec::with_capacity(directives.len());
        for mut directive in directives {
            if directive.name == "include" && directive.block.is_none() && directive.args.len() == 1 {
                expanded.append(&mut self.include(&directive));
                continue;
            }
            if let Some(block) = directive.block.take() {
                directive.block = Some(self.expand(block));
            }
            expanded.push(directive);
        }
        expanded
    }

    fn include(&mut self, include: &Directive) -> Vec<Directive> {
        let pattern = self.folder.join(include.arg(0)).to_string_lossy().into_owned();
        let at = Some(include.at.clone());
        let is_pattern = pattern.contains(['*', '?', '[']);
        let paths = if is_pattern { self.files.glob(&pattern) } else { vec![PathBuf::from(&pattern)] };
        if paths.is_empty() {
            // An empty folder is how packages prepare for what may come; a missing one is a slip.
            let folder = pattern.rsplit_once('/').map_or("", |(folder, _)| folder);
            if !self.files.glob(folder).is_empty() {
                return Vec::new();
            }
            self.config.note(at, NoteKind::IncludeMatchesNothing { pattern, is_fatal: false });
            return Vec::new();
        }
        let mut included = Vec::new();
        for path in paths {
            if self.open.contains(&path) || self.open.len() >= DEEPEST || self.opened >= MOST {
                self.config.note(at.clone(), NoteKind::IncludeLoop { file: path });
                continue;
            }
            let before = self.config.notes.len();
            included.append(&mut self.file(&path));
            self.name_missing(&path, before, include, is_pattern);
        }
        included
    }

    /// An include of a plain name that is not there is told at the line of the include.
    fn name_missing(&mut self, path: &Path, before: usize, include: &Directive, is_pattern: bool) {
        let Some(note) = self.config.notes.get_mut(before) else { return };
        if let NoteKind::Unreadable { file, .. } = &note.what
            && file == path
            && note.at.is_none()
        {
            note.at = Some(include.at.clone());
            if !is_pattern && self.files.glob(&path.to_string_lossy()).is_empty() {
                let pattern = path.to_string_lossy().into_owned();
                note.what = NoteKind::IncludeMatchesNothing { pattern, is_fatal: true };
            }
        }
    }
}

/// Files in files we follow.
const DEEPEST: usize = 20;
/// Files we read at most.
const MOST: usize = 5000;
