//! `crawlers`: off unless asked for, because checking asks name servers about visitors.

use std::sync::Arc;

use super::{Build, shared};
use crate::{
    defaults,
    file::{Group, nearest},
    plan::Crawlers,
};

/// What a table says about crawlers: nothing, that they are nothing special, or how they are treated.
pub(super) fn crawlers(build: &mut Build<'_>, group: &Group) -> Option<Option<Arc<Crawlers>>> {
    if !group.has("crawlers") {
        return None;
    }
    let nothing = Group::default();
    let table = match (group.switch("crawlers"), group.group("crawlers")) {
        (Some(false), _) => return Some(None),
        (_, Some(table)) => table,
        _ => &nothing,
    };
    let crawlers = Crawlers {
        dns: table.switch("dns").unwrap_or(true),
        ranges: ranges(build, table),
        retry_after: table.duration("retry_after").unwrap_or(defaults::CRAWLER_RETRY),
        unlimited: table.switch("unlimited") == Some(true),
    };
    if let Some(place) = table.key_place("dns").filter(|_| !crawlers.dns && !table.has("ranges")) {
        build.complaints.error(place, "crawlers_unchecked");
    }
    Some(Some(Arc::new(crawlers)))
}

fn ranges(build: &mut Build<'_>, table: &Group) -> Vec<(Arc<str>, std::path::PathBuf)> {
    let mut ranges = Vec::new();
    let Some(group) = table.group("ranges") else { return ranges };
    for (name, _) in &group.entries {
        if !Crawlers::OPERATORS.contains(&name.value.as_str()) {
            let near = nearest(&name.value, Crawlers::OPERATORS).unwrap_or("google");
            build
                .complaints
                .error(name.place, "unknown_crawler_operator")
                .text("value", name.value.as_str())
                .text("near", near);
            continue;
        }
        for text in group.texts(&name.value) {
            ranges.push((shared(&name.value), build.file(&text)));
        }
    }
    ranges
}
