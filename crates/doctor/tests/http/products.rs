//! Real products, started on loopback and ended with the test.

use rustix::process::{Pid, Signal, kill_process_group};
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A folder of its own and the processes that work in it. Dropping it ends them and removes the folder.
pub struct Stage {
    /// The folder.
    pub folder: PathBuf,
    running: Vec<Child>,
}

impl Stage {
    /// An empty one.
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("torwart-http-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self { folder, running: Vec::new() }
    }

    /// Writes a file and tells its path.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, text).expect("a file");
        path
    }

    /// Starts a program.
    pub fn start(&mut self, program: &Path, arguments: &[&str]) {
        let log = fs::File::create(self.folder.join(format!("log-{}", self.running.len()))).expect("a log");
        let errors = log.try_clone().expect("a log");
        let child = Command::new(program)
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            // A group of its own: its workers end with it.
            .process_group(0)
            .spawn()
            .expect("the program starts");
        self.running.push(child);
    }

    /// nginx with this inside of `http`; gives the path of the configuration.
    pub fn nginx(&mut self, name: &str, inside: &str) -> PathBuf {
        let folder = self.folder.display();
        let text = format!(
            "daemon off;\nmaster_process off;\npid {folder}/{name}.pid;\nerror_log {folder}/{name}.log;\n\
             events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\n\
             client_body_temp_path {folder}/{name}-a;\nproxy_temp_path {folder}/{name}-b;\n\
             fastcgi_temp_path {folder}/{name}-c;\nuwsgi_temp_path {folder}/{name}-d;\n\
             scgi_temp_path {folder}/{name}-e;\n{inside}\n}}\n"
        );
        let path = self.file(&format!("{name}.conf"), &text);
        let program = program("nginx").expect("asked for before");
        let shown = path.display().to_string();
        self.start(&program, &["-c", &shown, "-p", &folder.to_string(), "-e", &format!("{name}.log")]);
        path
    }

    /// HAProxy with these sections behind the usual ones; gives the path of the configuration.
    pub fn haproxy(&mut self, sections: &str) -> PathBuf {
        let text = format!(
            "global\n    maxconn 200\ndefaults\n    mode http\n    timeout connect 2s\n    timeout client 20s\n    timeout server 20s\n{sections}\n"
        );
        let path = self.file("haproxy.cfg", &text);
        let program = program("haproxy").expect("asked for before");
        self.start(&program, &["-db", "-f", &path.display().to_string()]);
        path
    }

    /// A node program; `PORT` in it becomes the port it listens at.
    pub fn node(&mut self, text: &str) -> SocketAddr {
        let address = free();
        let path = self
            .file(&format!("app-{}.js", address.port()), &text.replace("PORT", &address.port().to_string()));
        let program = program("node").expect("asked for before");
        self.start(&program, &[&path.display().to_string()]);
        address
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for child in &mut self.running {
            // What has ended already is as good as ended.
            if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                let _ = kill_process_group(group, Signal::KILL);
            }
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where a program is; `None`, said loudly, where it is missing.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
pub fn program(name: &str) -> Option<PathBuf> {
    let folders = std::env::var("PATH").unwrap_or_default();
    let folders = folders.split(':').map(PathBuf::from).chain(["/usr/sbin".into(), "/sbin".into()]);
    for folder in folders {
        let exact = folder.join(name);
        if exact.is_file() {
            return Some(exact);
        }
        // Some carry their version in their name.
        let versioned =
            fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).find(|path| {
                let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                file.strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
            });
        if name == "php-fpm" && versioned.is_some() {
            return versioned;
        }
    }
    println!("SKIPPED: {name} is not installed; scripts/install-tools brings it");
    None
}

/// A port nobody listens at.
pub fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

/// Waits until somebody accepts there.
pub async fn wait_for(address: SocketAddr) {
    let connecting = async {
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), connecting).await.expect("the program listens");
}
