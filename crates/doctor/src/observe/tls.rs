//! What a TLS server shows.

use crate::Case;

/// What a TLS server shows.
#[derive(Clone, Debug, Default)]
pub struct TlsSeen {}

/// Looks.
pub async fn observe(_case: &Case, _address: std::net::SocketAddr, _name: Option<&str>) -> TlsSeen {
    TlsSeen::default()
}
