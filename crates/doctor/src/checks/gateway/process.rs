//! Does the gateway run, and listen where the site is?
//!
//! Only on the gateway's own host: its name leads to this machine. Something that listens on the site's port, whatever it
//! is, contradicts both findings.

use crate::{Case, Checked};
use torwart_cause::finding::gateway::{NOT_LISTENING, NOT_RUNNING};
use torwart_cause::finding::{Finding, Hop, Where, said};

/// Looks.
pub async fn check(case: &Case) -> Checked {
    let gateway = case.gateway().await;
    let Some(config) = gateway.config.as_ref().filter(|_| gateway.is_here) else {
        return Checked::not_applicable();
    };
    let host = case.host().await;
    let port = case.question().url.port;
    if host.on_port(port).next().is_some() {
        return Checked::fine();
    }
    let file = gateway.entry.as_ref().map(|entry| entry.file().display().to_string()).unwrap_or_default();
    let product = config.product;
    let place = Where::hop(Hop::Gateway).name(product);
    if gateway.pids.is_empty() {
        let fact =
            said("gateway-not-running").with("product", product).with("port", port).with("file", &file);
        let command = format!("systemctl status {0}; ss -ltnp 'sport = :{port}'", product.id());
        return Checked::found(vec![
            Finding::new(&NOT_RUNNING, 92, place.file(file, 0)).proof_by(fact, command),
        ]);
    }
    let listens: Vec<String> = config.listeners.iter().map(|listener| listener.address.to_string()).collect();
    let fact = said("gateway-not-listening")
        .with("product", product)
        .with("pid", gateway.pids.first().copied().unwrap_or_default())
        .with("port", port)
        .with("listens", listens.join(", "));
    Checked::found(vec![Finding::new(&NOT_LISTENING, 93, place).proof_by(fact, "ss -ltnp".to_owned())])
}
