//! Follows Apache's `Include`, `Define`, `${...}` and its conditions: one tree of directives that hold.
//!
//! Modules count as loaded unless `LoadModule` lines are there and none of them names it: what is compiled in cannot be
//! seen in files.

use super::syntax::{Directive, parse};
use crate::config::{Entry, Files, GatewayConfig, NoteKind};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Everything that holds, and what was learned on the way.
pub(super) struct Loaded {
    pub(super) root: Vec<Directive>,
    /// The folder to which relative names belong.
    pub(super) folder: PathBuf,
    /// The modules loaded by name, without `_module`; none where the files do not tell.
    pub(super) modules: Vec<String>,
}

/// Reads the entry file and everything it includes.
pub(super) fn load(entry: &Entry, files: &dyn Files, config: &mut GatewayConfig) -> Loaded {
    let beside = entry.file().parent().unwrap_or(Path::new("")).to_path_buf();
    let mut loader = Loader {
        files,
        config,
        folder: entry.root.clone().unwrap_or_else(|| beside.clone()),
        variables: environment(&beside, files),
        defines: entry.defines.clone(),
        modules: Vec::new(),
        macros: HashMap::new(),
        open: Vec::new(),
        opened: 0,
    };
    let root = entry.files.iter().flat_map(|file| loader.file(file)).collect();
    Loaded { root, folder: loader.folder, modules: loader.modules }
}

/// Debian starts the server with variables from a file beside the entry.
fn environment(folder: &Path, files: &dyn Files) -> HashMap<String, String> {
    let usual = USUAL_VARIABLES.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut variables: HashMap<String, String> = usual.collect();
    let Ok(text) = files.read(&folder.join("envvars")) else { return variables };
    for line in text.lines() {
        let line = line.trim();
        let Some((name, value)) = line.strip_prefix("export ").unwrap_or(line).split_once('=') else {
            continue;
        };
        // `$SUFFIX` is empty but for further instances on one host.
        let value = value.trim_matches(['"', '\'']).replace("$SUFFIX", "").replace("${SUFFIX}", "");
        if name.starts_with("APACHE_") && !value.contains('$') {
            variables.insert(name.to_owned(), value);
        }
    }
    variables
}

struct Loader<'a> {
    files: &'a dyn Files,
    config: &'a mut GatewayConfig,
    folder: PathBuf,
    variables: HashMap<String, String>,
    defines: Vec<String>,
    modules: Vec<String>,
    /// The sections `<Macro>` by their names in lower case.
    macros: HashMap<String, Directive>,
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
            self.put_variables(&mut directive);
            match directive.name.as_str() {
                "include" | "includeoptional" => expanded.append(&mut self.include(&directive)),
                "define" => {
                    self.defines.push(directive.arg(0).to_owned());
                    self.variables.insert(directive.arg(0).to_owned(), directive.arg(1).to_owned());
                }
                "undefine" => self.defines.retain(|name| name != directive.arg(0)),
                "serverroot" => self.folder = PathBuf::from(directive.arg(0)),
                "macro" => {
                    self.macros.insert(directive.arg(0).to_ascii_lowercase(), directive);
                }
                "use" => expanded.append(&mut self.use_macro(&directive)),
                "loadmodule" => self.modules.push(module(directive.arg(0))),
                "ifmodule" | "ifdefine" | "ifversion" | "iffile" => {
                    if self.holds(&directive) {
                        expanded.append(&mut self.expand(directive.block.take().unwrap_or_default()));
                    }
                }
                _ => {
                    if let Some(block) = directive.block.take() {
                        directive.block = Some(self.expand(block));
                    }
                    expanded.push(directive);
                }
            }
        }
        expanded
    }

    /// `Use name a b`: the lines of the macro, with its parameters replaced.
    fn use_macro(&mut self, line: &Directive) -> Vec<Directive> {
        let name = line.arg(0).to_ascii_lowercase();
        // Taken out while it is used: a macro that uses itself ends here.
        let Some(own) = self.macros.remove(&name).filter(|_| self.opened < MOST) else { return Vec::new() };
        self.opened += 1;
        let mut pairs: Vec<(&String, &String)> =
            own.args.iter().skip(1).zip(line.args.iter().skip(1)).collect();
        pairs.sort_by_key(|(parameter, _)| std::cmp::Reverse(parameter.len()));
        let block = own.inner().iter().map(|inner| replaced(inner, &pairs)).collect();
        let expanded = self.expand(block);
        self.macros.insert(name, own);
        expanded
    }

    fn holds(&self, condition: &Directive) -> bool {
        let word = condition.arg(0);
        let (is_negated, word) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
        let holds = match condition.name.as_str() {
            "ifmodule" => {
                let name = module(word);
                self.modules.is_empty()
                    || self.modules.contains(&name)
                    || COMPILED_IN.contains(&name.as_str())
            }
            "ifdefine" => self.defines.iter().any(|name| name == word),
            "iffile" => !self.files.glob(&self.folder.join(word).to_string_lossy()).is_empty(),
            _ => return true,
        };
        holds != is_negated
    }

    fn put_variables(&mut self, directive: &mut Directive) {
        for place in 0..directive.args.len() {
            let Some(arg) = directive.args.get(place).filter(|arg| arg.contains("${")) else { continue };
            let (text, missing) = self.substitute(arg);
            if let Some(arg) = directive.args.get_mut(place) {
                *arg = text;
            }
            for name in missing {
                self.config.note(Some(directive.at.clone()), NoteKind::UndefinedVariable { name });
            }
        }
    }

    fn substitute(&self, text: &str) -> (String, Vec<String>) {
        let (mut done, mut missing) = (String::new(), Vec::new());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            done.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                done.push_str("${");
                rest = after;
                continue;
            };
            match self.variables.get(name) {
                Some(value) => done.push_str(value),
                None => {
                    done.push_str(&format!("${{{name}}}"));
                    // Maps of the rewriting module look the same.
                    if !name.contains(':') {
                        missing.push(name.to_owned());
                    }
                }
            }
            rest = after;
        }
        done.push_str(rest);
        (done, missing)
    }

    fn include(&mut self, include: &Directive) -> Vec<Directive> {
        let pattern = self.folder.join(include.arg(0)).to_string_lossy().into_owned();
        let is_optional = include.name == "includeoptional";
        let mut paths = self.files.glob(&pattern);
        if paths.is_empty() && !pattern.contains(['*', '?', '[']) && !is_optional {
            paths.push(PathBuf::from(&pattern));
        }
        if paths.is_empty() {
            if !is_optional {
                let what = NoteKind::IncludeMatchesNothing { pattern, is_fatal: true };
                self.config.note(Some(include.at.clone()), what);
            }
            return Vec::new();
        }
        let mut included = Vec::new();
        for path in paths {
            if self.open.contains(&path) || self.open.len() >= DEEPEST || self.opened >= MOST {
                self.config.note(Some(include.at.clone()), NoteKind::IncludeLoop { file: path });
                continue;
            }
            let inside = self.files.folder(&path);
            if !inside.is_empty() {
                included.extend(inside.iter().flat_map(|file| self.file(file)).collect::<Vec<_>>());
                continue;
            }
            let before = self.config.notes.len();
            included.append(&mut self.file(&path));
            if let Some(note) = self.config.notes.get_mut(before).filter(|note| note.at.is_none()) {
                note.at = Some(include.at.clone());
                if self.files.glob(&path.to_string_lossy()).is_empty() {
                    let pattern = path.to_string_lossy().into_owned();
                    note.what = NoteKind::IncludeMatchesNothing { pattern, is_fatal: !is_optional };
                }
            }
        }
        included
    }
}

/// A line of a macro with its parameters replaced, the longest first.
fn replaced(directive: &Directive, pairs: &[(&String, &String)]) -> Directive {
    let put = |text: &String| {
        pairs.iter().fold(text.clone(), |text, (parameter, value)| match parameter.as_str() {
            "" => text,
            parameter => text.replace(parameter, value),
        })
    };
    let block = directive.block.as_ref();
    Directive {
        name: directive.name.clone(),
        args: directive.args.iter().map(put).collect(),
        block: block.map(|block| block.iter().map(|inner| replaced(inner, pairs)).collect()),
        at: directive.at.clone(),
        text: put(&directive.text),
    }
}

/// `mod_proxy.c`, `mod_proxy`, `proxy_module` are all `proxy`.
fn module(name: &str) -> String {
    let name = name.strip_suffix(".c").unwrap_or(name);
    let name = name.strip_prefix("mod_").unwrap_or(name);
    name.strip_suffix("_module").unwrap_or(name).to_ascii_lowercase()
}

/// What Debian's start script sets.
const USUAL_VARIABLES: &[(&str, &str)] = &[
    ("APACHE_RUN_USER", "www-data"),
    ("APACHE_RUN_GROUP", "www-data"),
    ("APACHE_PID_FILE", "/var/run/apache2/apache2.pid"),
    ("APACHE_RUN_DIR", "/var/run/apache2"),
    ("APACHE_LOCK_DIR", "/var/lock/apache2"),
    ("APACHE_LOG_DIR", "/var/log/apache2"),
];
/// Modules that are there without being loaded, with the usual builds.
const COMPILED_IN: &[&str] =
    &["core", "so", "http", "http_core", "log_config", "logio", "version", "unixd", "watchdog"];
/// Files in files we follow.
const DEEPEST: usize = 20;
/// Files (and uses of macros) we read at most.
const MOST: usize = 5000;
