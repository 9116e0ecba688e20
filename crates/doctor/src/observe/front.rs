//! What the site's own URL answers.

use crate::Case;

/// What the site's own URL answers.
#[derive(Clone, Debug, Default)]
pub struct Front {}

/// Looks.
pub async fn observe(_case: &Case) -> Front {
    Front::default()
}
