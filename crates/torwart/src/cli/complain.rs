//! What is wrong with a command line, in the user's language. clap says what it met; the sentences are ours.

use crate::Console;
use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error as _;

/// The sentence, and what to do.
pub(super) fn about(error: &Error, console: &Console) -> (String, String) {
    let argument = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue);
    let sentence = match error.kind() {
        ErrorKind::UnknownArgument => console.fill("wrong-unknown-option", &[("option", &argument)]),
        ErrorKind::InvalidSubcommand => {
            let command = text(error, ContextKind::InvalidSubcommand);
            console.fill("wrong-unknown-command", &[("command", &command)])
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            console.fill("wrong-value-missing", &[("option", &argument)])
        }
        ErrorKind::InvalidValue => console.fill("wrong-value", &[("option", &argument), ("value", &value)]),
        ErrorKind::ValueValidation => {
            let why = error.source().map(ToString::to_string).unwrap_or_default();
            console.fill("wrong-value-because", &[("option", &argument), ("value", &value), ("why", &why)])
        }
        ErrorKind::ArgumentConflict => {
            let other = text(error, ContextKind::PriorArg);
            if other == argument {
                console.fill("wrong-twice", &[("option", &argument)])
            } else {
                console.fill("wrong-together", &[("option", &argument), ("other", &other)])
            }
        }
        ErrorKind::MissingRequiredArgument => console.fill("wrong-missing", &[("option", &argument)]),
        ErrorKind::MissingSubcommand => console.say("wrong-no-command"),
        ErrorKind::InvalidUtf8 => console.say("wrong-not-text"),
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            console.fill("wrong-count", &[("option", &argument)])
        }
        _ => error.render().to_string().trim().to_owned(),
    };
    (sentence, hint(error, console))
}

fn hint(error: &Error, console: &Console) -> String {
    let near = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .into_iter()
        .map(|kind| text(error, kind))
        .find(|near| !near.is_empty());
    if let Some(near) = near {
        return console.fill("wrong-near", &[("near", &near)]);
    }
    let possible = text(error, ContextKind::ValidValue);
    if possible.is_empty() || error.kind() == ErrorKind::ValueValidation {
        console.say("wrong-see-help")
    } else {
        console.fill("wrong-possible", &[("values", &possible)])
    }
}

fn text(error: &Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => option_name(text),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// `--listen <ADDRESS>` is called `--listen`.
fn option_name(text: &str) -> String {
    match text.split_once(" <") {
        Some((name, _)) if name.starts_with('-') => name.to_owned(),
        _ => text.to_owned(),
    }
}
