//! The handshake with a client: by the name it asks for, with what the site of that name wants from it.

use super::asking::Identity;
use super::{Certificates, proofs};
use rustls::server::{Acceptor, ClientHello};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

/// A client whose handshake went well.
pub struct Shaken {
    /// The connection.
    pub stream: TlsStream<TcpStream>,
    /// Who the client is, where its site asked and it said so.
    pub identity: Option<Arc<Identity>>,
}

impl Certificates {
    /// Shakes hands. `None` is a CA that has seen its proof, and has nothing more to say.
    pub async fn shake_hands(&self, stream: TcpStream) -> io::Result<Option<Shaken>> {
        let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let hello = begun.client_hello();
        if wants_proof(&hello) {
            let mut stream = begun.into_stream(Arc::clone(&self.proving)).await?;
            // A CA that goes without a farewell has seen what it wanted all the same.
            let _ = stream.shutdown().await;
            return Ok(None);
        }
        let asking = self.asked.load().find(hello.server_name());
        let Some(asking) = asking else {
            let stream = begun.into_stream(Arc::clone(&self.config)).await?;
            return Ok(Some(Shaken { stream, identity: None }));
        };
        let shaken = begun.into_stream(Arc::clone(&asking.config)).into_fallible().await;
        let stream = match shaken {
            Ok(stream) => stream,
            Err((error, stream)) => {
                part(stream).await;
                return Err(error);
            }
        };
        let leaf = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let identity = leaf.and_then(|leaf| Identity::of(leaf, &asking.rule)).map(Arc::new);
        Ok(Some(Shaken { stream, identity }))
    }
}

/// Lets a client read why it is turned away. Under TLS 1.3 it may be sending its request already, and a close with unread
/// bytes is a reset, which would eat the alert.
async fn part(mut stream: TcpStream) {
    let _ = stream.shutdown().await;
    let mut bin = [0; 1024];
    let drained = async {
        let mut left = LAST_BYTES;
        while let Ok(read @ 1..) = stream.read(&mut bin).await {
            left = left.saturating_sub(read);
            if left == 0 {
                break;
            }
        }
    };
    // Whoever does not close by then does not want to know.
    let _ = tokio::time::timeout(LAST_WORDS, drained).await;
}

/// A CA offers this protocol and nothing else (RFC 8737 §3).
fn wants_proof(hello: &ClientHello<'_>) -> bool {
    let Some(mut protocols) = hello.alpn() else { return false };
    protocols.next() == Some(proofs::PROTOCOL) && protocols.next().is_none()
}

/// How long, and for how many bytes, a client that is turned away is listened to.
const LAST_WORDS: Duration = Duration::from_secs(1);
const LAST_BYTES: usize = 64 << 10;
