//! Something for each name a client may ask for: the exact one first, then the closest wildcard, then the rest.

use std::collections::HashMap;
use torwart_config::plan::HostPattern;

/// Values by name.
#[derive(Clone, Debug)]
pub(super) struct ByName<T> {
    /// By exact name, in lower case.
    exact: HashMap<Box<str>, T>,
    /// By what follows the first label of `*.name`, with its leading dot.
    below: HashMap<Box<str>, T>,
    /// For every other name and for clients that say none.
    pub(super) default: Option<T>,
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self { exact: HashMap::new(), below: HashMap::new(), default: None }
    }
}

impl<T> ByName<T> {
    /// What holds for this name.
    pub(super) fn find(&self, name: Option<&str>) -> Option<&T> {
        let Some(name) = name else { return self.default.as_ref() };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if let Some(found) = self.exact.get(name.as_str()) {
            return Some(found);
        }
        // The longest suffix wins: a wildcard host covers every depth, so each dot is a candidate.
        name.match_indices('.').find_map(|(at, _)| self.below.get(name.get(at..)?)).or(self.default.as_ref())
    }

    /// Sets what holds for a host; whoever came first keeps it. For every other host the last one counts.
    pub(super) fn set(&mut self, host: &HostPattern, value: T) {
        match host {
            HostPattern::Exact(name) => {
                self.exact.entry(name.as_ref().into()).or_insert(value);
            }
            HostPattern::Below(suffix) => {
                self.below.entry(suffix.as_ref().into()).or_insert(value);
            }
            HostPattern::Any => self.default = Some(value),
        }
    }

    /// The same for a name as certificates write it.
    pub(super) fn set_name(&mut self, name: &str, value: T) {
        match name.strip_prefix('*') {
            Some(suffix) => self.below.entry(suffix.into()).or_insert(value),
            None => self.exact.entry(name.into()).or_insert(value),
        };
    }
}
