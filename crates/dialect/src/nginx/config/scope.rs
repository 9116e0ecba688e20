//! Which value holds in a block of nginx: the blocks around it, from the outermost inwards, and nginx's units.

use super::syntax::Directive;
use crate::config::Fact;
use std::path::PathBuf;
use std::time::Duration;

/// A block and those around it.
#[derive(Debug, Clone)]
pub(super) struct Scope<'a> {
    layers: Vec<&'a [Directive]>,
}

impl<'a> Scope<'a> {
    /// The outermost block.
    pub(super) fn new(layer: &'a [Directive]) -> Self {
        Scope { layers: vec![layer] }
    }

    /// A block inside this one.
    pub(super) fn with(&self, layer: &'a [Directive]) -> Self {
        let mut layers = self.layers.clone();
        layers.push(layer);
        Scope { layers }
    }

    /// This block's surroundings up to and with `layer`; itself where `layer` is not around it.
    pub(super) fn up_to(&self, layer: &[Directive]) -> Self {
        match self.layers.iter().position(|own| std::ptr::eq(*own, layer)) {
            Some(place) => Scope { layers: self.layers.iter().take(place + 1).copied().collect() },
            None => self.clone(),
        }
    }

    /// The blocks, the innermost first.
    pub(super) fn layers(&self) -> impl Iterator<Item = &'a [Directive]> + '_ {
        self.layers.iter().rev().copied()
    }

    /// The directive that holds here.
    pub(super) fn one(&self, name: &str) -> Option<&'a Directive> {
        self.layers().find_map(|layer| layer.iter().rev().find(|directive| directive.name == name))
    }

    /// The directives that hold here, of a kind that may be repeated: those of the innermost block that has any.
    pub(super) fn all(&self, name: &str) -> Vec<&'a Directive> {
        self.layers()
            .map(|layer| layer.iter().filter(|directive| directive.name == name).collect::<Vec<_>>())
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    /// The first word of a directive as a fact.
    pub(super) fn text(&self, name: &str) -> Option<Fact<String>> {
        self.one(name).map(|directive| fact(directive, directive.arg(0).to_owned()))
    }

    /// A duration, or the default.
    pub(super) fn duration(&self, name: &str, default: Duration) -> Fact<Duration> {
        self.one(name)
            .and_then(|directive| Some(fact(directive, duration(directive.arg(0))?)))
            .unwrap_or_else(|| Fact::by_default(default, format!("{name} {};", show_duration(default))))
    }

    /// A size, or the default.
    pub(super) fn size(&self, name: &str, default: u64) -> Fact<u64> {
        self.one(name)
            .and_then(|directive| Some(fact(directive, size(directive.arg(0))?)))
            .unwrap_or_else(|| Fact::by_default(default, format!("{name} {};", show_size(default))))
    }

    /// A switch, or the default.
    pub(super) fn switch(&self, name: &str, default: bool) -> Fact<bool> {
        self.one(name)
            .and_then(|directive| Some(fact(directive, switch(directive.arg(0))?)))
            .unwrap_or_else(|| Fact::by_default(default, format!("{name} {};", show_switch(default))))
    }
}

/// A fact from a directive.
pub(super) fn fact<T>(directive: &Directive, value: T) -> Fact<T> {
    Fact::written(value, directive.at.clone(), directive.written())
}

/// A file named by a directive; relative names belong to `folder`.
pub(super) fn path_fact(fact: Fact<String>, folder: &std::path::Path) -> Fact<PathBuf> {
    fact.map(|name| folder.join(name))
}

/// `60`, `60s`, `1m30s`, `500ms`, `1h 30m` in one word.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut total = 0u64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let (unit, length) = if rest.starts_with("ms") {
            (1, 2)
        } else {
            match rest.chars().next() {
                None => (1000, 0),
                Some('s') => (1000, 1),
                Some('m') => (60_000, 1),
                Some('h') => (3_600_000, 1),
                Some('d') => (86_400_000, 1),
                Some('w') => (604_800_000, 1),
                Some('M') => (2_592_000_000, 1),
                Some('y') => (31_536_000_000, 1),
                Some(_) => return None,
            }
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = rest.get(length..)?;
    }
    Some(Duration::from_millis(total))
}

/// `4096`, `4k`, `1m`, `1g`.
pub(super) fn size(text: &str) -> Option<u64> {
    let (digits, unit) = match text.char_indices().last()? {
        (place, 'k' | 'K') => (text.get(..place)?, 1024),
        (place, 'm' | 'M') => (text.get(..place)?, 1024 * 1024),
        (place, 'g' | 'G') => (text.get(..place)?, 1024 * 1024 * 1024),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

fn show_duration(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_millis()),
    }
}

fn show_size(size: u64) -> String {
    match size {
        0 => "0".to_owned(),
        _ if size.is_multiple_of(1024 * 1024) => format!("{}m", size / 1024 / 1024),
        _ if size.is_multiple_of(1024) => format!("{}k", size / 1024),
        _ => size.to_string(),
    }
}

fn show_switch(switch: bool) -> &'static str {
    if switch { "on" } else { "off" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        assert_eq!(duration("60"), Some(Duration::from_secs(60)));
        assert_eq!(duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("1M"), Some(Duration::from_secs(2_592_000)));
        assert_eq!(duration("x"), None);
        assert_eq!(duration(""), None);
        assert_eq!(duration("99999999999999999999y"), None);
        assert_eq!(size("8k"), Some(8192));
        assert_eq!(size("1M"), Some(1_048_576));
        assert_eq!(size("ä"), None);
    }
}
