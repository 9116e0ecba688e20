//! What a gateway's configuration says of the idle connections it keeps to an upstream.

use crate::UpstreamAddress;
use crate::observe::gateway::Gateway;
use std::time::Duration;
use torwart_dialect::Product;
use torwart_dialect::config::{Fact, HttpVersion, NoteKind};

/// How a gateway keeps idle connections to an upstream.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Pool {
    /// It keeps none.
    None,
    /// It keeps them for so long.
    Keeps {
        /// How long.
        idle: Fact<Duration>,
        /// Whether somebody switched it on, or the product does so by itself.
        is_wanted: bool,
    },
    /// Nothing is known of it.
    #[default]
    Unknown,
}

impl Pool {
    /// What the configuration says of the pool for an upstream.
    pub fn of(gateway: &Gateway, upstream: &UpstreamAddress) -> Self {
        let Some((route, _)) = gateway.route_to(upstream) else { return Self::Unknown };
        let deadlines = &route.deadlines;
        let is_unused = gateway.config.iter().flat_map(|config| &config.notes).any(|note| match &note.what {
            NoteKind::KeepAliveUnused { pool, .. } => {
                route.pool.as_ref().is_some_and(|own| own.value == *pool)
            }
            _ => false,
        });
        let keeps_none = deadlines.keeps_idle.as_ref().is_some_and(|fact| fact.value == 0);
        match &deadlines.pool_idle {
            Some(idle) if !is_unused && !keeps_none && route.http_version.value != HttpVersion::Http10 => {
                let is_wanted =
                    !idle.is_default || deadlines.keeps_idle.as_ref().is_some_and(|fact| !fact.is_default);
                Self::Keeps { idle: idle.clone(), is_wanted }
            }
            _ => Self::None,
        }
    }

    /// How long no packet passes on a connection that the gateway will use again. Caddy and Traefik probe idle connections by
    /// themselves, as all programs in Go do; others only where somebody switched that on.
    pub fn quiet(&self, product: Option<Product>) -> Option<Duration> {
        match (self, product) {
            (Self::Keeps { idle, .. }, Some(Product::Caddy | Product::Traefik)) => {
                Some(idle.value.min(PROBES))
            }
            (Self::Keeps { idle, .. }, _) => Some(idle.value),
            (Self::None | Self::Unknown, _) => None,
        }
    }
}

/// An upstream has to keep connections this much longer than the gateway.
pub const MARGIN: Duration = Duration::from_millis(500);
/// How often Caddy and Traefik probe an idle connection.
const PROBES: Duration = Duration::from_secs(30);
