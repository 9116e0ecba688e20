//! `files` and `script`: what is served from a folder, and how scripts are found.

use std::sync::Arc;

use super::{Build, shared};
use crate::{
    Place,
    file::{At, Group, Written},
    plan::{Action, Compression, Files, Scheme, Script, Try, TryPiece},
};

/// What `files` says, if it is there.
pub(super) fn files(build: &mut Build<'_>, group: &Group) -> Option<Files> {
    let nothing = Group::default();
    let (root, table) = match (group.text("files"), group.group("files")) {
        (Some(text), _) => (text, &nothing),
        (None, Some(table)) => (table.text("root")?, table),
        (None, None) => return None,
    };
    let root = build.file(&root);
    let index: Vec<_> = table.texts("index").filter_map(|text| index(build, &text)).collect();
    let tries: Vec<_> = table.texts("try").filter_map(|text| attempt(build, &text)).collect();
    Some(Files {
        root,
        index: if table.has("index") { index } else { STANDARD_INDEX.map(shared).to_vec() },
        tries: if table.has("try") { tries } else { standard_tries() },
        precompressed: table
            .texts("precompressed")
            .filter_map(|text| Compression::named(text.value))
            .collect(),
        cache_control: table.text("cache_control").map(|text| shared(text.value)),
        hidden: table.switch("hidden") == Some(true),
    })
}

/// How scripts are found, where the action leads to FastCGI; complains where that does not fit together.
pub(super) fn script(
    build: &mut Build<'_>,
    layers: &[&Group],
    action: &Action,
    files: Option<&Arc<Files>>,
    place: Place,
) -> Option<Arc<Script>> {
    let table = layers.iter().find_map(|layer| layer.group("script"));
    let said = layers.iter().find_map(|layer| layer.key_place("script"));
    let is_fastcgi = match action {
        Action::Forward(index) => build
            .pools
            .get(index.0)
            .is_some_and(|pool| pool.upstreams.iter().any(|upstream| upstream.scheme == Scheme::FastCgi)),
        Action::Files | Action::Redirect(_) | Action::Deny => false,
    };
    if !is_fastcgi {
        // A site may say it for those of its routes that need it.
        if let (Some(said), [own, ..]) = (said, layers)
            && own.has("script")
        {
            build.complaints.error(said, "script_without_fastcgi");
        }
        return None;
    }
    let nothing = Group::default();
    let table = table.unwrap_or(&nothing);
    let root = match (table.text("root"), files) {
        (Some(text), _) if text.value.starts_with('/') => Some(shared(text.value.trim_end_matches('/'))),
        (Some(text), _) => {
            build.complaints.error(text.place, "script_root_relative").text("value", text.value);
            return None;
        }
        (None, Some(_)) => None,
        (None, None) => {
            build.complaints.error(said.unwrap_or(place), "script_without_root");
            return None;
        }
    };
    if let (Some(front), Some(_)) = (table.key_place("front"), files) {
        build.complaints.error(front, "front_with_files");
    }
    let suffixes: Vec<_> = table.texts("suffix").filter_map(|text| suffix(build, &text)).collect();
    Some(Arc::new(Script {
        root,
        suffixes: if table.has("suffix") { suffixes } else { vec![shared(".php")] },
        index: table.text("index").map_or_else(|| shared("index.php"), |text| shared(text.value)),
        front: table.text("front").map(|text| shared(text.value)),
        variables: variables(table),
    }))
}

fn variables(table: &Group) -> Vec<(Arc<str>, Arc<str>)> {
    let entries = table.group("variables").map(|group| group.entries.as_slice()).unwrap_or_default();
    let pairs = entries.iter().filter_map(|(name, value)| match &value.value {
        Written::Text(text) => Some((shared(&name.value), shared(text))),
        _ => None,
    });
    pairs.collect()
}

fn index(build: &mut Build<'_>, text: &At<&str>) -> Option<Arc<str>> {
    if text.value.is_empty() || text.value.contains('/') || text.value.starts_with('.') {
        build.complaints.error(text.place, "bad_index").text("value", text.value);
        return None;
    }
    Some(shared(text.value))
}

fn suffix(build: &mut Build<'_>, text: &At<&str>) -> Option<Arc<str>> {
    if text.value.len() < 2 || !text.value.starts_with('.') || text.value.contains('/') {
        build.complaints.error(text.place, "bad_suffix").text("value", text.value);
        return None;
    }
    Some(shared(text.value))
}

/// `{path}`, `{path}/`, `/index.php`, `/index.php?q={path}&{query}`.
fn attempt(build: &mut Build<'_>, text: &At<&str>) -> Option<Try> {
    let (path, query) = match text.value.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text.value, None),
    };
    let pieces = pieces(path);
    let queries = query.map(self::pieces);
    let is_right = path.starts_with('/') || path.starts_with("{path}");
    let (Some(pieces), true, false) = (pieces, is_right, queries == Some(None)) else {
        build.complaints.error(text.place, "bad_try").text("value", text.value);
        return None;
    };
    if pieces.contains(&TryPiece::Query) {
        build.complaints.error(text.place, "bad_try").text("value", text.value);
        return None;
    }
    Some(Try { path: pieces, query: queries.flatten(), is_folder: path.ends_with('/') })
}

/// Literals and variables; `None` where a variable is unknown.
fn pieces(mut text: &str) -> Option<Vec<TryPiece>> {
    let mut pieces = Vec::new();
    while let Some((before, after)) = text.split_once('{') {
        if !before.is_empty() {
            pieces.push(TryPiece::Literal(shared(before)));
        }
        let (name, rest) = after.split_once('}')?;
        pieces.push(match name {
            "path" => TryPiece::Path,
            "query" => TryPiece::Query,
            _ => return None,
        });
        text = rest;
    }
    if text.contains('}') {
        return None;
    }
    if !text.is_empty() {
        pieces.push(TryPiece::Literal(shared(text)));
    }
    Some(pieces)
}

/// `["{path}", "{path}/"]`
fn standard_tries() -> Vec<Try> {
    let folder = vec![TryPiece::Path, TryPiece::Literal(shared("/"))];
    vec![
        Try { path: vec![TryPiece::Path], query: None, is_folder: false },
        Try { path: folder, query: None, is_folder: true },
    ]
}

const STANDARD_INDEX: [&str; 2] = ["index.php", "index.html"];
