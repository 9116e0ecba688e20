//! What a name leads to.

use crate::Case;
use std::net::IpAddr;

/// What a name leads to, asked in several ways.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The addresses a program on this machine would use.
    pub addresses: Vec<IpAddr>,
}

/// Asks.
pub async fn observe(_case: &Case, host: &str) -> Names {
    let host = host.to_owned();
    let looked_up = tokio::task::spawn_blocking(move || torwart_kernel::resolver::lookup(&host)).await;
    Names { addresses: looked_up.ok().and_then(Result::ok).unwrap_or_default() }
}
