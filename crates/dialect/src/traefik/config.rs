//! Reads Traefik configuration.

use crate::Product;
use crate::config::{Entry, Files, GatewayConfig};

/// Reads the configuration that begins at `entry`.
pub(crate) fn read(entry: &Entry, _files: &dyn Files) -> GatewayConfig {
    debug_assert_eq!(entry.product, Product::Traefik);
    GatewayConfig::new(Product::Traefik)
}
