//! Does this machine have what it needs?

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[];
