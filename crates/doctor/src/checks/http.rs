//! Who answers what, and is it right?

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[];
