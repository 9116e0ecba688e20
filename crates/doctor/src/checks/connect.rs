//! Does a connection come through, and if not, what stops it?

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[];
