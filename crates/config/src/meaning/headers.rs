//! Header rules, header conditions, and the templates of values and redirects.

use std::sync::Arc;

use super::{Build, path, shared};
use crate::{
    file::{At, Group, Written, nearest},
    plan::{HeaderMatch, HeaderRule, HeaderRules, Piece, RequiredHeader, ValueTemplate, Variable},
};

/// The rules of `request_headers` or `response_headers`; those of the wider table come first.
pub(super) fn rules(build: &mut Build<'_>, layers: &[&Group], key: &str) -> HeaderRules {
    let mut rules = HeaderRules::default();
    for group in layers.iter().rev().filter_map(|layer| layer.group(key)) {
        let fixed = if key == "request_headers" { REQUEST_FIXED } else { RESPONSE_FIXED };
        for (list, into) in [("set", &mut rules.set), ("add", &mut rules.add)] {
            let entries = group.group(list).map(|group| group.entries.as_slice()).unwrap_or_default();
            for (name, value) in entries {
                let name = field_name(build, &At { place: name.place, value: &name.value }, fixed);
                let Written::Text(text) = &value.value else { continue };
                let value = template(build, &At { place: value.place, value: text });
                if let (Some(name), Some(value)) = (name, value) {
                    if list == "set" {
                        into.retain(|rule: &HeaderRule| !rule.name.eq_ignore_ascii_case(&name));
                    }
                    into.push(HeaderRule { name, value });
                }
            }
        }
        for text in group.texts("remove") {
            rules
                .remove
                .extend(field_name(build, &text, fixed).map(|name| shared(&name.to_ascii_lowercase())));
        }
    }
    rules
}

/// The conditions of `headers`.
pub(super) fn required(build: &mut Build<'_>, group: &Group) -> Vec<RequiredHeader> {
    let mut conditions = Vec::new();
    for (name, value) in group.group("headers").map(|group| group.entries.as_slice()).unwrap_or_default() {
        let name = field_name(build, &At { place: name.place, value: &name.value }, &[]);
        let is = match &value.value {
            Written::Switch(true) => Some(HeaderMatch::Present),
            Written::Switch(false) => Some(HeaderMatch::Absent),
            Written::Text(text) => match text.strip_prefix('~') {
                Some(source) => {
                    path::pattern(build, &At { place: value.place, value: source }).map(HeaderMatch::Regex)
                }
                None => Some(HeaderMatch::Equals(shared(text))),
            },
            _ => None,
        };
        if let (Some(name), Some(is)) = (name, is) {
            conditions.push(RequiredHeader { name: shared(&name.to_ascii_lowercase()), is });
        }
    }
    conditions
}

/// A text with `{variables}`; `{{` and `}}` stand for braces.
pub(super) fn template(build: &mut Build<'_>, text: &At<&str>) -> Option<ValueTemplate> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text.value;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, tail) = rest.split_at(at);
        literal.push_str(before);
        if let Some(tail) = tail.strip_prefix("{{") {
            literal.push('{');
            rest = tail;
        } else if let Some(tail) = tail.strip_prefix("}}") {
            literal.push('}');
            rest = tail;
        } else if let Some((name, tail)) = tail.strip_prefix('{').and_then(|tail| tail.split_once('}')) {
            let variable = variable(build, &At { place: text.place, value: name })?;
            flush(&mut literal, &mut pieces);
            pieces.push(Piece::Variable(variable));
            rest = tail;
        } else {
            build.complaints.error(text.place, "stray_brace");
            return None;
        }
    }
    literal.push_str(rest);
    flush(&mut literal, &mut pieces);
    Some(ValueTemplate { pieces })
}

/// Where a redirect leads. It must not be left to the client which host that is.
pub(super) fn location(build: &mut Build<'_>, text: &At<&str>) -> Option<ValueTemplate> {
    let template = template(build, text)?;
    let first = match template.pieces.first() {
        Some(Piece::Literal(first)) => &**first,
        Some(Piece::Variable(Variable::Scheme)) => "https://",
        _ => "",
    };
    let is_absolute = first.starts_with("http://") || first.starts_with("https://");
    let is_slash_before_path =
        first == "/" && template.pieces.get(1) == Some(&Piece::Variable(Variable::Path));
    let is_local = first.starts_with('/') && !first.starts_with("//") && !is_slash_before_path;
    if !is_absolute && !is_local {
        build.complaints.error(text.place, "bad_location").text("value", text.value);
        return None;
    }
    if text.value.contains(char::is_whitespace) || !text.value.is_ascii() {
        build.complaints.error(text.place, "bad_link").text("value", text.value);
        return None;
    }
    Some(template)
}

fn flush(literal: &mut String, pieces: &mut Vec<Piece>) {
    if !literal.is_empty() {
        pieces.push(Piece::Literal(shared(literal)));
        literal.clear();
    }
}

fn variable(build: &mut Build<'_>, name: &At<&str>) -> Option<Variable> {
    if let Some((_, variable)) = VARIABLES.iter().find(|(known, _)| *known == name.value) {
        return Some(*variable);
    }
    let known = VARIABLES.iter().map(|(known, _)| *known);
    match nearest(name.value, known.clone()) {
        Some(near) => build.complaints.error(name.place, "unknown_variable_near").text("near", near),
        None => build
            .complaints
            .error(name.place, "unknown_variable")
            .text("known", known.collect::<Vec<_>>().join(", ")),
    }
    .text("value", name.value);
    None
}

/// A field name in lower case, whatever field it is.
pub(super) fn any_name(build: &mut Build<'_>, text: &At<&str>) -> Option<Arc<str>> {
    field_name(build, text, &[]).map(|name| shared(&name.to_ascii_lowercase()))
}

/// A field name that may be changed (RFC 9110, section 5.1).
fn field_name(build: &mut Build<'_>, text: &At<&str>, fixed: &[&str]) -> Option<Arc<str>> {
    let is_token_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if text.value.is_empty() || !text.value.bytes().all(is_token_byte) {
        build.complaints.error(text.place, "bad_header_name").text("value", text.value);
        return None;
    }
    if fixed.iter().any(|name| name.eq_ignore_ascii_case(text.value)) {
        build.complaints.error(text.place, "fixed_header").text("value", text.value);
        return None;
    }
    Some(shared(text.value))
}

/// The variables of templates, as written.
pub(crate) const VARIABLES: [(&str, Variable); 7] = [
    ("scheme", Variable::Scheme),
    ("host", Variable::Host),
    ("path", Variable::Path),
    ("query", Variable::Query),
    ("method", Variable::Method),
    ("client", Variable::ClientAddress),
    ("request_id", Variable::RequestId),
];

/// What the gateway itself answers for: framing, the connection, loop detection; `Host` has its own key.
const REQUEST_FIXED: &[&str] = &[
    "Connection",
    "Content-Length",
    "Expect",
    "Host",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Via",
];
const RESPONSE_FIXED: &[&str] = &[
    "Connection",
    "Content-Length",
    "Keep-Alive",
    "Proxy-Connection",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
];
