//! A small sample shop: one page, a few API paths, everything in memory and self-contained.

use crate::Certificates;
use crate::ground::{CONNECTION_TIME, CONNECTIONS, Ground, Task};
use crate::player::{Flow, Player};
use crate::reception::{Request, Seen};
use crate::server::{echo, prefers_german};
use crate::stream::{Stream, Transport};
use crate::upstream::listen;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A running shop. Dropping it ends it.
pub struct Shop {
    address: SocketAddr,
    _task: Task,
}

impl Shop {
    /// Starts a shop at this address; its `name` stands at the foot of the page and in the field `X-Served-By`.
    pub fn start(ground: &Ground, address: SocketAddr, name: &str) -> io::Result<Self> {
        let listener = listen(ground, address, None)?;
        let address = listener.local_addr()?;
        let task = ground.run(open(listener, name.into(), ground.certificates().clone()));
        Ok(Self { address, _task: task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn open(listener: TcpListener, name: Arc<str>, certificates: Arc<Certificates>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS => {
                // A connection that died in the queue concerns nobody.
                let Ok((tcp, _)) = accepted else { continue };
                let (name, certificates) = (name.clone(), certificates.clone());
                connections.spawn(async move {
                    // Whoever stays longer than the limit is let go.
                    let _ = tokio::time::timeout(CONNECTION_TIME, attend(tcp, &name, certificates)).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn attend(tcp: TcpStream, name: &str, certificates: Arc<Certificates>) -> io::Result<()> {
    let mut player = player(tcp, certificates)?;
    while player.read_head().await? == Flow::Goes && player.read_body().await? == Flow::Goes {
        let answer = answer(&player.request(), name);
        player.send(&answer).await?;
    }
    player.close().await;
    Ok(())
}

pub(super) fn player(tcp: TcpStream, certificates: Arc<Certificates>) -> io::Result<Player> {
    tcp.set_nodelay(true)?;
    let seen = Arc::new(Mutex::new(Seen::default()));
    Ok(Player::new(Stream::Plain(Transport::Tcp(tcp)), seen, certificates))
}

/// The whole answer to a request.
pub(super) fn answer(request: &Request, name: &str) -> Vec<u8> {
    let path = request.target().split('?').next().unwrap_or_default();
    let is_german = request.field("accept-language").any(prefers_german);
    let (status, media_type, body) = match (request.method(), path) {
        ("GET" | "HEAD", "/") => {
            let page = if is_german { PAGE_DE } else { PAGE_EN };
            ("200 OK", "text/html; charset=utf-8", page.replace("{{name}}", name))
        }
        ("GET" | "HEAD", "/api/products") => ("200 OK", "application/json", PRODUCTS.to_owned()),
        ("GET" | "HEAD", "/api/whoami") => {
            ("200 OK", "application/json", format!("{{\"origin\":\"{name}\"}}\n"))
        }
        ("GET" | "HEAD", "/healthz") => ("200 OK", "text/plain", "ok\n".to_owned()),
        ("POST", "/api/orders") => ("201 Created", "application/json", echo(request)),
        _ => ("404 Not Found", "text/plain", "not found\n".to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nX-Served-By: {name}\r\n\r\n",
        body.len()
    );
    let body = if request.method() == "HEAD" { String::new() } else { body };
    (head + &body).into_bytes()
}

const PAGE_EN: &str = include_str!("../../text/en/shop.html");
const PAGE_DE: &str = include_str!("../../text/de/shop.html");
const PRODUCTS: &str = include_str!("../../text/products.json");
