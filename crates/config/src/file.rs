//! The file as written: TOML read along the table of keys into values with places.
//!
//! Reading finds every wrong key, type, unit, range and word at once and leaves out what is wrong; what the values
//! mean together is the business of [`crate::meaning`]. A [`Group`] is a table of the file; asking it for a key that
//! the table of keys does not know is a mistake of this crate which a test finds.

pub(crate) mod duration;
mod nearest;
mod read;
pub(crate) mod size;
mod syntax;

use std::time::Duration;

use crate::{ByteSize, Place};

pub(crate) use nearest::nearest;
pub(crate) use read::{is_name, read};

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) place: Place,
    pub(crate) value: T,
}

/// A value of the file that fits its key.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    Duration(Duration),
    Size(ByteSize),
    Count(u64),
    Switch(bool),
    Text(String),
    List(Vec<At<Written>>),
    Group(Group),
    /// Something that was complained about: the key is there, its value is not.
    Wrong,
}

/// A table of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    /// Its keys with their values, in file order.
    pub(crate) entries: Vec<(At<String>, At<Written>)>,
    /// Whether a key of it was not known: what seems to be missing may be what was meant.
    pub(crate) is_doubtful: bool,
}

impl Group {
    /// The value of a key.
    pub(crate) fn find(&self, name: &str) -> Option<&At<Written>> {
        self.entries.iter().find(|(key, _)| key.value == name).map(|(_, value)| value)
    }

    /// The place of a key.
    pub(crate) fn key_place(&self, name: &str) -> Option<Place> {
        self.entries.iter().find(|(key, _)| key.value == name).map(|(key, _)| key.place)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    pub(crate) fn duration(&self, name: &str) -> Option<Duration> {
        match self.find(name)?.value {
            Written::Duration(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn size(&self, name: &str) -> Option<ByteSize> {
        match self.find(name)?.value {
            Written::Size(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn count(&self, name: &str) -> Option<u64> {
        match self.find(name)?.value {
            Written::Count(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn switch(&self, name: &str) -> Option<bool> {
        match self.find(name)?.value {
            Written::Switch(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<At<&str>> {
        self.find(name).and_then(At::text)
    }

    pub(crate) fn group(&self, name: &str) -> Option<&Group> {
        match &self.find(name)?.value {
            Written::Group(value) => Some(value),
            _ => None,
        }
    }

    /// The values of a list, or the one value that stands for a list of one.
    pub(crate) fn list(&self, name: &str) -> &[At<Written>] {
        match self.find(name) {
            Some(At { value: Written::List(values), .. }) => values,
            Some(value) => std::slice::from_ref(value),
            None => &[],
        }
    }

    /// The texts of a list.
    pub(crate) fn texts(&self, name: &str) -> impl Iterator<Item = At<&str>> {
        self.list(name).iter().filter_map(At::text)
    }

    /// The tables of a list, or those a table of names holds, without their names.
    pub(crate) fn groups(&self, name: &str) -> impl Iterator<Item = At<&Group>> {
        self.list(name).iter().filter_map(|at| match &at.value {
            Written::Group(value) => Some(At { place: at.place, value }),
            _ => None,
        })
    }
}

impl At<Written> {
    fn text(&self) -> Option<At<&str>> {
        match &self.value {
            Written::Text(value) => Some(At { place: self.place, value }),
            _ => None,
        }
    }
}
