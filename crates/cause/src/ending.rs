//! How an operation ended, physically: what the socket, the parser, the clock or a rule said, without interpretation.

use crate::Fault;

/// How an operation ended when it did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The peer closed in an orderly way (FIN, or TLS close_notify) before it was due.
    Closed,
    /// The peer's TLS connection ended by FIN without close_notify: possibly a truncation (RFC 8446 §6.1).
    ClosedWithoutNotify,
    /// The peer reset the connection.
    Reset,
    /// The connection attempt was refused.
    Refused,
    /// The network has no route to the address.
    Unroutable,
    /// The unix socket does not exist.
    Missing,
    /// The listening socket's queue is full (EAGAIN from a unix socket).
    QueueFull,
    /// This host forbids the operation (EACCES, EPERM).
    Forbidden,
    /// No descriptor, source port or memory is left.
    ResourcesSpent,
    /// A deadline passed.
    TimedOut(Deadline),
    /// Bytes broke a grammar.
    Malformed(Fault),
    /// Something exceeded a limit.
    TooLarge(Limit),
    /// The name could not be resolved.
    Name(NameFault),
    /// The peer sent a TLS alert with this number (RFC 8446 §6).
    TlsAlert(u8),
    /// The peer's certificate was not accepted.
    Certificate(CertificateFault),
    /// The TLS handshake failed otherwise.
    Tls(TlsFault),
    /// The stream was refused before processing (REFUSED_STREAM, or an id above GOAWAY's).
    StreamRefused,
    /// The stream was reset with this HTTP/2 or HTTP/3 error code.
    StreamReset(u64),
    /// Any other error of the operating system.
    Os(i32),
    /// Somebody gave the operation up.
    Cancelled(By),
    /// The gateway decided so.
    Decided(Decision),
    /// The gateway's own code failed.
    Panicked,
}

/// A named deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deadline {
    /// The client's whole request head.
    ClientHead,
    /// Between two reads of the client's body.
    ClientBody,
    /// The client's TLS handshake.
    ClientHandshake,
    /// The client takes no more of its answer.
    ClientWrite,
    /// Name resolution.
    Resolve,
    /// Establishing the connection.
    Connect,
    /// The service that says who may come in, from the question to the end of its answer.
    Authorise,
    /// The TLS handshake with the upstream.
    Handshake,
    /// The upstream takes no more of the request.
    Send,
    /// The upstream's whole head; interim answers do not restart it.
    FirstByte,
    /// Between two reads of the upstream's body.
    BetweenBytes,
    /// One attempt from its beginning to the head, where another upstream can be asked after it.
    PerTry,
    /// The whole exchange.
    Total,
    /// Waiting in a queue.
    Queue,
    /// The drain at shutdown.
    Drain,
}

impl Deadline {
    /// The stable lower-case name, as in the configuration.
    pub const fn id(self) -> &'static str {
        match self {
            Self::ClientHead => "client_head",
            Self::ClientBody => "client_body",
            Self::ClientHandshake => "client_handshake",
            Self::ClientWrite => "client_write",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Authorise => "authorise",
            Self::Handshake => "handshake",
            Self::Send => "send",
            Self::FirstByte => "first_byte",
            Self::BetweenBytes => "between_bytes",
            Self::PerTry => "per_try",
            Self::Total => "total",
            Self::Queue => "queue",
            Self::Drain => "drain",
        }
    }
}

/// A named limit on size or count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// The request target, in bytes.
    Target,
    /// The whole header section, in bytes.
    HeadBytes,
    /// The number of fields in the header section.
    FieldCount,
    /// One field, in bytes.
    FieldBytes,
    /// The body, in bytes.
    BodyBytes,
    /// The trailer section, in bytes or fields.
    Trailers,
    /// Chunk extensions of one body, in bytes.
    ChunkExtensions,
    /// Interim (1xx) answers before the final one.
    InterimCount,
}

impl Limit {
    /// The stable lower-case name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::HeadBytes => "head_bytes",
            Self::FieldCount => "field_count",
            Self::FieldBytes => "field_bytes",
            Self::BodyBytes => "body_bytes",
            Self::Trailers => "trailers",
            Self::ChunkExtensions => "chunk_extensions",
            Self::InterimCount => "interim_count",
        }
    }
}

/// Why a name has no usable address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameFault {
    /// The name does not exist (RCODE 3).
    NxDomain,
    /// The name exists but has no A or AAAA record.
    NoAddress,
    /// The server answered with this other RCODE, such as 2 SERVFAIL or 5 REFUSED.
    Rcode(u16),
    /// The CNAME chain loops or is too long.
    Loop,
    /// The server's answer could not be read.
    Garbled,
    /// No name server could be reached.
    Unreachable,
    /// `getaddrinfo` failed with this code.
    SystemResolver(i32),
}

/// Why a certificate was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateFault {
    /// None was shown where one is needed.
    Missing,
    /// No chain to a trusted root.
    Untrusted,
    /// Past its end date.
    Expired,
    /// Before its start date.
    NotYetValid,
    /// For another name.
    WrongName,
    /// Revoked.
    Revoked,
    /// Not meant for servers, or otherwise unusable.
    Unusable,
}

/// How a TLS handshake failed without an alert or a certificate fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TlsFault {
    /// The first bytes are no TLS record.
    NotTls,
    /// No common version, cipher suite or parameter.
    NoAgreement,
    /// The peer broke the protocol.
    Broken,
}

/// Who cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// The client went away.
    Client,
    /// The upstream gave up.
    Upstream,
    /// The gateway, for instance because the other side failed.
    Gateway,
    /// The gateway, because a second attempt beside this one was answered first.
    Faster,
}

/// A decision of the gateway that ends an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// No site or route matches.
    NoRoute,
    /// There is no such file.
    NoFile,
    /// The file may not be read.
    FileForbidden,
    /// A rule forbids it.
    Deny,
    /// Nobody proved to be somebody who may come in.
    Unauthorised,
    /// The service that says who may come in said neither yes nor no.
    AuthoriserUnclear,
    /// Too many requests.
    RateLimit,
    /// It came on a connection that may not be used for its site.
    Misdirected,
    /// The request came through here before.
    Loop,
    /// The gateway is full.
    GatewayFull,
    /// The route has all the requests it may have.
    RouteFull,
    /// The site has all the visitors it may have.
    Wait,
    /// Every upstream has all the requests it may have.
    UpstreamFull,
    /// All upstreams are held to be down.
    AllDown,
    /// The upstream's address is not allowed.
    AddressForbidden,
    /// The configuration cannot serve this.
    Misconfigured,
    /// The gateway drains.
    Draining,
}
