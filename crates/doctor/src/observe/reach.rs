//! How far a connection comes, and what stops it.

use crate::Case;

/// How far a connection comes, and what stops it.
#[derive(Clone, Debug, Default)]
pub struct Reach {}

/// Looks.
pub async fn observe(_case: &Case, _upstream: &crate::UpstreamAddress) -> Reach {
    Reach::default()
}
