//! A client that speaks HTTP/3.

use crate::conversation::Answer;
use bytes::{Buf, Bytes};
use h3::client::{RequestStream, SendRequest};
use h3::error::{Code, StreamError};
use h3::quic::RecvStream;
use http::{HeaderMap, Request};
use quinn::crypto::rustls::QuicClientConfig;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

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
        read(&mut self.0).await
    }

    /// Sends the body while it reads the answer.
    pub(super) async fn send(self, body: Bytes, trailers: Option<HeaderMap>) -> Result<Answer, StreamError> {
        let (mut send, mut receive) = self.0.split();
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
        let (answer, ()) = tokio::join!(read(&mut receive), sending);
        answer
    }
}

async fn read(stream: &mut RequestStream<impl RecvStream, Bytes>) -> Result<Answer, StreamError> {
    let mut head = stream.recv_response().await?;
    while head.status().is_informational() {
        head = stream.recv_response().await?;
    }
    let mut body = Vec::new();
    while let Some(mut piece) = stream.recv_data().await? {
        while piece.has_remaining() {
            let count = piece.chunk().len();
            body.extend_from_slice(piece.chunk());
            piece.advance(count);
        }
    }
    let trailers = stream.recv_trailers().await?;
    Ok(Answer { status: head.status().as_u16(), fields: head.headers().clone(), body, trailers })
}

/// The code by which the gateway ended a stream.
pub(super) fn code(error: &StreamError) -> Option<Code> {
    match error {
        StreamError::RemoteTerminate { code, .. } => Some(*code),
        _ => None,
    }
}
