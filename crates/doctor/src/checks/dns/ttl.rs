//! For how long do caches keep the site's address?
//!
//! Proves: the zone's own servers say so. Nothing is wrong with either extreme; it is worth knowing before a move.

use super::subject::{self, dig};
use crate::{Case, Checked};
use torwart_cause::finding::dns::{TTL_LONG, TTL_SHORT};
use torwart_cause::finding::{Finding, said};
use torwart_dial::dns::{Kind, Reply};

pub async fn check(case: &Case) -> Checked {
    let Some(subject) = subject::site(case).await else { return Checked::not_applicable() };
    let zone = subject.names.zone(case).await;
    let Some(zone) = zone.as_ref() else { return Checked::not_applicable() };
    let told = zone.good().find_map(|server| {
        let reply = server.replies().find(|reply| !reply.addresses().is_empty())?;
        Some((server, Reply::ttl(reply)?))
    });
    let Some((server, ttl)) = told else { return Checked::not_applicable() };
    let seconds = said("dns-ttl").with("name", &zone.asked).with("seconds", ttl);
    let kind = match ttl {
        0..SHORT => &TTL_SHORT,
        SHORT..=LONG => return Checked::fine().said(seconds),
        _ => &TTL_LONG,
    };
    let command = dig(server.socket(), &zone.asked, Kind::A, "+norecurse");
    Checked::found(vec![Finding::new(kind, 99, subject.place()).proof_by(seconds, command)])
}

/// Below this every visit asks anew.
const SHORT: u32 = 10;

/// A day.
const LONG: u32 = 86_400;
