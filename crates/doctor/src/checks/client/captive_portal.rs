//! Does a login page of this network stand before the site?
//!
//! Proves: the answer has status 511, which only a network in between may give (RFC 6585 §6).

use crate::{Case, Checked};
use torwart_cause::finding::client::CAPTIVE_PORTAL;
use torwart_cause::finding::{Finding, Hop, Where, said};

pub async fn check(case: &Case) -> Checked {
    let front = case.front().await;
    let Some(page) = front.pages.iter().find(|page| page.exchange.status() == Some(NETWORK_LOGIN)) else {
        return Checked::fine();
    };
    let url = &case.question().url;
    let fact = said("client-network-login").with("address", page.address);
    let finding = Finding::new(&CAPTIVE_PORTAL, 95, Where::hop(Hop::You).address(page.address))
        .proof_by(fact, format!("curl -sI {url}"));
    Checked::found(vec![finding])
}

/// Network Authentication Required.
const NETWORK_LOGIN: u16 = 511;
