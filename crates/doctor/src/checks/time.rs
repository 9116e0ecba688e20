//! Do deadlines and idle times fit together?

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[];
