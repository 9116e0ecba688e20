//! The UDP socket of an address, and the connections that begin there.
//!
//! One worker has the socket: a connection may go on from another address of its client (RFC 9000 §9), and the kernel
//! spreads packets over several sockets by address.

use super::handshake::Handshake;
use super::{serve, settings, tokens};
use crate::accept::client_over_quic;
use crate::clock::Moment;
use crate::outcome;
use crate::per_core::Core;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{
    Connecting, ConnectionError, Endpoint, EndpointConfig, Incoming, ServerConfig, TokioRuntime,
    TransportErrorCode, ValidationTokenConfig,
};
use std::cell::{Cell, RefCell};
use std::net::UdpSocket;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use torwart_cause::{Deadline, Ending, TlsFault};
use torwart_config::{ByteSize, Plan};
use torwart_record::ClientState;

/// Accepts connections until told to stop. Those that are there go on.
pub async fn listen(core: Rc<Core>, socket: UdpSocket, mut stopped: watch::Receiver<bool>) {
    let Some((config, basis)) = server_config(&core) else { return };
    let runtime = Arc::new(TokioRuntime);
    let opened = Endpoint::new(EndpointConfig::default(), Some(config.clone()), socket, runtime);
    let endpoint = match opened {
        Ok(endpoint) => endpoint,
        Err(error) => return tracing::error!(%error, "HTTP/3 cannot be served"),
    };
    let current = RefCell::new((config, basis));
    let _reading = Reading::begin(&core);
    let door = Door { core, endpoint, current, shaking: Rc::default() };
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
    if door.core.shared.is_handed_over() {
        // Another process reads the socket as soon as nobody here needs what comes.
        door.endpoint.wait_idle().await;
    }
}

/// The socket is read, until this is dropped.
struct Reading(Rc<Core>);

impl Reading {
    fn begin(core: &Rc<Core>) -> Self {
        core.shared.endpoints.send_modify(|count| *count += 1);
        Self(Rc::clone(core))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.shared.endpoints.send_modify(|count| *count -= 1);
    }
}

/// What a configuration was made for. Clients that come back hold the limits of the last time for those of this time,
/// and in early data they may not be less (RFC 9000 §7.4.1, RFC 9114 §7.2.4.2): with another basis sessions end.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Basis {
    early_data: bool,
    streams: u32,
    head: ByteSize,
}

impl Basis {
    fn of(plan: &Plan) -> Self {
        Self { early_data: plan.early_data, streams: plan.limits.streams, head: plan.limits.head }
    }
}

/// How connections are accepted under the plan; what is wrong with that is logged.
fn server_config(core: &Core) -> Option<(ServerConfig, Basis)> {
    let view = core.view();
    let basis = Basis::of(&view.snapshot.plan);
    let mut config = ServerConfig::with_crypto(crypto(core, basis)?);
    config.max_incoming(MOST_WAITING).incoming_buffer_size_total(WAITING_BYTES);
    let mut tokens = ValidationTokenConfig::default();
    tokens.log(Arc::new(tokens::Used::default())).lifetime(TOKEN_LASTS).sent(tokens_sent(basis));
    config.validation_token_config(tokens);
    Some((config, basis))
}

/// Tokens that a client gets for the next time. They save nothing where nobody may send early data.
fn tokens_sent(basis: Basis) -> u32 {
    if basis.early_data { TOKENS } else { 0 }
}

/// TLS for QUIC; what is wrong with it is logged.
fn crypto(core: &Core, basis: Basis) -> Option<Arc<QuicServerConfig>> {
    let tls = core.view().snapshot.certificates.as_ref()?.quic_config(basis.early_data);
    let problem = match tls.map(QuicServerConfig::try_from) {
        Ok(Ok(crypto)) => return Some(Arc::new(crypto)),
        Ok(Err(problem)) => problem.to_string(),
        Err(problem) => problem.to_string(),
    };
    tracing::error!(problem, "HTTP/3 cannot be served");
    None
}

struct Door {
    core: Rc<Core>,
    endpoint: Endpoint,
    /// How connections are accepted now.
    current: RefCell<(ServerConfig, Basis)>,
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
        let is_proven = incoming.remote_address_validated();
        let config = self.config();
        let is_early = is_proven && core.view().snapshot.plan.early_data;
        // What was no beginning of a connection needs no answer.
        let Ok(connecting) = incoming.accept_with(Arc::new(config)) else { return };
        let endpoint = self.endpoint.clone();
        let shaking = Shaking::begin(&self.shaking);
        self.core.tasks.spawn(async move {
            let begun = Moment::now();
            client.guard.set(ClientState::Handshake);
            let shaken = shake_hands(&core, connecting, is_early).await;
            drop(shaking);
            let (peer, shaken) = (
                client.peer,
                match shaken {
                    Ok(shaken) => shaken,
                    Err(ending) => return outcome::record_handshake(&core, client.peer, ending, begun),
                },
            );
            client.guard.set(ClientState::Idle);
            let (quic, handshake) = (shaken.quic.clone(), Rc::clone(&shaken.handshake));
            serve(Rc::clone(&core), client, shaken, endpoint).await;
            if !handshake.is_complete() {
                let reason = quic.close_reason().filter(|reason| *reason != ConnectionError::LocallyClosed);
                let ending = reason.map_or(TOO_LATE, |reason| ending(&reason));
                outcome::record_handshake(&core, peer, ending, begun);
            }
        });
    }

    /// How this connection is accepted.
    fn config(&self) -> ServerConfig {
        let view = self.core.view();
        let basis = Basis::of(&view.snapshot.plan);
        let mut current = self.current.borrow_mut();
        let (config, made_for) = &mut *current;
        if *made_for != basis
            && let Some(crypto) = crypto(&self.core, basis)
        {
            config.crypto = crypto;
            config.validation_token.sent(tokens_sent(basis));
            *made_for = basis;
        }
        let mut config = config.clone();
        config.transport_config(Arc::new(settings::transport(&view.snapshot.plan.limits)));
        config
    }
}

/// A connection that may be served.
pub(super) struct Shaken {
    pub(super) quic: quinn::Connection,
    pub(super) handshake: Rc<Handshake>,
    /// Tells of its end, where that is not here yet.
    pub(super) pending: Option<quinn::ZeroRttAccepted>,
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

/// Waits for the handshake; with early data only until it is known what the client wants.
async fn shake_hands(core: &Core, mut connecting: Connecting, is_early: bool) -> Result<Shaken, Ending> {
    let deadline = core.view().snapshot.plan.deadlines.handshake;
    let shaken = async {
        if !is_early {
            let handshake = Rc::new(Handshake::complete());
            return Ok(Shaken { quic: connecting.await?, handshake, pending: None });
        }
        connecting.handshake_data().await?;
        match connecting.into_0rtt() {
            Ok((quic, pending)) => Ok(Shaken { quic, handshake: Rc::default(), pending: Some(pending) }),
            Err(connecting) => {
                let handshake = Rc::new(Handshake::complete());
                Ok(Shaken { quic: connecting.await?, handshake, pending: None })
            }
        }
    };
    match tokio::time::timeout(deadline, shaken).await {
        Ok(shaken) => shaken.map_err(|error| ending(&error)),
        Err(_) => Err(TOO_LATE),
    }
}

/// Why there was no connection.
fn ending(error: &ConnectionError) -> Ending {
    match error {
        ConnectionError::TimedOut => TOO_LATE,
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

/// The handshake took too long.
const TOO_LATE: Ending = Ending::TimedOut(Deadline::ClientHandshake);

/// Browsers open a second connection at times.
const TOKENS: u32 = 2;

/// How long an address counts as proven, unless it proves itself anew.
const TOKEN_LASTS: Duration = Duration::from_secs(24 * 3600);

/// Beginnings of connections that wait to be looked at.
const MOST_WAITING: usize = 1024;

/// What all of them may have sent.
const WAITING_BYTES: u64 = 4 << 20;

/// Handshakes under way from which on an address has to prove itself first.
const MOST_UNPROVEN: usize = 64;
