//! Which paths a route takes, and how paths are rewritten.

use super::{Build, shared};
use crate::{
    file::{At, Group},
    plan::{PathMatch, Pattern, Rewrite},
};

/// `/prefix`, `=/exact` or `~regex`.
pub(super) fn rule(build: &mut Build<'_>, text: &At<&str>) -> Option<PathMatch> {
    if let Some(source) = text.value.strip_prefix('~') {
        return pattern(build, &At { place: text.place, value: source.trim_start() }).map(PathMatch::Regex);
    }
    if let Some(path) = text.value.strip_prefix('=') {
        return literal(build, &At { place: text.place, value: path.trim_start() })
            .map(|path| PathMatch::Exact(shared(&path)));
    }
    match text.value {
        "/" => Some(PathMatch::Any),
        path => literal(build, &At { place: text.place, value: path })
            .map(|path| PathMatch::Prefix(shared(&path))),
    }
}

/// A regular expression.
pub(super) fn pattern(build: &mut Build<'_>, text: &At<&str>) -> Option<Pattern> {
    match Pattern::new(text.value) {
        Ok(pattern) => Some(pattern),
        Err(regex::Error::CompiledTooBig(_)) => {
            build.complaints.error(text.place, "regex_too_large");
            None
        }
        Err(error) => {
            // The library draws a picture of several lines; its last line says what is wrong.
            let message = error.to_string();
            let last = message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            build.complaints.error(text.place, "bad_regex").text("message", last);
            None
        }
    }
}

/// `rewrite = { ... }`.
pub(super) fn rewrite(build: &mut Build<'_>, group: &Group) -> Option<Rewrite> {
    let place = group.key_place("rewrite")?;
    let rewrite = group.group("rewrite")?;
    let to = rewrite.text("to").map_or("", |text| text.value);
    let usable = |c: char| c.is_ascii_graphic() && c != '#';
    if let Some(at) = rewrite.text("to").filter(|_| !to.chars().all(usable)) {
        build.complaints.error(at.place, "bad_replacement").text("value", to);
        return None;
    }
    match (rewrite.text("prefix"), rewrite.text("regex")) {
        (Some(from), None) => {
            if !to.is_empty() && !to.starts_with('/') {
                let at = rewrite.text("to").map_or(place, |text| text.place);
                build.complaints.error(at, "path_without_slash").text("value", to);
            }
            let from = literal(build, &from)?;
            Some(Rewrite::Prefix { from: shared(&from), to: shared(to) })
        }
        (None, Some(source)) => {
            let pattern = pattern(build, &source)?;
            Some(Rewrite::Regex { pattern, to: shared(to) })
        }
        (Some(first), Some(second)) => {
            build.complaints.error(second.place, "rewrite_twice").and(first.place);
            None
        }
        (None, None) => {
            build.complaints.error(place, "rewrite_empty");
            None
        }
    }
}

/// A path in the normal form in which requests are compared; what is not ASCII is percent-encoded.
fn literal(build: &mut Build<'_>, text: &At<&str>) -> Option<String> {
    let path = text.value;
    let id = if !path.starts_with('/') {
        "path_without_slash"
    } else if path.contains(['?', '#']) {
        "path_with_query"
    } else if path.chars().any(|c| c.is_whitespace() || c == '\\') {
        "path_with_space"
    } else if path.contains("//") || path.split('/').any(|segment| segment == "." || segment == "..") {
        "path_not_normal"
    } else if !has_normal_escapes(path) {
        "path_escapes"
    } else {
        return Some(path.bytes().map(encoded).collect());
    };
    build.complaints.error(text.place, id).text("value", path);
    None
}

fn encoded(byte: u8) -> String {
    if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

/// Whether every percent sign begins an escape in capitals of a byte that needs it.
fn has_normal_escapes(path: &str) -> bool {
    path.split('%').skip(1).all(|tail| {
        let value =
            tail.get(..2).filter(|digits| !digits.contains(|c: char| c.is_ascii_lowercase() || c == '+'));
        let value = value.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        value.is_some_and(|byte| byte != 0 && !byte.is_ascii_alphanumeric() && !b"-._~".contains(&byte))
    })
}
