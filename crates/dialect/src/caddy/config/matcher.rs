//! Which requests a directive of a Caddyfile takes.

use super::lines::Line;
use crate::config::{HostRule, PathRule};

/// The requests that are taken.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Matcher {
    /// The names; none means any.
    pub(super) hosts: Vec<HostRule>,
    /// The paths; none means any.
    pub(super) paths: Vec<PathRule>,
    /// Something else must hold too.
    pub(super) is_conditional: bool,
}

impl Matcher {
    /// The matcher that an argument names: `/path*`, `@name`, `*`; nothing if it is no matcher.
    pub(super) fn of_word(word: &str, named: &[(String, Matcher)]) -> Option<Self> {
        if word == "*" {
            return Some(Matcher::default());
        }
        if word.starts_with('@') {
            let known = named.iter().rev().find(|(name, _)| name == word).map(|(_, matcher)| matcher.clone());
            return Some(known.unwrap_or(Matcher { is_conditional: true, ..Matcher::default() }));
        }
        word.starts_with('/').then(|| Matcher { paths: vec![path_rule(word)], ..Matcher::default() })
    }

    /// The definition `@name path /a /b` or `@name { … }`.
    pub(super) fn of_definition(line: &Line) -> Self {
        let mut matcher = Matcher::default();
        if line.words.len() > 1 {
            matcher.add(line.arg(0), line.args().get(1..).unwrap_or_default());
        }
        for inner in line.inner() {
            matcher.add(inner.name(), inner.args());
        }
        matcher
    }

    /// Adds one condition.
    pub(super) fn add(&mut self, kind: &str, args: &[String]) {
        match kind {
            "host" => self.hosts.extend(args.iter().map(|name| host_rule(name))),
            "path" => self.paths.extend(args.iter().map(|path| path_rule(path))),
            "path_regexp" => {
                if let Some(pattern) = args.last() {
                    self.paths.push(PathRule::Regex { pattern: pattern.clone(), ignores_case: false });
                }
            }
            _ => self.is_conditional = true,
        }
    }

    /// What holds inside of `self` and for `inner`: the inner one is the more special.
    pub(super) fn with(&self, inner: &Matcher) -> Self {
        let either = |own: &[_], other: &[_]| if own.is_empty() { other.to_vec() } else { own.to_vec() };
        Matcher {
            hosts: if inner.hosts.is_empty() { self.hosts.clone() } else { inner.hosts.clone() },
            paths: either(&inner.paths, &self.paths),
            is_conditional: self.is_conditional || inner.is_conditional,
        }
    }
}

/// A path as Caddy's matcher takes it: `*` at the end or the beginning, otherwise exact.
pub(super) fn path_rule(path: &str) -> PathRule {
    match (path.strip_prefix('*'), path.strip_suffix('*')) {
        _ if path == "*" || path == "/*" => PathRule::Any,
        (Some(end), None) if !end.contains('*') => PathRule::Suffix(end.to_owned()),
        (None, Some(begin)) if !begin.contains('*') => PathRule::Prefix(begin.to_owned()),
        (None, None) if !path.contains('*') => PathRule::Exact(path.to_owned()),
        _ => {
            let parts: Vec<String> = path.split('*').map(regex::escape).collect();
            PathRule::Regex { pattern: format!("^{}$", parts.join("[^/]*")), ignores_case: true }
        }
    }
}

/// A name as Caddy's matcher takes it.
pub(super) fn host_rule(name: &str) -> HostRule {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix('*') {
        _ if name.is_empty() || name == "*" || name.contains('{') => HostRule::Any,
        Some(ending) if ending.starts_with('.') => HostRule::Below(ending.to_owned()),
        _ => HostRule::Exact(name),
    }
}
