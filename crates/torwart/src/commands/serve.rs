//! `torwart serve`: the gateway, until somebody stops it.
//!
//! The data plane runs on threads of its own; this thread does the control work: admin address, signals, files.

mod announce;
mod certificates;
mod options;
mod protection;
mod reach;
mod reload;
mod rest;
mod service;
mod watch;

use crate::cli;
use crate::logging;
use crate::signals::{Signals, Wish};
use crate::{Console, Exit, secret, trouble};
use certificates::Certificates;
use clap::{Arg, ArgAction, ArgMatches, Command};
use options::Wanted;
use protection::Protection;
use reload::Reloader;
use rest::Rest;
use service::Watchdog;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::{oneshot, watch as switch};
use tokio::task::JoinSet;
use torwart_config::Plan;
use torwart_gateway::{Gateway, Listeners, Options};
use torwart_web::{Admin, AdminOptions, AdminState, Token};
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
    let listeners = match Listeners::open(&plan, service::inherited()) {
        Ok(listeners) => listeners,
        Err(problem) => {
            trouble::tell_start(&problem, console);
            return Exit::CouldNotRun;
        }
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
    let protection = match Protection::apply(&plan, wanted.file().map(PathBuf::as_path), &made_from, console)
    {
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
        let House { admin, stop, mut tasks, certificates } =
            match House::open(&gateway, &wanted, &plan, token, console).await {
                Ok(house) => house,
                Err(exit) => return exit,
            };
        announce::started(&gateway, &plan, admin, &protection, cli::is_format(matches, "json"), console);
        service::ready();
        attend(gateway, reloader, files, signals, &protection, &certificates, console).await;
        stop.send_replace(true);
        while tasks.join_next().await.is_some() {}
        Exit::Well
    });
    runtime.shutdown_background();
    exit
}

/// What runs beside the gateway.
struct House {
    admin: Option<SocketAddr>,
    stop: switch::Sender<bool>,
    tasks: JoinSet<()>,
    certificates: Certificates,
}

impl House {
    async fn open(
        gateway: &Gateway,
        wanted: &Wanted,
        plan: &Plan,
        token: Option<Token>,
        console: &Console,
    ) -> Result<Self, Exit> {
        let (stop, stopped) = switch::channel(false);
        let mut tasks = JoinSet::new();
        let certificates = Certificates::start(gateway, plan, &stopped, &mut tasks, console);
        let mut house = Self { admin: None, stop, tasks, certificates };
        let Some(address) = plan.admin else { return Ok(house) };
        let mut bound = bind(address, gateway, token.clone(), console).await;
        if bound.is_err() && !wanted.names_admin() {
            // Nobody asked for this very port: a second gateway on one machine shall just work.
            bound = bind(SocketAddr::new(address.ip(), 0), gateway, token, console).await;
        }
        let bound = bound.and_then(|admin| Ok((admin.address()?, admin)));
        match bound {
            Ok((address, admin)) => {
                house.admin = Some(address);
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

/// An admin server for this gateway.
pub(super) async fn bind(
    address: SocketAddr,
    gateway: &Gateway,
    token: Option<Token>,
    console: &Console,
) -> std::io::Result<Admin> {
    let state = AdminState {
        metrics: gateway.metrics().clone(),
        failures: gateway.failures().clone(),
        status: gateway.status().clone(),
    };
    Admin::bind(address, state, AdminOptions { lang: console.lang, token, ..AdminOptions::default() }).await
}

/// Does what signals and files ask for, until the gateway has ended.
async fn attend(
    gateway: Gateway,
    mut reloader: Option<Reloader>,
    mut files: FileWatch,
    mut signals: Signals,
    protection: &Protection,
    certificates: &Certificates,
    console: &Console,
) {
    let mut watchdog = Watchdog::from_environment();
    let mut rest = Rest::after_work();
    loop {
        let wish = tokio::select! {
            wish = signals.next() => wish,
            () = files.changed() => Wish::Reload,
            () = watchdog.due() => {
                watchdog.feel(&gateway).await;
                continue;
            }
            () = rest.due() => {
                rest.take();
                continue;
            }
        };
        match (wish, &mut reloader) {
            (Wish::Stop, _) => break,
            (Wish::Reopen, _) => {
                gateway.reopen_log();
                tracing::info!("the access log is opened anew");
            }
            (Wish::Reload, Some(reloader)) => {
                files.mark();
                service::reloading();
                reloader.reload(&gateway, protection);
                let plan = gateway.plan();
                certificates.adopt(&plan);
                files.watch(reloader.files(&plan));
                // Whoever rotates logs by SIGHUP, as with most servers, gets what he expects.
                gateway.reopen_log();
                service::ready();
                rest = Rest::after_work();
            }
            (Wish::Reload, None) => {
                console.note(&console.say("serve-no-file"));
                gateway.reopen_log();
            }
        }
    }
    drain(gateway, signals, console).await;
}

/// Lets running exchanges end; a second wish to stop ends at once.
async fn drain(gateway: Gateway, mut signals: Signals, console: &Console) {
    let within = gateway.plan().drain;
    // Load balancers look here: they shall know before anybody else.
    gateway.status().drain();
    service::stopping(within);
    let told = torwart_config::show_duration(within);
    console.note(&console.fill("serve-draining", &[("within", &told)]));
    let (ended, end) = oneshot::channel();
    // Not a task: waiting for the cores blocks, and the admin address goes on meanwhile.
    let waiting = std::thread::Builder::new().name("drain".to_owned()).spawn(move || {
        // Nobody may be listening any more.
        let _ = ended.send(gateway.stop(within));
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
