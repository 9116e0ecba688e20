//! An upstream that speaks HTTP/2, on a thread of its own.

use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream};
use http::{HeaderMap, Request, Response};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};
use tokio_rustls::TlsAcceptor;

/// A running server; dropping it ends it.
pub(super) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    accepted: AtomicUsize,
    ended: AtomicUsize,
    farewells: AtomicUsize,
    requests: AtomicUsize,
}

/// How a server behaves.
#[derive(Clone)]
pub(super) struct Manners {
    /// Streams it takes at once.
    pub(super) streams: u32,
    /// Requests after which it announces the end of a connection.
    pub(super) requests: usize,
    pub(super) tls: Option<Arc<rustls::ServerConfig>>,
    /// Whether it offers extended CONNECT (RFC 8441).
    pub(super) takes_websocket: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self { streams: 100, requests: usize::MAX, tls: None, takes_websocket: true }
    }
}

impl Server {
    pub(super) fn start(manners: Manners) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket has modes");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared::default());
        let its = Arc::clone(&shared);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let served = async {
                let listener = TcpListener::from_std(listener).expect("it is a listener");
                tokio::select! {
                    () = accept_all(listener, manners, its) => {}
                    _ = stopped => {}
                }
            };
            LocalSet::new().block_on(&runtime, served);
        });
        Self { address, shared, stop: Some(stop), thread: Some(thread) }
    }

    pub(super) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }

    /// Connections so far.
    pub(super) fn connections(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Connections that have ended.
    pub(super) fn ended(&self) -> usize {
        self.shared.ended.load(Ordering::SeqCst)
    }

    /// Connections that have ended in good order.
    pub(super) fn farewells(&self) -> usize {
        self.shared.farewells.load(Ordering::SeqCst)
    }

    /// Requests so far.
    pub(super) fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let joined = thread.join();
            assert!(joined.is_ok() || std::thread::panicking(), "the server panicked");
        }
    }
}

async fn accept_all(listener: TcpListener, manners: Manners, shared: Arc<Shared>) {
    while let Ok((tcp, _)) = listener.accept().await {
        shared.accepted.fetch_add(1, Ordering::SeqCst);
        spawn_local(attend(tcp, manners.clone(), Arc::clone(&shared)));
    }
}

async fn attend(tcp: TcpStream, manners: Manners, shared: Arc<Shared>) {
    match manners.tls.clone() {
        Some(tls) => {
            if let Ok(stream) = TlsAcceptor::from(tls).accept(tcp).await {
                serve(stream, &manners, &shared).await;
            }
        }
        None => serve(tcp, &manners, &shared).await,
    }
    shared.ended.fetch_add(1, Ordering::SeqCst);
}

async fn serve(socket: impl AsyncRead + AsyncWrite + Unpin, manners: &Manners, shared: &Shared) {
    let mut builder = Builder::new();
    builder.max_concurrent_streams(manners.streams);
    if manners.takes_websocket {
        builder.enable_connect_protocol();
    }
    let Ok(mut connection) = builder.handshake(socket).await else { return };
    let mut served = 0;
    loop {
        let (request, respond) = match connection.accept().await {
            Some(Ok(accepted)) => accepted,
            Some(Err(_)) => return,
            None => break,
        };
        shared.requests.fetch_add(1, Ordering::SeqCst);
        served += 1;
        if served == manners.requests {
            connection.graceful_shutdown();
        }
        spawn_local(answer(request, respond));
    }
    shared.farewells.fetch_add(1, Ordering::SeqCst);
}

/// What is answered goes by the path. That a client has gone is no concern of this end.
async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
    let (head, mut body) = request.into_parts();
    match head.uri.path() {
        "/silent" => std::future::pending().await,
        "/refused" => respond.send_reset(Reason::REFUSED_STREAM),
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let _ = text(&mut respond, "well");
        }
        "/grpc" => {
            let answer = Response::builder().header("content-type", "application/grpc").body(());
            let Ok(mut stream) = respond.send_response(answer.expect("a head"), false) else { return };
            while let Some(Ok(data)) = body.data().await {
                let _ = body.flow_control().release_capacity(data.len());
                let _ = stream.send_data(data, false);
            }
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", "0".parse().expect("a value"));
            let _ = stream.send_trailers(trailers);
        }
        "/chat" => {
            let Ok(mut stream) = respond.send_response(Response::new(()), false) else { return };
            while let Some(Ok(data)) = body.data().await {
                let _ = body.flow_control().release_capacity(data.len());
                let _ = stream.send_data(data, false);
            }
            let _ = stream.send_data(Bytes::new(), true);
        }
        _ => {
            let mut length = 0;
            while let Some(Ok(data)) = body.data().await {
                length += data.len();
                let _ = body.flow_control().release_capacity(data.len());
            }
            let _ = text(&mut respond, if length > 0 { "taken" } else { "well" });
        }
    }
}

fn text(respond: &mut SendResponse<Bytes>, text: &'static str) -> Result<(), h2::Error> {
    let head = Response::builder().header("content-length", text.len()).body(()).expect("a head");
    respond.send_response(head, false)?.send_data(Bytes::from_static(text.as_bytes()), true)
}
