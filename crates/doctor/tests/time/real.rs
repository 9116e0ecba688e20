//! The same with real software: nginx in front of Node.js. Skipped, loudly, where one of them is missing.

use super::scene::{Folder, bad, examine, found, free_address, question};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use torwart_doctor::checks::{capacity, gateway, host, time};
use torwart_doctor::{Check, Question};

/// A program that ends with the test.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // A master ends its workers when it is asked kindly, and leaves them alone when it is killed.
        let pid = rustix::process::Pid::from_raw(self.0.id().cast_signed());
        let asked = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::TERM));
        if !matches!(asked, Some(Ok(()))) {
            let _ = self.0.kill();
        }
        let _ = self.0.wait();
    }
}

/// Starts a program and waits until it listens; `None`, loudly, where it is not installed.
#[expect(clippy::print_stderr, reason = "whoever runs the tests must see what was left out")]
pub fn start(program: &str, arguments: &[&str], address: SocketAddr) -> Option<Running> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(child) = command.spawn() else {
        eprintln!("SKIPPED: {program} is not installed");
        return None;
    };
    let running = Running(child);
    let due = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < due, "{program} does not listen on {address}");
        std::thread::yield_now();
    }
    Some(running)
}

/// Starts nginx with this configuration, as its own master in the foreground.
pub fn nginx(folder: &Folder, config: &Path, site: SocketAddr) -> Option<Running> {
    let prefix = folder.path().display().to_string();
    start("nginx", &["-p", &prefix, "-c", &config.display().to_string()], site)
}

/// nginx's configuration: logs and temporary files lie in the folder.
pub fn site(folder: &Folder, site: SocketAddr, upstream: &str, pool: &str) -> std::path::PathBuf {
    let path = folder.path().display();
    let text = format!(
        "daemon off;\npid {path}/pid;\nerror_log {path}/error.log;\nevents {{ worker_connections 64; }}\nhttp {{\n  \
         access_log {path}/access.log;\n  client_body_temp_path {path}/body; proxy_temp_path {path}/proxy; fastcgi_temp_path \
         {path}/fastcgi; uwsgi_temp_path {path}/uwsgi; scgi_temp_path {path}/scgi;\n  upstream app {{\n    server {upstream};\n    \
         {pool}\n  }}\n  server {{\n    listen {site};\n    location / {{\n      proxy_http_version 1.1;\n      proxy_set_header \
         Connection \"\";\n      proxy_pass http://app;\n    }}\n  }}\n}}\n"
    );
    folder.write("nginx.conf", &text)
}

/// Starts a plain server of Node.js.
fn node(address: SocketAddr) -> Option<Running> {
    let port = address.port();
    let script = format!("require('http').createServer((q, s) => s.end('ok')).listen({port}, '127.0.0.1')");
    start("node", &["-e", &script], address)
}

/// A question as one asks on the gateway's host: nothing but the URL.
fn bare(address: SocketAddr) -> Question {
    Question { config: None, upstreams: Vec::new(), ..question(address, &[], Path::new("/")) }
}

fn all() -> Vec<Check> {
    [time::CHECKS, capacity::CHECKS, gateway::CHECKS, host::CHECKS].concat()
}

#[test]
fn node_behind_an_nginx_with_a_pool_is_a_mismatch() {
    let (folder, app, front) = (Folder::new("node-pool"), free_address(), free_address());
    let config = site(&folder, front, &app.to_string(), "keepalive 16;");
    let (Some(_node), Some(_nginx)) = (node(app), nginx(&folder, &config, front)) else { return };
    let findings = examine(bare(front), &all());
    assert_eq!(bad(&findings), ["keepalive.mismatch"], "{findings:?}");
    let finding = found(&findings, "keepalive.mismatch");
    assert!(finding.fixes.iter().any(|fix| fix.after == "keepalive_timeout 4s;"), "{:?}", finding.fixes);
}

#[test]
fn a_healthy_nginx_with_node_has_nothing_worse_than_information() {
    let (folder, app, front) = (Folder::new("node-well"), free_address(), free_address());
    let config = site(&folder, front, &app.to_string(), "keepalive 16; keepalive_timeout 3s;");
    let (Some(_node), Some(_nginx)) = (node(app), nginx(&folder, &config, front)) else { return };
    let findings = examine(bare(front), &all());
    assert!(bad(&findings).is_empty(), "{findings:?}");
}

#[test]
fn a_stopped_process_is_found_without_waiting() {
    let (folder, app, front) = (Folder::new("stopped"), free_address(), free_address());
    let config = site(&folder, front, &app.to_string(), "");
    let (Some(node), Some(_nginx)) = (node(app), nginx(&folder, &config, front)) else { return };
    let signal = |signal| {
        let pid = rustix::process::Pid::from_raw(node.0.id().cast_signed()).expect("a process");
        rustix::process::kill_process(pid, signal).expect("a signal");
    };
    signal(rustix::process::Signal::STOP);
    let findings = examine(bare(front), time::CHECKS);
    signal(rustix::process::Signal::CONT);
    let finding = found(&findings, "capacity.no_answer");
    assert!(finding.confidence > 95, "{finding:?}");
}
