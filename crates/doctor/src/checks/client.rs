//! Is it only me?

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[];
