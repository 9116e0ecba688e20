//! The process that this one takes over from: gets its sockets, says when it serves, hears when the last of them is free.

use super::upgrade::{ADMIN, CHANGE, COMPLETE, FAILED, HANDOVER, LISTEN, READY};
use std::io;
use std::net::TcpListener;
use std::time::Duration;
use tokio::sync::oneshot;
use torwart_gateway::Inherited;
use torwart_kernel::handover::{End, Handed};

/// The other process.
pub(super) struct Predecessor(End);

/// What it hands over.
#[derive(Default)]
pub(super) struct Legacy {
    /// The sockets it listens on.
    pub(super) sockets: Inherited,
    /// The socket of its admin address.
    pub(super) admin: Option<TcpListener>,
    /// The changes of upstreams that were made at run time.
    pub(super) changes: String,
}

impl Predecessor {
    /// The one that has started this process, if one has for that.
    pub(super) fn from_environment() -> Option<Self> {
        std::env::var_os(HANDOVER)?;
        // The variable may have come from further up; without the other end it means nothing.
        End::from_stdin().ok().map(Self)
    }

    /// Takes everything it hands over.
    ///
    /// # Errors
    /// Where it does not go on, or hands over what is of no use.
    pub(super) fn take(&self) -> io::Result<Legacy> {
        self.0.set_patience(Some(PATIENCE))?;
        let mut legacy = Legacy { sockets: Inherited::from_predecessor(), ..Legacy::default() };
        loop {
            let message = self.0.receive()?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let text = message.text.as_slice();
            if text == COMPLETE {
                return Ok(legacy);
            } else if let Some(change) = text.strip_prefix(CHANGE) {
                legacy.changes.push_str(&String::from_utf8_lossy(change));
                legacy.changes.push('\n');
            } else if text == LISTEN || text == ADMIN {
                for socket in message.sockets {
                    match socket {
                        Handed::Tcp(socket) if text == ADMIN => legacy.admin = Some(socket),
                        Handed::Tcp(socket) => legacy.sockets.add_tcp(socket)?,
                        Handed::Unix(socket) => legacy.sockets.add_unix(socket)?,
                        Handed::Udp(socket) => legacy.sockets.add_udp(socket)?,
                    }
                }
            }
        }
    }

    /// This process serves.
    pub(super) fn ready(&self) {
        // One that is gone need not be told.
        let _ = self.0.send(READY, &[]);
    }

    /// This process does not, for this reason.
    pub(super) fn failed(&self, why: &str) {
        let mut shortened = why.to_owned();
        while shortened.len() > MOST_SAID {
            shortened.pop();
        }
        let _ = self.0.send(&[FAILED, shortened.as_bytes()].concat(), &[]);
    }

    /// Ends when the other process reads no UDP socket any more.
    pub(super) fn released(self) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        let waiting = std::thread::Builder::new().name("predecessor".to_owned()).spawn(move || {
            // Whatever comes now means that they are free, also its end.
            let _ = self.0.set_patience(None).and_then(|()| self.0.receive());
            let _ = tell.send(());
        });
        if let Err(error) = waiting {
            tracing::error!(%error, "HTTP/3 waits for a process that cannot be heard");
        }
        told
    }
}

/// It has everything ready before it starts another process.
const PATIENCE: Duration = Duration::from_secs(10);

/// Enough to know what is wrong.
const MOST_SAID: usize = 8 << 10;
