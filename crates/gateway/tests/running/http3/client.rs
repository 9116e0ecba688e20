//! A client that speaks HTTP/3.

use bytes::{Buf, Bytes};
use h3::client::{RequestStream, SendRequest};
use h3::error::{Code, StreamError};
use http::{HeaderMap, Request};
use quinn::crypto::rustls::QuicClientConfig;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Runs a conversation, and fails instead of hanging.
pub(super) fn run(conversation: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let local = tokio::task::LocalSet::new();
    let bounded = async { tokio::time::timeout(crate::PATIENCE, conversation).await };
    runtime.block_on(local.run_until(bounded)).expect("it ends in time");
}

/// Waits until this holds, while the conversation goes on.
pub(super) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..4_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came to this: {what}");
}

pub(super) fn get(path: &str) -> Request<()> {
    Request::get(format!("https://shop.example{path}")).body(()).expect("a request")
}

pub(super) fn post(path: &str) -> Request<()> {
    Request::post(format!("https://shop.example{path}")).body(()).expect("a request")
}

/// A connection to the gateway.
pub(super) struct Connection {
    requests: SendRequest<h3_quinn::OpenStreams, Bytes>,
    driver: tokio::task::JoinHandle<()>,
    pub(super) quic: quinn::Connection,
    pub(super) endpoint: quinn::Endpoint,
}

/// A request under way.
pub(super) struct Stream(RequestStream<h3_quinn::BidiStream<Bytes>, Bytes>);

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) fields: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) trailers: Option<HeaderMap>,
}

/// Connects by QUIC, without saying what is spoken there.
pub(super) async fn connect(
    address: SocketAddr,
    name: &str,
    trusting: &rustls::ClientConfig,
) -> Result<(quinn::Endpoint, quinn::Connection), quinn::ConnectionError> {
    let (endpoint, config) = (endpoint(), config(trusting.clone()));
    let connection = endpoint.connect_with(config, address, name).expect("it can be tried").await?;
    Ok((endpoint, connection))
}

pub(super) fn endpoint() -> quinn::Endpoint {
    quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).expect("a socket")
}

/// QUIC with this idea of TLS; who comes again with the same one is known.
pub(super) fn config(mut tls: rustls::ClientConfig) -> quinn::ClientConfig {
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let crypto = QuicClientConfig::try_from(tls).expect("it knows TLS 1.3");
    quinn::ClientConfig::new(Arc::new(crypto))
}

impl Connection {
    pub(super) async fn open(address: SocketAddr, trusting: &rustls::ClientConfig) -> Self {
        let (endpoint, quic) = connect(address, "shop.example", trusting).await.expect("a connection");
        Self::over(endpoint, quic).await
    }

    /// Speaks HTTP/3 on a connection that is there.
    pub(super) async fn over(endpoint: quinn::Endpoint, quic: quinn::Connection) -> Self {
        let transport = h3_quinn::Connection::new(quic.clone());
        let (mut connection, requests) = h3::client::new(transport).await.expect("it speaks HTTP/3");
        let driver = tokio::task::spawn_local(async move {
            // Its streams tell what went wrong.
            let _ = std::future::poll_fn(|cx| connection.poll_close(cx)).await;
        });
        Self { requests, driver, quic, endpoint }
    }

    /// Sends a request without a body and reads the answer.
    pub(super) async fn ask(&mut self, request: Request<()>) -> Result<Answer, StreamError> {
        let mut stream = self.begin(request).await?;
        stream.0.finish().await?;
        stream.answer().await
    }

    /// Begins a request.
    pub(super) async fn begin(&mut self, request: Request<()>) -> Result<Stream, StreamError> {
        self.requests.send_request(request).await.map(Stream)
    }

    /// Waits until the gateway has ended the connection.
    pub(super) async fn has_ended(self) {
        let Self { driver, quic, .. } = self;
        let _ = quic.closed().await;
        driver.await.expect("the driver does not panic");
    }
}

impl Stream {
    /// Gives the request up, both ways.
    pub(super) fn reset(&mut self) {
        self.0.stop_stream(Code::H3_REQUEST_CANCELLED);
        self.0.stop_sending(Code::H3_REQUEST_CANCELLED);
    }

    pub(super) async fn finish(&mut self) {
        // The answer tells whether it was of use.
        let _ = self.0.finish().await;
    }

    pub(super) async fn data(&mut self, data: &'static [u8]) -> Result<(), StreamError> {
        self.0.send_data(Bytes::from_static(data)).await
    }

    pub(super) async fn answer(mut self) -> Result<Answer, StreamError> {
        let mut head = self.0.recv_response().await?;
        while head.status().is_informational() {
            head = self.0.recv_response().await?;
        }
        let mut body = Vec::new();
        while let Some(mut piece) = self.0.recv_data().await? {
            while piece.has_remaining() {
                let count = piece.chunk().len();
                body.extend_from_slice(piece.chunk());
                piece.advance(count);
            }
        }
        let trailers = self.0.recv_trailers().await?;
        Ok(Answer { status: head.status().as_u16(), fields: head.headers().clone(), body, trailers })
    }

    /// Sends the body while it reads the answer.
    pub(super) async fn send(self, body: Bytes, trailers: Option<HeaderMap>) -> Result<Answer, StreamError> {
        let (mut send, receive) = self.0.split();
        let sending = async move {
            let mut rest = body;
            while !rest.is_empty() {
                let piece = rest.split_to(rest.len().min(16 << 10));
                if send.send_data(piece).await.is_err() {
                    return;
                }
            }
            if let Some(trailers) = trailers {
                // The answer tells whether they were of use.
                let _ = send.send_trailers(trailers).await;
            }
            let _ = send.finish().await;
        };
        let mut receive = receive;
        let receiving = async {
            let mut head = receive.recv_response().await?;
            while head.status().is_informational() {
                head = receive.recv_response().await?;
            }
            let mut body = Vec::new();
            while let Some(mut piece) = receive.recv_data().await? {
                while piece.has_remaining() {
                    let count = piece.chunk().len();
                    body.extend_from_slice(piece.chunk());
                    piece.advance(count);
                }
            }
            let trailers = receive.recv_trailers().await?;
            Ok(Answer { status: head.status().as_u16(), fields: head.headers().clone(), body, trailers })
        };
        let (answer, ()) = tokio::join!(receiving, sending);
        answer
    }
}

/// The code by which the gateway ended a stream.
pub(super) fn code(error: &StreamError) -> Option<Code> {
    match error {
        StreamError::RemoteTerminate { code, .. } => Some(*code),
        _ => None,
    }
}
