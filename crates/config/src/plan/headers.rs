//! Rules that change the header of a message, and the small templates their values (and redirects) are made of.

use std::sync::Arc;

/// What happens to the fields of a head: first `remove`, then `set`, then `add`, at last `fallback`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderRules {
    /// Fields whose every present line is replaced by this one.
    pub set: Vec<HeaderRule>,
    /// Fields that get one more line.
    pub add: Vec<HeaderRule>,
    /// Names of fields that go away, in lower case.
    pub remove: Vec<Arc<str>>,
    /// Lines that join where the head has no field of their name.
    pub fallback: Vec<HeaderRule>,
}

impl HeaderRules {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.add.is_empty() && self.remove.is_empty() && self.fallback.is_empty()
    }
}

/// One field line to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderRule {
    /// The name as written by the operator; compared without regard to case.
    pub name: Arc<str>,
    /// The value.
    pub value: ValueTemplate,
}

/// A text with variables, such as `https://{host}{path}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueTemplate {
    /// The pieces in order.
    pub pieces: Vec<Piece>,
}

/// A piece of a [`ValueTemplate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text that stands for itself.
    Literal(Arc<str>),
    /// Something the request knows.
    Variable(Variable),
}

/// What a template can put in; a new one joins the table in `read/template.rs` and the list in the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variable {
    /// `http` or `https`, as the client spoke to us.
    Scheme,
    /// The host the client asked for, without port.
    Host,
    /// The path the client asked for, as sent, without query.
    Path,
    /// The query with its question mark, or nothing.
    Query,
    /// The method.
    Method,
    /// The address of the client, without port.
    ClientAddress,
    /// The request id.
    RequestId,
}
