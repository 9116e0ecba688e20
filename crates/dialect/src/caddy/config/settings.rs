//! The settings of one `reverse_proxy`, in the Caddyfile's words, wherever they were written.

use crate::config::{At, Fact};
use crate::go_values;
use std::time::Duration;

/// One setting.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Setting {
    /// The name of the Caddyfile's sub-directive.
    pub(super) name: String,
    /// Its words.
    pub(super) args: Vec<String>,
    /// Where it is written.
    pub(super) at: At,
    /// As it is written.
    pub(super) written: String,
}

/// Settings in the order written.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Settings(pub(super) Vec<Setting>);

impl Settings {
    /// The setting of this name, the last one.
    pub(super) fn get(&self, name: &str) -> Option<&Setting> {
        self.0.iter().rev().find(|setting| setting.name == name)
    }

    /// Every setting of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Setting> {
        self.0.iter().filter(move |setting| setting.name == name)
    }

    /// A setting of this name is written.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A duration; zero means none.
    pub(super) fn duration(&self, name: &str) -> Option<Fact<Duration>> {
        let setting = self.get(name)?;
        let value = go_values::duration(setting.first(), Duration::from_nanos(1))?;
        Some(setting.fact(value)).filter(|fact| !fact.value.is_zero())
    }

    /// A duration, or Caddy's default.
    pub(super) fn duration_or(&self, name: &str, default: &str) -> Option<Fact<Duration>> {
        self.duration(name).or_else(|| {
            let value = go_values::duration(default, Duration::from_secs(1))?;
            Some(Fact::by_default(value, format!("{name} {default}")))
        })
    }

    /// A number.
    pub(super) fn number(&self, name: &str) -> Option<Fact<u32>> {
        let setting = self.get(name)?;
        Some(setting.fact(setting.first().parse().ok()?))
    }
}

impl Setting {
    /// The first word behind the name, or nothing as an empty text.
    pub(super) fn first(&self) -> &str {
        self.args.first().map_or("", String::as_str)
    }

    /// A value that this setting says.
    pub(super) fn fact<T>(&self, value: T) -> Fact<T> {
        Fact::written(value, self.at.clone(), self.written.clone())
    }
}
