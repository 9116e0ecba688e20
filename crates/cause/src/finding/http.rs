//! What is wrong with answers: how upstreams frame them, what gateways make of them, which protocol is spoken.
//!
//! Ids beginning with `http.` concern the messages and those who pass them on; those beginning with `app.` are what an
//! application says of itself. The pages tell who must act in which product's words.

use super::kinds;

kinds! {
    // Who made the error.
    /// The gateway answers with an error of its own although the upstream answers well when asked directly.
    UPSTREAM_ANSWERS_DIRECTLY "http.upstream_answers_directly" Critical Gateway Symptom [];
    /// The gateway closes or resets the connection instead of answering.
    GATEWAY_CLOSES_UNANSWERED "http.gateway_closes_unanswered" Critical Gateway Symptom [];
    /// Only some of the site's addresses answer with an error.
    ONE_ADDRESS_FAILS "http.one_address_fails" Critical Gateway Symptom [];
    /// The site answers with an error, and nothing is known of what stands behind it.
    SITE_ERROR "http.site_error" Critical Gateway Symptom [
        ConnectRefused, ConnectReset, ConnectTimedOut, AddressUnroutable, ClosedBeforeHead, ResetBeforeHead,
        HeadTimedOut, NameUnknown, NameServerFailed, UpstreamsDown,
    ];
    /// A second gateway behind the first made the error.
    INNER_GATEWAY_ERROR "http.inner_gateway_error" Critical Gateway Symptom [UpstreamSaidSo];
    /// A content delivery network made the error because it gets no answer from the site's own gateway.
    CDN_CANNOT_REACH_SITE "http.cdn_cannot_reach_site" Critical Gateway Symptom [
        ConnectRefused, ConnectTimedOut, AddressUnroutable, HeadTimedOut, TlsNoAgreement, TlsUntrusted, NameUnknown,
    ];
    /// The gateway does not know the site's name and answers with a page of its own.
    GATEWAY_KNOWS_NOT_SITE "http.gateway_knows_not_site" Critical Gateway Root [NoRoute];
    /// The request comes back to the gateway it came from.
    PROXY_LOOP "http.proxy_loop" Critical Gateway Root [LoopDetected];

    // No answer.
    /// The upstream closes every connection at once, before it has read a request.
    CLOSED_AT_ONCE "http.closed_at_once" Critical Upstream Root [ClosedBeforeHead, ResetBeforeHead, SendCut, ConnectReset];
    /// The upstream reads the request and closes the connection without an answer.
    CLOSED_BEFORE_ANSWER "http.closed_before_answer" Critical Application Root [ClosedBeforeHead, ResetBeforeHead];
    /// The upstream closes the connection without an answer, always after the same time: a worker's time-out.
    WORKER_TIMEOUT "http.worker_timeout" Critical Application Root [ClosedBeforeHead, ResetBeforeHead];

    // Wrong answers.
    /// The upstream's answer begins like HTTP and breaks its grammar.
    HEAD_MALFORMED "http.head_malformed" Critical Application Root [HeadMalformed];
    /// The upstream's head ends in the middle.
    HEAD_CUT "http.head_cut" Critical Application Root [HeadCut];
    /// The upstream contradicts itself about the length of its body.
    LENGTH_CONFLICT "http.length_conflict" Critical Application Root [LengthConflict];
    /// The upstream uses a transfer coding nobody asked for, or uses it wrongly.
    CODING_UNKNOWN "http.coding_unknown" Critical Application Root [CodingUnknown];
    /// The upstream's header section is larger than the gateway takes.
    HEADER_TOO_BIG "http.header_too_big" Critical Gateway Root [HeadTooLarge, FieldTooLarge];
    /// The upstream sends interim answers without end.
    INTERIM_FLOOD "http.interim_flood" Critical Application Root [TooManyInterim];
    /// The upstream switches protocols although nobody asked it to.
    UPGRADE_UNASKED "http.upgrade_unasked" Critical Application Root [UpgradeWrong];
    /// The upstream's body ends before it is complete.
    BODY_CUT "http.body_cut" Critical Application Root [BodyCut];
    /// The upstream stops in the middle of its body.
    BODY_STALLED "http.body_stalled" Critical Application Root [BodyStalled];
    /// The upstream's chunks are malformed.
    CHUNK_MALFORMED "http.chunk_malformed" Critical Application Root [ChunkMalformed];
    /// The upstream sends trailers without end.
    TRAILERS_TOO_BIG "http.trailers_too_big" Critical Application Root [TrailersTooLarge];
    /// The upstream says that its body is compressed, and it is not, or is broken.
    CONTENT_CODING_BROKEN "http.content_coding_broken" Warning Application Root [ContentCodingBroken];

    // Another protocol.
    /// Something else than a web server listens at the upstream's port.
    WRONG_PROTOCOL "http.wrong_protocol" Critical Gateway Root [NotHttp, ClosedBeforeHead, ResetBeforeHead, HeadTimedOut];
    /// The upstream speaks FastCGI where the gateway speaks HTTP.
    WANTS_FASTCGI "http.wants_fastcgi" Critical Gateway Root [ClosedBeforeHead, ResetBeforeHead, NotHttp];
    /// The upstream speaks uwsgi where the gateway speaks HTTP.
    WANTS_UWSGI "http.wants_uwsgi" Critical Gateway Root [ClosedBeforeHead, ResetBeforeHead, NotHttp];
    /// The upstream speaks only HTTP/2 where the gateway speaks HTTP/1.
    WANTS_HTTP2 "http.wants_http2" Critical Gateway Root [NotHttp, ClosedBeforeHead, ResetBeforeHead];
    /// The upstream refuses HTTP/1.0, which the gateway speaks toward it.
    WANTS_HTTP11 "http.wants_http11" Critical Gateway Root [UpstreamSaidSo];
    /// The upstream answers HTTP/1.0 but not HTTP/1.1.
    HTTP11_REFUSED "http.http11_refused" Critical Upstream Root [ClosedBeforeHead, ResetBeforeHead, UpstreamSaidSo];
    /// The gateway speaks FastCGI to an upstream that speaks HTTP.
    FASTCGI_MEETS_HTTP "http.fastcgi_meets_http" Critical Gateway Root [NotHttp, HeadMalformed];
    /// A FastCGI upstream takes connections and does not answer the protocol's simplest question.
    FASTCGI_UNANSWERED "http.fastcgi_unanswered" Critical Upstream Root [ClosedBeforeHead, ResetBeforeHead, HeadTimedOut];
    /// The FastCGI upstream does not find, or refuses, the script the gateway names.
    FASTCGI_SCRIPT_MISSING "http.fastcgi_script_missing" Critical Gateway Root [UpstreamSaidSo];
    /// The upstream waits for a PROXY protocol header that the gateway does not send.
    PROXY_PROTOCOL_MISSING "http.proxy_protocol_missing" Critical Gateway Root [
        ClosedBeforeHead, ResetBeforeHead, UpstreamSaidSo, HeadTimedOut,
    ];
    /// The gateway sends a PROXY protocol header that the upstream does not expect.
    PROXY_PROTOCOL_UNEXPECTED "http.proxy_protocol_unexpected" Critical Gateway Root [
        ClosedBeforeHead, ResetBeforeHead, UpstreamSaidSo, HandshakeCut, TlsAlert,
    ];
    /// The gateway waits for a PROXY protocol header that its clients do not send.
    GATEWAY_WANTS_PROXY_PROTOCOL "http.gateway_wants_proxy_protocol" Critical Gateway Root [RequestMalformed, ClientHandshakeFailed];

    // Right answers to the wrong question.
    /// The site redirects in a circle.
    REDIRECT_LOOP "http.redirect_loop" Critical Gateway Root [];
    /// The upstream refuses the Host the gateway sends and takes another.
    WRONG_HOST "http.wrong_host" Critical Gateway Root [UpstreamSaidSo];
    /// The gateway's health check and a visitor's request get different answers.
    HEALTH_CHECK_DIFFERS "http.health_check_differs" Critical Gateway Root [UpstreamsDown];
    /// The gateway does not pass a WebSocket handshake on.
    UPGRADE_LOST "http.upgrade_lost" Critical Gateway Root [];
    /// The gateway gathers an event stream instead of passing it on as it comes.
    STREAM_HELD_BACK "http.stream_held_back" Critical Gateway Root [HeadTimedOut];
    /// The request's header section is larger than the upstream, or a gateway, takes.
    REQUEST_HEADER_TOO_BIG "http.request_header_too_big" Critical Application Root [RequestHeadTooLarge, UpstreamSaidSo];
    /// The upstream refuses `Expect: 100-continue`.
    EXPECTATION_REFUSED "http.expectation_refused" Warning Application Root [ExpectationFailed, UpstreamSaidSo];

    // What an application says of itself.
    /// The application itself answers with an error, and the gateway passes it on.
    ERROR_PASSED_ON "app.error_passed_on" Critical Application Root [UpstreamSaidSo];
    /// The application says that it is closed for maintenance.
    MAINTENANCE "app.maintenance" Warning Application Root [UpstreamSaidSo];
    /// The application limits the rate of all visitors together because it sees them as one client.
    RATE_LIMITS_GATEWAY "app.rate_limits_gateway" Warning Application Root [UpstreamSaidSo];
}
