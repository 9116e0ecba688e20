//! The upstream behind every proxy: answers fixed bodies as fast as one thread can, keep-alive for ever.
//!
//! Deliberately trusting: it only meets the proxies under test, so it looks for the blank line and `Content-Length` and
//! nothing else. An answer's head and body leave in one write. Who begins with the preface of HTTP/2 gets gRPC.

use crate::grpc;
use anyhow::Result;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Arguments of `origin`.
#[derive(clap::Args)]
pub(crate) struct Origin {
    /// Address to listen on.
    #[arg(long)]
    listen: SocketAddr,
}

impl Origin {
    pub(crate) async fn run(self) -> Result<()> {
        let listener = TcpListener::bind(self.listen).await?;
        let answers = Arc::new(Answers::new());
        let mut connections = JoinSet::new();
        crate::say("ready")?;
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let (stream, _) = accepted?;
                    stream.set_nodelay(true)?;
                    connections.spawn(serve(stream, Arc::clone(&answers)));
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

/// The answers, complete with their heads.
struct Answers {
    sizes: Vec<(&'static [u8], Vec<u8>)>,
    upload: Vec<u8>,
}

impl Answers {
    fn new() -> Self {
        let sizes: [(&[u8], usize, &str); 5] = [
            (b"/1k", 1 << 10, "no-store"),
            (b"/64k", 1 << 16, "no-store"),
            (b"/1m", 1 << 20, "no-store"),
            (b"/cached/1k", 1 << 10, "max-age=315360000"),
            (b"/cached/64k", 1 << 16, "max-age=315360000"),
        ];
        let sizes = sizes.map(|(path, size, cache)| (path, answer(size, cache)));
        Self { sizes: sizes.to_vec(), upload: answer(2, "no-store") }
    }

    fn to(&self, head: &[u8]) -> &[u8] {
        let path = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        self.sizes.iter().find(|(known, _)| *known == path).map_or(&self.upload, |(_, answer)| answer)
    }
}

fn answer(size: usize, cache: &str) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Sat, 01 Aug 2026 12:00:00 GMT\r\nContent-Type: text/html\r\n\
         Content-Length: {size}\r\nCache-Control: {cache}\r\nETag: \"5f3c-1b2a\"\r\n\r\n"
    )
    .into_bytes();
    bytes.resize(bytes.len() + size, b'x');
    bytes
}

/// Serves one connection until it ends, in whatever way.
async fn serve(mut stream: TcpStream, answers: Arc<Answers>) -> Option<()> {
    let mut buffer = vec![0; 64 << 10];
    let mut filled = 0;
    loop {
        let (head, body) = loop {
            if buffer.get(..filled)?.starts_with(grpc::PREFACE) {
                return grpc::serve(&mut stream, &mut buffer, filled).await;
            }
            if let Some(head) = crate::client::head_length(buffer.get(..filled)?) {
                break (head, crate::client::content_length(buffer.get(..head)?).unwrap_or(0));
            }
            filled += read(&mut stream, buffer.get_mut(filled..)?).await?;
        };
        let total = head + body;
        let mut taken = filled;
        while taken < total {
            taken += read(&mut stream, buffer.get_mut(head..)?).await?;
        }
        stream.write_all(answers.to(buffer.get(..head)?)).await.ok()?;
        // A proxy does not pipeline: what is left over belongs to the next request only where all fitted the buffer.
        if taken == filled && filled > total {
            buffer.copy_within(total..filled, 0);
            filled -= total;
        } else {
            filled = 0;
        }
    }
}

async fn read(stream: &mut TcpStream, room: &mut [u8]) -> Option<usize> {
    stream.read(room).await.ok().filter(|count| *count > 0)
}
