//! The door on the command line: what `check` says about it, and the token of the admin address.

use crate::program::{Folder, Program, get, run, run_with, send};
use crate::upstream::Upstream;
use rustix::process::Signal;

const TOKEN: &str = "correct-horse-battery-staple";

#[test]
fn check_names_every_loosened_default_of_the_door() {
    let folder = Folder::new();
    // `anna:secret`.
    folder.write("users", "anna:$2y$04$G/dKJ.1ieWnYYGKUcViy3ubVmOBiNvDTazCAAsxF5tR1Fbo1JbYbG\n");
    let file = folder.write(
        "torwart.toml",
        "[listen]\nhttp = \"0.0.0.0:0\"\n[client]\nper_address = 5000\nlimit = { body = \"5GB\", streams = 500, windows = \"2GB\" }\n\
         deadline = { head = \"1m\" }\n[site.\"shop.test\"]\nupstreams = \"http://127.0.0.1:1\"\nlink_local = true\n\
         auth = { basic = \"users\" }\n",
    );
    for (lang, part) in [("en", "per_address = 5000"), ("de", "Metadatendienst")] {
        let outcome = run(&["check", &file, "--offline", "--lang", lang]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.out);
        assert!(outcome.out.contains(part), "{part}: {}", outcome.out);
        assert!(!outcome.out.contains("$2y$"), "{}", outcome.out);
    }
    let found = run(&["check", &file, "--offline", "--format", "json"]).json();
    let loosened = found["loosened"].as_array().expect("a list");
    let keys: Vec<_> = loosened.iter().filter_map(|one| one["key"].as_str()).collect();
    for key in [
        "client.per_address = 5000",
        "client.limit.body",
        "client.limit.streams = 500",
        "client.limit.windows",
        "client.deadline.head = \"1m\"",
        "link_local = true",
        "auth.basic",
    ] {
        assert!(keys.iter().any(|found| found.contains(key)), "{key}: {keys:?}");
    }
    assert!(loosened.iter().all(|one| one["meaning"].as_str().is_some_and(|meaning| meaning.contains(' '))));
}

#[test]
fn check_reads_the_files_of_the_door() {
    let folder = Folder::new();
    folder.write("users", "anna:geheim\n");
    folder.write("bad.txt", "192.0.2.0/24\nno network\n");
    let file = folder.write(
        "torwart.toml",
        "deny_addresses = \"bad.txt\"\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"shop.test\"]\n\
         upstreams = \"http://127.0.0.1:1\"\nauth = { basic = \"users\" }\n",
    );
    let outcome = run(&["check", &file, "--offline"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.out);
    for part in ["bad.txt: line 2", "users: line 1", "htpasswd -B"] {
        assert!(outcome.out.contains(part), "{part}: {}", outcome.out);
    }
    assert!(!outcome.out.contains("geheim"), "{}", outcome.out);
}

#[test]
fn off_loopback_the_admin_address_needs_a_token() {
    let upstream = Upstream::start("one");
    let url = upstream.url();
    let arguments =
        ["serve", "--to", url.as_str(), "--listen", "127.0.0.1:0", "--admin", "0.0.0.0:0", "--log", "off"];
    let outcome = run(&arguments);
    assert_eq!(outcome.code, Some(3), "{}", outcome.err);
    assert!(outcome.err.contains("TORWART_ADMIN_TOKEN"), "{}", outcome.err);
    let outcome = run_with(&arguments, &[("TORWART_ADMIN_TOKEN", "short")]);
    assert!(outcome.err.contains("too short") && !outcome.err.contains("short\""), "{}", outcome.err);
}

#[test]
fn the_token_comes_from_a_file_and_is_shown_nowhere() {
    let (upstream, folder) = (Upstream::start("one"), Folder::new());
    let secret = folder.write("token", &format!("{TOKEN}\n"));
    let file = folder.write(
        "torwart.toml",
        &format!(
            "[listen]\nhttp = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\nadmin_token = {{ file = \"{secret}\" }}\n\
             [site.\"*\"]\nupstreams = \"{}\"\n",
            upstream.url()
        ),
    );
    let mut program = Program::start(&["serve", "--config", &file, "--format", "json"], &[]);
    let started: serde_json::Value = serde_json::from_str(&program.wait_for("\"started\"")).expect("is JSON");
    let admin =
        started["admin"].as_str().and_then(|url| url.strip_prefix("http://")).expect("it was asked for");
    let admin = admin.parse().expect("an address");
    assert_eq!((get(admin, "/metrics").0, get(admin, "/healthz").0), (401, 200));
    let request = format!(
        "GET /metrics HTTP/1.1\r\nHost: {admin}\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"
    );
    assert!(send(admin, &request).starts_with("HTTP/1.1 200"), "the token opens it");
    let id = "bakim-toruf-zalan";
    let address = admin.to_string();
    let asked = run(&["explain", id, "--admin", &address]);
    assert!(asked.err.contains("token"), "{}", asked.err);
    let asked = run_with(&["explain", id, "--admin", &address], &[("TORWART_ADMIN_TOKEN", TOKEN)]);
    assert!(asked.err.contains("No failed exchange"), "{}", asked.err);
    program.signal(Signal::TERM);
    let outcome = program.end();
    assert!(!outcome.out.contains(TOKEN) && !outcome.err.contains(TOKEN), "the token is shown");
    let outcome = run(&["check", &file, "--offline", "--format", "json"]);
    assert!(!outcome.out.contains(TOKEN), "{}", outcome.out);
}
