//! Which directive of Apache holds: that of the innermost section, else of the site, else of the main server.

use super::syntax::Directive;
use crate::config::Fact;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A section and those around it.
#[derive(Debug, Clone)]
pub(super) struct Scope<'a> {
    layers: Vec<&'a [Directive]>,
}

impl<'a> Scope<'a> {
    /// The main server.
    pub(super) fn new(layer: &'a [Directive]) -> Self {
        Scope { layers: vec![layer] }
    }

    /// A section inside this one.
    pub(super) fn with(&self, layer: &'a [Directive]) -> Self {
        let mut layers = self.layers.clone();
        layers.push(layer);
        Scope { layers }
    }

    /// The sections, the innermost first.
    pub(super) fn layers(&self) -> impl Iterator<Item = &'a [Directive]> + '_ {
        self.layers.iter().rev().copied()
    }

    /// The directive that holds here; the name in lower case.
    pub(super) fn one(&self, name: &str) -> Option<&'a Directive> {
        self.layers().find_map(|layer| layer.iter().rev().find(|directive| directive.name == name))
    }

    /// All directives of this name, the innermost section's first.
    pub(super) fn all<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'a Directive> + 'b {
        self.layers().flat_map(move |layer| layer.iter().filter(move |directive| directive.name == name))
    }

    /// A switch, or the default; `shown` is its name as people write it.
    pub(super) fn switch(&self, shown: &str, default: bool) -> Fact<bool> {
        let found = self.one(&shown.to_ascii_lowercase()).map(|one| one.fact(is_on(one.arg(0))));
        let word = if default { "On" } else { "Off" };
        found.unwrap_or_else(|| Fact::by_default(default, format!("{shown} {word}")))
    }

    /// A file; relative names belong to `folder`.
    pub(super) fn file(&self, name: &str, folder: &Path) -> Option<Fact<PathBuf>> {
        self.one(name).map(|one| one.fact(folder.join(one.arg(0))))
    }

    /// A number.
    pub(super) fn number(&self, name: &str) -> Option<Fact<u64>> {
        self.one(name).and_then(|one| Some(one.fact(one.arg(0).parse().ok()?)))
    }
}

/// `On` and what counts as it.
pub(super) fn is_on(text: &str) -> bool {
    ["on", "1", "true", "yes"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// `60`, `60s`, `500ms`, `5min`, `1h`; a bare number is seconds.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text.get(..digits)?.parse().ok()?;
    let unit = match text.get(digits..)?.to_ascii_lowercase().as_str() {
        "ms" => return Some(Duration::from_millis(number)),
        "" | "s" => 1,
        "mi" | "min" => 60,
        "h" => 3600,
        _ => return None,
    };
    Some(Duration::from_secs(number.checked_mul(unit)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_seconds() {
        assert_eq!(duration("60"), Some(Duration::from_secs(60)));
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("2min"), Some(Duration::from_secs(120)));
        assert_eq!(duration("x"), None);
        assert_eq!(duration(""), None);
    }
}
