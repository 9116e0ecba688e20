//! HAProxy's conditions: what `if { hdr(host) -i a } or is_api` says about names and paths.
//!
//! A condition becomes alternatives; each holds the names and paths it asks for. What is neither makes the alternative
//! conditional: it cannot be judged from names and paths alone.

use super::syntax::Line;
use crate::config::{HostRule, PathRule};

/// One way in which a condition can hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Alternative {
    /// One of these names; none means any.
    pub(super) hosts: Vec<HostRule>,
    /// One of these paths; none means any.
    pub(super) paths: Vec<PathRule>,
    /// Something else is asked too.
    pub(super) is_conditional: bool,
}

/// The alternatives of the words from `if` or `unless` on; without them there is one that always holds.
pub(super) fn alternatives(words: &[String], acls: &[&Line]) -> Vec<Alternative> {
    match words.split_first() {
        None => vec![Alternative::default()],
        Some((first, rest)) if first == "if" => read(rest, acls),
        Some(_) => vec![Alternative { is_conditional: true, ..Alternative::default() }],
    }
}

fn read(words: &[String], acls: &[&Line]) -> Vec<Alternative> {
    let mut alternatives = Vec::new();
    let mut current = Alternative::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "||" | "or" => alternatives.push(std::mem::take(&mut current)),
            "{" | "!{" => {
                let inner: Vec<String> = words.by_ref().take_while(|word| *word != "}").cloned().collect();
                let (criterion, values) = inner.split_first().map_or(("", &[][..]), |(c, v)| (c.as_str(), v));
                narrow(&mut current, criterion, values, word == "!{");
            }
            "!" => current.is_conditional = true,
            "TRUE" | "HTTP" => {}
            name => {
                let is_negated = name.starts_with('!');
                named(&mut current, name.trim_start_matches('!'), is_negated, acls);
            }
        }
    }
    alternatives.push(current);
    alternatives
}

/// A named one: all lines with the name are alternatives of each other.
fn named(current: &mut Alternative, name: &str, is_negated: bool, acls: &[&Line]) {
    let mut together = Alternative::default();
    let mut is_known = false;
    let mut kinds = 0u32;
    for acl in acls.iter().filter(|acl| acl.word(1) == name) {
        is_known = true;
        let mut one = Alternative::default();
        narrow(&mut one, acl.word(2), acl.rest(3), false);
        kinds |= u32::from(!one.hosts.is_empty()) | u32::from(!one.paths.is_empty()) << 1;
        together.hosts.append(&mut one.hosts);
        together.paths.append(&mut one.paths);
        together.is_conditional |= one.is_conditional;
    }
    // A name *or* a path under one word cannot be told as names *and* paths.
    if !is_known || is_negated || together.is_conditional || kinds == 3 {
        current.is_conditional = true;
        return;
    }
    join(current, together);
}

fn narrow(current: &mut Alternative, criterion: &str, values: &[String], is_negated: bool) {
    match rules(criterion, values) {
        Some(rules) if !is_negated => join(current, rules),
        _ => current.is_conditional = true,
    }
}

/// Both must hold: where both name hosts (or paths), the later is one more condition.
fn join(current: &mut Alternative, mut other: Alternative) {
    let clashes = !current.hosts.is_empty() && !other.hosts.is_empty()
        || !current.paths.is_empty() && !other.paths.is_empty();
    current.is_conditional |= other.is_conditional || clashes;
    if current.hosts.is_empty() {
        current.hosts.append(&mut other.hosts);
    }
    if current.paths.is_empty() {
        current.paths.append(&mut other.paths);
    }
}

/// The names or paths a test asks for; nothing for tests of anything else.
fn rules(criterion: &str, values: &[String]) -> Option<Alternative> {
    let (fetch, _) = criterion.split_once(',').unwrap_or((criterion, ""));
    let (mut way, mut ignores_case, mut patterns) = ("", false, Vec::new());
    let mut values = values.iter();
    while let Some(value) = values.next() {
        match value.as_str() {
            "-i" => ignores_case = true,
            "-m" => way = values.next()?.as_str(),
            "-n" | "--" => {}
            // Patterns in a file, by a number, by an id.
            "-f" | "-M" | "-u" => return None,
            pattern => patterns.push(pattern),
        }
    }
    let lower = fetch.to_ascii_lowercase();
    let is_host = HOSTS.iter().any(|(start, end)| lower.starts_with(start) && lower.ends_with(end));
    let is_path = lower == "path" || lower.starts_with("path_");
    if patterns.is_empty() || is_host == is_path {
        return None;
    }
    let head = lower.split_once('(').map_or(lower.as_str(), |(head, _)| head);
    if way.is_empty() {
        way = WAYS.iter().find(|way| head.ends_with(&format!("_{way}"))).copied().unwrap_or("str");
    }
    let mut found = Alternative::default();
    for pattern in patterns {
        if is_host {
            found.hosts.append(&mut host_rules(way, pattern)?);
        } else {
            found.paths.push(path_rule(way, pattern, ignores_case)?);
        }
    }
    Some(found)
}

fn host_rules(way: &str, pattern: &str) -> Option<Vec<HostRule>> {
    let name = pattern.to_ascii_lowercase();
    let name =
        name.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(&*name, |(n, _)| n);
    Some(vec![match way {
        "str" => HostRule::Exact(name.to_owned()),
        "beg" => HostRule::Begins(name.to_owned()),
        "end" => HostRule::Below(name.to_owned()),
        // The name as a part between dots.
        "dom" => HostRule::Regex(format!("(^|\\.){}(\\.|$)", literal(name))),
        "sub" => HostRule::Regex(literal(name)),
        "reg" => HostRule::Regex(pattern.to_owned()),
        _ => return None,
    }])
}

fn path_rule(way: &str, pattern: &str, ignores_case: bool) -> Option<PathRule> {
    let text = pattern.to_owned();
    Some(match way {
        "str" => PathRule::Exact(text),
        "beg" => PathRule::Prefix(text),
        "end" => PathRule::Suffix(text),
        "dir" => {
            let part = literal(text.trim_matches('/'));
            PathRule::Regex { pattern: format!("(^|/){part}(/|$)"), ignores_case }
        }
        "sub" => PathRule::Regex { pattern: literal(&text), ignores_case },
        "reg" => PathRule::Regex { pattern: text, ignores_case },
        _ => return None,
    })
}

/// The text as an expression that means just it.
fn literal(text: &str) -> String {
    let mut pattern = String::new();
    for character in text.chars() {
        if !character.is_alphanumeric() && !matches!(character, '/' | '_' | '-') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// Fetches that give the name a client asks for: how they begin and end.
const HOSTS: &[(&str, &str)] = &[
    ("hdr", "(host)"),
    ("req.hdr", "(host)"),
    ("req.fhdr", "(host)"),
    ("hdr", "(host,1)"),
    ("req.hdr", "(host,1)"),
    ("ssl_fc_sni", ""),
    ("req.ssl_sni", ""),
    ("req_ssl_sni", ""),
];
/// Ways of matching that may end a fetch's name.
const WAYS: &[&str] = &["beg", "end", "dir", "dom", "reg", "sub", "str"];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(condition: &str, expected: &str) {
        let words: Vec<String> = condition.split_whitespace().map(str::to_owned).collect();
        let shown: Vec<String> = alternatives(&words, &[])
            .into_iter()
            .map(|one| format!("{:?} {:?} {}", one.hosts, one.paths, one.is_conditional))
            .collect();
        assert_eq!(shown.join(" | "), expected, "{condition}");
    }

    #[test]
    fn conditions_become_names_and_paths() {
        check("", "[] [] false");
        check("if { hdr(host) -i A.de }", "[Exact(\"a.de\")] [] false");
        check("if { req.hdr(host),lower -m end .a.de }", "[Below(\".a.de\")] [] false");
        check("if { path_beg /a /b }", "[] [Prefix(\"/a\"), Prefix(\"/b\")] false");
        check("if { path -m beg /a } or { src 10.0.0.0/8 }", "[] [Prefix(\"/a\")] false | [] [] true");
        check("if !{ path /a }", "[] [] true");
        check("unless { path /a }", "[] [] true");
        check("if { path /a", "[] [Exact(\"/a\")] false");
        check("if unknown", "[] [] true");
    }
}
