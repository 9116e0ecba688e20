//! What may be accepted although it should not be: each a named option, each off by default.

/// Named exceptions from strictness. Each has a price: two parties may read such a message differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leniency {
    /// Requests: several equal `Content-Length` values count as one (RFC 9112 §6.3 lets a recipient do so). Responses
    /// are always read so.
    pub equal_lengths: bool,
    /// Both directions: `Transfer-Encoding` beats `Content-Length` instead of being refused with it (RFC 9112 §6.3).
    /// The connection is not used again.
    pub coding_beats_length: bool,
    /// Requests: a line of the head may end in LF alone (RFC 9112 §2.2). Response heads are always read so.
    pub bare_lf: bool,
    /// Requests: folded field lines are unfolded (RFC 9112 §5.2). Responses are always read so.
    pub obs_fold: bool,
    /// Requests: whitespace between field name and colon is removed (RFC 9112 §5.1 forbids this). Responses are always
    /// read so.
    pub space_before_colon: bool,
    /// Requests: `Host` may be empty, or missing in HTTP/1.1 (RFC 9112 §3.2).
    pub missing_host: bool,
    /// Requests: the target may hold any byte above space but `#` and DEL: raw UTF-8, quotes, angle brackets, and
    /// backslashes in the path.
    pub target_characters: bool,
    /// Responses: control bytes other than NUL, CR and LF in field values are accepted and passed on.
    pub control_bytes: bool,
}
