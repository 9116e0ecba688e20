//! Log lines that are JSON objects.

use serde_json::{Map, Value};
use std::time::Duration;

/// The object in a line, wherever it begins: some collectors put a time or a name before it.
pub(super) fn object(line: &str) -> Option<Map<String, Value>> {
    let line = line.get(line.find('{')?..)?.trim_end();
    match serde_json::from_str(line) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// The value of a key as text, searched one level deep too; numbers are written out.
pub(super) fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    let found = object
        .get(key)
        .or_else(|| object.values().filter_map(Value::as_object).find_map(|inner| inner.get(key)))?;
    match found {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The value of a key of this very object as text, unless it is empty.
pub(super) fn own_text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The value of a key as a status.
pub(super) fn status(object: &Map<String, Value>, key: &str) -> Option<u16> {
    let number = object.get(key)?.as_u64()?;
    u16::try_from(number).ok().filter(|status| (100..1000).contains(status))
}

/// The value of a key as a time, of which one second holds `units`.
pub(super) fn duration(object: &Map<String, Value>, key: &str, units: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(object.get(key)?.as_f64()? / units).ok()
}
