//! The UDP socket of an address, and the connections that begin there.
//!
//! One worker has the socket: a connection may go on from another address of its client (RFC 9000 §9), and the kernel
//! spreads packets over several sockets by address.

use super::{serve, settings};
use crate::accept::client_over_quic;
use crate::clock::Moment;
use crate::outcome;
use crate::per_core::Core;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{
    Connecting, ConnectionError, Endpoint, EndpointConfig, Incoming, ServerConfig, TokioRuntime,
    TransportErrorCode,
};
use std::cell::Cell;
use std::net::UdpSocket;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::watch;
use torwart_cause::{Deadline, Ending, TlsFault};
use torwart_record::ClientState;

/// Accepts connections until told to stop. Those that are there go on.
pub async fn listen(core: Rc<Core>, socket: UdpSocket, mut stopped: watch::Receiver<bool>) {
    let Some(config) = server_config(&core) else { return };
    let runtime = Arc::new(TokioRuntime);
    let opened = Endpoint::new(EndpointConfig::default(), Some(config.clone()), socket, runtime);
    let endpoint = match opened {
        Ok(endpoint) => endpoint,
        Err(error) => return tracing::error!(%error, "HTTP/3 cannot be served"),
    };
    let door = Door { core, endpoint, config, shaking: Rc::default() };
    loop {
        tokio::select! {
            incoming = door.endpoint.accept() => match incoming {
                Some(incoming) => door.welcome(incoming),
                None => return,
            },
            _ = stopped.changed() => break,
        }
    }
    // Who comes now hears nothing, and comes by TCP.
    door.endpoint.set_server_config(None);
}

/// TLS for QUIC; what is wrong with it is logged.
fn server_config(core: &Core) -> Option<ServerConfig> {
    let view = core.view();
    let tls = match view.snapshot.certificates.as_ref()?.quic_config() {
        Ok(tls) => tls,
        Err(problem) => {
            tracing::error!(%problem, "HTTP/3 cannot be served");
            return None;
        }
    };
    match QuicServerConfig::try_from(tls) {
        Ok(crypto) => {
            let mut config = ServerConfig::with_crypto(Arc::new(crypto));
            config.max_incoming(MOST_WAITING).incoming_buffer_size_total(WAITING_BYTES);
            Some(config)
        }
        Err(problem) => {
            tracing::error!(%problem, "HTTP/3 cannot be served");
            None
        }
    }
}

struct Door {
    core: Rc<Core>,
    endpoint: Endpoint,
    config: ServerConfig,
    /// Handshakes under way.
    shaking: Rc<Cell<usize>>,
}

impl Door {
    fn welcome(&self, incoming: Incoming) {
        if self.shaking.get() >= MOST_UNPROVEN && !incoming.remote_address_validated() && incoming.may_retry()
        {
            // Under load an address has to prove itself before it costs anything (RFC 9000 §8.1.2). A retry fails only
            // where it may not be asked for.
            let _ = incoming.retry();
            return;
        }
        let peer = incoming.remote_address();
        let Some(mut client) = client_over_quic(&self.core, peer) else { return incoming.refuse() };
        let core = Rc::clone(&self.core);
        let mut config = self.config.clone();
        config.transport_config(Arc::new(settings::transport(&core.view().snapshot.plan.limits)));
        // What was no beginning of a connection needs no answer.
        let Ok(connecting) = incoming.accept_with(Arc::new(config)) else { return };
        let endpoint = self.endpoint.clone();
        let shaking = Shaking::begin(&self.shaking);
        self.core.tasks.spawn(async move {
            let begun = Moment::now();
            client.guard.set(ClientState::Handshake);
            let shaken = shake_hands(&core, connecting).await;
            drop(shaking);
            match shaken {
                Ok(connection) => {
                    client.guard.set(ClientState::Idle);
                    serve(core, client, connection, endpoint).await;
                }
                Err(ending) => outcome::record_handshake(&core, client.peer, ending, begun),
            }
        });
    }
}

/// A handshake under way.
struct Shaking(Rc<Cell<usize>>);

impl Shaking {
    fn begin(count: &Rc<Cell<usize>>) -> Self {
        count.set(count.get() + 1);
        Self(Rc::clone(count))
    }
}

impl Drop for Shaking {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

async fn shake_hands(core: &Core, connecting: Connecting) -> Result<quinn::Connection, Ending> {
    let deadline = core.view().snapshot.plan.deadlines.handshake;
    match tokio::time::timeout(deadline, connecting).await {
        Ok(shaken) => shaken.map_err(|error| ending(&error)),
        Err(_) => Err(Ending::TimedOut(Deadline::ClientHandshake)),
    }
}

/// Why there was no connection.
fn ending(error: &ConnectionError) -> Ending {
    match error {
        ConnectionError::TimedOut => Ending::TimedOut(Deadline::ClientHandshake),
        ConnectionError::ConnectionClosed(close) => {
            alert(close.error_code).map_or(Ending::Closed, Ending::TlsAlert)
        }
        ConnectionError::ApplicationClosed(_) => Ending::Closed,
        ConnectionError::TransportError(_) => Ending::Tls(TlsFault::Broken),
        ConnectionError::VersionMismatch
        | ConnectionError::Reset
        | ConnectionError::LocallyClosed
        | ConnectionError::CidsExhausted => Ending::Reset,
    }
}

/// The alert of TLS that a code stands for (RFC 9001 §4.8).
fn alert(code: TransportErrorCode) -> Option<u8> {
    u64::from(code).checked_sub(ALERTS).and_then(|alert| u8::try_from(alert).ok())
}

/// Where the codes of TLS alerts begin.
const ALERTS: u64 = 0x100;

/// Beginnings of connections that wait to be looked at.
const MOST_WAITING: usize = 1024;

/// What all of them may have sent.
const WAITING_BYTES: u64 = 4 << 20;

/// Handshakes under way from which on an address has to prove itself first.
const MOST_UNPROVEN: usize = 64;
