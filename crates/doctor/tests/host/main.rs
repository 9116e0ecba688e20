//! The checks of this machine and of the gateway on it. Real nginx where it is installed; skipped, loudly, where not.

#[path = "../time/scene.rs"]
mod scene;
mod tables;

use scene::{Folder, bad, examine, found, free_address, question};
use socket2::{Domain, Socket, Type};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use torwart_cause::finding::{Said, Severity};
use torwart_doctor::checks::{capacity, gateway, host};
use torwart_doctor::{Check, Question};
use torwart_lab::{Ground, Script, Upstream};

/// nginx, ended with the test.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its workers when it is asked kindly, and leaves them alone when it is killed.
        let pid = rustix::process::Pid::from_raw(self.0.id().cast_signed());
        let asked = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::TERM));
        if !matches!(asked, Some(Ok(()))) {
            let _ = self.0.kill();
        }
        let _ = self.0.wait();
    }
}

/// Starts nginx in the foreground; `None`, loudly, where it is not installed.
#[expect(clippy::print_stderr, reason = "whoever runs the tests must see what was left out")]
fn nginx(folder: &Folder, config: &Path, site: SocketAddr) -> Option<Nginx> {
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder.path()).arg("-c").arg(config);
    let Ok(child) = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
        eprintln!("SKIPPED: nginx is not installed");
        return None;
    };
    let nginx = Nginx(child);
    let due = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(site).is_err() {
        assert!(Instant::now() < due, "nginx does not listen on {site}");
        std::thread::yield_now();
    }
    Some(nginx)
}

fn config(folder: &Folder, head: &str, site: SocketAddr, upstream: &str) -> PathBuf {
    let path = folder.path().display();
    let text = format!(
        "daemon off;\n{head}\npid {path}/pid;\nerror_log {path}/error.log;\nevents {{ worker_connections 64; }}\nhttp {{\n  \
         access_log {path}/access.log;\n  client_body_temp_path {path}/body; proxy_temp_path {path}/proxy; fastcgi_temp_path \
         {path}/fastcgi; uwsgi_temp_path {path}/uwsgi; scgi_temp_path {path}/scgi;\n  server {{\n    listen {site};\n    \
         location / {{\n      proxy_pass http://{upstream};\n    }}\n  }}\n}}\n"
    );
    folder.write("nginx.conf", &text)
}

/// A question as one asks on the gateway's host: nothing but the URL.
fn bare(site: SocketAddr) -> Question {
    Question { config: None, ..question(site, &[], Path::new("/")) }
}

fn all() -> Vec<Check> {
    [gateway::CHECKS, host::CHECKS, capacity::CHECKS].concat()
}

#[test]
fn the_gateways_log_tells_of_the_refused_upstream() {
    let (folder, site, dead) = (Folder::new("log"), free_address(), free_address());
    let Some(_nginx) = nginx(&folder, &config(&folder, "", site, &dead.to_string()), site) else { return };
    let findings = examine(bare(site), &all());
    assert_eq!(bad(&findings), ["gateway.log_errors"], "{findings:?}");
    let finding = found(&findings, "gateway.log_errors");
    let is_line = |said: &Said| matches!(said, Said::Text(text) if text.contains("Connection refused"));
    assert!(finding.evidence.iter().any(|proof| is_line(&proof.said)), "{finding:?}");
    assert!(finding.place.file.as_ref().is_some_and(|(file, line)| file.ends_with("error.log") && *line > 0));
}

#[test]
fn a_healthy_gateway_has_nothing_worse_than_information() {
    let ground = Ground::start().expect("the lab");
    let script = r#"steps = [{ loop = { times = 100, steps = ["read_head", { answer = "ok" }] } }]"#;
    let app = Upstream::start(&ground, Script::from_toml(script).expect("a script")).expect("an upstream");
    let (folder, site) = (Folder::new("well"), free_address());
    let upstream = app.address().expect("an address").to_string();
    let Some(_nginx) = nginx(&folder, &config(&folder, "", site, &upstream), site) else { return };
    let findings = examine(bare(site), &all());
    assert!(bad(&findings).is_empty(), "{findings:?}");
}

#[test]
fn a_socket_the_workers_may_not_open_is_found() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: only root starts workers as another user");
        return;
    }
    let (folder, site) = (Folder::new("denied"), free_address());
    let path = folder.path().join("app.sock");
    let _listener = UnixListener::bind(&path).expect("a unix socket");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    let upstream = format!("unix:{}:", path.display());
    let Some(_nginx) = nginx(&folder, &config(&folder, "user nobody nogroup;", site, &upstream), site) else {
        return;
    };
    let findings = examine(bare(site), host::CHECKS);
    let finding = found(&findings, "host.socket_denied");
    assert_eq!(finding.severity, Severity::Critical);
}

#[test]
fn a_gateway_that_does_not_run_is_found_by_its_configuration() {
    let (folder, site) = (Folder::new("dead"), free_address());
    let config = config(&folder, "", site, "127.0.0.1:9");
    let findings = examine(Question { config: Some(config), ..bare(site) }, gateway::CHECKS);
    assert_eq!(bad(&findings), ["gateway.not_running"], "{findings:?}");
}

#[test]
fn a_listener_that_does_not_accept_has_a_full_queue() {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
    socket.listen(1).expect("a listener");
    let address = socket.local_addr().ok().and_then(|it| it.as_socket()).expect("its address");
    let fill: Vec<_> =
        (0..4).map(|_| TcpStream::connect_timeout(&address, Duration::from_millis(200))).collect();
    let none = Path::new("/nonexistent/nginx.conf");
    let queue: Vec<Check> =
        capacity::CHECKS.iter().filter(|check| check.name == "listen_queue").copied().collect();
    let findings = examine(question(address, &[address], none), &queue);
    drop(fill);
    found(&findings, "capacity.accept_queue_full");
}

#[test]
fn a_configuration_the_gateway_would_refuse_is_the_reason_why_it_does_not_run() {
    let (folder, site) = (Folder::new("broken"), free_address());
    let text = format!(
        "events {{}}\nhttp {{\n  server {{\n    listen {site};\n    location / {{ proxy_pass http://127.0.0.1:9; }}\n"
    );
    let config = folder.write("nginx.conf", &text);
    let findings = examine(Question { config: Some(config), ..bare(site) }, gateway::CHECKS);
    let broken = found(&findings, "gateway.config_broken");
    let stopped = found(&findings, "gateway.not_running");
    assert_eq!(broken.severity, Severity::Critical);
    assert!(broken.confidence > stopped.confidence);
}
