//! The closed list of causes: name, stage, RFC 9209 error type, status, retry class and actor in one table.
//!
//! A cause is a plain name without data; the evidence beside it says the rest. The status stands here and nowhere else.
//! Rows whose status deliberately differs from the RFC's recommendation are listed in the test below, with the reason.

use crate::{Actor, ErrorType, Retry, Stage};
use std::fmt;

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident $id:literal $stage:ident $error:tt $status:tt $retry:ident $actor:ident;)*) => {
        /// What happened to one exchange. The ids are stable: once released they never change their meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Cause { $($(#[$doc])* $variant,)* }

        impl Cause {
            /// Every cause, in the order of the stages.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable speaking id: in logs, metrics, pages, `torwart explain`.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// The stage in which it happens.
            pub const fn stage(self) -> Stage {
                match self { $(Self::$variant => Stage::$stage,)* }
            }

            /// The RFC 9209 error type; `None` where the proxy made no error.
            pub const fn error_type(self) -> Option<ErrorType> {
                match self { $(Self::$variant => causes!(@error $error),)* }
            }

            /// The status of the answer; `None` where no answer of ours goes out.
            pub const fn status(self) -> Option<u16> {
                match self { $(Self::$variant => causes!(@status $status),)* }
            }

            /// What it proves about repeating the request.
            pub const fn retry(self) -> Retry {
                match self { $(Self::$variant => Retry::$retry,)* }
            }

            /// Who usually has to act. A finding may know better.
            pub const fn actor(self) -> Actor {
                match self { $(Self::$variant => Actor::$actor,)* }
            }
        }
    };
    (@error -) => { None };
    (@error $error:ident) => { Some(ErrorType::$error) };
    (@status -) => { None };
    (@status $status:literal) => { Some($status) };
}

causes! {
    // Client.
    /// The TLS handshake with the client failed: no request was ever seen.
    ClientHandshakeFailed "client_handshake_failed" Accept HttpRequestError - Never Client;
    /// The client showed no certificate, or none that its site accepts: no request was ever seen.
    ClientCertificateRefused "client_certificate_refused" Accept HttpRequestError - Never Client;
    /// The request breaks the grammar, or two parties could read it differently.
    RequestMalformed "request_malformed" Parse HttpRequestError 400 Never Client;
    /// The request target is longer than the limit.
    TargetTooLong "target_too_long" Parse HttpRequestError 414 Never Client;
    /// The request's header section is larger, or has more fields, than the limit.
    RequestHeadTooLarge "request_head_too_large" Parse HttpRequestError 431 Never Client;
    /// The request body is larger than the limit.
    RequestBodyTooLarge "request_body_too_large" Parse HttpRequestError 413 Never Client;
    /// The client did not send its request, or the next part of its body, in time.
    RequestTimedOut "request_timed_out" Parse HttpRequestError 408 Never Client;
    /// The client's message ended before it was complete.
    RequestCut "request_cut" Parse HttpRequestError 400 Never Client;
    /// The request body has a transfer coding we do not implement (RFC 9112 §6.1).
    CodingUnsupported "coding_unsupported" Parse HttpRequestError 501 Never Client;
    /// The request's HTTP version is not one we speak.
    VersionUnsupported "version_unsupported" Parse HttpRequestError 505 Never Client;
    /// An expectation other than `100-continue` (RFC 9110 §10.1.1).
    ExpectationFailed "expectation_failed" Parse HttpRequestError 417 Never Client;
    /// The method is one the gateway does not carry, such as CONNECT to a site.
    MethodUnsupported "method_unsupported" Parse HttpRequestError 501 Never Client;
    /// The client went away before its answer was complete.
    ClientLeft "client_left" Parse - - Never Client;
    // Route, guard.
    /// No site or route matches the request.
    NoRoute "no_route" Route DestinationNotFound 404 Never Gateway;
    /// The route serves files, and there is none at this path.
    FileMissing "file_missing" Route DestinationNotFound 404 Never Client;
    /// The file is there, but the gateway may not read it.
    FileDenied "file_denied" Route HttpRequestDenied 403 Never Gateway;
    /// A rule of the gateway forbids the request.
    Denied "denied" Guard HttpRequestDenied 403 Never Client;
    /// The client did not prove who it is, or not rightly.
    Unauthorized "unauthorized" Guard HttpRequestDenied 401 Never Client;
    /// The service that says who may come in could not be asked, or gave no clear answer.
    AuthoriserFailed "authoriser_failed" Guard ProxyInternalResponse 503 Never Gateway;
    /// The client asks more often than allowed, or too many times at once.
    RateLimited "rate_limited" Guard HttpRequestDenied 429 Never Client;
    /// The request is for a site that knows its clients by certificate, and came on a connection made for another.
    Misdirected "misdirected" Guard HttpRequestDenied 421 Never Client;
    /// The request has passed this gateway before.
    LoopDetected "loop_detected" Guard ProxyLoopDetected 502 Never Gateway;
    // Admit, pick.
    /// The gateway has as many connections or exchanges as it may.
    GatewayFull "gateway_full" Admit ProxyInternalResponse 503 Never Gateway;
    /// The site has as many visitors as it may; this one waits for a place.
    WaitingRoom "waiting_room" Admit ConnectionLimitReached 503 Never Gateway;
    /// The route works on as many requests as it may.
    RouteFull "route_full" Admit ConnectionLimitReached 503 Never Gateway;
    /// The request waited in the queue as long as it may.
    QueueTimedOut "queue_timed_out" Admit ConnectionLimitReached 503 Never Upstream;
    /// Every upstream works on as many requests as it may.
    UpstreamFull "upstream_full" Pick ConnectionLimitReached 503 Never Upstream;
    /// No attempt was made because every upstream is held to be down.
    UpstreamsDown "upstreams_down" Pick DestinationUnavailable 503 Never Upstream;
    /// Our own policy forbids this upstream address.
    AddressForbidden "address_forbidden" Pick DestinationIpProhibited 502 Never Gateway;
    // Resolve.
    /// The name server says that the upstream's name does not exist, or has no address.
    NameUnknown "name_unknown" Resolve DnsError 502 Always Dns;
    /// The name server failed or refused to answer for the upstream's name.
    NameServerFailed "name_server_failed" Resolve DnsError 502 Always Dns;
    /// No name server answered in time.
    NameTimedOut "name_timed_out" Resolve DnsTimeout 504 Always Dns;
    // Connect.
    /// Nothing listens at the upstream's address, or a filter refuses in its name.
    ConnectRefused "connect_refused" Connect ConnectionRefused 502 Always Upstream;
    /// The connection was reset while it was being made.
    ConnectReset "connect_reset" Connect ConnectionTerminated 502 Always Upstream;
    /// No answer to the connection attempt in time.
    ConnectTimedOut "connect_timed_out" Connect ConnectionTimeout 504 Always Network;
    /// There is no route to the upstream's address.
    AddressUnroutable "address_unroutable" Connect DestinationIpUnroutable 502 Always Network;
    /// This host's own rules (SELinux, packet filter) forbid the connection.
    ConnectDenied "connect_denied" Connect ProxyInternalError 502 Always Gateway;
    /// The upstream's unix socket does not exist.
    SocketMissing "socket_missing" Connect DestinationUnavailable 502 Always Upstream;
    /// The gateway may not open the upstream's unix socket.
    SocketDenied "socket_denied" Connect DestinationUnavailable 502 Always Gateway;
    /// The gateway has no descriptor, port or memory left for a new connection.
    LocalResourcesSpent "local_resources_spent" Connect ProxyInternalError 503 Always Gateway;
    // Handshake.
    /// The upstream's certificate does not lead to a trusted root.
    TlsUntrusted "tls_untrusted" Handshake TlsCertificateError 502 Always Tls;
    /// The upstream's certificate is no longer valid.
    TlsExpired "tls_expired" Handshake TlsCertificateError 502 Always Tls;
    /// The upstream's certificate is not valid yet.
    TlsNotYetValid "tls_not_yet_valid" Handshake TlsCertificateError 502 Always Tls;
    /// The upstream's certificate is for another name.
    TlsWrongName "tls_wrong_name" Handshake TlsCertificateError 502 Always Tls;
    /// The upstream's certificate is revoked.
    TlsRevoked "tls_revoked" Handshake TlsCertificateError 502 Always Tls;
    /// The upstream ended the handshake with an alert.
    TlsAlert "tls_alert" Handshake TlsAlertReceived 502 Always Tls;
    /// Gateway and upstream share no TLS version, cipher or parameter, or the peer breaks the protocol.
    TlsNoAgreement "tls_no_agreement" Handshake TlsProtocolError 502 Always Tls;
    /// The upstream does not speak TLS on this port.
    NotTls "not_tls" Handshake TlsProtocolError 502 Always Gateway;
    /// The upstream closed or reset the connection during the handshake.
    HandshakeCut "handshake_cut" Handshake ConnectionTerminated 502 Always Upstream;
    /// The TLS handshake did not end in time.
    TlsTimedOut "tls_timed_out" Handshake ConnectionTimeout 504 Always Upstream;
    // Send.
    /// A reused link died before it took a byte of the request.
    StaleLink "stale_link" Send ConnectionTerminated 502 Always Upstream;
    /// A link died while the request went out.
    SendCut "send_cut" Send ConnectionTerminated 502 Idempotent Upstream;
    /// The upstream refused the HTTP/2 or HTTP/3 stream before processing it.
    StreamRefused "stream_refused" Send ConnectionTerminated 502 Always Upstream;
    /// The upstream reset the HTTP/2 or HTTP/3 stream.
    StreamReset "stream_reset" Send ConnectionTerminated 502 Idempotent Upstream;
    /// The upstream took no more of the request for too long.
    SendTimedOut "send_timed_out" Send ConnectionWriteTimeout 504 Idempotent Upstream;
    // Head.
    /// The upstream closed the connection instead of answering.
    ClosedBeforeHead "closed_before_head" Head ConnectionTerminated 502 Idempotent Upstream;
    /// The upstream reset the connection instead of answering.
    ResetBeforeHead "reset_before_head" Head ConnectionTerminated 502 Idempotent Upstream;
    /// The upstream's whole head did not arrive in time.
    HeadTimedOut "head_timed_out" Head HttpResponseTimeout 504 Idempotent Application;
    /// The upstream's head ended in the middle.
    HeadCut "head_cut" Head HttpResponseIncomplete 502 Idempotent Upstream;
    /// The upstream's head breaks the grammar.
    HeadMalformed "head_malformed" Head HttpProtocolError 502 Idempotent Application;
    /// The upstream states the length of its body twice, differently, or not as a number.
    LengthConflict "length_conflict" Head HttpProtocolError 502 Idempotent Application;
    /// What answers is not HTTP.
    NotHttp "not_http" Head HttpProtocolError 502 Idempotent Gateway;
    /// A TLS record came where HTTP was due: the upstream wants `https://`.
    WantsTls "wants_tls" Head HttpProtocolError 502 Idempotent Gateway;
    /// The upstream sent more interim (1xx) answers than allowed.
    TooManyInterim "too_many_interim" Head HttpProtocolError 502 Idempotent Application;
    /// The upstream switched protocols unasked, or to one not offered (RFC 9110 §7.8), or granted a WebSocket without
    /// switching where the client cannot tell the difference (RFC 8441 §5).
    UpgradeWrong "upgrade_wrong" Head HttpProtocolError 502 Idempotent Application;
    /// The upstream's body has a transfer coding we do not know.
    CodingUnknown "coding_unknown" Head HttpResponseTransferCoding 502 Idempotent Application;
    /// The upstream's header section is larger, or has more fields, than the limit.
    HeadTooLarge "head_too_large" Head HttpResponseHeaderSectionSize 502 Idempotent Application;
    /// One field of the upstream's header section is larger than the limit.
    FieldTooLarge "field_too_large" Head HttpResponseHeaderSize 502 Idempotent Application;
    // Body.
    /// The upstream's body ended before it was complete.
    BodyCut "body_cut" Body HttpResponseIncomplete 502 Idempotent Upstream;
    /// The upstream's body stopped coming.
    BodyStalled "body_stalled" Body ConnectionReadTimeout 504 Idempotent Upstream;
    /// The upstream's chunked framing is broken.
    ChunkMalformed "chunk_malformed" Body HttpResponseTransferCoding 502 Idempotent Application;
    /// The upstream's compressed body cannot be decoded (only where we decode ourselves).
    ContentCodingBroken "content_coding_broken" Body HttpResponseContentCoding 502 Idempotent Application;
    /// The upstream's body is larger than the limit.
    BodyTooLarge "body_too_large" Body HttpResponseBodySize 502 Never Gateway;
    /// The upstream's trailer section is larger than the limit.
    TrailersTooLarge "trailers_too_large" Body HttpResponseTrailerSectionSize 502 Idempotent Application;
    // Gateway.
    /// The gateway's configuration makes it impossible to serve the request.
    Misconfigured "misconfigured" Route ProxyConfigurationError 500 Never Gateway;
    /// The gateway is shutting down and takes no new work.
    Draining "draining" Admit ProxyInternalResponse 503 Never Gateway;
    /// The whole exchange used up its total deadline.
    DeadlineSpent "deadline_spent" Head HttpResponseTimeout 504 Never Application;
    /// A fault of the gateway itself.
    GatewayBug "gateway_bug" Body ProxyInternalError 500 Never Gateway;
    // Passed on.
    /// The upstream itself answered with a server error; it went through unchanged.
    UpstreamSaidSo "upstream_said_so" Head - - Never Application;
}

impl Cause {
    /// The cause with this id, if there is one.
    ///
    /// ```
    /// use torwart_cause::Cause;
    /// assert_eq!(Cause::from_id("connect_refused"), Some(Cause::ConnectRefused));
    /// assert_eq!(Cause::from_id("bad_gateway"), None);
    /// ```
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.id() == id)
    }

    /// Position in [`Cause::ALL`], for tables indexed by cause.
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that leave the RFC's recommendation, each with its reason.
    const DELIBERATE: &[(Cause, &str)] = &[
        (Cause::FileMissing, "what every web server says where there is no file"),
        (
            Cause::NoRoute,
            "an unknown host or path is the client's mistake for a site owner: 404 as every web server says",
        ),
        (Cause::Unauthorized, "401 asks for the proof that is missing (RFC 9110 §15.5.2)"),
        (
            Cause::Misdirected,
            "421 lets clients repeat the request on a connection of its own (RFC 9110 §15.5.20)",
        ),
        (Cause::RateLimited, "429 is the registered status for this (RFC 6585 §4)"),
        (
            Cause::ConnectDenied,
            "the failed connection is what the visitor met: 502, not a bug of the gateway",
        ),
        (Cause::SocketMissing, "a dead unix socket is the same fault as a refused connection"),
        (Cause::SocketDenied, "the failed connection is what the visitor met"),
        (Cause::LocalResourcesSpent, "temporary: come back later"),
    ];

    #[test]
    fn statuses_follow_rfc_9209_unless_listed() {
        for &cause in Cause::ALL {
            let Some(recommended) = cause.error_type().and_then(ErrorType::recommended_status) else {
                continue;
            };
            let listed = DELIBERATE.iter().any(|(other, _)| *other == cause);
            assert_eq!(cause.status() != Some(recommended), listed, "{cause}");
        }
    }

    #[test]
    fn ids_are_unique_and_found_again() {
        for (index, &cause) in Cause::ALL.iter().enumerate() {
            assert_eq!(Cause::from_id(cause.id()), Some(cause));
            assert_eq!(cause.index(), index);
        }
    }

    #[test]
    fn only_what_was_provably_not_taken_is_always_retried() {
        for &cause in Cause::ALL {
            if cause.retry() == Retry::Always {
                assert!((Stage::Resolve..=Stage::Send).contains(&cause.stage()), "{cause}");
            }
        }
    }
}
