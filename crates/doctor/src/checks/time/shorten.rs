//! How a gateway lets go of idle connections earlier: what its configuration says, and what should stand there instead.

use super::seconds;
use crate::Upstream;
use crate::observe::gateway::Gateway;
use std::time::Duration;
use torwart_cause::finding::{Fix, Said, said};
use torwart_dialect::Product;
use torwart_dialect::config::{Deadlines, Fact};

/// The change after which connections idle for `limit` are not used again, in the product's own words, with its file and line.
pub(super) fn shortened(
    gateway: &Gateway,
    upstream: &Upstream,
    idle: &Fact<Duration>,
    limit: Duration,
) -> Option<Fix> {
    let product = gateway.product()?;
    let route = gateway.route_to(&upstream.address).map(|(route, _)| route);
    let pool = route.and_then(|route| route.pool.as_ref()?.at.as_ref());
    let file = idle.at.as_ref().or(pool).map(|at| (at.file.display().to_string(), at.line));
    let before = idle.at.as_ref().map(|_| idle.written.clone());
    let after = shorter(product, limit)?;
    Some(Fix { product: Some(product.name().to_owned()), file, before, after })
}

/// How long the gateway keeps idle connections, and who says so.
pub(super) fn kept(idle: &Fact<Duration>) -> Said {
    if idle.value >= Deadlines::FOR_EVER {
        return said("time-pool-idle-unlimited").with("written", &idle.written);
    }
    said(if idle.is_default { "time-pool-idle-default" } else { "time-pool-idle" })
        .with("seconds", seconds(idle.value))
        .with("written", &idle.written)
}

/// The product's own words for an idle time one second below the upstream's.
fn shorter(product: Product, idle: Duration) -> Option<String> {
    let seconds = idle.as_secs().saturating_sub(1 + u64::from(idle.subsec_millis() < 200)).max(1);
    match product {
        Product::Nginx => Some(format!("keepalive_timeout {seconds}s;")),
        Product::Haproxy => Some(format!("pool-purge-delay {seconds}s")),
        Product::Apache => Some(format!("ttl={seconds}")),
        Product::Caddy => Some(format!("keepalive {seconds}s")),
        Product::Traefik => Some(format!("idleConnTimeout: {seconds}s")),
    }
}

/// Host and port as `nc` takes them.
pub(super) fn place_of(upstream: &Upstream) -> String {
    let shown = upstream.address.to_string();
    let place = shown.split_once("://").map_or(shown.as_str(), |(_, rest)| rest);
    match (place.strip_prefix("unix:"), place.rsplit_once(':')) {
        (Some(path), _) => format!("-U {path}"),
        (None, Some((host, port))) => format!("{} {port}", host.trim_matches(['[', ']'])),
        (None, None) => place.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_has_to_be_a_second_shorter() {
        assert_eq!(
            shorter(Product::Nginx, Duration::from_millis(6010)).as_deref(),
            Some("keepalive_timeout 4s;")
        );
        assert_eq!(
            shorter(Product::Nginx, Duration::from_millis(5900)).as_deref(),
            Some("keepalive_timeout 4s;")
        );
        assert_eq!(
            shorter(Product::Traefik, Duration::from_millis(2004)).as_deref(),
            Some("idleConnTimeout: 1s")
        );
    }
}
