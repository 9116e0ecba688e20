//! A client that speaks HTTP/2 without TLS.

use crate::conversation::Answer;
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Request};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

pub(super) fn get(path: &str) -> Request<()> {
    Request::get(format!("http://a.example{path}")).body(()).expect("a request")
}

pub(super) fn post(path: &str) -> Request<()> {
    Request::post(format!("http://a.example{path}")).body(()).expect("a request")
}

/// A connection to the gateway.
pub(super) struct Connection {
    requests: SendRequest<Bytes>,
    driver: tokio::task::JoinHandle<()>,
}

/// A request under way.
pub(super) struct Stream {
    response: ResponseFuture,
    body: SendStream<Bytes>,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Self {
        Self::over(tokio::net::TcpStream::connect(address).await.expect("the gateway listens")).await
    }

    /// The same by TLS, made for this name.
    pub(super) async fn open_tls(address: SocketAddr, name: &'static str, tls: &Arc<ClientConfig>) -> Self {
        let mut tls = ClientConfig::clone(tls);
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let name = ServerName::try_from(name).expect("it is a name");
        let socket = tokio::net::TcpStream::connect(address).await.expect("the gateway listens");
        let stream = TlsConnector::from(Arc::new(tls)).connect(name, socket).await.expect("hands are shaken");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
        Self::over(stream).await
    }

    async fn over(socket: impl AsyncRead + AsyncWrite + Unpin + 'static) -> Self {
        // As browsers do: one stream alone cannot fill the connection's window.
        let mut settings = h2::client::Builder::new();
        settings.initial_window_size(64 << 10).initial_connection_window_size(1 << 20);
        let (requests, connection) = settings.handshake(socket).await.expect("it speaks HTTP/2");
        let driver = tokio::task::spawn_local(async move {
            // Its streams tell what went wrong.
            let _ = connection.await;
        });
        let mut requests = requests;
        // The peer's settings come first: extended CONNECT is only offered with them.
        for _ in 0..200 {
            if requests.is_extended_connect_protocol_enabled() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        requests = requests.ready().await.expect("the connection lives");
        Self { requests, driver }
    }

    /// Sends a request without a body and reads the answer.
    pub(super) async fn ask(&mut self, request: Request<()>) -> Result<Answer, h2::Error> {
        self.requests = self.requests.clone().ready().await?;
        let (response, _) = self.requests.send_request(request, true)?;
        read(response.await?).await
    }

    /// Begins a request; `None` when the connection takes no more.
    pub(super) fn begin(&mut self, request: Request<()>, ends: bool) -> Option<Stream> {
        let (response, body) = self.requests.send_request(request, ends).ok()?;
        Some(Stream { response, body })
    }

    /// Waits until the gateway has ended the connection.
    pub(super) async fn has_ended(self) {
        drop(self.requests);
        self.driver.await.expect("the driver does not panic");
    }
}

impl Stream {
    pub(super) fn reset(&mut self) {
        self.body.send_reset(Reason::CANCEL);
    }

    pub(super) async fn answer(self) -> Result<Answer, h2::Error> {
        read(self.response.await?).await
    }

    /// Sends the body while it reads the answer.
    pub(super) async fn send(self, body: Bytes, trailers: Option<HeaderMap>) -> Result<Answer, h2::Error> {
        let Self { response, body: mut stream } = self;
        let sending = async move {
            let mut rest = body;
            while !rest.is_empty() {
                stream.reserve_capacity(rest.len().min(16 << 10));
                let Some(Ok(capacity)) = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await else {
                    return;
                };
                let piece = rest.split_to(capacity.min(rest.len()));
                let is_last = rest.is_empty() && trailers.is_none();
                if stream.send_data(piece, is_last).is_err() {
                    return;
                }
            }
            if let Some(trailers) = trailers {
                // The answer tells whether they were of use.
                let _ = stream.send_trailers(trailers);
            }
        };
        let (answer, ()) = tokio::join!(async { read(response.await?).await }, sending);
        answer
    }
}

async fn read(response: http::Response<RecvStream>) -> Result<Answer, h2::Error> {
    let (head, mut stream) = response.into_parts();
    let mut body = Vec::new();
    while let Some(piece) = stream.data().await {
        let piece = piece?;
        stream.flow_control().release_capacity(piece.len())?;
        body.extend_from_slice(&piece);
    }
    let trailers = stream.trailers().await?;
    Ok(Answer { status: head.status.as_u16(), fields: head.headers, body, trailers })
}
