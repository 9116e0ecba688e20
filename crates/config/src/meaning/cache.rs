//! `cache`: off unless asked for, because only the operator knows whether an application says rightly what is for all.

use std::sync::Arc;

use super::{Build, narrow, shared};
use crate::{
    file::{At, Group},
    plan::{CachePlan, CacheRules, KeyPart},
};

/// The store.
pub(super) fn store(root: &Group) -> CachePlan {
    let mut plan = CachePlan::default();
    let Some(table) = root.group("cache") else { return plan };
    plan.memory = table.size("memory").unwrap_or(plan.memory);
    plan.objects = table.count("objects").map_or(plan.objects, narrow);
    plan.largest = table.size("object_size").unwrap_or(plan.largest);
    plan
}

/// What a route has from the nearest table that says it.
pub(super) fn rules(build: &mut Build<'_>, layers: &[&Group]) -> Option<Arc<CacheRules>> {
    let group = layers.iter().find(|layer| layer.has("cache"))?;
    let mut rules = CacheRules::default();
    if let Some(is_on) = group.switch("cache") {
        return is_on.then(|| Arc::new(rules));
    }
    let table = group.group("cache")?;
    rules.stale_if_error = table.duration("stale_if_error").unwrap_or(rules.stale_if_error);
    rules.stale_while_revalidate =
        table.duration("stale_while_revalidate").unwrap_or(rules.stale_while_revalidate);
    rules.negative = table.duration("negative").unwrap_or(rules.negative);
    rules.ignored_query = table.texts("ignore_query").map(|text| shared(text.value)).collect();
    rules.key = table.texts("key").filter_map(|text| key_part(build, &text)).collect();
    rules.obeys_clients = table.switch("obey_clients").unwrap_or(true);
    rules.pinned = table.texts("pin").filter_map(|text| path(build, &text)).collect();
    rules.warm = table.texts("warm").filter_map(|text| path(build, &text)).collect();
    Some(Arc::new(rules))
}

fn key_part(build: &mut Build<'_>, text: &At<&str>) -> Option<KeyPart> {
    let is_name = |name: &&str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let part = match text.value.split_once(':') {
        Some(("header", name)) if is_name(&name) => KeyPart::Header(shared(&name.to_ascii_lowercase())),
        Some(("cookie", name)) if is_name(&name) => KeyPart::Cookie(shared(name)),
        _ => {
            build.complaints.error(text.place, "bad_cache_key").text("value", text.value);
            return None;
        }
    };
    Some(part)
}

fn path(build: &mut Build<'_>, text: &At<&str>) -> Option<Arc<str>> {
    let is_path = text.value.starts_with('/') && text.value.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_path {
        build.complaints.error(text.place, "bad_cache_path").text("value", text.value);
        return None;
    }
    Some(shared(text.value))
}
