//! Do both sides of TLS agree?

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[];
