//! `torwart serve`: the gateway, until somebody stops it.
//!
//! The data plane runs on threads of its own; this thread does the control work: admin address, signals, files.

mod announce;
mod certificates;
mod options;
mod predecessor;
mod protection;
mod reach;
mod reload;
mod rest;
mod service;
mod upgrade;
mod watch;

use crate::cli;
use crate::logging;
use crate::signals::{Signals, Wish};
use crate::{Console, Exit, secret, trouble};
use certificates::Certificates;
use clap::{Arg, ArgAction, ArgMatches, Command};
use options::Wanted;
use predecessor::{Legacy, Predecessor};
use protection::Protection;
use reload::Reloader;
use rest::Rest;
use service::Watchdog;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch as switch};
use tokio::task::JoinSet;
use torwart_config::Plan;
use torwart_gateway::{Gateway, Listeners, Options};
use torwart_web::{Admin, AdminOptions, AdminState, Token, UpgradeWish};
use upgrade::{Step, Successor, Upgrade};
use watch::FileWatch;

/// Where the admin address is unless somebody says otherwise.
pub(super) const ADMIN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9180);

/// The command line.
pub(super) fn command(console: &Console) -> Command {
    let lang = console.lang;
    let option = |name| cli::option("serve", name, lang);
    let address = move |text: &str| cli::values::listen_address(text, lang);
    let admin = move |text: &str| cli::values::admin_address(text, lang);
    let flags = ["to", "listen", "workers", "admin", "log", "access-log", "user"];
    cli::command("serve", console)
        .arg(option("to").action(ArgAction::Append))
        .arg(option("listen").value_parser(address))
        .arg(option("workers").value_parser(clap::value_parser!(u16).range(1..=1024)))
        .arg(option("admin").value_parser(admin))
        .arg(option("log").value_parser(["json", "human", "off"]).hide_possible_values(true))
        .arg(option("access-log").value_parser(clap::value_parser!(std::path::PathBuf)))
        .arg(option("user"))
        .arg(
            option("config")
                .short('c')
                .value_parser(clap::value_parser!(std::path::PathBuf))
                .conflicts_with_all(flags),
        )
        .arg(Arg::clone(&cli::format(lang, &["text", "json"])))
}

/// Runs it.
pub(super) fn run(matches: &ArgMatches, console: &Console) -> Exit {
    let Some(predecessor) = Predecessor::from_environment() else { return serve(matches, None, console) };
    // Whoever asked for the upgrade hears what was said here.
    console.keep();
    let predecessor = std::cell::Cell::new(Some(predecessor));
    let exit = serve(matches, Some(&predecessor), console);
    if let Some(predecessor) = predecessor.take() {
        predecessor.failed(&console.kept());
    }
    exit
}

/// Until somebody stops it. Another process is taken over from until this one is ready; then it is taken out.
fn serve(
    matches: &ArgMatches,
    predecessor: Option<&std::cell::Cell<Option<Predecessor>>>,
    console: &Console,
) -> Exit {
    let Some(wanted) = Wanted::from(matches) else {
        console.complain(&console.say("serve-nothing"), Some(&console.say("serve-nothing-hint")));
        return Exit::Usage;
    };
    // Before anything is read: whatever changes from here on is noticed.
    let mut files = FileWatch::new(wanted.file().into_iter().cloned().collect());
    let plan = match wanted.plan(console) {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    let level = logging::start(plan.log.level, console);
    torwart_kernel::privilege::hide_files_from_others();
    let Opened { listeners, admin, is_successor } = match Opened::for_plan(&plan, predecessor, console) {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    // While we are still who may read it.
    let token =
        match plan.admin_token.as_ref().filter(|_| plan.admin.is_some()).map(secret::token).transpose() {
            Ok(token) => token,
            Err(problem) => {
                trouble::tell_secret(&problem, console);
                return Exit::CouldNotRun;
            }
        };
    let made_from = reload::files(wanted.file(), &plan);
    // Whatever threads there will be start with what is left.
    let file = wanted.file().map(PathBuf::as_path);
    let protection = match Protection::apply(&plan, file, &made_from, is_successor, console) {
        Ok(protection) => protection,
        Err(exit) => return exit,
    };
    let reloader = wanted.file().map(|file| Reloader::new(file.clone(), level, console.clone()));
    if reloader.is_some() {
        files.watch(made_from);
        files.start();
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            trouble::tell_system(&error, console);
            return Exit::CouldNotRun;
        }
    };
    let options =
        Options { version: env!("CARGO_PKG_VERSION").to_owned(), is_coloured: console.out.is_coloured };
    let exit = runtime.block_on(async {
        // Before anything is announced, so that nobody's signal comes too early.
        let signals = match Signals::new() {
            Ok(signals) => signals,
            Err(error) => {
                trouble::tell_system(&error, console);
                return Exit::CouldNotRun;
            }
        };
        let gateway = match Gateway::start_on(listeners, plan.clone(), &options) {
            Ok(gateway) => gateway,
            Err(problem) => {
                trouble::tell_start(&problem, console);
                return Exit::CouldNotRun;
            }
        };
        let House { admin, stop, mut tasks, certificates, upgrade } =
            match House::open(&gateway, &wanted, &plan, token, admin, console).await {
                Ok(house) => house,
                Err(exit) => return exit,
            };
        announce::started(&gateway, &plan, admin, &protection, cli::is_format(matches, "json"), console);
        service::ready();
        let released = predecessor.and_then(std::cell::Cell::take).map(|predecessor| {
            predecessor.ready();
            console.kept();
            predecessor.released()
        });
        let (protection, certificates, rest) = (&protection, &certificates, Rest::after_work());
        let desk = Desk { reloader, files, protection, certificates, upgrade, rest };
        attend(gateway, desk, signals, released, &stop, console).await;
        stop.send_replace(true);
        while tasks.join_next().await.is_some() {}
        Exit::Well
    });
    runtime.shutdown_background();
    exit
}

/// What is listened on.
struct Opened {
    listeners: Listeners,
    /// The socket of the admin address, where another process has handed it over.
    admin: Option<TcpListener>,
    is_successor: bool,
}

impl Opened {
    fn for_plan(
        plan: &Plan,
        predecessor: Option<&std::cell::Cell<Option<Predecessor>>>,
        console: &Console,
    ) -> Result<Self, Exit> {
        let legacy = predecessor.map(take_over).transpose().map_err(|error| {
            trouble::tell_system(&error, console);
            Exit::CouldNotRun
        })?;
        let is_successor = legacy.is_some();
        let Legacy { sockets, admin, changes } =
            legacy.unwrap_or_else(|| Legacy { sockets: service::inherited(), ..Legacy::default() });
        let mut listeners = Listeners::open(plan, sockets).map_err(|problem| {
            trouble::tell_start(&problem, console);
            Exit::CouldNotRun
        })?;
        if is_successor {
            listeners.forget_unused();
            listeners.keep_changes(changes);
        }
        Ok(Self { listeners, admin, is_successor })
    }
}

/// What runs beside the gateway.
struct House {
    admin: Option<SocketAddr>,
    stop: switch::Sender<bool>,
    tasks: JoinSet<()>,
    certificates: Certificates,
    upgrade: Upgrade,
}

impl House {
    async fn open(
        gateway: &Gateway,
        wanted: &Wanted,
        plan: &Plan,
        token: Option<Token>,
        handed: Option<TcpListener>,
        console: &Console,
    ) -> Result<Self, Exit> {
        let (stop, stopped) = switch::channel(false);
        let (wishes, wished) = mpsc::channel(1);
        let mut tasks = JoinSet::new();
        let certificates = Certificates::start(gateway, plan, &stopped, &mut tasks, console);
        let upgrade = Upgrade::new(wished);
        let mut house = Self { admin: None, stop, tasks, certificates, upgrade };
        let Some(address) = plan.admin else { return Ok(house) };
        let is_meant = |handed: &TcpListener| {
            handed.local_addr().is_ok_and(|known| {
                let may_differ = address.port() == 0 || !wanted.names_admin();
                known.ip() == address.ip() && (known.port() == address.port() || may_differ)
            })
        };
        let bound = match handed.filter(is_meant) {
            Some(handed) => handed.set_nonblocking(true).and_then(|()| handed.try_into()),
            None => bind(address, !wanted.names_admin()).await,
        };
        let bound = bound.and_then(|listener: tokio::net::TcpListener| {
            Ok((listener.local_addr()?, listener.as_fd().try_clone_to_owned()?, listener))
        });
        match bound {
            Ok((address, kept, listener)) => {
                house.admin = Some(address);
                house.upgrade.keep_admin(kept);
                let admin = admin(listener, gateway, token, Some(wishes), console);
                house.tasks.spawn(admin.run(stopped));
                Ok(house)
            }
            Err(error) => {
                trouble::tell_listen(&address.to_string(), &error, console);
                Err(Exit::CouldNotRun)
            }
        }
    }
}

/// Where the admin server listens: there, or on any port where nobody asked for this very one, because a second gateway
/// on one machine shall just work.
pub(super) async fn bind(address: SocketAddr, may_move: bool) -> std::io::Result<tokio::net::TcpListener> {
    match tokio::net::TcpListener::bind(address).await {
        Err(_) if may_move => tokio::net::TcpListener::bind(SocketAddr::new(address.ip(), 0)).await,
        bound => bound,
    }
}

/// An admin server for this gateway.
pub(super) fn admin(
    listener: tokio::net::TcpListener,
    gateway: &Gateway,
    token: Option<Token>,
    upgrades: Option<mpsc::Sender<UpgradeWish>>,
    console: &Console,
) -> Admin {
    let state = AdminState {
        metrics: gateway.metrics().clone(),
        failures: gateway.failures().clone(),
        status: gateway.status().clone(),
        upstreams: Some(gateway.roster()),
        cache: Some(gateway.cache()),
        upgrades,
    };
    Admin::new(listener, state, AdminOptions { lang: console.lang, token, ..AdminOptions::default() })
}

/// What another process hands over.
fn take_over(predecessor: &std::cell::Cell<Option<Predecessor>>) -> std::io::Result<Legacy> {
    let Some(known) = predecessor.take() else { return Ok(Legacy::default()) };
    let legacy = known.take();
    predecessor.set(Some(known));
    legacy
}

/// What is needed to do what signals and files ask for.
struct Desk<'d> {
    reloader: Option<Reloader>,
    files: FileWatch,
    protection: &'d Protection,
    certificates: &'d Certificates,
    upgrade: Upgrade,
    rest: Rest,
}

/// Does what signals and files ask for, until the gateway has ended.
async fn attend(
    gateway: Gateway,
    mut desk: Desk<'_>,
    mut signals: Signals,
    mut released: Option<oneshot::Receiver<()>>,
    stop: &switch::Sender<bool>,
    console: &Console,
) {
    let mut watchdog = Watchdog::from_environment();
    let successor = loop {
        let wish = tokio::select! {
            wish = signals.next() => wish,
            () = desk.files.changed() => Wish::Reload,
            () = watchdog.due() => {
                watchdog.feel(&gateway).await;
                continue;
            }
            () = desk.rest.due() => {
                desk.rest.take();
                continue;
            }
            step = desk.upgrade.next(console) => match step {
                Step::Asked(wish) => {
                    desk.upgrade.begin(&gateway, Some(wish), console);
                    continue;
                }
                Step::Done(successor) => break Some(successor),
                Step::Failed => continue,
            },
            () = told(&mut released) => {
                gateway.open_late();
                continue;
            }
        };
        match wish {
            Wish::Stop => break None,
            Wish::Upgrade => desk.upgrade.begin(&gateway, None, console),
            Wish::Reopen => {
                gateway.reopen_log();
                tracing::info!("the access log is opened anew");
            }
            Wish::Reload => desk.reload(&gateway, console),
        }
    };
    match successor {
        None => drain(gateway, signals, console).await,
        Some(successor) => {
            service::hand_to(successor.process);
            // The other one answers there by now; what was asked here is answered to its end.
            stop.send_replace(true);
            hand_over(gateway, &successor, signals, console).await;
        }
    }
}

/// Ends once the sockets another process read are free; never where there is none.
async fn told(released: &mut Option<oneshot::Receiver<()>>) {
    match released {
        // A thread that ended without a word is as good.
        Some(waiting) => drop(waiting.await),
        None => std::future::pending().await,
    }
    *released = None;
}

impl Desk<'_> {
    fn reload(&mut self, gateway: &Gateway, console: &Console) {
        let Some(reloader) = &self.reloader else {
            console.note(&console.say("serve-no-file"));
            return gateway.reopen_log();
        };
        self.files.mark();
        service::reloading();
        reloader.reload(gateway, self.protection);
        let plan = gateway.plan();
        self.certificates.adopt(&plan);
        self.files.watch(reloader.files(&plan));
        // Whoever rotates logs by SIGHUP, as with most servers, gets what he expects.
        gateway.reopen_log();
        service::ready();
        self.rest = Rest::after_work();
    }
}

/// Lets running exchanges end; a second wish to stop ends at once.
async fn drain(gateway: Gateway, signals: Signals, console: &Console) {
    let within = gateway.plan().drain;
    // Load balancers look here: they shall know before anybody else.
    gateway.status().drain();
    service::stopping(within);
    let told = torwart_config::show_duration(within);
    console.note(&console.fill("serve-draining", &[("within", &told)]));
    end(move || gateway.stop(within), within, signals, console).await;
}

/// As [`drain`], after another process has taken over.
async fn hand_over(gateway: Gateway, successor: &Successor, signals: Signals, console: &Console) {
    let within = gateway.plan().drain;
    let process = successor.process.to_string();
    let told = torwart_config::show_duration(within);
    console.note(&console.fill("upgrade-done", &[("process", &process), ("within", &told)]));
    let closed = gateway.endpoints_closed();
    let ended = end(move || gateway.hand_over(within), within, signals, console);
    tokio::pin!(ended);
    tokio::select! {
        () = &mut ended => return,
        () = closed => successor.release(),
    }
    ended.await;
}

async fn end(
    stop: impl FnOnce() -> bool + Send + 'static,
    within: Duration,
    mut signals: Signals,
    console: &Console,
) {
    let (ended, end) = oneshot::channel();
    // Not a task: waiting for the cores blocks, and the admin address goes on meanwhile.
    let waiting = std::thread::Builder::new().name("drain".to_owned()).spawn(move || {
        // Nobody may be listening any more.
        let _ = ended.send(stop());
    });
    if let Err(error) = waiting {
        return trouble::tell_system(&error, console);
    }
    let key = tokio::select! {
        ended = tokio::time::timeout(within + GRACE, end) => match ended {
            Ok(Ok(true)) => "serve-drained",
            _ => "serve-cut",
        },
        () = signals.stop() => "serve-cut",
    };
    console.note(&console.say(key));
}

/// The cores need a moment to close what is left.
const GRACE: Duration = Duration::from_secs(5);
