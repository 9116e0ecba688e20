//! The files of the pages. A new cause does not compile until it stands here, nor until its files exist.

use crate::Lang;
use torwart_cause::Cause;

macro_rules! files {
    ($($cause:ident $id:literal,)*) => {
        /// The page's file, as it is.
        pub(super) const fn text(cause: Cause, lang: Lang) -> &'static str {
            match (lang, cause) {
                $((Lang::En, Cause::$cause) => include_str!(concat!("../../text/en/", $id, ".md")),)*
                $((Lang::De, Cause::$cause) => include_str!(concat!("../../text/de/", $id, ".md")),)*
            }
        }
    };
}

files! {
    ClientHandshakeFailed "client_handshake_failed",
    ClientCertificateRefused "client_certificate_refused",
    RequestMalformed "request_malformed",
    TargetTooLong "target_too_long",
    RequestHeadTooLarge "request_head_too_large",
    RequestBodyTooLarge "request_body_too_large",
    RequestTimedOut "request_timed_out",
    RequestCut "request_cut",
    CodingUnsupported "coding_unsupported",
    VersionUnsupported "version_unsupported",
    ExpectationFailed "expectation_failed",
    MethodUnsupported "method_unsupported",
    ClientLeft "client_left",
    NoRoute "no_route",
    FileMissing "file_missing",
    FileDenied "file_denied",
    Denied "denied",
    Unauthorized "unauthorized",
    AuthoriserFailed "authoriser_failed",
    RateLimited "rate_limited",
    Misdirected "misdirected",
    LoopDetected "loop_detected",
    GatewayFull "gateway_full",
    WaitingRoom "waiting_room",
    RouteFull "route_full",
    QueueTimedOut "queue_timed_out",
    UpstreamFull "upstream_full",
    UpstreamsDown "upstreams_down",
    AddressForbidden "address_forbidden",
    NameUnknown "name_unknown",
    NameServerFailed "name_server_failed",
    NameTimedOut "name_timed_out",
    ConnectRefused "connect_refused",
    ConnectReset "connect_reset",
    ConnectTimedOut "connect_timed_out",
    AddressUnroutable "address_unroutable",
    ConnectDenied "connect_denied",
    SocketMissing "socket_missing",
    SocketDenied "socket_denied",
    LocalResourcesSpent "local_resources_spent",
    TlsUntrusted "tls_untrusted",
    TlsExpired "tls_expired",
    TlsNotYetValid "tls_not_yet_valid",
    TlsWrongName "tls_wrong_name",
    TlsRevoked "tls_revoked",
    TlsAlert "tls_alert",
    TlsNoAgreement "tls_no_agreement",
    NotTls "not_tls",
    HandshakeCut "handshake_cut",
    TlsTimedOut "tls_timed_out",
    StaleLink "stale_link",
    SendCut "send_cut",
    StreamRefused "stream_refused",
    StreamReset "stream_reset",
    SendTimedOut "send_timed_out",
    ClosedBeforeHead "closed_before_head",
    ResetBeforeHead "reset_before_head",
    HeadTimedOut "head_timed_out",
    HeadCut "head_cut",
    HeadMalformed "head_malformed",
    LengthConflict "length_conflict",
    NotHttp "not_http",
    WantsTls "wants_tls",
    TooManyInterim "too_many_interim",
    UpgradeWrong "upgrade_wrong",
    CodingUnknown "coding_unknown",
    HeadTooLarge "head_too_large",
    FieldTooLarge "field_too_large",
    BodyCut "body_cut",
    BodyStalled "body_stalled",
    ChunkMalformed "chunk_malformed",
    ContentCodingBroken "content_coding_broken",
    BodyTooLarge "body_too_large",
    TrailersTooLarge "trailers_too_large",
    Misconfigured "misconfigured",
    Draining "draining",
    DeadlineSpent "deadline_spent",
    GatewayBug "gateway_bug",
    UpstreamSaidSo "upstream_said_so",
}
