//! `compress`: off unless asked for, because compressing pages that hold secrets beside what others can put there
//! makes the secrets guessable (BREACH).

use std::sync::Arc;

use super::{Build, shared};
use crate::{
    defaults,
    file::{At, Group},
    plan::{Compress, Compression, Effort},
};

/// What a route has from the nearest table that says it.
pub(super) fn compress(build: &mut Build<'_>, layers: &[&Group]) -> Option<Arc<Compress>> {
    let group = layers.iter().find(|layer| layer.has("compress"))?;
    if let Some(is_on) = group.switch("compress") {
        return is_on.then(|| Arc::new(standard()));
    }
    let table = group.group("compress")?;
    let mut compress = standard();
    if table.has("codings") {
        compress.codings = table.texts("codings").filter_map(|text| Compression::named(text.value)).collect();
    }
    if let Some(effort) = table.text("effort").and_then(|text| Effort::named(text.value)) {
        compress.effort = effort;
    }
    compress.least = table.size("min_size").unwrap_or(compress.least);
    if table.has("types") {
        compress.types = table.texts("types").filter_map(|text| media_type(build, &text)).collect();
    }
    Some(Arc::new(compress))
}

fn standard() -> Compress {
    Compress {
        codings: vec![Compression::Zstd, Compression::Brotli, Compression::Gzip],
        effort: Effort::Medium,
        least: defaults::COMPRESS_LEAST,
        types: defaults::COMPRESS_TYPES.iter().map(|name| shared(name)).collect(),
    }
}

/// `text/html`, `text/*`, `+json`.
fn media_type(build: &mut Build<'_>, text: &At<&str>) -> Option<Arc<str>> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let is_right = match (text.value.strip_prefix('+'), text.value.split_once('/')) {
        (Some(ending), None) => is_name(ending),
        (None, Some((kind, "*"))) => is_name(kind),
        (None, Some((kind, name))) => is_name(kind) && is_name(name),
        _ => false,
    };
    if !is_right {
        build.complaints.error(text.place, "bad_media_type").text("value", text.value);
        return None;
    }
    Some(shared(&text.value.to_ascii_lowercase()))
}
