//! Looking at the upstreams of a running gateway, and changing which of them are used.

use crate::program::{Folder, Gateway, run};
use crate::upstream::Upstream;
use std::time::{Duration, Instant};

fn plan(upstreams: &[&Upstream]) -> String {
    let urls: Vec<_> = upstreams.iter().map(|upstream| format!("{:?}", upstream.url())).collect();
    format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[log]\naccess = false\n\
         [pool.shop]\nupstreams = [{}]\nhealth = {{ path = \"/\", every_down = \"50ms\" }}\n[site.\"*\"]\n\
         pool = \"shop\"\n",
        urls.join(", ")
    )
}

#[test]
fn upstreams_are_drained_added_and_removed_until_that_is_undone() {
    let [one, two, three] = ["one", "two", "three"].map(Upstream::start);
    let folder = Folder::new();
    let file = folder.write("torwart.toml", &plan(&[&one, &two]));
    let mut gateway = Gateway::serve(&["--config", &file]);
    let admin = gateway.admin.expect("it has one").to_string();
    let order = |words: &[&str]| run(&[&["upstreams"], words, &["--admin", &admin]].concat());
    let check = |words: &[&str], code: i32, told: &str| {
        let outcome = order(words);
        assert_eq!(outcome.code, Some(code), "{words:?}: {outcome:#?}");
        let text = format!("{}{}", outcome.out, outcome.err);
        assert!(text.contains(told), "{words:?}: {outcome:#?}");
    };
    check(&["drain", "shop", &one.url()], 0, "gets no new requests");
    for _ in 0..4 {
        assert_eq!(gateway.get("/").1, "two");
    }
    // A reload changes nothing of it.
    folder.write("torwart.toml", &plan(&[&two, &one]));
    gateway.program.wait_for_note("taken over");
    check(&[], 0, "drained");
    assert_eq!(gateway.get("/").1, "two");
    check(&["add", "shop", &three.url()], 0, "belongs to the pool shop");
    check(&["remove", "shop", &two.url()], 0, "no longer");
    for _ in 0..4 {
        assert_eq!(gateway.get("/").1, "three");
    }
    check(&["list"], 0, "removed at run time");
    check(&["undrain", "shop", &one.url()], 0, "gets requests again");
    gateway.wait_for_body("one");
    check(&["remove", "shop", &three.url()], 0, "no longer");
    check(&["remove", "shop", &one.url()], 1, "last upstream");
    check(&["add", "shop", &two.url()], 0, "belongs to the pool shop");
    gateway.wait_for_body("two");
    let until = Instant::now() + Duration::from_secs(10);
    while !order(&[]).out.contains("up, well") {
        assert!(Instant::now() < until, "{:#?}", order(&[]));
    }
}

#[test]
fn what_cannot_be_is_told() {
    let one = Upstream::start("one");
    let folder = Folder::new();
    let file = folder.write("torwart.toml", &plan(&[&one]));
    let gateway = Gateway::serve(&["--config", &file]);
    let admin = gateway.admin.expect("it has one").to_string();
    let check = |words: &[&str], code: i32, told: &str| {
        let outcome = run(&[&["upstreams"], words, &["--admin", &admin]].concat());
        assert_eq!(outcome.code, Some(code), "{words:?}: {outcome:#?}");
        assert!(outcome.err.contains(told), "{words:?}: {outcome:#?}");
    };
    check(&["drain", "shpo", "http://a"], 1, "no pool shpo");
    check(&["drain", "shop", "http://a"], 1, "has no upstream http://a");
    check(&["add", "shop", &one.url()], 1, "already");
    check(&["add", "shop", "ftp://a"], 1, "cannot be added");
    check(&["add", "shop", "fastcgi://a"], 1, "cannot be added");
    check(&["drain", "shop"], 2, "no complete order");
}
