//! How large heads, chunk lines and trailers may become. Every limit is checked before the bytes are stored or counted.

/// Limits for request heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// The whole head with its blank line, in bytes.
    pub head_bytes: usize,
    /// The request target, in bytes.
    pub target_bytes: usize,
    /// The number of field lines.
    pub fields: usize,
}

impl Default for RequestLimits {
    /// Twice what large cookies and tokens need in practice; browsers give up on targets above 8 KiB long before we do.
    fn default() -> Self {
        Self { head_bytes: 32 * 1024, target_bytes: 8 * 1024, fields: 100 }
    }
}

/// Limits for response heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseLimits {
    /// The whole head with its blank line, in bytes.
    pub head_bytes: usize,
    /// One field line without its line end, in bytes.
    pub field_bytes: usize,
    /// The number of field lines.
    pub fields: usize,
}

impl Default for ResponseLimits {
    /// Generous, so that a legitimate upstream never fails here: 4 and 8 KiB are what breaks answers elsewhere.
    fn default() -> Self {
        Self { head_bytes: 64 * 1024, field_bytes: 64 * 1024, fields: 200 }
    }
}

/// Limits for the chunked coding of one body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkLimits {
    /// All chunk extensions of the body together, in bytes.
    pub extension_bytes: usize,
    /// The trailer section, in bytes.
    pub trailer_bytes: usize,
    /// The number of trailer fields.
    pub trailer_fields: usize,
}

impl Default for ChunkLimits {
    /// Extensions are rare and short; trailers carry a digest or a gRPC status.
    fn default() -> Self {
        Self { extension_bytes: 16 * 1024, trailer_bytes: 8 * 1024, trailer_fields: 32 }
    }
}
