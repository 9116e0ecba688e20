//! `torwart serve` as a service: sockets that are handed over, what a service manager is told, and what is given up.

use crate::program::{Folder, Gateway, PATIENCE, Program, command, get, run};
use crate::upstream::Upstream;
use rustix::process::{Signal, geteuid};
use serde_json::Value;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;

/// Standard input is the one descriptor that can be chosen without further ado.
const HANDED_OVER: [(&str, &str); 2] = [("LISTEN_FDS", "1"), ("LISTEN_FDS_FIRST_FD", "0")];

fn started(mut program: Program) -> (Program, Value) {
    let line = program.wait_for("\"event\":\"started\"");
    (program, serde_json::from_str(&line).expect("it is JSON"))
}

fn serve_on(socket: &TcpListener, upstream: &Upstream) -> (Program, Value) {
    let listen = socket.local_addr().expect("it is bound").to_string();
    let to = upstream.url();
    let arguments = ["serve", "--to", &to, "--listen", &listen, "--admin", "off", "--format", "json"];
    let mut command = command(&arguments, &HANDED_OVER);
    command.stdin(Stdio::from(OwnedFd::from(socket.try_clone().expect("it can be shared"))));
    started(Program::spawn(&mut command))
}

#[test]
fn a_socket_that_is_handed_over_outlives_the_gateway() {
    let upstream = Upstream::start("one");
    let socket = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = socket.local_addr().expect("it is bound");
    let (program, document) = serve_on(&socket, &upstream);
    assert_eq!(document["listen"][0], format!("http://{address}"));
    assert_eq!(get(address, "/"), (200, "one".to_owned()));
    program.signal(Signal::TERM);
    assert_eq!(program.end().code, Some(0));
    // Nobody accepts now, and nobody is refused.
    let waiting = std::thread::spawn(move || get(address, "/waited"));
    let (_program, _) = serve_on(&socket, &upstream);
    assert_eq!(waiting.join().expect("it is answered"), (200, "one".to_owned()));
}

#[test]
fn a_socket_that_nothing_listens_on_is_told() {
    let upstream = Upstream::start("one");
    let socket = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let to = upstream.url();
    let mut command =
        command(&["serve", "--to", &to, "--listen", "127.0.0.1:0", "--admin", "off"], &HANDED_OVER);
    command.stdin(Stdio::from(OwnedFd::from(socket)));
    Program::spawn(&mut command).wait_for_note("is not among the listeners");
}

/// The next message to a service manager.
fn heard(manager: &UnixDatagram) -> String {
    let mut text = [0; 512];
    let count = manager.recv(&mut text).expect("it says something");
    String::from_utf8_lossy(&text[..count]).into_owned()
}

#[test]
fn the_service_manager_is_told_how_it_goes() {
    let (upstream, folder) = (Upstream::start("one"), Folder::new());
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("the folder can be written to");
    manager.set_read_timeout(Some(PATIENCE)).expect("a time is set");
    let config = folder.write("torwart.toml", &config(&upstream, ""));
    let variables = [("NOTIFY_SOCKET", path.to_str().expect("a plain path")), ("WATCHDOG_USEC", "200000")];
    let program = Program::start(&["serve", "--config", &config], &variables);
    assert_eq!(heard(&manager).trim(), "READY=1");
    assert_eq!(heard(&manager).trim(), "WATCHDOG=1");
    program.signal(Signal::HUP);
    let wait_for = |wanted: &str| while !heard(&manager).contains(wanted) {};
    wait_for("RELOADING=1");
    wait_for("READY=1");
    program.signal(Signal::TERM);
    wait_for("STOPPING=1");
    assert_eq!(program.end().code, Some(0));
}

fn config(upstream: &Upstream, more: &str) -> String {
    format!("{more}\n[listen]\nhttp = \"127.0.0.1:0\"\n\n[site.\"*\"]\nupstreams = \"{}\"\n", upstream.url())
}

#[test]
fn it_says_what_is_given_up() {
    let (upstream, folder) = (Upstream::start("one"), Folder::new());
    let start = |more| {
        let file = folder.write("torwart.toml", &config(&upstream, more));
        let (program, document) =
            started(Program::start(&["serve", "--config", &file, "--format", "json"], &[]));
        (program, document["protection"].clone())
    };
    let (program, usual) = start("");
    assert_eq!(usual["no_new_privileges"], true);
    assert!(
        ["confined", "partly", "unavailable"].contains(&usual["files"].as_str().unwrap_or_default()),
        "{usual}"
    );
    // Threads have what the one had that started them: it was given up before there were any.
    let tasks = std::fs::read_dir(format!("/proc/{}/task", program.id())).expect("it runs");
    for task in tasks {
        let status = task.expect("it can be listed").path().join("status");
        let status = std::fs::read_to_string(status).expect("it runs");
        assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    }
    assert_eq!(start("confine = false").1["files"], "free");
}

#[test]
fn what_lies_in_another_folder_takes_a_restart() {
    let (upstream, folder, elsewhere) = (Upstream::start("one"), Folder::new(), Folder::new());
    let file = folder.write("torwart.toml", &config(&upstream, ""));
    let (mut program, document) =
        started(Program::start(&["serve", "--config", &file, "--format", "json"], &[]));
    let page = elsewhere.write("502.html", "<p>away</p>");
    folder.write("torwart.toml", &config(&upstream, &format!("templates = {{ 502 = \"{page}\" }}")));
    if document["protection"]["files"] == "unavailable" {
        return;
    }
    program.wait_for_note("cannot reach this folder");
    program.wait_for_note("the configuration from before goes on");
    let near = folder.write("502.html", "<p>near</p>");
    folder.write("torwart.toml", &config(&upstream, &format!("templates = {{ 502 = \"{near}\" }}")));
    program.wait_for_note("taken over");
}

#[test]
fn another_user_is_a_matter_of_root() {
    let (upstream, folder) = (Upstream::start("one"), Folder::new());
    let file = folder.write("torwart.toml", &config(&upstream, "user = \"65533\""));
    if geteuid().is_root() {
        let (program, document) =
            started(Program::start(&["serve", "--config", &file, "--format", "json"], &[]));
        assert_eq!(document["protection"]["uid"], 65533);
        assert_eq!(document["protection"]["capabilities"], serde_json::json!([]));
        let status = std::fs::read_to_string(format!("/proc/{}/status", program.id())).expect("it runs");
        for line in ["Uid:\t65533\t65533\t65533\t65533", "Gid:\t65533\t65533\t65533\t65533", "NoNewPrivs:\t1"]
        {
            assert!(status.contains(line), "{line}: {status}");
        }
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert!(status.contains(&format!("{set}:\t0000000000000000")), "{set}: {status}");
        }
        let address: Option<SocketAddr> =
            document["listen"][0].as_str().and_then(|url| url.strip_prefix("http://")?.parse().ok());
        assert_eq!(get(address.expect("it listens"), "/"), (200, "one".to_owned()));
    } else {
        let outcome = run(&["serve", "--config", &file]);
        assert_eq!(outcome.code, Some(3));
        assert!(outcome.err.contains("only root"), "{}", outcome.err);
    }
    let outcome =
        run(&["serve", "--to", &upstream.url(), "--listen", "127.0.0.1:0", "--user", "no such user"]);
    assert_eq!(outcome.code, Some(3));
    assert!(outcome.err.contains("useradd"), "{}", outcome.err);
}

#[test]
fn what_the_new_user_could_not_read_again_is_refused() {
    if !geteuid().is_root() {
        return;
    }
    let (upstream, folder) = (Upstream::start("one"), Folder::new());
    let file = folder.write("torwart.toml", &config(&upstream, "user = \"65533\""));
    rustix::fs::chmod(&file, rustix::fs::Mode::RUSR).expect("it is ours");
    let outcome = run(&["serve", "--config", &file]);
    assert_eq!(outcome.code, Some(3));
    assert!(outcome.err.contains("must be readable"), "{}", outcome.err);
}

#[test]
fn logs_are_no_business_of_other_users() {
    let (upstream, folder) = (Upstream::start("one"), Folder::new());
    let log = folder.path().join("access.log");
    let arguments =
        ["--listen", "127.0.0.1:0", "--admin", "off", "--access-log", log.to_str().expect("a plain path")];
    let gateway = Gateway::serve(&[&["--to", &upstream.url()], &arguments[..]].concat());
    gateway.get("/");
    assert_eq!(std::fs::metadata(&log).expect("it was opened").mode() & 0o007, 0);
}

#[test]
fn whoever_asks_hears_whether_it_is_ready() {
    let upstream = Upstream::start("one");
    let gateway =
        Gateway::serve(&["--to", &upstream.url(), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    let admin = gateway.admin.expect("it was asked for").to_string();
    assert_eq!(run(&["health", "--admin", &admin]).code, Some(0));
    drop(gateway);
    assert_eq!(run(&["health", "--admin", &admin]).code, Some(3));
}

#[test]
fn manual_pages_and_completions_are_written() {
    let folder = Folder::new();
    let path = folder.path().to_str().expect("a plain path");
    assert_eq!(run(&["manual", path]).code, Some(0));
    for name in ["torwart.1", "torwart-serve.1", "torwart.bash", "_torwart", "torwart.fish"] {
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        assert!(text.contains("serve"), "{name}");
    }
    assert!(!folder.path().join("torwart-manual.1").exists());
}
