//! Imports of a Caddyfile: snippets with their arguments, and other files.

use super::lines::{self, Line};
use crate::config::{At, Files, GatewayConfig, NoteKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The lines of a file with everything it imports in its place.
pub(super) fn read(text: &str, file: &Arc<Path>, files: &dyn Files, config: &mut GatewayConfig) -> Vec<Line> {
    let read = load(text, file, config);
    let mut importer =
        Importer { files, config, snippets: Vec::new(), open: vec![file.to_path_buf()], left: MOST };
    importer.collect_snippets(&read);
    importer.expand(read, 0).into_iter().filter(|line| !is_snippet(line)).collect()
}

fn load(text: &str, file: &Arc<Path>, config: &mut GatewayConfig) -> Vec<Line> {
    let text = text.get(..text.floor_char_boundary(LARGEST)).unwrap_or_default();
    let (read, wrong) = lines::read(text, file);
    if let Some((at, what)) = wrong {
        config.note(Some(at), NoteKind::Syntax { what });
    }
    read
}

fn is_snippet(line: &Line) -> bool {
    line.words.len() == 1 && line.name().starts_with('(') && line.name().ends_with(')')
}

struct Importer<'a> {
    files: &'a dyn Files,
    config: &'a mut GatewayConfig,
    snippets: Vec<(String, Vec<Line>)>,
    /// The files that are being read, outermost first.
    open: Vec<PathBuf>,
    /// Lines that may still come in.
    left: usize,
}

impl Importer<'_> {
    fn collect_snippets(&mut self, read: &[Line]) {
        for line in read.iter().filter(|line| is_snippet(line)) {
            let name = line.name().trim_matches(['(', ')']).to_owned();
            self.snippets.push((name, line.inner().to_vec()));
        }
    }

    fn expand(&mut self, read: Vec<Line>, depth: usize) -> Vec<Line> {
        let mut out = Vec::with_capacity(read.len());
        for mut line in read {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            if line.name() == "import" && line.words.len() > 1 {
                if depth < DEEPEST {
                    out.append(&mut self.import(&line, depth));
                }
                continue;
            }
            if !is_snippet(&line) {
                line.block = line.block.map(|block| self.expand(block, depth));
            }
            out.push(line);
        }
        out
    }

    fn import(&mut self, line: &Line, depth: usize) -> Vec<Line> {
        let target = line.arg(0);
        let args = line.args().get(1..).unwrap_or_default();
        if let Some((_, snippet)) = self.snippets.iter().find(|(name, _)| name == target) {
            let mut copy = snippet.clone();
            fill(&mut copy, args, line.inner());
            return self.expand(copy, depth + 1);
        }
        self.import_files(line, target, args, depth)
    }

    fn import_files(&mut self, line: &Line, target: &str, args: &[String], depth: usize) -> Vec<Line> {
        let folder = line.at.file.parent().unwrap_or(Path::new(""));
        let path = folder.join(target);
        let is_pattern = target.contains(['*', '?', '[']);
        let found = if is_pattern { self.files.glob(&path.to_string_lossy()) } else { vec![path] };
        if found.is_empty() {
            let what = NoteKind::IncludeMatchesNothing { pattern: target.to_owned(), is_fatal: false };
            self.config.note(Some(line.at.clone()), what);
        }
        let mut out = Vec::new();
        for path in found {
            if self.open.contains(&path) {
                self.config.note(Some(line.at.clone()), NoteKind::IncludeLoop { file: path });
                continue;
            }
            let text = match self.files.read(&path) {
                Ok(text) => text,
                Err(error) => {
                    self.note_unread(&line.at, target, &path, &error);
                    continue;
                }
            };
            if !self.config.files.contains(&path) {
                self.config.files.push(path.clone());
            }
            let mut read = load(&text, &Arc::from(path.as_path()), self.config);
            fill(&mut read, args, line.inner());
            self.collect_snippets(&read);
            self.open.push(path);
            out.extend(self.expand(read, depth + 1).into_iter().filter(|line| !is_snippet(line)));
            self.open.pop();
        }
        out
    }

    fn note_unread(&mut self, at: &At, target: &str, path: &Path, error: &std::io::Error) {
        let what = match error.kind() {
            std::io::ErrorKind::NotFound => {
                NoteKind::IncludeMatchesNothing { pattern: target.to_owned(), is_fatal: true }
            }
            _ => NoteKind::Unreadable { file: path.to_path_buf(), why: error.to_string() },
        };
        self.config.note(Some(at.clone()), what);
    }
}

/// Puts the arguments of an import into the lines it brings: `{args[0]}`, `{args[:]}`, `{args.0}`, `{block}`.
fn fill(read: &mut Vec<Line>, args: &[String], block: &[Line]) {
    let mut place = 0;
    while let Some(line) = read.get_mut(place) {
        if line.words.len() == 1 && line.name() == "{block}" {
            let count = block.len();
            read.splice(place..=place, block.iter().cloned());
            place += count;
            continue;
        }
        if !args.is_empty() {
            line.words = line.words.iter().flat_map(|word| filled(word, args)).collect();
        }
        if let Some(inner) = &mut line.block {
            fill(inner, args, block);
        }
        place += 1;
    }
}

fn filled(word: &str, args: &[String]) -> Vec<String> {
    if word == "{args[:]}" {
        return args.to_vec();
    }
    let mut word = word.to_owned();
    for (place, arg) in args.iter().enumerate().take(10) {
        word = word.replace(&format!("{{args[{place}]}}"), arg).replace(&format!("{{args.{place}}}"), arg);
    }
    vec![word]
}

/// Levels of imports that are followed.
const DEEPEST: usize = 20;

/// Lines that are read in all.
const MOST: usize = 50_000;

/// Bytes of a file that are read.
const LARGEST: usize = 4 << 20;
