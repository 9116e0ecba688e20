//! A router's rule: `Host(`shop.example`) && PathPrefix(`/api`)`, as the names and paths it takes.

use crate::config::{HostRule, PathRule};

/// One way to satisfy a rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Choice {
    /// The names; none means any.
    pub(super) hosts: Vec<HostRule>,
    /// The path.
    pub(super) path: Option<PathRule>,
    /// Something else must hold too.
    pub(super) is_conditional: bool,
}

/// The ways to satisfy a rule, or what is wrong with it.
pub(super) fn parse(rule: &str) -> Result<Vec<Choice>, String> {
    let mut parser = Parser { rest: rule.trim(), depth: 0 };
    let choices = parser.any_of()?;
    match parser.rest.is_empty() {
        true => Ok(choices),
        false => Err(format!("unexpected {:?}", parser.rest.chars().next().unwrap_or_default())),
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, text: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn any_of(&mut self) -> Result<Vec<Choice>, String> {
        let mut choices = self.all_of()?;
        while self.take("||") {
            choices.append(&mut self.all_of()?);
            choices.truncate(MOST);
        }
        Ok(choices)
    }

    fn all_of(&mut self) -> Result<Vec<Choice>, String> {
        let mut choices = self.one()?;
        while self.take("&&") {
            let others = self.one()?;
            choices = choices
                .iter()
                .flat_map(|one| others.iter().map(move |other| one.and(other)))
                .take(MOST)
                .collect();
        }
        Ok(choices)
    }

    fn one(&mut self) -> Result<Vec<Choice>, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("nested too deeply".to_owned());
        }
        let found = self.one_inside();
        self.depth -= 1;
        found
    }

    fn one_inside(&mut self) -> Result<Vec<Choice>, String> {
        if self.take("!") {
            self.one()?;
            return Ok(vec![Choice { is_conditional: true, ..Choice::default() }]);
        }
        if self.take("(") {
            let inner = self.any_of()?;
            return if self.take(")") { Ok(inner) } else { Err("a ')' is missing".to_owned()) };
        }
        let length = self.rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (name, rest) = self.rest.split_at(length);
        self.rest = rest;
        if name.is_empty() || !self.take("(") {
            return Err(format!("a matcher was expected before {rest:?}"));
        }
        let mut args = Vec::new();
        while !self.take(")") {
            args.push(self.argument()?);
            self.take(",");
        }
        Ok(choices_of(name, &args))
    }

    /// A text in backticks or quotes.
    fn argument(&mut self) -> Result<String, String> {
        self.skip();
        let quote = self.rest.chars().next().filter(|quote| matches!(quote, '`' | '"' | '\''));
        let quote = quote.ok_or_else(|| "an argument must stand in backticks".to_owned())?;
        let inner = self.rest.get(1..).unwrap_or_default();
        let end = inner.find(quote).ok_or_else(|| format!("a {quote} is missing"))?;
        let text = inner.get(..end).unwrap_or_default().to_owned();
        self.rest = inner.get(end + 1..).unwrap_or_default();
        Ok(text)
    }
}

impl Choice {
    fn and(&self, other: &Choice) -> Choice {
        // Two paths at once are rare; the longer rule is the more special one.
        let path = match (&self.path, &other.path) {
            (Some(_), Some(_)) | (None, Some(_)) => other.path.clone(),
            (path, None) => path.clone(),
        };
        Choice {
            hosts: if other.hosts.is_empty() { self.hosts.clone() } else { other.hosts.clone() },
            path,
            is_conditional: self.is_conditional
                || other.is_conditional
                || (self.path.is_some() && other.path.is_some()),
        }
    }
}

fn choices_of(name: &str, args: &[String]) -> Vec<Choice> {
    let paths = |rule: fn(&str) -> PathRule| -> Vec<Choice> {
        args.iter().map(|arg| Choice { path: Some(rule(arg)), ..Choice::default() }).collect()
    };
    match name {
        "Host" | "HostHeader" | "HostSNI" => {
            vec![Choice { hosts: args.iter().map(|arg| host(arg)).collect(), ..Choice::default() }]
        }
        "HostRegexp" | "HostSNIRegexp" => {
            let hosts = args.iter().map(|arg| HostRule::Regex(regex_of(arg))).collect();
            vec![Choice { hosts, ..Choice::default() }]
        }
        "PathPrefix" => paths(|arg| match arg {
            "/" => PathRule::Any,
            arg if arg.contains('{') => {
                PathRule::Regex { pattern: format!("^{}", regex_of(arg)), ignores_case: false }
            }
            arg => PathRule::Prefix(arg.to_owned()),
        }),
        "Path" => paths(|arg| match arg.contains('{') {
            true => PathRule::Regex { pattern: format!("^{}$", regex_of(arg)), ignores_case: false },
            false => PathRule::Exact(arg.to_owned()),
        }),
        "PathRegexp" => paths(|arg| PathRule::Regex { pattern: arg.to_owned(), ignores_case: false }),
        _ => vec![Choice { is_conditional: true, ..Choice::default() }],
    }
}

fn host(name: &str) -> HostRule {
    let name = name.trim().to_ascii_lowercase();
    match name.strip_prefix('*') {
        Some("") => HostRule::Any,
        Some(ending) => HostRule::Below(ending.to_owned()),
        None => HostRule::Exact(name),
    }
}

/// Version 2 writes `{name:expression}` inside of plain text; version 3 a whole expression.
fn regex_of(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let is_old = text.contains(":") && text.contains('{');
    if !is_old && (text.contains('^') || text.contains('\\') || text.contains('$')) {
        return text.to_owned();
    }
    while let Some((before, inner)) = rest.split_once('{') {
        out.push_str(&regex::escape(before));
        let (variable, after) = inner.split_once('}').unwrap_or((inner, ""));
        let pattern = variable.split_once(':').map_or("[^/]+", |(_, pattern)| pattern);
        out.push_str(&format!("(?:{pattern})"));
        rest = after;
    }
    out.push_str(&regex::escape(rest));
    out
}

/// Ways to satisfy one rule that are kept.
const MOST: usize = 64;

/// Levels of nesting that are read.
const DEEPEST: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_and_paths_are_found() {
        let found = parse(
            "Host(`a.example`, `b.example`) && (PathPrefix(`/api`) || Path(`/x`)) && !Headers(`a`,`b`)",
        );
        let hosts = vec![HostRule::Exact("a.example".into()), HostRule::Exact("b.example".into())];
        let choice = |path| Choice { hosts: hosts.clone(), path: Some(path), is_conditional: true };
        let expected = vec![choice(PathRule::Prefix("/api".into())), choice(PathRule::Exact("/x".into()))];
        assert_eq!(found, Ok(expected));
    }

    #[test]
    fn the_old_way_of_expressions_is_read() {
        let found = parse("HostRegexp(`{sub:[a-z]+}.shop.example`)").expect("it is a rule");
        assert!(found[0].hosts[0].fits("eu.shop.example"));
        assert!(!found[0].hosts[0].fits("shop-example"));
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for rule in ["Host(`a`", "Host(a)", "Host(`a`) &&", "&& Host(`a`)", "Host(`a`) Host(`b`)", ""] {
            assert!(parse(rule).is_err(), "{rule}");
        }
        assert!(parse(&"(".repeat(10_000)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC*", close in "(Host|Path|\\(|\\)|`|&&|\\|\\||!| |a|\\{|\\}|:){0,40}") {
            let _ = parse(&text);
            let _ = parse(&close);
        }
    }
}
