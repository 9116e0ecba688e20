//! `torwart demo`: a gateway with three sample shops in one process, one of which misbehaves on a schedule.
//!
//! It shows live which faults of the flaky shop visitors never noticed, which ones were answered, and why. Everything
//! it shows is read from the gateway's own access log, as any program could.

mod feed;
mod house;
mod show;
mod visitor;

use crate::cli::{self, values};
use crate::logging;
use crate::signals::Signals;
use crate::{Console, Exit, trouble};
use clap::{ArgMatches, Command};
use house::House;
use show::Show;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use torwart_config::plan::LogLevel;
use torwart_lab::origin::Act;

/// The command line.
pub(super) fn command(console: &Console) -> Command {
    let lang = console.lang;
    cli::command("demo", console)
        .arg(
            cli::option("demo", "listen", lang)
                .value_parser(move |text: &str| values::socket_address(text, lang)),
        )
        .arg(cli::option("demo", "for", lang).value_parser(move |text: &str| values::duration(text, lang)))
        .arg(cli::format(lang, &["text", "json"]))
}

/// Runs it.
pub(super) fn run(matches: &ArgMatches, console: &Console) -> Exit {
    let listen = matches.get_one::<SocketAddr>("listen").copied().unwrap_or(LISTEN);
    let lasts = matches.get_one::<Duration>("for").copied();
    let is_json = cli::is_format(matches, "json");
    logging::start(LogLevel::Warn, console);
    let runtime = match Builder::new_current_thread().enable_all().build_local(LocalOptions::default()) {
        Ok(runtime) => runtime,
        Err(error) => {
            trouble::tell_system(&error, console);
            return Exit::CouldNotRun;
        }
    };
    runtime.block_on(async {
        let signals = Signals::new();
        let (acts, announced) = mpsc::unbounded_channel();
        let house = House::open(listen, lasts, acts, console).await;
        match (signals, house) {
            (Ok(signals), Ok(house)) => {
                match perform(house, announced, signals, lasts, is_json, console).await {
                    Ok(()) => Exit::Well,
                    Err(error) => {
                        trouble::tell_system(&error, console);
                        Exit::CouldNotRun
                    }
                }
            }
            (Err(error), _) => {
                trouble::tell_system(&error, console);
                Exit::CouldNotRun
            }
            (_, Err(exit)) => exit,
        }
    })
}

/// Shows what happens until somebody stops it or the time is over.
async fn perform(
    house: House,
    mut acts: mpsc::UnboundedReceiver<Act>,
    mut signals: Signals,
    lasts: Option<Duration>,
    is_json: bool,
    console: &Console,
) -> io::Result<()> {
    let (mut feed, scene) = house.take_feed();
    let mut show = Show::begin(scene.scenery.clone(), is_json, console);
    let mut visitors = JoinSet::new();
    visitors.spawn_local(visitor::visit(scene.scenery.address)?);
    let end = async {
        match lasts {
            Some(lasts) => tokio::time::sleep(lasts).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(end);
    while console.is_heard() {
        tokio::select! {
            () = &mut end => break,
            () = signals.stop() => break,
            Some(act) = acts.recv() => show.act(&act),
            exchange = feed.next() => match exchange {
                Some(exchange) => show.exchange(&exchange),
                // The gateway has closed its log: there is nothing to be seen any more.
                None => break,
            },
        }
    }
    visitors.shutdown().await;
    scene.close().await;
    while let Some(exchange) = feed.next().await {
        show.exchange(&exchange);
    }
    show.end();
    Ok(())
}

const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
