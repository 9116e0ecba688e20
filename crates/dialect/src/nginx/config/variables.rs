//! What nginx's variables may hold: values of `set` and `map`, as far as they stand in the files.
//!
//! A value that depends on the request stays as it is written (`$host`); where several are possible, all are given.

use super::scope::Scope;
use super::syntax::Directive;
use std::collections::HashSet;

/// The texts this one may become; itself where nothing in the files tells.
pub(super) fn expand(text: &str, scope: &Scope<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut steps = 0;
    expand_into(text, scope, 0, &mut steps, &mut found);
    if found.is_empty() {
        found.push(text.to_owned());
    }
    found
}

fn expand_into(text: &str, scope: &Scope<'_>, depth: u32, steps: &mut u32, found: &mut Vec<String>) {
    *steps += 1;
    if found.len() >= MOST || *steps > MOST_STEPS {
        return;
    }
    for (before, name, after) in variables(text) {
        let values = values(name, scope);
        if values.is_empty() || depth >= DEEPEST {
            continue;
        }
        for value in values {
            // What refers to itself (`set $a $a/x`) would never end.
            if !variables(value).iter().any(|(_, inner, _)| *inner == name) {
                expand_into(&format!("{before}{value}{after}"), scope, depth + 1, steps, found);
            }
        }
        return;
    }
    if !found.iter().any(|known| known == text) {
        found.push(text.to_owned());
    }
}

/// Each variable of the text, with what stands before and after it.
pub(super) fn variables(text: &str) -> Vec<(&str, &str, &str)> {
    let mut found = Vec::new();
    for (place, _) in text.match_indices('$') {
        let (Some(before), Some(rest)) = (text.get(..place), text.get(place + 1..)) else { continue };
        let (name, after) = match rest.strip_prefix('{') {
            Some(rest) => match rest.split_once('}') {
                Some(parts) => parts,
                None => continue,
            },
            None => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                rest.split_at(end)
            }
        };
        if !name.is_empty() {
            found.push((before, name, after));
        }
    }
    found
}

fn values<'a>(name: &str, scope: &Scope<'a>) -> Vec<&'a str> {
    let mut certain: Option<&'a str> = None;
    let mut possible = Vec::new();
    for layer in scope.layers() {
        sets(layer, name, false, &mut |value, is_conditional| {
            if is_conditional {
                possible.push(value);
            } else {
                certain = Some(value);
            }
        });
        if certain.is_some() {
            break;
        }
    }
    let mut values: Vec<&str> = certain.into_iter().collect();
    values.append(&mut possible);
    if values.is_empty() {
        values = scope.layers().flatten().filter(|map| is_map_of(map, name)).flat_map(map_values).collect();
    }
    let mut known = HashSet::new();
    values.retain(|value| known.insert(*value));
    values
}

fn sets<'a>(layer: &'a [Directive], name: &str, is_conditional: bool, found: &mut impl FnMut(&'a str, bool)) {
    for directive in layer {
        if directive.name == "set" && directive.arg(0).strip_prefix('$') == Some(name) {
            if let Some(value) = directive.args.get(1) {
                found(value, is_conditional);
            }
        } else if directive.name == "if" && !is_conditional {
            sets(directive.inner(), name, true, found);
        }
    }
}

fn is_map_of(directive: &Directive, name: &str) -> bool {
    matches!(directive.name.as_str(), "map" | "split_clients" | "geo")
        && directive.args.last().and_then(|word| word.strip_prefix('$')) == Some(name)
}

fn map_values(map: &Directive) -> impl Iterator<Item = &str> {
    map.inner().iter().filter(|entry| entry.args.len() == 1).map(|entry| entry.arg(0))
}

/// Values we follow for one text.
const MOST: usize = 64;
/// Texts we look at on the way.
const MOST_STEPS: u32 = 2000;
/// Variables in variables we follow.
const DEEPEST: u32 = 8;

#[cfg(test)]
mod tests {
    use super::super::syntax::parse;
    use super::*;
    use std::path::Path;
    use std::sync::Arc;

    fn check(config: &str, text: &str, expected: &[&str]) {
        let (directives, _) = parse(&Arc::from(Path::new("a")), config);
        assert_eq!(expand(text, &Scope::new(&directives)), expected, "{config}");
    }

    #[test]
    fn values_of_set_and_map_are_put_in() {
        check("set $a app; set $p 80;", "http://$a:${p}/$uri", &["http://app:80/$uri"]);
        check("set $a one; if ($x) { set $a two; }", "$a", &["one", "two"]);
        check("map $host $a { default x; b.de y; c.de y; }", "$a:1", &["x:1", "y:1"]);
        check("set $a $a/x;", "$a", &["$a"]);
        check("", "$host", &["$host"]);
    }

    #[test]
    fn many_values_in_many_values_end() {
        let entries: String = (0..500).map(|number| format!("k{number} v{number}$b;")).collect();
        let config = format!("map $x $a {{ {entries} }} map $y $b {{ {} }}", entries.replace("$b", "$c"));
        let (directives, _) = parse(&Arc::from(Path::new("a")), &config);
        assert_eq!(expand("$a", &Scope::new(&directives)).len(), MOST);
    }
}
