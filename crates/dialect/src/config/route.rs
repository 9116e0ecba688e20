//! What a gateway does with some of its requests.

use super::{At, Fact, Scheme, UpstreamConfig};
use std::path::PathBuf;
use std::time::Duration;

/// What is done with the requests for some names and paths.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Where it begins.
    pub at: Option<At>,
    /// The listeners whose requests come here, as places in [`super::GatewayConfig::listeners`]; none means all.
    pub listeners: Vec<usize>,
    /// The names it serves; none means any.
    pub hosts: Vec<HostRule>,
    /// The paths it serves.
    pub path: PathRule,
    /// Another condition must hold too, one that names and paths do not show.
    pub is_conditional: bool,
    /// Reached only from inside (a named location, an internal one): no client's request is matched with it.
    pub is_internal: bool,
    /// The name of the group of upstreams (`upstream`, `backend`, `balancer://`), where there is one.
    pub pool: Option<Fact<String>>,
    /// Where requests are passed to; none where the gateway answers itself (files, redirects, a fixed status).
    pub upstreams: Vec<UpstreamConfig>,
    /// How long it waits for what.
    pub deadlines: Deadlines,
    /// What is asked of the upstream's certificate, where TLS is spoken to it.
    pub tls: UpstreamTls,
    /// The largest head of an answer it takes, in bytes; in Apache the largest single line of it.
    pub header_buffer: Fact<u64>,
    /// The largest body of a request it takes, in bytes; nothing where there is no limit.
    pub body_limit: Option<Fact<u64>>,
    /// The `Host` sent to the upstream where it is not the client's: text, perhaps with the product's variables.
    pub host_header: Option<Fact<String>>,
    /// The HTTP version spoken to the upstream.
    pub http_version: Fact<HttpVersion>,
    /// A PROXY protocol header is sent to the upstream first.
    pub sends_proxy_protocol: Fact<bool>,
    /// `Upgrade` and `Connection` are passed on (WebSocket).
    pub upgrades: Fact<bool>,
    /// When another upstream is tried; nothing where the product never does.
    pub retries: Option<Fact<Retries>>,
    /// Answers are gathered before they go to the client.
    pub is_buffered: Fact<bool>,
}

impl Route {
    /// Requests are not looked at: bytes are passed on as they come.
    pub fn is_bytes(&self) -> bool {
        !self.upstreams.is_empty() && self.upstreams.iter().all(|one| one.address.scheme == Scheme::Tcp)
    }
}

/// How long a gateway waits for what. Nothing means: no limit, or the product knows no such deadline.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deadlines {
    /// For a connection to the upstream.
    pub connect: Option<Fact<Duration>>,
    /// For the first byte of the answer.
    pub first_byte: Option<Fact<Duration>>,
    /// Between two reads of the answer.
    pub between_bytes: Option<Fact<Duration>>,
    /// Between two writes of the request.
    pub send: Option<Fact<Duration>>,
    /// How long an idle connection to the upstream is kept; nothing: none is kept; [`Deadlines::FOR_EVER`]: until
    /// the upstream closes it.
    pub pool_idle: Option<Fact<Duration>>,
    /// How many idle connections to the upstream are kept; 0: none.
    pub keeps_idle: Option<Fact<u32>>,
    /// How long an idle connection of a client is kept.
    pub client_idle: Option<Fact<Duration>>,
    /// How long a request waits for a free place.
    pub queue: Option<Fact<Duration>>,
    /// How long a tunnel (WebSocket) may be silent.
    pub tunnel: Option<Fact<Duration>>,
}

impl Deadlines {
    /// Longer than anything lasts: there is a wait, but it has no limit.
    pub const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 86_400);
}

/// What is asked of, and shown to, an upstream that speaks TLS.
#[derive(Debug, Clone, PartialEq)]
pub struct UpstreamTls {
    /// Its certificate is checked.
    pub verify: Fact<bool>,
    /// The file with the authorities trusted; nothing: none was named.
    pub trust: Option<Fact<PathBuf>>,
    /// The name its certificate must carry; nothing: not checked, or the address's own.
    pub name: Option<Fact<String>>,
    /// The name is checked at all.
    pub checks_name: Fact<bool>,
    /// The name sent in the handshake.
    pub sni: Fact<Sni>,
    /// The certificate shown to the upstream.
    pub client_certificate: Option<Fact<PathBuf>>,
    /// Its private key, where it is apart.
    pub client_key: Option<Fact<PathBuf>>,
    /// The versions offered, in the product's words; nothing: its usual ones.
    pub versions: Option<Fact<String>>,
    /// The longest chain accepted.
    pub verify_depth: Option<Fact<u32>>,
}

/// The name sent in the handshake with an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sni {
    /// None.
    Off,
    /// The host the upstream is addressed by.
    Upstream,
    /// The host the client asked for.
    Client,
    /// This name.
    Name(String),
}

/// The HTTP version spoken to an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/1.0: a connection for each request.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
    /// HTTP/2 or HTTP/1.1, as the handshake decides.
    Negotiated,
}

/// When another upstream is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retries {
    /// The conditions in the product's words (`error timeout`, `conn-failure`).
    pub when: Vec<String>,
    /// How many attempts at most; nothing: one for each upstream.
    pub attempts: Option<u32>,
    /// Requests that must not be repeated are repeated too.
    pub repeats_unsafe: bool,
}

/// The names a site or a route serves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HostRule {
    /// Exactly this one (lower case, no port).
    Exact(String),
    /// Everything below (`*.example.org`): the ending with its dot; deeper levels too.
    Below(String),
    /// Everything that begins so (`www.example.*`).
    Begins(String),
    /// A regular expression.
    Regex(String),
    /// Any.
    Any,
}

/// The paths a route serves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PathRule {
    /// All that begin so, letter by letter (nginx's `location /a`, HAProxy's `path_beg`).
    Prefix(String),
    /// As [`PathRule::Prefix`], and no regular expression is tried where it fits best (nginx's `^~`).
    StrictPrefix(String),
    /// This path and all below it, at whole segments (Apache's `<Location>`, Caddy's `handle_path`).
    Segments(String),
    /// Exactly this one.
    Exact(String),
    /// All that end so (HAProxy's `path_end`, `*.php`).
    Suffix(String),
    /// A regular expression, searched anywhere in the path.
    Regex {
        /// The expression in the product's dialect.
        pattern: String,
        /// Letter case does not matter.
        ignores_case: bool,
    },
    /// All.
    Any,
}
