//! Load over HTTP/3: connections with a socket each, as clients have them, and several streams on every one.

use crate::client::Failure;
use crate::load::Tally;
use anyhow::{Context as _, Result};
use bytes::{Buf as _, Bytes};
use h3::client::SendRequest;
use quinn::crypto::rustls::QuicClientConfig;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Whom to ask by QUIC, and for what.
pub(crate) struct Asker {
    to: SocketAddr,
    host: String,
    quic: quinn::ClientConfig,
    request: http::Request<()>,
}

type Requests = SendRequest<h3_quinn::OpenStreams, Bytes>;

impl Asker {
    pub(crate) fn new(to: SocketAddr, host: &str, path: &str, mut tls: rustls::ClientConfig) -> Result<Self> {
        tls.alpn_protocols = vec![b"h3".to_vec()];
        Ok(Self {
            to,
            host: host.to_owned(),
            quic: quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?)),
            request: http::Request::get(format!("https://{host}{path}")).body(()).context("no such path")?,
        })
    }

    /// One connection's life: so many requests at once, as long as any are left.
    pub(crate) async fn ask_until_done(self: Arc<Self>, tally: Arc<Tally>, streams: u32) {
        let mut tasks = JoinSet::new();
        let Ok((endpoint, connection, requests)) = self.connect(&mut tasks).await else {
            if tally.take() {
                tally.note(Err(Failure::Connect));
            }
            return;
        };
        let mut asking = JoinSet::new();
        for _ in 0..streams {
            let (asker, tally, mut requests) = (Arc::clone(&self), Arc::clone(&tally), requests.clone());
            asking.spawn(async move {
                while tally.take() {
                    tally.note(asker.ask(&mut requests).await);
                }
            });
        }
        while asking.join_next().await.is_some() {}
        connection.close(H3_NO_ERROR, b"");
        endpoint.wait_idle().await;
    }

    async fn connect(
        &self,
        tasks: &mut JoinSet<()>,
    ) -> Result<(quinn::Endpoint, quinn::Connection, Requests)> {
        let endpoint = quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into())?;
        let connection = endpoint.connect_with(self.quic.clone(), self.to, &self.host)?.await?;
        let transport = h3_quinn::Connection::new(connection.clone());
        let (mut driver, requests) = h3::client::new(transport).await?;
        tasks.spawn(async move {
            // Requests tell what went wrong.
            let _ = std::future::poll_fn(|cx| driver.poll_close(cx)).await;
        });
        Ok((endpoint, connection, requests))
    }

    /// One request and its whole answer; the body's length.
    async fn ask(&self, requests: &mut Requests) -> Result<usize, Failure> {
        let mut stream = requests.send_request(self.request.clone()).await.map_err(|_| Failure::Cut)?;
        stream.finish().await.map_err(|_| Failure::Cut)?;
        let head = stream.recv_response().await.map_err(|_| Failure::Cut)?;
        let length = head.headers().get(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let length =
            length.and_then(|text| text.parse().ok()).filter(|_| head.status() == http::StatusCode::OK);
        let mut taken = 0;
        while let Some(mut piece) = stream.recv_data().await.map_err(|_| Failure::Cut)? {
            taken += piece.remaining();
            piece.advance(piece.remaining());
        }
        if length == Some(taken) { Ok(taken) } else { Err(Failure::Wrong) }
    }
}

const H3_NO_ERROR: quinn::VarInt = quinn::VarInt::from_u32(0x100);
