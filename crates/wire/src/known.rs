//! The fields the gateway itself looks at, resolved once while a head is parsed.
//!
//! Everything else is [`Known::Other`] and passed on by its bytes. Resolving is one multiplication, one table access and
//! one comparison; a test holds the table free of collisions.

macro_rules! known {
    ($($variant:ident $name:literal $reach:ident;)*) => {
        /// A field name the gateway knows.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Known {
            /// Any other name.
            #[default]
            Other,
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Known {
            /// All known fields, [`Known::Other`] left out.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in lower case; empty for [`Known::Other`].
            pub const fn name(self) -> &'static str {
                match self { Self::Other => "", $(Self::$variant => $name,)* }
            }

        }

        /// The bits of those that are always for one connection only.
        const HOP_BY_HOP: u64 = $((known!(@ $reach) as u64) << (Known::$variant as u8))|*;
    };
    (@ Hop) => { true };
    (@ End) => { false };
}

known! {
    Host "host" End;
    ContentLength "content-length" End;
    TransferEncoding "transfer-encoding" Hop;
    Connection "connection" Hop;
    KeepAlive "keep-alive" Hop;
    ProxyConnection "proxy-connection" Hop;
    Te "te" Hop;
    Trailer "trailer" End;
    Upgrade "upgrade" Hop;
    Expect "expect" End;
    Via "via" End;
    Forwarded "forwarded" End;
    XForwardedFor "x-forwarded-for" End;
    XForwardedProto "x-forwarded-proto" End;
    XForwardedHost "x-forwarded-host" End;
    XForwardedPort "x-forwarded-port" End;
    XRealIp "x-real-ip" End;
    MaxForwards "max-forwards" End;
    Date "date" End;
    Server "server" End;
    Accept "accept" End;
    AcceptLanguage "accept-language" End;
    AcceptEncoding "accept-encoding" End;
    UserAgent "user-agent" End;
    Referer "referer" End;
    Origin "origin" End;
    Cookie "cookie" End;
    Authorization "authorization" End;
    ContentType "content-type" End;
    ContentEncoding "content-encoding" End;
    ContentRange "content-range" End;
    CacheControl "cache-control" End;
    Range "range" End;
    IfNoneMatch "if-none-match" End;
    IfModifiedSince "if-modified-since" End;
    RetryAfter "retry-after" End;
    ProxyStatus "proxy-status" End;
    SetCookie "set-cookie" End;
    Location "location" End;
    Vary "vary" End;
    Age "age" End;
    Expires "expires" End;
    WwwAuthenticate "www-authenticate" End;
    AltSvc "alt-svc" End;
    ProxyAuthenticate "proxy-authenticate" Hop;
    ProxyAuthorization "proxy-authorization" Hop;
    ProxyAuthenticationInfo "proxy-authentication-info" Hop;
    Http2Settings "http2-settings" Hop;
    TraceParent "traceparent" End;
    TraceState "tracestate" End;
    XRequestId "x-request-id" End;
    SecWebSocketKey "sec-websocket-key" End;
    SecWebSocketVersion "sec-websocket-version" End;
    SecWebSocketProtocol "sec-websocket-protocol" End;
    SecWebSocketExtensions "sec-websocket-extensions" End;
    SecWebSocketAccept "sec-websocket-accept" End;
    EarlyData "early-data" End;
}

impl Known {
    /// Which field a name means, in any case of letters.
    pub fn of(name: &[u8]) -> Self {
        let known = candidate(name);
        if name.eq_ignore_ascii_case(known.name().as_bytes()) { known } else { Self::Other }
    }

    /// The same for a token of `len` bytes at the front of `line`, which is cheaper.
    #[inline]
    pub(crate) fn at_front(line: &[u8], len: usize) -> Self {
        let name = line.get(..len).unwrap_or_default();
        let (Some(block), Some(mask)) = (line.first_chunk::<16>(), MASKS.get(len)) else {
            return Self::of(name);
        };
        let known = candidate(name);
        let lower = LOWER.get(known as usize).copied().unwrap_or_default();
        // Setting the bit 0x20 makes letters small and leaves digits and `-` alone. Besides the capital letters, it is
        // only control bytes that become a byte of one of our names by this, and those are in no token.
        let is_same = (u128::from_le_bytes(*block) | SMALL) & mask == lower;
        if is_same { known } else { Self::Other }
    }

    /// Whether it is always meant for one connection only (RFC 9110 §7.6.1, §11.7; RFC 7540 §3.2.1).
    pub const fn is_hop_by_hop(self) -> bool {
        HOP_BY_HOP & self.bit() != 0
    }

    pub(crate) const fn bit(self) -> u64 {
        1 << (self as u8)
    }

    /// Whether a `Connection` option can have this field removed.
    ///
    /// Fields that mean something to every recipient must not be named there (RFC 9110 §7.6.1). Were they removed all
    /// the same, a client could strip `Host`, `Cookie` or the `X-Forwarded-For` of a proxy before us.
    pub(crate) const fn may_be_named_in_connection(self) -> bool {
        self.is_hop_by_hop() || matches!(self, Self::Other | Self::Trailer)
    }
}

#[inline]
fn candidate(name: &[u8]) -> Known {
    let ([first, ..], [.., before, last]) = (name, name) else { return Known::Other };
    let key = [(name.len() & 0xff) as u8, first | 0x20, last | 0x20, before | 0x20];
    let slot = slot(u32::from_le_bytes(key));
    TABLE.get(slot).copied().unwrap_or_default()
}

const fn slot(key: u32) -> usize {
    (key.wrapping_mul(MULTIPLIER) >> 24) as usize
}

/// Found by trial: it gives every known name a slot of its own.
const MULTIPLIER: u32 = 0x1571_532f;

static TABLE: [Known; 256] = table();

#[expect(clippy::indexing_slicing, reason = "runs at compile time only: a wrong index would not compile")]
const fn table() -> [Known; 256] {
    let mut table = [Known::Other; 256];
    let mut i = 0;
    while i < Known::ALL.len() {
        let name = Known::ALL[i].name().as_bytes();
        let n = name.len();
        table[slot(u32::from_le_bytes([n as u8, name[0], name[n - 1], name[n - 2]]))] = Known::ALL[i];
        i += 1;
    }
    table
}

/// The bit that makes letters small.
const SMALL: u128 = u128::from_le_bytes([0x20; 16]);

/// The first `i` bytes of a block.
static MASKS: [u128; 17] = masks();

#[expect(clippy::indexing_slicing, reason = "runs at compile time only: a wrong index would not compile")]
const fn masks() -> [u128; 17] {
    let mut masks = [u128::MAX; 17];
    let mut i = 0;
    while i < 16 {
        masks[i] = (1 << (8 * i)) - 1;
        i += 1;
    }
    masks
}

/// The names of up to 16 bytes as numbers, by `Known as usize`; 0, which no name is, for longer ones.
static LOWER: [u128; 64] = lower();

#[expect(clippy::indexing_slicing, reason = "runs at compile time only: a wrong index would not compile")]
const fn lower() -> [u128; 64] {
    let mut numbers = [0; 64];
    let mut i = 0;
    while i < Known::ALL.len() {
        let name = Known::ALL[i].name().as_bytes();
        let mut block = [0; 16];
        let mut j = 0;
        while j < name.len() && name.len() <= 16 {
            block[j] = name[j];
            j += 1;
        }
        numbers[Known::ALL[i] as usize] = u128::from_le_bytes(block);
        i += 1;
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_found_in_any_case() {
        for known in Known::ALL {
            assert_eq!(Known::of(known.name().as_bytes()), *known);
            assert_eq!(Known::of(known.name().to_ascii_uppercase().as_bytes()), *known);
            let line = format!("{}: some value behind it", known.name().to_ascii_uppercase());
            assert_eq!(Known::at_front(line.as_bytes(), known.name().len()), *known);
        }
    }

    #[test]
    fn other_names_are_other() {
        for name in ["", "x", "xx", "hosu", "host2", "content_length", "x-custom", "content\rlength"] {
            assert_eq!(Known::of(name.as_bytes()), Known::Other, "{name}");
        }
        assert_eq!(Known::at_front(b"content_length: 5", 14), Known::Other);
        assert_eq!(Known::at_front(b"hosts: some value", 5), Known::Other);
    }

    #[test]
    fn every_known_name_has_a_bit_of_its_own() {
        assert!(Known::ALL.len() < 64);
    }
}
