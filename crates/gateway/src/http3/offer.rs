//! How clients that came over TCP learn that HTTP/3 is to be had (`Alt-Svc`, RFC 7838).

use crate::exchange::Exchange;
use std::sync::Arc;
use torwart_config::Plan;
use torwart_config::plan::{HeaderRules, ListenAddress};
use torwart_policy::header_rules;
use torwart_record::Protocol;
use torwart_wire::http1::write_field;

/// What clients are told under a plan. A port that the kernel chooses is told to nobody.
pub fn offer(plan: &Plan) -> Option<Arc<str>> {
    let port = plan.listeners.iter().find_map(|listener| match &listener.address {
        ListenAddress::Quic(address) => Some(address.port()).filter(|port| *port != 0),
        ListenAddress::Tcp(_) | ListenAddress::Unix(_) => None,
    })?;
    Some(format!("h3=\":{port}\"; ma={LASTS}").into())
}

/// Appends the offer to an answer that goes out by TLS.
pub fn write_offer(x: &Exchange<'_>, out: &mut Vec<u8>) {
    if let Some(offer) = offered(x) {
        write_field(out, NAME, offer.as_bytes());
    }
}

/// Whether this field of a response gives way to our offer: an upstream speaks of its own ports.
pub fn is_overruled(x: &Exchange<'_>, name: &[u8]) -> bool {
    name.len() == NAME.len() && name.eq_ignore_ascii_case(NAME) && offered(x).is_some()
}

fn offered<'x>(x: &'x Exchange<'_>) -> Option<&'x str> {
    let offer = x.view.snapshot.offer.as_deref().filter(|_| x.client.is_tls)?;
    let is_there = x.client.protocol() == Some(Protocol::Http3);
    let asks_for_certificate = x.site().is_some_and(|site| site.client_certificate.is_some());
    let is_operators = x.route().is_some_and(|route| is_about_it(&route.response_headers));
    (!is_there && !asks_for_certificate && !is_operators).then_some(offer)
}

/// Whether the operator decides about the field.
fn is_about_it(rules: &HeaderRules) -> bool {
    let is_it = |name: &str| name.as_bytes().eq_ignore_ascii_case(NAME);
    header_rules::drops(rules, NAME)
        || header_rules::joining(rules).chain(&rules.fallback).any(|rule| is_it(&rule.name))
}

const NAME: &[u8] = b"Alt-Svc";

/// Seconds for which clients keep the offer: a day, the protocol's own default.
const LASTS: u32 = 86_400;
