//! Do the names lead where they should?

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[];
