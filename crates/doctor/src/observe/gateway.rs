//! The gateway as its own configuration tells.

use crate::{Case, Upstream};

/// The gateway as its own configuration tells.
#[derive(Clone, Debug, Default)]
pub struct Gateway {
    /// The servers behind it that this site's requests go to.
    pub upstreams: Vec<Upstream>,
}

/// Looks.
pub async fn observe(_case: &Case) -> Gateway {
    Gateway::default()
}
