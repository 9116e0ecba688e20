//! The table of keys and the code that uses it agree.

use std::{collections::BTreeMap, path::Path};

use super::{Kind, Part, ROOT, Table};
use crate::{Lang, Plan, complaint::Complaints, file, meaning, reference_page, text};

/// One place in a file where a table stands.
struct Stand {
    table: &'static Table,
    /// The way to it; an empty last step means a route, which stands in a list.
    path: String,
}

#[test]
fn every_key_changes_the_plan() {
    let mut stands = vec![Stand { table: &ROOT, path: String::new() }];
    let mut count = 0;
    while let Some(stand) = stands.pop() {
        for key in stand.table.keys() {
            let path = format!("{}{}", stand.path, key.name);
            match &key.kind {
                Kind::Table(table) => stands.push(Stand { table, path: format!("{path}.") }),
                Kind::Map(..) if path == "pool" => {
                    stands.push(Stand { table: &super::pool::POOL, path: POOL.into() })
                }
                Kind::Map(..) if path == "site" => {
                    stands.push(Stand { table: &super::site::SITE, path: SITE.into() })
                }
                Kind::List(_) => stands.push(Stand { table: &super::route::ROUTE, path: ROUTE.into() }),
                Kind::Either(kinds) => stands.extend(kinds.iter().filter_map(|kind| match kind {
                    Kind::Table(table) => Some(Stand { table, path: format!("{path}.") }),
                    _ => None,
                })),
                // One of a kind: the table of a Unix socket.
                Kind::OneOrMany(Kind::Either([_, Kind::Table(table)])) if path == "listen.http" => {
                    stands.push(Stand { table, path: format!("{path}.") });
                }
                _ => {}
            }
            let base = around(&path, stand.table);
            let mut changed = base.clone();
            changed.retain(|other, _| !other.starts_with(&format!("{path}.")));
            changed.insert(path.clone(), key.example);
            assert!(plan(&base) != plan(&changed), "{path} has no effect");
            count += 1;
        }
    }
    assert!(count > 150, "only {count} keys were tried");
}

#[test]
fn every_key_is_described_in_both_languages() {
    let mut tables = vec![&ROOT, &super::pool::POOL, &super::site::SITE, &super::route::ROUTE];
    while let Some(table) = tables.pop() {
        for Part { id, keys } in table.parts {
            for key in *keys {
                for lang in Lang::ALL {
                    assert!(
                        text::find(&format!("key.{id}.{}", key.name), lang).is_some(),
                        "key.{id}.{}",
                        key.name
                    );
                    assert!(
                        text::find(&format!("part.{id}"), lang).is_some() || table.parts.len() == 1,
                        "part.{id}"
                    );
                    assert!(text::find(&format!("table.{}", table.id), lang).is_some(), "table.{}", table.id);
                }
                tables.extend(match &key.kind {
                    Kind::Table(table)
                    | Kind::OneOrMany(Kind::Table(table) | Kind::Either([_, Kind::Table(table)])) => {
                        Some(*table)
                    }
                    Kind::Either(kinds) => kinds.iter().find_map(|kind| match kind {
                        Kind::Table(table) | Kind::OneOrMany(Kind::Table(table)) => Some(*table),
                        _ => None,
                    }),
                    _ => None,
                });
            }
        }
    }
}

#[test]
fn every_link_of_the_reference_page_leads_somewhere() {
    for lang in Lang::ALL {
        let page = reference_page(lang);
        for target in
            page.split("](#").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
        {
            assert!(page.contains(&format!("<a id=\"{target}\">")), "{target}");
        }
        assert!(!page.contains("||") && !page.contains("|  |"), "an empty cell");
    }
}

/// A file in which a key can take effect: what it needs beside it, without what excludes it.
fn around(path: &str, table: &Table) -> BTreeMap<String, &'static str> {
    let mut base = BTreeMap::new();
    let mut set = |key: String, value| {
        base.insert(key, value);
    };
    match table.id {
        "socket" if path.ends_with("address") => set("listen.http.address".into(), "\"0.0.0.0:9\""),
        "socket" if path.ends_with("protocol") || path.ends_with("from") => {
            set("listen.http.address".into(), "\"0.0.0.0:9\"");
            set("listen.http.from".into(), "\"10.1.0.0/16\"");
            if path.ends_with("from") {
                set("listen.http.proxy_protocol".into(), "true");
            }
        }
        "socket" => set("listen.http.path".into(), "\"/a\""),
        _ => set("listen.http".into(), "\"127.0.0.1:8080\""),
    }
    if let Some((pool, key)) = path.split_once(".health.") {
        if !["path", "tcp"].contains(&key) {
            set(format!("{pool}.health.path"), "\"/up\"");
        }
        if key.starts_with("on_down.") {
            set(format!("{pool}.health.on_down.command"), "\"/bin/restart\"");
        }
    }
    if path == "listen.http3" {
        set("listen.https".into(), "\"0.0.0.0:8443\"");
    }
    if path.starts_with("acme.") {
        set("acme.email".into(), "\"a@b.example\"");
    }
    set(format!("{POOL}upstreams"), "\"https://127.0.0.1:3000\"");
    let at = path.rfind('.').map_or("", |dot| path.get(..=dot).unwrap_or_default());
    let has_own_action = ["pool", "upstreams", "redirect", "deny"]
        .iter()
        .any(|key| path.strip_prefix(SITE).is_some_and(|rest| rest.starts_with(key)));
    if path.starts_with(POOL) {
        set(format!("{SITE}pool"), "\"shop\"");
    } else if !has_own_action {
        set(format!("{SITE}upstreams"), "\"https://127.0.0.1:9\"");
    }
    if path.starts_with(ROUTE) {
        set(format!("{ROUTE}methods"), "\"PUT\"");
        if !["pool", "upstreams", "redirect", "deny"]
            .iter()
            .any(|key| path.starts_with(&format!("{ROUTE}{key}")))
        {
            set(format!("{ROUTE}upstreams"), "\"https://127.0.0.1:7\"");
        }
    }
    if let Some(owner) = path.strip_suffix("script").filter(|owner| owner.ends_with('.')) {
        set(format!("{owner}upstreams"), "\"fastcgi://127.0.0.1:9000\"");
    }
    match table.id {
        "certificate" => {
            set(format!("{at}chain"), "\"a\"");
            set(format!("{at}key"), "\"b\"");
        }
        "balance" if path.ends_with("secret") => set(format!("{at}cookie"), "\"server\""),
        "dns_hook" => set(format!("{at}command"), "\"/a\""),
        "external_account" => {
            set(format!("{at}id"), "\"a\"");
            set(format!("{at}key_file"), "\"b\"");
        }
        "client_certificate" => set(format!("{at}ca"), "\"a\""),
        "hsts" => set(format!("{at}max_age"), "\"1d\""),
        "limit" if !path.ends_with("rate") => set(format!("{at}rate"), "\"1000/s\""),
        "auth" if path.ends_with("realm") => set(format!("{at}basic"), "\"users\""),
        "auth" if !path.ends_with("basic") => set(format!("{at}forward"), "\"https://127.0.0.1:9091/\""),
        "rewrite" if !path.ends_with("regex") => set(format!("{at}prefix"), "\"/a\""),
        "redirect" => set(format!("{at}to"), "\"/a\""),
        "files" => set(format!("{at}root"), "\"/a\""),
        "script" => {
            let owner = at.strip_suffix("script.").unwrap_or_default();
            set(format!("{owner}upstreams"), "\"fastcgi://127.0.0.1:9000\"");
            set(format!("{at}root"), "\"/a\"");
        }
        _ => {}
    }
    base
}

fn plan(entries: &BTreeMap<String, &str>) -> Plan {
    let mut text = String::new();
    let mut route = Vec::new();
    for (path, value) in entries {
        match path.strip_prefix(ROUTE) {
            Some(key) => route.push(format!("{key} = {value}")),
            None => text.push_str(&format!("{path} = {value}\n")),
        }
    }
    if !route.is_empty() {
        text.push_str(&format!("{SITE}route = [{{ {} }}]\n", route.join(", ")));
    }
    let mut complaints = Complaints::default();
    let (root, is_whole) = file::read(&text, &mut complaints);
    let mut faults = complaints.sorted();
    faults.retain(|complaint| complaint.id != "missing_key");
    assert!(is_whole && faults.is_empty(), "{text}\n{faults:?}");
    meaning::plan(&root, Path::new(""), &|_| true, &mut Complaints::default())
}

const POOL: &str = "pool.shop.";
const SITE: &str = "site.\"shop.example\".";
const ROUTE: &str = "site.\"shop.example\".route.";
