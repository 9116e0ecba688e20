//! Another process takes over under load: nobody is refused, nobody is cut off, and what fails changes nothing.

use crate::program::{Folder, Gateway, PATIENCE, Program, get, run};
use crate::upstream::Upstream;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const UPGRADES: usize = 3;
const CLIENTS: usize = 4;

/// A process that is none of ours; dropping it ends it.
struct Process(Pid);

impl Process {
    fn of(answer: &Value) -> Self {
        let number = answer["process"].as_i64().expect("it is told");
        Self(Pid::from_raw(i32::try_from(number).expect("it is small")).expect("it is not 0"))
    }

    /// Whether it has, also where nobody takes note of it, as in many containers.
    fn has_ended(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.as_raw_nonzero()));
        stat.map_or(true, |stat| stat.contains(") Z "))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = kill_process(self.0, Signal::KILL);
    }
}

fn plan(upstreams: &[&Upstream]) -> String {
    let urls: Vec<_> = upstreams.iter().map(|upstream| format!("{:?}", upstream.url())).collect();
    format!(
        "workers = 2\ndrain = \"5s\"\n[listen]\nhttp = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\
         [log]\naccess = false\n[pool.shop]\nupstreams = [{}]\n[site.\"*\"]\npool = \"shop\"\n",
        urls.join(", ")
    )
}

#[test]
fn an_upgrade_under_load_refuses_and_cuts_nobody() {
    let (one, two) = (Upstream::start("one"), Upstream::start("two"));
    let folder = Folder::new();
    let file = folder.write("torwart.toml", &plan(&[&one, &two]));
    let gateway = Gateway::serve(&["--config", &file]);
    let admin = gateway.admin.expect("it has one").to_string();
    let drained = run(&["upstreams", "drain", "shop", &two.url(), "--admin", &admin]);
    assert_eq!(drained.code, Some(0), "{drained:#?}");
    let (is_over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let processes = std::thread::scope(|scope| {
        for number in 0..2 * CLIENTS {
            let (is_over, answered, address) = (&is_over, &answered, gateway.address);
            scope.spawn(move || hammer(address, number < CLIENTS, is_over, answered));
        }
        let guard = Over(&is_over);
        let mut processes: Vec<Process> = Vec::new();
        for _ in 0..UPGRADES {
            wait_for_more(&answered);
            let outcome = run(&["upgrade", "--format", "json", "--admin", &admin]);
            assert_eq!(outcome.code, Some(0), "{outcome:#?}");
            processes.push(Process::of(&outcome.json()));
        }
        wait_for_more(&answered);
        drop(guard);
        processes
    });
    let list = run(&["upstreams", "--format", "json", "--admin", &admin]).json();
    let states = list["pools"][0]["upstreams"].as_array().expect("it has some").iter();
    let states: Vec<_> = states.map(|upstream| upstream["state"].as_str().unwrap_or_default()).collect();
    assert_eq!(states, ["up", "drained"], "{list:#}");
    // All but the last one have ended by themselves.
    assert_eq!(gateway.program.end_of_first(), Some(0));
    let (last, earlier) = processes.split_last().expect("there are some");
    for process in earlier {
        wait_until(|| process.has_ended());
    }
    assert!(!last.has_ended());
}

#[test]
fn one_that_does_not_get_ready_changes_nothing() {
    let one = Upstream::start("one");
    let folder = Folder::new();
    let file = folder.write("torwart.toml", &plan(&[&one]));
    let mut gateway = Gateway::serve(&["--config", &file]);
    let admin = gateway.admin.expect("it has one").to_string();
    folder.write("torwart.toml", "[listen]\nhtpp = \"127.0.0.1:0\"\n");
    gateway.program.wait_for_note("the configuration from before goes on");
    let outcome = run(&["upgrade", "--admin", &admin]);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    assert!(outcome.err.contains("did not get ready") && outcome.err.contains("htpp"), "{outcome:#?}");
    let german = run(&["--lang", "de", "upgrade", "--admin", &admin]);
    assert!(german.err.contains("wurde nicht bereit"), "{german:#?}");
    gateway.wait_for_body("one");
    // It can be mended, and asked for by a signal as well.
    folder.write("torwart.toml", &plan(&[&one]));
    gateway.program.wait_for_note("taken over");
    gateway.program.signal(Signal::USR2);
    let line = gateway.program.wait_for("\"event\":\"started\"");
    let _process = Process::of(&serde_json::from_str(&line).expect("it is JSON"));
    gateway.program.wait_for_note("has taken over");
    assert_eq!(get(gateway.address, "/"), (200, "one".to_owned()));
    assert_eq!(gateway.program.end_of_first(), Some(0));
}

#[test]
fn the_service_manager_learns_which_process_is_the_main_one() {
    let (one, folder) = (Upstream::start("one"), Folder::new());
    let file = folder.write("torwart.toml", &plan(&[&one]));
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("the folder can be written to");
    manager.set_read_timeout(Some(PATIENCE)).expect("a time is set");
    let variables = [("NOTIFY_SOCKET", path.to_str().expect("a plain path"))];
    let mut program = Program::start(&["serve", "--format", "json", "--config", &file], &variables);
    program.wait_for("\"event\":\"started\"");
    program.signal(Signal::USR2);
    let line = program.wait_for("\"event\":\"started\"");
    let document: Value = serde_json::from_str(&line).expect("it is JSON");
    let _process = Process::of(&document);
    let mut text = [0; 512];
    let told = format!("MAINPID={}", document["process"]);
    loop {
        let count = manager.recv(&mut text).expect("it says something");
        let said = String::from_utf8_lossy(&text[..count]).into_owned();
        assert!(!said.contains("STOPPING"), "the service does not stop: {said}");
        if said.contains(&told) {
            break;
        }
    }
    assert_eq!(program.end_of_first(), Some(0));
}

/// Ends the clients, also when the test fails.
struct Over<'o>(&'o AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn wait_for_more(answered: &AtomicUsize) {
    let before = answered.load(Ordering::SeqCst);
    wait_until(|| answered.load(Ordering::SeqCst) >= before + 50 * CLIENTS);
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "it never came to this");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Asks again and again, on one connection for as long as the gateway lets it, or on one for each request.
fn hammer(address: SocketAddr, keeps: bool, is_over: &AtomicBool, answered: &AtomicUsize) {
    let connection = if keeps { "" } else { "Connection: close\r\n" };
    let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{connection}\r\n");
    let mut kept: Option<TcpStream> = None;
    while !is_over.load(Ordering::SeqCst) {
        let mut stream =
            kept.take().unwrap_or_else(|| TcpStream::connect(address).expect("nobody is refused"));
        stream.set_read_timeout(Some(PATIENCE)).expect("a time is set");
        stream.write_all(request.as_bytes()).expect("nobody is cut off");
        let mut answer = Vec::new();
        let mut part = [0; 4096];
        while !answer.ends_with(b"\r\n\r\none") {
            let count = stream.read(&mut part).expect("nobody is cut off");
            assert!(count > 0, "cut after {:?}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&part[..count]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{:?}", String::from_utf8_lossy(&answer));
        answered.fetch_add(1, Ordering::SeqCst);
        let head = String::from_utf8_lossy(&answer).to_ascii_lowercase();
        if keeps && !head.contains("connection: close") {
            kept = Some(stream);
        }
    }
}
