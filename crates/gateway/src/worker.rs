//! One worker thread: a runtime of its own, its listeners, and the drain at the end.

use crate::accept::Listening;
use crate::http3;
use crate::listeners::Command;
use crate::listeners::bind::Socket;
use crate::multiplex;
use crate::per_core::Core;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::net::UnixListener;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use torwart_config::plan::Listener;
use torwart_kernel::socket::watch;

/// Runs until told to drain, and until that is done. Returns whether all connections ended by themselves.
pub fn run(
    make_core: impl FnOnce() -> Rc<Core>,
    commands: mpsc::UnboundedReceiver<Command>,
) -> io::Result<bool> {
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        // One turn looks at the sockets as often as there is work for a few dozen connections.
        .event_interval(EVENT_INTERVAL)
        .build_local(LocalOptions::default())?;
    Ok(runtime.block_on(async {
        let core = make_core();
        let mut house = JoinSet::new();
        house.spawn_local(Rc::clone(&core.wheel).drive());
        house.spawn_local(Rc::clone(&core).keep_house());
        serve(&core, commands).await
    }))
}

async fn serve(core: &Rc<Core>, mut commands: mpsc::UnboundedReceiver<Command>) -> bool {
    let mut running: Vec<(Listener, watch::Sender<bool>)> = Vec::new();
    let mut tasks = JoinSet::new();
    let until = loop {
        let command = commands.recv().await;
        // Listeners that were taken away have ended by now.
        while tasks.try_join_next().is_some() {}
        match command {
            Some(Command::Listen { listener, socket }) => match listen(core, &mut tasks, socket, &listener) {
                Ok(stop) => running.push((listener, stop)),
                Err(error) => tracing::error!(%error, "a listener could not be taken over"),
            },
            Some(Command::Unlisten(listener)) => running.retain(|(known, stop)| {
                let is_meant = *known == listener;
                if is_meant {
                    stop.send_replace(true);
                }
                !is_meant
            }),
            // Whoever asked may be gone.
            Some(Command::Beat(beat)) => drop(beat.send(())),
            Some(Command::Drain { until }) => break until,
            None => break Instant::now(),
        }
    };
    for (_, stop) in &running {
        stop.send_replace(true);
    }
    let drained = async {
        loop {
            let left = core.left.notified();
            core.wheel.wake_all();
            while tasks.try_join_next().is_some() {}
            if tasks.is_empty() && core.connections.get() == 0 {
                break;
            }
            let ended = async {
                tokio::select! {
                    () = left => {}
                    Some(_) = tasks.join_next() => {}
                }
            };
            // A connection that has just become idle is told again.
            let _ = tokio::time::timeout(ASK_AGAIN, ended).await;
        }
    };
    // What has not ended by then is closed with the runtime; its exchanges still make their records.
    let is_orderly = tokio::time::timeout_at(until.into(), drained).await.is_ok();
    multiplex::farewell(core).await;
    is_orderly
}

/// Accepts from a socket until told to stop.
fn listen(
    core: &Rc<Core>,
    tasks: &mut JoinSet<()>,
    socket: Socket,
    plan: &Listener,
) -> io::Result<watch::Sender<bool>> {
    let (stop, stopped) = watch::channel(false);
    let core = Rc::clone(core);
    let listening = match socket {
        Socket::Tcp(listener) => Listening::Tcp {
            listener: watch(listener)?,
            is_tls: plan.tls,
            stated_by: plan.stated_by.as_deref().map(Rc::from),
        },
        Socket::Unix(listener) => {
            listener.set_nonblocking(true)?;
            let listener = UnixListener::from_std(listener)?;
            Listening::Unix { listener, is_stated: plan.stated_by.is_some() }
        }
        Socket::Quic(socket) => {
            tasks.spawn_local(http3::listen(core, socket, stopped));
            return Ok(stop);
        }
    };
    tasks.spawn_local(listening.run(core, stopped));
    Ok(stop)
}

/// Polls of tasks between two looks at the sockets, tokio's own default.
const EVENT_INTERVAL: u32 = 61;

const ASK_AGAIN: Duration = Duration::from_millis(100);
