//! The JSON Schema for editors, made from the table of keys.

use serde_json::{Map, Value, json};

use crate::{
    Lang,
    file::duration,
    keys::{Form, Key, Kind, Part, Preset, ROOT, Table},
    text,
};

/// The JSON Schema (draft 2020-12) of the configuration file, with descriptions in English.
#[must_use]
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let mut root = table(&ROOT, &mut definitions);
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("Torwart");
    root["$defs"] = Value::Object(definitions);
    root
}

fn table(definition: &'static Table, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for part in definition.parts {
        for entry in part.keys {
            properties.insert(entry.name.to_owned(), key(part, entry, definitions));
            if matches!(entry.preset, Preset::Required) {
                required.push(entry.name);
            }
        }
    }
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn key(part: &Part, key: &'static Key, definitions: &mut Map<String, Value>) -> Value {
    let mut schema = kind(&key.kind, definitions);
    schema["description"] =
        json!(text::find(&format!("key.{}.{}", part.id, key.name), Lang::En).unwrap_or_default());
    let preset = match &key.preset {
        Preset::Nothing | Preset::Required | Preset::Sentence(_) => None,
        Preset::Duration(value) => Some(json!(duration::show(*value))),
        Preset::Size(value) => Some(json!(value.to_string())),
        Preset::Count(value) => Some(json!(value)),
        Preset::Switch(value) => Some(json!(value)),
        Preset::Word(value) => Some(json!(value)),
    };
    if let Some(preset) = preset {
        schema["default"] = preset;
    }
    schema
}

fn kind(kind_of: &'static Kind, definitions: &mut Map<String, Value>) -> Value {
    match kind_of {
        Kind::Duration(..) => {
            json!({ "type": "string", "pattern": "^ *([0-9]+d)? *([0-9]+h)? *([0-9]+m)? *([0-9]+s)? *([0-9]+ms)?$", "minLength": 2 })
        }
        Kind::Size(..) => json!({ "type": "string", "pattern": "^[0-9]+ ?([kKmMgGtT]i?)?[bB]$" }),
        Kind::Count(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Switch => json!({ "type": "boolean" }),
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        Kind::Text(form) => match pattern(*form) {
            Some(pattern) => json!({ "type": "string", "pattern": pattern }),
            None => json!({ "type": "string" }),
        },
        Kind::List(inner) => json!({ "type": "array", "items": kind(inner, definitions) }),
        Kind::OneOrMany(inner) => {
            let one = kind(inner, definitions);
            json!({ "anyOf": [one, { "type": "array", "items": one }] })
        }
        Kind::Either(kinds) => {
            json!({ "anyOf": kinds.iter().map(|inner| kind(inner, definitions)).collect::<Vec<_>>() })
        }
        Kind::Table(inner) => {
            if !definitions.contains_key(inner.id) {
                definitions.insert(inner.id.to_owned(), Value::Null);
                let schema = table(inner, definitions);
                definitions.insert(inner.id.to_owned(), schema);
            }
            json!({ "$ref": format!("#/$defs/{}", inner.id) })
        }
        Kind::Map(_, inner) => json!({ "type": "object", "additionalProperties": kind(inner, definitions) }),
    }
}

/// What an editor can tell about a form without knowing all of it.
const fn pattern(form: Form) -> Option<&'static str> {
    match form {
        Form::Mode => Some("^(0o)?[0-7]{3,4}$"),
        Form::Link => Some("^(https?://|mailto:|tel:|/)"),
        Form::Location => Some("^(https?://|/|\\{scheme\\}://)"),
        Form::Name => Some("^[A-Za-z0-9._-]{1,64}$"),
        Form::PathRule => Some("^(/|= */|~)"),
        Form::UrlPath => Some("^/"),
        Form::Who => Some("^(path:/|cookie:|header:|bots$)"),
        Form::Rate => Some("^([0-9]+ */ *[0-9a-z]+|off)$"),
        Form::Service => Some("^https?://"),
        Form::Upstream => Some("^((srv[+])?https?://|fastcgi://|unix:)"),
        Form::Statuses => Some("^([1-5][0-9]{2}( *- *[1-5][0-9]{2})?|[1-5]xx)$"),
        Form::Any
        | Form::Address
        | Form::File
        | Form::HashKey
        | Form::HeaderLine
        | Form::HeaderName
        | Form::Host
        | Form::LimitBy
        | Form::Listen
        | Form::Method
        | Form::Network
        | Form::Networks
        | Form::Replacement
        | Form::Status
        | Form::Value => None,
    }
}
