//! Reads TOML along the table of keys.

use std::{fmt::Display, time::Duration};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    At, Group, Written,
    duration::{self, DurationFault},
    nearest, size,
    size::SizeFault,
    syntax,
};
use crate::{
    ByteSize, Place,
    complaint::Complaints,
    keys::{Form, Key, Kind, Preset, ROOT, Table},
};

/// Reads a file. Where it is no TOML, nothing else is said about the lines in question, and what seems to be missing
/// is not complained about; the second value is false then.
pub(crate) fn read(text: &str, complaints: &mut Complaints) -> (Group, bool) {
    let (table, faults) = DeTable::parse_recoverable(text);
    let mut reader = Reader { is_whole: faults.is_empty(), complaints: Complaints::default() };
    let top = Place { start: 0, end: 0 };
    let group = reader.group(table.get_ref(), &ROOT, top);
    for fault in &faults {
        // Past the first fault of a line the parser is guessing.
        let mut told = Complaints::default();
        syntax::complain(text, fault, &mut told);
        complaints.join_other_lines(told, text);
    }
    complaints.join_other_lines(reader.complaints, text);
    (group, reader.is_whole)
}

struct Reader {
    is_whole: bool,
    complaints: Complaints,
}

/// The key whose value is being read.
#[derive(Clone, Copy)]
struct Asked<'a> {
    name: &'a str,
    place: Place,
}

impl Reader {
    fn group(&mut self, table: &DeTable<'_>, definition: &'static Table, place: Place) -> Group {
        let mut group = Group::default();
        for (name, value) in table {
            let asked = Asked { name: name.get_ref(), place: name.span().into() };
            let Some(key) = definition.key(asked.name) else {
                self.unknown_key(asked, definition);
                group.is_doubtful = true;
                continue;
            };
            let value = self.value(&key.kind, value, asked);
            group.entries.push((At { place: asked.place, value: key.name.to_owned() }, value));
        }
        let missing = |key: &&Key| matches!(key.preset, Preset::Required) && !table.contains_key(key.name);
        for key in definition.keys().filter(missing).filter(|_| self.is_whole && !group.is_doubtful) {
            self.complaints.error(place, "missing_key").text("key", key.name).text("example", key.example);
        }
        group
    }

    fn unknown_key(&mut self, asked: Asked<'_>, definition: &'static Table) {
        let nested = definition.keys().find_map(|key| match &key.kind {
            Kind::Table(inner) => inner.key(asked.name).map(|found| format!("{}.{}", key.name, found.name)),
            _ => None,
        });
        let near = nearest(asked.name, definition.keys().map(|key| key.name)).map(str::to_owned).or(nested);
        match near {
            Some(near) => self.complaints.error(asked.place, "unknown_key_near").text("near", near),
            None => {
                let known = definition.keys().map(|key| key.name).collect::<Vec<_>>().join(", ");
                self.complaints.error(asked.place, "unknown_key").long_text("known", known)
            }
        }
        .text("key", asked.name);
    }

    fn value(&mut self, kind: &'static Kind, value: &Spanned<DeValue<'_>>, asked: Asked<'_>) -> At<Written> {
        let place = Place::from(value.span());
        let written = match (kind, value.get_ref()) {
            (Kind::Duration(least, most), DeValue::String(text)) => self.duration(text, place, *least, *most),
            (Kind::Duration(..), DeValue::Integer(_) | DeValue::Float(_)) => {
                self.no_unit("duration_no_unit", value.get_ref(), place)
            }
            (Kind::Size(least, most), DeValue::String(text)) => self.size(text, place, *least, *most),
            (Kind::Size(..), DeValue::Integer(_) | DeValue::Float(_)) => {
                self.no_unit("size_no_unit", value.get_ref(), place)
            }
            (Kind::Count(least, most), DeValue::Integer(number)) => {
                let read = i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(i128::MAX);
                self.count(read, place, *least, *most)
            }
            (Kind::Switch, DeValue::Boolean(value)) => Some(Written::Switch(*value)),
            (Kind::Choice(words), DeValue::String(text)) => self.choice(words, text, place),
            (Kind::Text(_), DeValue::String(text)) => self.text(text, place),
            (Kind::List(inner), DeValue::Array(_)) => self.list(inner, value.get_ref(), asked),
            (Kind::OneOrMany(inner), DeValue::Array(_)) => self.list(inner, value.get_ref(), asked),
            (Kind::OneOrMany(inner), _) => return self.value(inner, value, asked),
            (Kind::Either(kinds), found) => match kinds.iter().find(|kind| fits(kind, found)) {
                Some(kind) => return self.value(kind, value, asked),
                None => self.wrong_type(kind, found, place, asked),
            },
            (Kind::Table(definition), DeValue::Table(table)) => {
                Some(Written::Group(self.group(table, definition, asked.place)))
            }
            (Kind::Map(form, inner), DeValue::Table(table)) => {
                Some(Written::Group(self.map(table, *form, inner)))
            }
            (_, found) => self.wrong_type(kind, found, place, asked),
        };
        At { place, value: written.unwrap_or(Written::Wrong) }
    }

    fn list(&mut self, inner: &'static Kind, value: &DeValue<'_>, asked: Asked<'_>) -> Option<Written> {
        let values = value.as_array()?;
        // A table of a list has no name of its own; what is missing in it is missing at its place.
        let read = values
            .iter()
            .map(|value| self.value(inner, value, Asked { name: asked.name, place: value.span().into() }));
        Some(Written::List(read.collect()))
    }

    fn map(&mut self, table: &DeTable<'_>, form: Form, inner: &'static Kind) -> Group {
        let mut group = Group::default();
        for (name, value) in table {
            let asked = Asked { name: name.get_ref(), place: name.span().into() };
            if form == Form::Name && !is_name(asked.name) {
                self.complaints.error(asked.place, "bad_name").text("name", asked.name);
            }
            let value = self.value(inner, value, asked);
            group.entries.push((At { place: asked.place, value: asked.name.to_owned() }, value));
        }
        group
    }

    fn duration(&mut self, text: &str, place: Place, least: Duration, most: Duration) -> Option<Written> {
        let fault = match duration::parse(text) {
            Ok(value) if value < least || value > most => {
                return self.out_of_range(text, duration::show(least), duration::show(most), place);
            }
            Ok(value) => return Some(Written::Duration(value)),
            Err(DurationFault::NoUnit) => "duration_no_unit",
            Err(DurationFault::Fraction) => "duration_fraction",
            Err(DurationFault::Form) => "duration_form",
        };
        self.complaints.error(place, fault).text("value", text);
        None
    }

    fn size(&mut self, text: &str, place: Place, least: ByteSize, most: ByteSize) -> Option<Written> {
        let fault = match size::parse(text) {
            Ok(value) if value < least || value > most => return self.out_of_range(text, least, most, place),
            Ok(value) => return Some(Written::Size(value)),
            Err(SizeFault::NoUnit) => "size_no_unit",
            Err(SizeFault::Fraction) => "size_fraction",
            Err(SizeFault::HalfUnit) => "size_half_unit",
            Err(SizeFault::Form) => "size_form",
        };
        self.complaints.error(place, fault).text("value", text);
        None
    }

    fn count(&mut self, number: i128, place: Place, least: u64, most: u64) -> Option<Written> {
        match u64::try_from(number) {
            Ok(value) if value >= least && value <= most => Some(Written::Count(value)),
            _ => self.out_of_range(number, least, most, place),
        }
    }

    fn choice(&mut self, words: &'static [&'static str], text: &str, place: Place) -> Option<Written> {
        if words.contains(&text) {
            return Some(Written::Text(text.to_owned()));
        }
        match nearest(text, words.iter().copied()) {
            Some(near) => self.complaints.error(place, "unknown_word_near").text("near", near),
            None => self.complaints.error(place, "unknown_word").long_text("known", words.join(", ")),
        }
        .text("value", text);
        None
    }

    fn text(&mut self, text: &str, place: Place) -> Option<Written> {
        if text.chars().any(char::is_control) {
            self.complaints.error(place, "control_character");
            return None;
        }
        Some(Written::Text(text.to_owned()))
    }

    fn no_unit(&mut self, id: &'static str, number: &DeValue<'_>, place: Place) -> Option<Written> {
        let shown = match number {
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            _ => String::new(),
        };
        let id = match (number, id) {
            (DeValue::Float(_), "duration_no_unit") => "duration_fraction",
            (DeValue::Float(_), _) => "size_fraction",
            (_, id) => id,
        };
        self.complaints.error(place, id).text("value", shown);
        None
    }

    fn out_of_range(
        &mut self,
        value: impl Display,
        least: impl Display,
        most: impl Display,
        place: Place,
    ) -> Option<Written> {
        self.complaints
            .error(place, "out_of_range")
            .text("value", value.to_string())
            .text("least", least.to_string())
            .text("most", most.to_string());
        None
    }

    fn wrong_type(
        &mut self,
        kind: &Kind,
        found: &DeValue<'_>,
        place: Place,
        asked: Asked<'_>,
    ) -> Option<Written> {
        self.complaints
            .error(place, "wrong_type")
            .text("key", asked.name)
            .word("expected", format!("kind.{}", kind.id()))
            .word("found", format!("found.{}", found.type_str()));
        None
    }
}

/// Whether a value has the TOML type of a kind.
fn fits(kind: &Kind, value: &DeValue<'_>) -> bool {
    match kind {
        Kind::Switch => value.is_bool(),
        Kind::Count(..) => value.is_integer(),
        Kind::Duration(..) | Kind::Size(..) | Kind::Choice(_) | Kind::Text(_) => value.is_str(),
        Kind::List(_) => value.is_array(),
        Kind::Table(_) | Kind::Map(..) => value.is_table(),
        Kind::OneOrMany(inner) => value.is_array() || fits(inner, value),
        Kind::Either(kinds) => kinds.iter().any(|kind| fits(kind, value)),
    }
}

/// Whether a name can stand in a log line, a metric and a header without quotes.
pub(crate) fn is_name(name: &str) -> bool {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !name.is_empty() && name.len() <= 64 && name.bytes().all(usual)
}
