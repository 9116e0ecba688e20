//! What a cause proves about repeating the request.

/// May the request be sent again?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Provably not taken by the upstream: any method may go again.
    Always,
    /// Perhaps taken: only idempotent methods may go again (RFC 9110 §9.2.2).
    Idempotent,
    /// Never: it would not help, or it is not ours to repeat.
    Never,
}

impl Retry {
    /// The stable lower-case name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Idempotent => "idempotent",
            Self::Never => "never",
        }
    }
}
