//! The program as a child process: its lines as they come, its exit code, signals to it.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// Everything here ends within this time, on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What a finished run has left.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Outcome {
    Program::start(arguments, &[]).end()
}

/// As [`run`], with these variables in the environment.
pub(crate) fn run_with(arguments: &[&str], variables: &[(&str, &str)]) -> Outcome {
    Program::start(arguments, variables).end()
}

/// The program while it runs; dropping it kills it.
pub(crate) struct Program {
    child: Child,
    out: Lines,
    err: Lines,
}

/// The lines of a stream, as far as they were asked for.
struct Lines {
    seen: Vec<String>,
    coming: Receiver<String>,
}

impl Program {
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::spawn(&mut command(arguments, variables))
    }

    /// Runs a command that was made with [`command`].
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program was built");
        let out = Lines::of(child.stdout.take().expect("it is piped"));
        let err = Lines::of(child.stderr.take().expect("it is piped"));
        Self { child, out, err }
    }

    /// The next line on standard output that holds this.
    pub(crate) fn wait_for(&mut self, wanted: &str) -> String {
        let line = self.out.wait_for(wanted);
        line.unwrap_or_else(|| panic!("no line with {wanted:?}\n{}", self.told()))
    }

    /// The next line on standard error that holds this.
    pub(crate) fn wait_for_note(&mut self, wanted: &str) -> String {
        let line = self.err.wait_for(wanted);
        line.unwrap_or_else(|| panic!("no note with {wanted:?}\n{}", self.told()))
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("the program runs");
    }

    /// Waits for the end and takes everything that was said.
    pub(crate) fn end(mut self) -> Outcome {
        let until = Instant::now() + PATIENCE;
        let code = loop {
            match self.child.try_wait().expect("it is our child") {
                Some(status) => break status.code(),
                None if Instant::now() > until => panic!("it does not end\n{}", self.told()),
                None => std::thread::park_timeout(Duration::from_millis(5)),
            }
        };
        Outcome { code, out: self.out.all(), err: self.err.all() }
    }

    /// As [`Program::end`], where another process goes on writing to its streams.
    pub(crate) fn end_of_first(mut self) -> Option<i32> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().expect("it is our child") {
                Some(status) => return status.code(),
                None if Instant::now() > until => panic!("it does not end\n{}", self.told()),
                None => std::thread::park_timeout(Duration::from_millis(5)),
            }
        }
    }

    fn told(&mut self) -> String {
        for lines in [&mut self.out, &mut self.err] {
            lines.seen.extend(lines.coming.try_iter());
        }
        format!("stdout:\n{}\nstderr:\n{}", self.out.seen.join("\n"), self.err.seen.join("\n"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Lines {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, coming): (Sender<String>, _) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { seen: Vec::new(), coming }
    }

    fn wait_for(&mut self, wanted: &str) -> Option<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let line = self.coming.recv_timeout(until.saturating_duration_since(Instant::now())).ok()?;
            self.seen.push(line.clone());
            if line.contains(wanted) {
                return Some(line);
            }
        }
    }

    /// Everything, once the stream has ended.
    fn all(&mut self) -> String {
        while let Ok(line) = self.coming.recv_timeout(PATIENCE) {
            self.seen.push(line);
        }
        self.seen.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// The program with these arguments and this environment, and nothing else.
pub(crate) fn command(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_torwart"));
    command.args(arguments).env_clear().envs(variables.iter().copied()).stdin(Stdio::null());
    command
}

/// A running gateway and where it can be reached.
pub(crate) struct Gateway {
    pub(crate) program: Program,
    pub(crate) address: SocketAddr,
    pub(crate) admin: Option<SocketAddr>,
}

impl Gateway {
    /// Runs `serve` with these arguments, on free ports where they say port 0.
    pub(crate) fn serve(arguments: &[&str]) -> Self {
        let all = [&["serve", "--format", "json"], arguments].concat();
        let mut program = Program::start(&all, &[]);
        let line = program.wait_for("\"event\":\"started\"");
        let started: Value = serde_json::from_str(&line).expect("it is JSON");
        let address = |value: &Value| value.as_str()?.strip_prefix("http://")?.parse().ok();
        let admin = address(&started["admin"]);
        Self { program, address: address(&started["listen"][0]).expect("it listens"), admin }
    }

    /// The status and body of an answer.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        get(self.address, path)
    }

    /// Asks until the answer's body is this.
    pub(crate) fn wait_for_body(&self, wanted: &str) {
        let until = Instant::now() + PATIENCE;
        while self.get("/").1 != wanted {
            assert!(Instant::now() < until, "no answer {wanted:?}");
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

/// Asks on a connection of its own; gives the status and everything behind the head.
pub(crate) fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let answer =
        send(address, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0), body.to_owned())
}

/// Sends bytes and reads until the answer is whole or the other side closes.
pub(crate) fn send(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time is set");
    stream.write_all(request.as_bytes()).expect("it takes a request");
    let mut answer = Vec::new();
    let mut part = [0; 8192];
    // A reset after the answer is the other side's way to end.
    while let Ok(count @ 1..) = stream.read(&mut part) {
        answer.extend_from_slice(&part[..count]);
        if is_whole(&answer) {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Whether an answer has all the bytes its length says.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    length.is_some_and(|length: usize| answer.len() >= end + 4 + length)
}

/// A folder of a test's own, removed with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("torwart-cli-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder can be written to");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file as careful programs do: beside it first, then into its place.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let (path, beside) = (self.0.join(name), self.0.join(format!(".{name}.new")));
        std::fs::write(&beside, text).expect("the folder can be written to");
        std::fs::rename(&beside, &path).expect("the folder can be written to");
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind in the temporary folder is the system's to clear.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
