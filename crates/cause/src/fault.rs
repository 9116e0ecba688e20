//! What exactly was wrong with bytes that broke a grammar, and at which byte.

/// A broken rule and the offset at which it broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// The rule that broke.
    pub what: Malformation,
    /// Offset in bytes from the first byte of the message (for a body: of the body as framed on the wire).
    pub at: u64,
}

macro_rules! malformations {
    ($($(#[$doc:meta])* $variant:ident $id:literal;)*) => {
        /// A rule of the HTTP grammar that was broken.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Malformation { $($(#[$doc])* $variant,)* }

        impl Malformation {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];
            /// The stable lower-case name.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }
        }
    };
}

malformations! {
    // Lines.
    /// A line ends in LF without CR where that is not allowed (RFC 9112 §2.2).
    BareLf "bare_lf";
    /// A CR that is not followed by LF (RFC 9112 §2.2).
    BareCr "bare_cr";
    /// A NUL byte in a head (RFC 9110 §5.5).
    Nul "nul";
    /// Another control byte in a head (RFC 9110 §5.5).
    ControlByte "control_byte";
    // Start lines.
    /// Method missing or not a token (RFC 9110 §9.1).
    BadMethod "bad_method";
    /// Request target missing, or with characters or a form not allowed (RFC 9112 §3.2).
    BadTarget "bad_target";
    /// Not `HTTP/` digit `.` digit (RFC 9112 §2.3).
    BadVersion "bad_version";
    /// A version that is well written but not one we speak.
    UnknownVersion "unknown_version";
    /// Status not three digits in 100–599 (RFC 9110 §15).
    BadStatus "bad_status";
    /// Status line otherwise broken (RFC 9112 §4).
    BadStatusLine "bad_status_line";
    /// The first bytes belong to another protocol altogether.
    NotHttp "not_http";
    /// The first bytes are a TLS record.
    TlsRecord "tls_record";
    // Fields.
    /// Field name empty or not a token (RFC 9110 §5.1).
    BadFieldName "bad_field_name";
    /// A field line without a colon (RFC 9112 §5).
    NoColon "no_colon";
    /// Whitespace between field name and colon (RFC 9112 §5.1).
    SpaceBeforeColon "space_before_colon";
    /// A folded field line, or whitespace before the first field (RFC 9112 §5.2, §2.2).
    ObsFold "obs_fold";
    // Host.
    /// Host missing in HTTP/1.1 (RFC 9112 §3.2).
    HostMissing "host_missing";
    /// More than one Host (RFC 9112 §3.2).
    HostRepeated "host_repeated";
    /// Host is not `uri-host [":" port]` (RFC 9110 §7.2).
    BadHost "bad_host";
    // Framing.
    /// Content-Length is not a number that fits (RFC 9110 §8.6).
    BadLength "bad_length";
    /// Content-Length several times (RFC 9112 §6.3).
    LengthsDiffer "lengths_differ";
    /// Content-Length together with Transfer-Encoding (RFC 9112 §6.1).
    LengthAndCoding "length_and_coding";
    /// Transfer-Encoding not ending in exactly one `chunked`, or repeated (RFC 9112 §6.1).
    BadCoding "bad_coding";
    /// A transfer coding we do not implement (RFC 9112 §6.1).
    UnknownCoding "unknown_coding";
    /// Transfer-Encoding in an HTTP/1.0 message (RFC 9112 §6.1).
    CodingInHttp10 "coding_in_http10";
    /// A framing field in an answer that must not have it (RFC 9110 §8.6, RFC 9112 §6.1).
    FramingForbidden "framing_forbidden";
    /// An expectation we do not know (RFC 9110 §10.1.1).
    BadExpectation "bad_expectation";
    /// An upgrade to a protocol that was not offered, or unasked (RFC 9110 §7.8).
    BadUpgrade "bad_upgrade";
    /// A method the gateway does not carry.
    UnsupportedMethod "unsupported_method";
    // Chunks.
    /// Chunk size missing, not hexadecimal, or too long (RFC 9112 §7.1).
    BadChunkSize "bad_chunk_size";
    /// Chunk extension malformed (RFC 9112 §7.1.1).
    BadChunkExtension "bad_chunk_extension";
    /// Chunk data not followed by CRLF (RFC 9112 §7.1).
    BadChunkEnd "bad_chunk_end";
    /// A trailer field that breaks the grammar (RFC 9112 §7.1.2).
    BadTrailer "bad_trailer";
    // Around HTTP.
    /// The PROXY protocol's header is missing or breaks its grammar.
    BadProxyHeader "bad_proxy_header";
    /// The checksum of a PROXY protocol header is not that of its bytes.
    BadProxyChecksum "bad_proxy_checksum";
    /// The first bytes are no FastCGI record.
    NotFastCgi "not_fastcgi";
    /// A FastCGI record that may not come here, or is broken (FastCGI 1.0 §3.3, §5).
    BadRecord "bad_record";
    /// The first bytes are not those of HTTP/2, though it was agreed on (RFC 9113 §3.4).
    NotHttp2 "not_http2";
    /// A frame, or a message made of frames, breaks the rules of HTTP/2 or HTTP/3 (RFC 9113 §5.4, §8.1.1).
    BadFrame "bad_frame";
}
