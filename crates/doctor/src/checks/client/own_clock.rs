//! Is the clock of this machine, the visitor's, right?
//!
//! Proves: two independent servers, not on this machine, agree with each other in `Date` and differ from it. One alone may
//! be wrong itself; an answer out of a cache carries the date of its making and is not asked.

use crate::observe::exchange::Exchange;
use crate::observe::host::Host;
use crate::{Case, Checked};
use jiff::{Timestamp, fmt::rfc2822};
use std::net::SocketAddr;
use torwart_cause::finding::client::CLOCK_OFF;
use torwart_cause::finding::{Finding, Hop, Where, said};

pub async fn check(case: &Case) -> Checked {
    // The gateway's host has a check of its own, with its own consequences.
    if case.gateway().await.is_here {
        return Checked::not_applicable();
    }
    let before = Timestamp::now();
    let front = case.front().await;
    let mut told: Vec<(SocketAddr, i64, String)> = Vec::new();
    for page in &front.pages {
        note(&mut told, page.address, &page.exchange, before);
    }
    for upstream in case.upstreams().await.iter() {
        let Some(address) = case.socket_address(&upstream.address).await else { continue };
        if let Some((_, exchange)) = case.answer(&upstream.address).await.made() {
            note(&mut told, address, exchange, before);
        }
    }
    if told.is_empty() {
        return Checked::not_applicable();
    }
    let off: Vec<_> = told.iter().filter(|(_, seconds, _)| seconds.abs() >= FAR_OFF).collect();
    let Some((first, seconds, _)) = off.first() else { return Checked::fine() };
    let agree =
        off.iter().any(|(other, theirs, _)| other.ip() != first.ip() && (theirs - seconds).abs() < CLOSE);
    if off.len() < told.len() || !agree {
        let why = said("client-clock-differs").with("address", first).with("seconds", seconds);
        return Checked::could_not(why, Some("timedatectl".to_owned()));
    }
    let mut finding = Finding::new(&CLOCK_OFF, 88, Where::hop(Hop::You));
    for (address, seconds, date) in off {
        let fact =
            said("client-clock-told").with("address", address).with("date", date).with("seconds", seconds);
        finding = finding.proof_by(fact, format!("curl -sI {}", case.question().url));
    }
    Checked::found(vec![
        finding
            .proof_by(said("client-clock-here").with("date", before.strftime(DATE)), "date -u; timedatectl"),
    ])
}

/// How far the date of an answer is ahead of our clock, in seconds.
fn note(
    told: &mut Vec<(SocketAddr, i64, String)>,
    address: SocketAddr,
    exchange: &Exchange,
    before: Timestamp,
) {
    if exchange.field("age").is_some() || Host::owns(address.ip()) {
        return;
    }
    let Some(date) = exchange.field("date") else { return };
    let Ok(theirs) = rfc2822::parse(date) else { return };
    let ours = before.as_second();
    told.push((address, theirs.timestamp().as_second() - ours, date.to_owned()));
}

/// Certificates and signed requests tolerate less than this nowhere.
const FAR_OFF: i64 = 120;

/// Two servers that keep time.
const CLOSE: i64 = 30;

const DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

#[cfg(test)]
mod tests {
    use super::*;

    fn told(fields: &[(&str, &str)], address: &str) -> Vec<(SocketAddr, i64, String)> {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let exchange = Exchange { fields, ..Exchange::default() };
        let before = "2026-11-21T17:00:00Z".parse().expect("a time");
        let mut told = Vec::new();
        note(&mut told, address.parse().expect("an address"), &exchange, before);
        told
    }

    #[test]
    fn dates_of_answers_are_compared_but_not_those_of_caches_or_of_this_machine() {
        let date = ("Date", "Sat, 21 Nov 2026 18:00:00 GMT");
        let seconds =
            |fields: &[(&str, &str)], address| told(fields, address).first().map(|(_, seconds, _)| *seconds);
        assert_eq!(seconds(&[date], "192.0.2.1:80"), Some(3600));
        assert_eq!(seconds(&[date, ("Age", "7")], "192.0.2.1:80"), None);
        assert_eq!(seconds(&[date], "127.0.0.1:80"), None);
        assert_eq!(seconds(&[("Date", "yesterday")], "192.0.2.1:80"), None);
    }
}
