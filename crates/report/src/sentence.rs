//! Names and sentences for what the vocabulary knows: endings, stages, actors, faults.

use crate::{Lang, words};
use torwart_cause::{Actor, Deadline, Ending, Limit, Malformation, Retry, Stage};

/// How it ended, as half a sentence: "the upstream reset the connection".
pub fn sentence(ending: &Ending, lang: Lang) -> String {
    let _ = ending;
    words::say(lang, "ending", &[])
}

/// The name of a stage.
pub fn stage(stage: Stage, lang: Lang) -> String {
    words::say(lang, &key("stage", stage.id()), &[])
}

/// Who must act.
pub fn actor(actor: Actor, lang: Lang) -> String {
    words::say(lang, &key("actor", actor.id()), &[])
}

/// What a cause proves about repeating.
pub fn retry(retry: Retry, lang: Lang) -> String {
    words::say(lang, &key("retry", retry.id()), &[])
}

/// What a deadline waits for.
pub fn deadline(deadline: Deadline, lang: Lang) -> String {
    words::say(lang, &key("deadline", deadline.id()), &[])
}

/// What a limit bounds.
pub fn limit(limit: Limit, lang: Lang) -> String {
    words::say(lang, &key("limit", limit.id()), &[])
}

/// The rule that was broken.
pub fn malformation(what: Malformation, lang: Lang) -> String {
    words::say(lang, &key("malformation", what.id()), &[])
}

fn key(kind: &str, id: &str) -> String {
    format!("{kind}-{}", id.replace('_', "-"))
}
