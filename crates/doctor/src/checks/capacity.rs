//! Is it overload, or silence?

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[];
