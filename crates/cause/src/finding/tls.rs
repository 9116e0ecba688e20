//! What is wrong with TLS, on either side of the gateway.
//!
//! `front` is what visitors meet at the gateway, `upstream` what the gateway meets behind it. Whether an upstream's
//! certificate is a fault depends on what the gateway is told to trust, so the checks decide the severity.

use super::kinds;

kinds! {
    // What visitors meet.
    /// The end date of the certificate that visitors are shown has passed.
    FRONT_EXPIRED "tls.front_expired" Critical Tls Root [ClientHandshakeFailed];
    /// The start date of the certificate that visitors are shown has not come.
    FRONT_NOT_YET_VALID "tls.front_not_yet_valid" Critical Tls Root [ClientHandshakeFailed];
    /// The certificate that visitors are shown is for other names than the site's.
    FRONT_WRONG_NAME "tls.front_wrong_name" Critical Tls Root [ClientHandshakeFailed];
    /// The gateway does not send the intermediate certificate along.
    FRONT_INCOMPLETE_CHAIN "tls.front_incomplete_chain" Warning Tls Root [ClientHandshakeFailed];
    /// The certificate that visitors are shown is signed by itself.
    FRONT_SELF_SIGNED "tls.front_self_signed" Critical Tls Root [ClientHandshakeFailed];
    /// The certificate that visitors are shown comes from an authority that is not trusted here.
    FRONT_UNKNOWN_ISSUER "tls.front_unknown_issuer" Critical Tls Root [ClientHandshakeFailed];
    /// The site's `https` port speaks plain HTTP.
    FRONT_PLAIN_HTTP "tls.front_plain_http" Critical Gateway Root [ClientHandshakeFailed];
    /// The site was asked by `http` on a port that speaks TLS.
    FRONT_WANTS_TLS "tls.front_wants_tls" Critical Gateway Root [];
    /// The site speaks only versions of TLS that today's clients refuse.
    FRONT_OLD_VERSIONS "tls.front_old_versions" Critical Gateway Root [ClientHandshakeFailed];
    /// The gateway ends the handshake with visitors.
    FRONT_HANDSHAKE_FAILED "tls.front_handshake_failed" Critical Gateway Symptom [ClientHandshakeFailed];
    // Either side.
    /// A certificate ends soon.
    EXPIRES_SOON "tls.expires_soon" Warning Tls Root [];
    /// The addresses of one name show different certificates: one of them was forgotten.
    ADDRESSES_DIFFER "tls.addresses_differ" Warning Tls Root [];
    /// A certificate has a key or a signature too weak for today's clients.
    WEAK_CERTIFICATE "tls.weak_certificate" Warning Tls Root [TlsUntrusted];
    /// A server shows a certificate that is not meant for servers.
    NOT_FOR_SERVERS "tls.not_for_servers" Critical Tls Root [TlsUntrusted, ClientHandshakeFailed];
    /// A private key does not belong to the certificate it is configured with.
    KEY_MISMATCH "tls.key_mismatch" Critical Tls Root [Misconfigured];
    // What the gateway meets.
    /// The end date of the upstream's certificate has passed.
    UPSTREAM_EXPIRED "tls.upstream_expired" Critical Tls Root [TlsExpired];
    /// The start date of the upstream's certificate has not come.
    UPSTREAM_NOT_YET_VALID "tls.upstream_not_yet_valid" Critical Tls Root [TlsNotYetValid];
    /// The upstream's certificate is for other names than the one the gateway checks.
    UPSTREAM_WRONG_NAME "tls.upstream_wrong_name" Critical Gateway Root [TlsWrongName];
    /// The upstream does not send the intermediate certificate along.
    UPSTREAM_INCOMPLETE_CHAIN "tls.upstream_incomplete_chain" Critical Tls Root [TlsUntrusted];
    /// The upstream's certificate is signed by itself and the gateway was not told to trust it.
    UPSTREAM_SELF_SIGNED "tls.upstream_self_signed" Critical Gateway Root [TlsUntrusted];
    /// The upstream's certificate comes from an authority that the gateway does not trust.
    UPSTREAM_UNKNOWN_ISSUER "tls.upstream_unknown_issuer" Critical Gateway Root [TlsUntrusted];
    /// A certificate or its authority was renewed on one side of the gateway only.
    ROTATED_ONE_SIDE "tls.rotated_one_side" Critical Tls Root [TlsUntrusted, TlsExpired];
    /// An authority in the gateway's trust file has itself expired.
    TRUST_EXPIRED "tls.trust_expired" Critical Gateway Root [TlsExpired, TlsUntrusted];
    /// The upstream serves the site only to clients that say its name in the handshake, and the gateway does not.
    SNI_REQUIRED "tls.sni_required" Critical Gateway Root [TlsAlert, TlsWrongName, TlsUntrusted, HandshakeCut];
    /// The upstream demands a client certificate that the gateway does not show.
    CLIENT_CERTIFICATE_WANTED "tls.client_certificate_wanted" Critical Gateway Root [TlsAlert, UpstreamSaidSo];
    /// The client certificate that the gateway shows to the upstream has expired.
    CLIENT_CERTIFICATE_EXPIRED "tls.client_certificate_expired" Critical Gateway Root [TlsAlert, UpstreamSaidSo];
    /// Gateway and upstream share no version of TLS.
    NO_COMMON_VERSION "tls.no_common_version" Critical Gateway Root [TlsNoAgreement, TlsAlert];
    /// Gateway and upstream share no cipher suite.
    NO_COMMON_CIPHER "tls.no_common_cipher" Critical Gateway Root [TlsNoAgreement, TlsAlert];
    /// The gateway speaks TLS to a port of the upstream that speaks plain HTTP.
    UPSTREAM_SPEAKS_PLAIN "tls.upstream_speaks_plain" Critical Gateway Root [NotTls];
    /// The gateway speaks plain HTTP to a port of the upstream that wants TLS.
    UPSTREAM_WANTS_TLS "tls.upstream_wants_tls" Critical Gateway Root [WantsTls, UpstreamSaidSo, ClosedBeforeHead];
    /// What answers where the gateway speaks TLS is another protocol altogether.
    UPSTREAM_OTHER_PROTOCOL "tls.upstream_other_protocol" Critical Gateway Root [NotTls];
    /// The certificate belongs to somebody else: the address has a new tenant.
    STRANGER "tls.stranger" Critical Dns Root [TlsWrongName];
    /// The upstream ends the handshake with an alert.
    ALERT_RECEIVED "tls.alert_received" Critical Upstream Symptom [TlsAlert];
    /// The upstream closes or resets the connection during the handshake.
    HANDSHAKE_CUT "tls.handshake_cut" Critical Upstream Symptom [HandshakeCut];
    /// The upstream does not answer in the handshake.
    HANDSHAKE_TIMEOUT "tls.handshake_timeout" Critical Upstream Symptom [TlsTimedOut];
    /// The upstream takes seconds for a handshake.
    HANDSHAKE_SLOW "tls.handshake_slow" Warning Upstream Root [TlsTimedOut];
}
