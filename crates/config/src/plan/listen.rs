//! Where clients are accepted, and what they may send how slowly.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;

use super::{LeastPace, SocketAccess};
use crate::{ByteSize, defaults};

/// One place where clients are accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Listener {
    /// The address.
    pub address: ListenAddress,
    /// Whether clients speak TLS here.
    pub tls: bool,
    /// Whether a connection waits in the kernel until its client has sent something.
    pub defers: bool,
    /// Who may connect, where it is a Unix socket.
    pub access: SocketAccess,
    /// Whose PROXY protocol headers are believed; with a list every connection must begin with one.
    pub stated_by: Option<Vec<IpNet>>,
}

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ListenAddress {
    /// An IP address and port; port 0 lets the kernel choose.
    Tcp(SocketAddr),
    /// A Unix socket at this path.
    Unix(PathBuf),
    /// An IP address and UDP port, for HTTP/3; port 0 lets the kernel choose.
    Quic(SocketAddr),
}

/// What a client may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientLimits {
    /// The whole head of a request.
    pub head: ByteSize,
    /// Field lines in a head.
    pub fields: usize,
    /// The request target.
    pub target: ByteSize,
    /// Requests under way on one connection of HTTP/2 or HTTP/3.
    pub streams: u32,
    /// Memory for the large windows of all connections of HTTP/2 and HTTP/3 together.
    pub windows: ByteSize,
    /// The body, where neither site nor route says otherwise.
    pub body: ByteSize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            head: defaults::CLIENT_HEAD,
            fields: defaults::CLIENT_FIELDS,
            target: defaults::CLIENT_TARGET,
            streams: defaults::CLIENT_STREAMS,
            windows: defaults::CLIENT_WINDOWS,
            body: defaults::CLIENT_BODY,
        }
    }
}

/// How long a client may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientDeadlines {
    /// For its TLS handshake.
    pub handshake: Duration,
    /// From the first byte of a head to its last.
    pub head: Duration,
    /// Between two bytes of its request body.
    pub body: Duration,
    /// Without taking any byte of the answer.
    pub send: Duration,
    /// How fast its request body has to come on average.
    pub body_pace: Option<LeastPace>,
    /// How fast it has to read.
    pub send_pace: Option<LeastPace>,
    /// Between two requests on a connection.
    pub keep_alive: Duration,
    /// To read our last words before an erroneous connection closes (RFC 9112, section 9.6).
    pub linger: Duration,
}

impl Default for ClientDeadlines {
    fn default() -> Self {
        Self {
            handshake: defaults::CLIENT_HANDSHAKE,
            head: defaults::CLIENT_HEAD_TIME,
            body: defaults::CLIENT_BODY_TIME,
            send: defaults::CLIENT_SEND_TIME,
            body_pace: Some(LeastPace::default()),
            send_pace: Some(LeastPace::default()),
            keep_alive: defaults::CLIENT_KEEP_ALIVE,
            linger: defaults::CLIENT_LINGER,
        }
    }
}

/// The deviations from strict HTTP/1.1 the operator asked for, each a risk taken knowingly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lenient {
    /// Several equal `Content-Length` values of a request count as one.
    pub equal_lengths: bool,
    /// `Transfer-Encoding` beats `Content-Length` instead of being refused with it.
    pub coding_beats_length: bool,
    /// Lines of a request head may end in a bare LF.
    pub bare_lf: bool,
    /// A folded field line of a request is joined by a space.
    pub obs_fold: bool,
    /// Whitespace between field name and colon of a request is removed.
    pub space_before_colon: bool,
    /// The `Host` of a request may be empty or missing.
    pub missing_host: bool,
    /// The target of a request may hold bytes that should be percent-encoded.
    pub target_characters: bool,
    /// Field values of answers may hold control bytes other than NUL, CR and LF.
    pub control_bytes: bool,
}

impl Lenient {
    /// The names of all options, as in the file.
    pub const NAMES: [&'static str; 8] = [
        "equal_lengths",
        "coding_beats_length",
        "bare_lf",
        "obs_fold",
        "space_before_colon",
        "missing_host",
        "target_characters",
        "control_bytes",
    ];

    /// Switches the option of this name on; says whether there is one.
    pub(crate) fn allow(&mut self, name: &str) -> bool {
        let option = match name {
            "equal_lengths" => &mut self.equal_lengths,
            "coding_beats_length" => &mut self.coding_beats_length,
            "bare_lf" => &mut self.bare_lf,
            "obs_fold" => &mut self.obs_fold,
            "space_before_colon" => &mut self.space_before_colon,
            "missing_host" => &mut self.missing_host,
            "target_characters" => &mut self.target_characters,
            "control_bytes" => &mut self.control_bytes,
            _ => return false,
        };
        *option = true;
        true
    }
}
