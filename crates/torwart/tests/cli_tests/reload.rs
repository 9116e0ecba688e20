//! Changing the configuration of a running gateway.

use crate::program::{Folder, Gateway};
use crate::upstream::Upstream;
use rustix::process::Signal;
use std::os::unix::fs::symlink;

fn plan(upstream: &Upstream) -> String {
    format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[log]\naccess = false\n[site.\"*\"]\nupstreams = \"{}\"\n",
        upstream.url()
    )
}

#[test]
fn a_changed_file_is_taken_over_and_a_bad_one_is_not() {
    let (one, two) = (Upstream::start("one"), Upstream::start("two"));
    let folder = Folder::new();
    let file = folder.write("torwart.toml", &plan(&one));
    let mut gateway = Gateway::serve(&["--config", &file]);
    gateway.wait_for_body("one");
    folder.write("torwart.toml", &plan(&two));
    gateway.wait_for_body("two");
    folder.write("torwart.toml", "[listen]\nhtpp = \"127.0.0.1:0\"\n[sites]\n");
    gateway.program.wait_for_note("torwart.toml:2:1");
    gateway.program.wait_for_note("torwart.toml:3:2");
    gateway.program.wait_for_note("the configuration from before goes on");
    gateway.wait_for_body("two");
    folder.write("torwart.toml", &plan(&one));
    gateway.wait_for_body("one");
}

#[test]
fn a_hangup_reads_the_file_again() {
    let one = Upstream::start("one");
    let folder = Folder::new();
    let file = folder.write("torwart.toml", &plan(&one));
    let mut gateway = Gateway::serve(&["--config", &file]);
    gateway.program.signal(Signal::HUP);
    gateway.program.wait_for_note("taken over");
    gateway.wait_for_body("one");
}

#[test]
fn a_swapped_link_is_noticed_as_kubernetes_swaps_it() {
    let (one, two) = (Upstream::start("one"), Upstream::start("two"));
    let folder = Folder::new();
    for (name, upstream) in [("..1", &one), ("..2", &two)] {
        std::fs::create_dir(folder.path().join(name)).expect("it is new");
        std::fs::write(folder.path().join(name).join("torwart.toml"), plan(upstream)).expect("it is new");
    }
    symlink("..1", folder.path().join("..data")).expect("it is new");
    symlink("..data/torwart.toml", folder.path().join("torwart.toml")).expect("it is new");
    let file = folder.path().join("torwart.toml").display().to_string();
    let gateway = Gateway::serve(&["--config", &file]);
    gateway.wait_for_body("one");
    symlink("..2", folder.path().join("..new")).expect("it is new");
    std::fs::rename(folder.path().join("..new"), folder.path().join("..data")).expect("it is swapped");
    gateway.wait_for_body("two");
}

#[test]
fn a_changed_answer_page_alone_is_taken_over() {
    let folder = Folder::new();
    folder.write("page.html", "<p>before</p>");
    let file = folder.write(
        "torwart.toml",
        "[listen]\nhttp = \"127.0.0.1:0\"\n[log]\naccess = false\n[site.\"*\"]\n\
         upstreams = \"http://127.0.0.1:1\"\ntemplates = { 502 = \"page.html\" }\n",
    );
    let mut gateway = Gateway::serve(&["--config", &file]);
    folder.write("page.html", "<p>after</p>");
    gateway.program.wait_for_note("taken over");
}

#[test]
fn a_bad_file_starts_nothing() {
    let folder = Folder::new();
    let file = folder.write("torwart.toml", "[listen]\nhttp = \"nowhere\"\n");
    let outcome = crate::program::run(&["serve", "--config", &file]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.err.contains("torwart.toml:2:8"), "{}", outcome.err);
    let outcome = crate::program::run(&["serve", "--config", "/nowhere/torwart.toml"]);
    assert_eq!(outcome.code, Some(3));
}
