//! The admin address's server: few connections, small heads, short patience.
//!
//! Runs on the control runtime. Every connection is a task of the server's own set, so that nothing outlives it; when
//! told to stop it takes no more connections, lets running answers end for a moment, and then drops what is left.

use crate::{Token, UpgradeWish, pages};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use torwart_gateway::{Purger, Roster};
use torwart_record::{Failures, Metrics, Status};
use torwart_report::Lang;

/// What the admin address shows.
#[derive(Clone, Debug)]
pub struct AdminState {
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// The failed exchanges.
    pub failures: Arc<Failures>,
    /// How the process is doing.
    pub status: Arc<Status>,
    /// The upstreams, and changes of them; none where there is no gateway.
    pub upstreams: Option<Roster>,
    /// Gives stored answers up; none where there is no gateway.
    pub cache: Option<Purger>,
    /// Where upgrades are asked for; none where there are none.
    pub upgrades: Option<mpsc::Sender<UpgradeWish>>,
}

/// How the admin address behaves.
#[derive(Clone, Debug)]
pub struct AdminOptions {
    /// Names that may stand in `Host` beside IP addresses and `localhost`.
    pub hosts: Vec<String>,
    /// What whoever asks has to know; none means that nobody has to know anything.
    pub token: Option<Token>,
    /// The language for who accepts none of ours.
    pub lang: Lang,
    /// How many connections may be open at once; further ones wait.
    pub connections: usize,
    /// How long a request head may take, and a connection may lie idle.
    pub head: Duration,
    /// How long a connection may live before it is asked to end.
    pub life: Duration,
    /// How long running answers may take once a connection, or the server, is to end.
    pub drain: Duration,
}

impl Default for AdminOptions {
    /// English, 64 connections, 10 s for a head, a life of a minute, 2 s to end.
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            token: None,
            lang: Lang::En,
            connections: 64,
            head: Duration::from_secs(10),
            life: Duration::from_secs(60),
            drain: Duration::from_secs(2),
        }
    }
}

/// The server of the admin address.
#[derive(Debug)]
pub struct Admin {
    listener: TcpListener,
    state: Arc<AdminState>,
    options: Arc<AdminOptions>,
}

impl Admin {
    /// A server on a bound listener.
    pub fn new(listener: TcpListener, state: AdminState, options: AdminOptions) -> Self {
        Self { listener, state: Arc::new(state), options: Arc::new(options) }
    }

    /// Binds an address and makes a server on it. Must be called on the runtime it shall run on.
    pub async fn bind(address: SocketAddr, state: AdminState, options: AdminOptions) -> io::Result<Self> {
        Ok(Self::new(TcpListener::bind(address).await?, state, options))
    }

    /// The address it listens on.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` becomes true or its sender is gone.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut connections = JoinSet::new();
        let seats = Arc::new(Semaphore::new(self.options.connections.max(1)));
        let mut stopped = pin!(wait_for(stop.clone()));
        loop {
            let accepted = async {
                let seat = seats.clone().acquire_owned().await;
                (seat, self.listener.accept().await)
            };
            let (seat, accepted) = tokio::select! {
                () = &mut stopped => break,
                accepted = accepted => accepted,
                Some(_) = connections.join_next() => continue,
            };
            let (Ok(seat), Ok((stream, _))) = (seat, accepted) else {
                // No descriptors left, mostly: trying again at once would only burn the processor.
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let (state, options, stop) = (self.state.clone(), self.options.clone(), stop.clone());
            connections.spawn(async move {
                serve(stream, &state, &options, stop).await;
                drop(seat);
            });
        }
        stop.mark_unchanged();
        drop(self.listener);
        let ended = timeout(self.options.drain, async { while connections.join_next().await.is_some() {} });
        if ended.await.is_err() {
            connections.shutdown().await;
        }
    }
}

async fn serve(
    stream: TcpStream,
    state: &Arc<AdminState>,
    options: &Arc<AdminOptions>,
    stop: watch::Receiver<bool>,
) {
    // Only a matter of latency.
    let _ = stream.set_nodelay(true);
    let service =
        service_fn(
            |request| async move { Ok::<_, Infallible>(pages::answer(&request, state, options).await) },
        );
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.head)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEAD_FIELDS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        // What goes wrong on one admin connection concerns nobody but its client.
        _ = connection.as_mut() => return,
        () = wait_for(stop) => {}
        () = sleep(options.life) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(options.drain, connection).await;
}

/// Ends when the switch is true, or nobody can turn it any more.
async fn wait_for(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|is_stopped| *is_stopped).await;
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const HEAD_BYTES: usize = 16 * 1024;
const HEAD_FIELDS: usize = 64;
