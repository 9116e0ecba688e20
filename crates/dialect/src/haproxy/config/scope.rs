//! Which line holds in a section of HAProxy: its own, else that of its `defaults`; and HAProxy's units.

use super::syntax::{Line, Section};
use crate::config::Fact;
use std::time::Duration;

/// A section and the chain of `defaults` behind it.
#[derive(Debug, Clone)]
pub(super) struct Scope<'a> {
    pub(super) section: &'a Section,
    layers: Vec<&'a Section>,
}

impl<'a> Scope<'a> {
    /// The section at `place` of all sections.
    pub(super) fn new(sections: &'a [Section], place: usize) -> Option<Self> {
        let section = sections.get(place)?;
        let mut layers = vec![section];
        let before = sections.get(..place).unwrap_or_default();
        let mut next = match section.from() {
            Some(name) => named(sections, name),
            // Only what is no `defaults` itself takes the last ones without being told.
            None if section.kind() != "defaults" => before.iter().rev().find(|one| one.kind() == "defaults"),
            None => None,
        };
        while let Some(defaults) = next.filter(|one| !layers.iter().any(|known| std::ptr::eq(*known, *one))) {
            layers.push(defaults);
            next = defaults.from().and_then(|name| named(sections, name));
        }
        Some(Scope { section, layers })
    }

    /// The last line that begins with these words, of the section or else its defaults.
    pub(super) fn one(&self, words: &[&str]) -> Option<&'a Line> {
        self.layers.iter().find_map(|layer| layer.lines.iter().rev().find(|line| line.begins(words)))
    }

    /// An `option` that is set, and not taken back by `no option`.
    pub(super) fn option(&self, name: &str) -> Option<&'a Line> {
        let found = self.layers.iter().find_map(|layer| {
            let mut lines = layer.lines.iter().rev();
            lines.find(|line| line.begins(&["option", name]) || line.begins(&["no", "option", name]))
        });
        found.filter(|line| line.word(0) == "option")
    }

    /// All lines that begin with these words, of the section only.
    pub(super) fn all<'b>(&'b self, words: &'b [&'b str]) -> impl Iterator<Item = &'a Line> + 'b {
        self.section.lines.iter().filter(move |line| line.begins(words))
    }

    /// All lines that begin with these words: those of the section, else those of its defaults.
    pub(super) fn all_or_defaults(&self, words: &[&str]) -> Vec<&'a Line> {
        let mut layers = self.layers.iter();
        layers
            .find_map(|layer| {
                let found: Vec<&'a Line> = layer.lines.iter().filter(|line| line.begins(words)).collect();
                (!found.is_empty()).then_some(found)
            })
            .unwrap_or_default()
    }

    /// `timeout <name>`; nothing where it is not set or 0, which means no limit.
    pub(super) fn timeout(&self, name: &str) -> Option<Fact<Duration>> {
        let line = self.one(&["timeout", name])?;
        duration(line.word(2)).filter(|time| !time.is_zero()).map(|time| line.fact(time))
    }

    /// The bytes are not looked at as HTTP.
    pub(super) fn is_tcp(&self) -> bool {
        self.one(&["mode"]).is_none_or(|line| line.word(1) != "http")
    }
}

fn named<'a>(sections: &'a [Section], name: &str) -> Option<&'a Section> {
    sections.iter().find(|one| one.kind() == "defaults" && one.name() == name)
}

/// `5s`, `500ms`, `1m30s` is not one; a bare number is milliseconds.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text.get(..digits)?.parse().ok()?;
    let micros = match text.get(digits..)? {
        "us" => 1,
        "" | "ms" => 1000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return None,
    };
    Some(Duration::from_micros(number.checked_mul(micros)?))
}

/// `16384`, `64k`, `1m`.
pub(super) fn size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text.get(..digits)?.parse().ok()?;
    let unit = match text.get(digits..)? {
        "" => 1,
        "k" | "K" => 1024,
        "m" | "M" => 1024 * 1024,
        "g" | "G" => 1024 * 1024 * 1024,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_milliseconds() {
        assert_eq!(duration("5000"), Some(Duration::from_secs(5)));
        assert_eq!(duration("5s"), Some(Duration::from_secs(5)));
        assert_eq!(duration("1h"), Some(Duration::from_secs(3600)));
        assert_eq!(duration("99999999999999999999"), None);
        assert_eq!(duration("x"), None);
        assert_eq!(size("32k"), Some(32768));
    }
}
