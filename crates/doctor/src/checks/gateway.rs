//! What do the gateway's own configuration and logs say?

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[];
