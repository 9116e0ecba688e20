//! What an upstream answers to a plain request.

use crate::Case;

/// What an upstream answers to a plain request.
#[derive(Clone, Debug, Default)]
pub struct Answered {}

/// Looks.
pub async fn observe(_case: &Case, _upstream: &crate::UpstreamAddress) -> Answered {
    Answered::default()
}
