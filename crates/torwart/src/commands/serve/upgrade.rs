//! The upgrade: another process, of the program and the configuration as they are on disk now, takes over every socket.
//!
//! It is started by this one, gets the sockets over its standard input, and says when it serves. Only then does this one
//! let its requests end. Until that moment nothing has changed for anybody, and whatever goes wrong is told and leaves
//! everything as it is.

use crate::Console;
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use torwart_gateway::Gateway;
use torwart_kernel::handover::{End, MOST};
use torwart_kernel::privilege;
use torwart_web::UpgradeWish;

/// Where a process finds how it gets the sockets of another one.
pub(super) const HANDOVER: &str = "TORWART_HANDOVER";

/// Starts other processes, one at a time.
pub(super) struct Upgrade {
    program: PathBuf,
    arguments: Vec<OsString>,
    admin: Option<OwnedFd>,
    /// How the one under way came out.
    outcome: Option<oneshot::Receiver<Result<Successor, Failure>>>,
    wishes: mpsc::Receiver<UpgradeWish>,
    /// Who asked for the one under way, if it was not a signal.
    asked_by: Option<UpgradeWish>,
}

/// The process that has taken over.
pub(super) struct Successor {
    /// Its number.
    pub(super) process: u32,
    end: End,
}

/// Why none has.
enum Failure {
    /// It could not be started.
    Start(io::Error),
    /// It said so.
    Said(String),
    /// It ended without a word.
    Ended(String),
    /// It did not get ready in time.
    Late,
}

/// What to do next.
pub(super) enum Step {
    /// Somebody wants an upgrade.
    Asked(UpgradeWish),
    /// Another process has taken over.
    Done(Successor),
    /// None has; everything goes on.
    Failed,
}

impl Upgrade {
    /// Knows the program as it was started, and gets its wishes from there.
    pub(super) fn new(wishes: mpsc::Receiver<UpgradeWish>) -> Self {
        let mut arguments: Vec<_> = std::env::args_os().collect();
        let name = if arguments.is_empty() { OsString::new() } else { arguments.remove(0) };
        Self { program: program(&name), arguments, admin: None, outcome: None, wishes, asked_by: None }
    }

    /// The socket of the admin address goes along.
    pub(super) fn keep_admin(&mut self, admin: OwnedFd) {
        self.admin = Some(admin);
    }

    /// The next step, as soon as there is one. Nothing is lost if it is not waited for to the end.
    pub(super) async fn next(&mut self, console: &Console) -> Step {
        loop {
            let outcome = &mut self.outcome;
            let ended = async {
                match outcome {
                    Some(outcome) => outcome.await,
                    None => std::future::pending().await,
                }
            };
            let ended = tokio::select! {
                ended = ended => ended,
                Some(wish) = self.wishes.recv() => {
                    if self.outcome.is_none() {
                        return Step::Asked(wish);
                    }
                    // Whoever asks hears by the lack of an answer that one is under way.
                    continue;
                }
            };
            self.outcome = None;
            let wish = self.asked_by.take();
            // A thread that ended without a word has panicked, which was told.
            let failure = match ended {
                Ok(Ok(successor)) => {
                    if let Some(wish) = wish {
                        // Nobody may be waiting any more.
                        let _ = wish.answer.send(Ok(successor.process));
                    }
                    return Step::Done(successor);
                }
                Ok(Err(failure)) => failure,
                Err(_) => Failure::Ended(String::new()),
            };
            refuse(wish, &|console| failure.told(console), console);
            return Step::Failed;
        }
    }

    /// Begins one, if that is possible here; `wish` is who asked, if it was not a signal.
    pub(super) fn begin(&mut self, gateway: &Gateway, wish: Option<UpgradeWish>, console: &Console) {
        if self.outcome.is_some() {
            return;
        }
        if let Some(key) = obstacle() {
            let told =
                |console: &Console| format!("{}\n{}", console.say(key), console.say(&format!("{key}-hint")));
            return refuse(wish, &told, console);
        }
        let descriptors = gateway.descriptors().and_then(|sockets| {
            let admin = self.admin.as_ref().map(OwnedFd::try_clone).transpose()?;
            Ok((sockets, admin))
        });
        let (sockets, admin) = match descriptors {
            Ok(descriptors) => descriptors,
            Err(error) => {
                let failure = Failure::Start(error);
                return refuse(wish, &|console| failure.told(console), console);
            }
        };
        let parcel = Parcel { sockets, admin, changes: gateway.roster().changes() };
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        if let Some(name) = std::env::args_os().next() {
            command.arg0(name);
        }
        let (ended, outcome) = oneshot::channel();
        // Not a task: a program is started and waited for. And a thread of its own, because it lends its rights.
        let thread = std::thread::Builder::new().name("upgrade".to_owned()).spawn(move || {
            // Nobody may be listening any more.
            let _ = ended.send(hand_over(command, &parcel));
        });
        match thread {
            Ok(_) => {
                tracing::info!(program = %self.program.display(), "another process is started to take over");
                self.outcome = Some(outcome);
                self.asked_by = wish;
            }
            Err(error) => {
                let failure = Failure::Start(error);
                refuse(wish, &|console| failure.told(console), console);
            }
        }
    }
}

impl Successor {
    /// The UDP sockets are read here no longer.
    pub(super) fn release(&self) {
        // One that is gone reads nothing anyway.
        let _ = self.end.send(RELEASED, &[]);
    }
}

impl Failure {
    fn told(&self, console: &Console) -> String {
        match self {
            Self::Start(error) => {
                let hint = if error.kind() == io::ErrorKind::PermissionDenied {
                    format!("\n{}", console.say("upgrade-denied-hint"))
                } else {
                    String::new()
                };
                console.fill("upgrade-not-started", &[("error", &error.to_string())]) + &hint
            }
            Self::Said(text) => console.fill("upgrade-failed", &[("text", text.trim())]),
            Self::Ended(status) => console.fill("upgrade-ended", &[("status", status)]),
            Self::Late => {
                let within = torwart_config::show_duration(PATIENCE);
                console.fill("upgrade-late", &[("within", &within)])
            }
        }
    }
}

/// What another process gets.
struct Parcel {
    sockets: Vec<OwnedFd>,
    admin: Option<OwnedFd>,
    changes: String,
}

fn hand_over(command: Command, parcel: &Parcel) -> Result<Successor, Failure> {
    let (end, theirs) = End::pair().map_err(Failure::Start)?;
    let mut child = start(command, theirs).map_err(Failure::Start)?;
    // Where it does not take everything, it may still say why.
    let sent = send(&end, parcel);
    match wait(&end) {
        Ok(true) if sent.is_ok() => return Ok(Successor { process: child.id(), end }),
        Ok(_) => {}
        Err(failure) => {
            put_away(&mut child);
            return Err(failure);
        }
    }
    let status = put_away(&mut child);
    Err(Failure::Ended(status))
}

fn start(mut command: Command, theirs: End) -> io::Result<Child> {
    // Without it the other process only lacks the right to open further low ports.
    if let Err(error) = privilege::lend_binding() {
        tracing::debug!(%error, "the right to bind low ports is not passed on");
    }
    command
        .env(HANDOVER, "stdin")
        // These are about this process.
        .env_remove("WATCHDOG_PID")
        .env_remove("LISTEN_PID")
        .env_remove("LISTEN_FDS")
        .env_remove("LISTEN_FDS_FIRST_FD")
        .env_remove("LISTEN_FDNAMES")
        .stdin(Stdio::from(theirs.into_descriptor()))
        .spawn()
}

fn send(end: &End, parcel: &Parcel) -> io::Result<()> {
    end.set_patience(Some(PATIENCE))?;
    for sockets in parcel.sockets.chunks(MOST) {
        end.send(LISTEN, sockets)?;
    }
    if let Some(admin) = &parcel.admin {
        end.send(ADMIN, std::slice::from_ref(admin))?;
    }
    for line in parcel.changes.lines() {
        end.send(&[CHANGE, line.as_bytes()].concat(), &[])?;
    }
    end.send(COMPLETE, &[])
}

/// Whether it says that it serves; not if it ended without a word.
fn wait(end: &End) -> Result<bool, Failure> {
    let until = Instant::now() + PATIENCE;
    let mut is_reset = false;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Failure::Late);
        }
        let received = end.set_patience(Some(left)).and_then(|()| end.receive());
        match received {
            Ok(Some(message)) if message.text == READY => return Ok(true),
            Ok(Some(message)) => {
                if let Some(text) = message.text.strip_prefix(FAILED) {
                    return Err(Failure::Said(String::from_utf8_lossy(text).into_owned()));
                }
            }
            Ok(None) => return Ok(false),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                return Err(Failure::Late);
            }
            // One that has not taken everything resets its end, which is told before what it said.
            Err(_) if !is_reset => is_reset = true,
            Err(_) => return Ok(false),
        }
    }
}

/// Sees to it that it has ended, and says how.
fn put_away(child: &mut Child) -> String {
    let until = Instant::now() + LAST_MOMENT;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.to_string(),
            Ok(None) if Instant::now() < until => std::thread::park_timeout(GLANCE),
            Ok(None) => {
                // One that has just ended cannot be ended.
                let _ = child.kill();
                return child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
            }
            Err(error) => return error.to_string(),
        }
    }
}

/// What makes an upgrade impossible, whoever asks for it.
fn obstacle() -> Option<&'static str> {
    let process = std::process::id();
    if process == 1 {
        // Everything ends with it.
        return Some("upgrade-first-process");
    }
    let is_service = std::env::var("SYSTEMD_EXEC_PID").is_ok_and(|main| main == process.to_string());
    (is_service && std::env::var_os("NOTIFY_SOCKET").is_none()).then_some("upgrade-not-told")
}

/// The program as it is on disk now: where it was called, not what a link there led to then.
fn program(name: &OsString) -> PathBuf {
    let called = Path::new(name);
    let found = if called.components().count() > 1 {
        std::path::absolute(called).ok()
    } else {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders).map(|folder| folder.join(called)).find(|file| file.is_file())
    };
    let found = found.filter(|file| file.is_file());
    found.or_else(|| std::env::current_exe().ok()).unwrap_or_else(|| called.to_path_buf())
}

/// Where the program stands that another process would be of.
pub(super) fn own_program() -> PathBuf {
    program(&std::env::args_os().next().unwrap_or_default())
}

/// Tells why nothing happens: here, and whoever asked.
fn refuse(wish: Option<UpgradeWish>, told: &dyn Fn(&Console) -> String, console: &Console) {
    console.complain(&told(console), Some(&console.say("upgrade-kept")));
    if let Some(wish) = wish {
        let own = Console { lang: wish.lang, ..console.clone() };
        // Nobody may be waiting any more.
        let _ = wish.answer.send(Err(told(&own)));
    }
}

/// Sockets to listen on.
pub(super) const LISTEN: &[u8] = b"listen";

/// The socket of the admin address.
pub(super) const ADMIN: &[u8] = b"admin";

/// A change made at run time.
pub(super) const CHANGE: &[u8] = b"change ";

/// That was everything.
pub(super) const COMPLETE: &[u8] = b"complete";

/// The other process serves.
pub(super) const READY: &[u8] = b"ready";

/// The other process does not.
pub(super) const FAILED: &[u8] = b"failed ";

/// The UDP sockets are free.
pub(super) const RELEASED: &[u8] = b"released";

/// As long as a start may take: many certificates, slow disks.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long one that has failed may take to end by itself.
const LAST_MOMENT: Duration = Duration::from_secs(2);

const GLANCE: Duration = Duration::from_millis(5);
