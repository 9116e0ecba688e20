//! What answers look like, at the top of the file and per site.

use std::sync::Arc;

use super::{Build, shared};
use crate::{
    Lang,
    file::{At, Group, Written},
    plan::{Answers, Template},
};

/// The answers a table describes; what it does not say, `wider` says.
pub(super) fn answers(build: &mut Build<'_>, group: &Group, wider: Option<&Answers>) -> Answers {
    let wider = wider.cloned().unwrap_or_default();
    let language = group.text("language").and_then(|text| Lang::from_tag(text.value));
    let mut templates = templates(build, group);
    // The site's own template for all beats the gateway's for one status: it was written for this site.
    if !templates.iter().any(|template| template.status.is_none()) {
        let known: Vec<_> = templates.iter().map(|template| template.status).collect();
        templates.extend(wider.templates.into_iter().filter(|template| !known.contains(&template.status)));
    }
    templates.sort_by_key(|template| (template.status.is_none(), template.status));
    Answers {
        support: link(build, group, "support").or(wider.support),
        status_page: link(build, group, "status_page").or(wider.status_page),
        language: language.unwrap_or(wider.language),
        templates,
    }
}

fn templates(build: &mut Build<'_>, group: &Group) -> Vec<Template> {
    let mut templates = Vec::new();
    for (name, file) in group.group("templates").map(|group| group.entries.as_slice()).unwrap_or_default() {
        let Written::Text(path) = &file.value else { continue };
        let file = build.file(&At { place: file.place, value: path.as_str() });
        let status = match name.value.as_str() {
            "default" => None,
            digits => match digits.parse::<u16>() {
                Ok(status) if (400..600).contains(&status) && digits.len() == 3 => Some(status),
                _ => {
                    build.complaints.error(name.place, "bad_status").text("value", digits);
                    continue;
                }
            },
        };
        templates.push(Template { status, file });
    }
    templates
}

fn link(build: &mut Build<'_>, group: &Group, key: &str) -> Option<Arc<str>> {
    let text = group.text(key)?;
    let is_known =
        ["https://", "http://", "mailto:", "tel:", "/"].iter().any(|start| text.value.starts_with(start));
    if is_known && !text.value.contains(|c: char| c.is_whitespace() || "\"<>".contains(c)) {
        return Some(shared(text.value));
    }
    build.complaints.error(text.place, "bad_link").text("value", text.value);
    None
}
