//! As much of a DNS message (RFC 1035 §4) as a name server needs that knows only addresses, aliases and delegations.

use super::Reply;
use std::net::IpAddr;

/// The question of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    number: u16,
    is_recursion_desired: bool,
    is_checking_disabled: bool,
    /// In lower case, without the last dot.
    pub(super) name: String,
    pub(super) kind: u16,
    /// The question as it came: a resolver may compare the very letters (0x20).
    raw: Vec<u8>,
}

impl Question {
    /// Reads the only question of a query; `None` if it is no query.
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        let flags = message.get(2..4)?;
        let is_query = flags.first()? & 0x80 == 0;
        let questions = u16::from_be_bytes(message.get(4..6)?.try_into().ok()?);
        if !is_query || questions != 1 {
            return None;
        }
        let mut labels = Vec::new();
        let mut at = HEADER;
        loop {
            let length = usize::from(*message.get(at)?);
            at += 1;
            match length {
                0 => break,
                64.. => return None,
                _ => labels.push(String::from_utf8_lossy(message.get(at..at + length)?).to_ascii_lowercase()),
            }
            at += length;
        }
        let kind = u16::from_be_bytes(message.get(at..at + 2)?.try_into().ok()?);
        Some(Self {
            number: u16::from_be_bytes(message.get(..2)?.try_into().ok()?),
            is_recursion_desired: flags.first()? & 1 == 1,
            is_checking_disabled: flags.last()? & 0x10 != 0,
            name: labels.join("."),
            kind,
            raw: message.get(HEADER..at + 4)?.to_vec(),
        })
    }
}

/// The message of a reply; `None` for silence.
pub(super) fn answer(question: &Question, reply: &Reply, ttl: u32, is_tcp: bool) -> Option<Vec<u8>> {
    let records = match reply {
        Reply::Silence => return None,
        Reply::Garbled => {
            let mut bytes = question.number.to_be_bytes().to_vec();
            bytes.extend_from_slice(b"\x81\x80\xff\xff\xff\xff this is no DNS message");
            return Some(bytes);
        }
        Reply::OtherQuestion => {
            let raw = [&b"\x05other\x07example\x00"[..], &question.kind.to_be_bytes(), &[0, 1]].concat();
            let other = Question { raw, ..question.clone() };
            return Some(message(&other, 0, false, &[]));
        }
        Reply::NxDomain => return Some(message(question, NXDOMAIN, false, &[])),
        Reply::ServFail => return Some(message(question, 2, false, &[])),
        Reply::Bogus(_) if !question.is_checking_disabled => return Some(message(question, 2, false, &[])),
        Reply::Refused => return Some(message(question, 5, false, &[])),
        Reply::Truncated(_) if !is_tcp => return Some(message(question, 0, true, &[])),
        Reply::Empty => Vec::new(),
        Reply::Addresses(addresses) | Reply::Truncated(addresses) | Reply::Bogus(addresses) => addresses
            .iter()
            .filter_map(|address| address_record(question.kind, *address))
            .map(|(kind, data)| record(&POINTER_TO_QUESTION, kind, ttl, &data))
            .collect(),
        Reply::Alias(target) => vec![record(&POINTER_TO_QUESTION, CNAME, ttl, &name(target))],
        Reply::Name(name) => vec![record(&POINTER_TO_QUESTION, PTR, ttl, &self::name(name))],
        Reply::Services(services) => services
            .iter()
            .filter(|_| question.kind == SRV)
            .map(|(priority, weight, port, host)| {
                let numbers = [priority, weight, port].map(|number| number.to_be_bytes());
                record(&POINTER_TO_QUESTION, SRV, ttl, &[numbers.concat(), name(host)].concat())
            })
            .collect(),
        Reply::Loop => {
            let detour = name("detour.lab.test");
            vec![
                record(&POINTER_TO_QUESTION, CNAME, ttl, &detour),
                record(&detour, CNAME, ttl, &POINTER_TO_QUESTION),
            ]
        }
    };
    Some(message(question, 0, false, &records))
}

fn address_record(kind: u16, address: IpAddr) -> Option<(u16, Vec<u8>)> {
    match address {
        IpAddr::V4(v4) if kind == A => Some((A, v4.octets().to_vec())),
        IpAddr::V6(v6) if kind == AAAA => Some((AAAA, v6.octets().to_vec())),
        _ => None,
    }
}

/// What an answer consists of.
#[derive(Clone, Debug, Default)]
pub(super) struct Sections {
    pub(super) rcode: u8,
    pub(super) is_authoritative: bool,
    pub(super) is_truncated: bool,
    pub(super) offers_recursion: bool,
    pub(super) answers: Vec<Vec<u8>>,
    pub(super) authorities: Vec<Vec<u8>>,
    pub(super) additionals: Vec<Vec<u8>>,
}

/// An answer as a server gives it that speaks for the name and asks others too.
fn message(question: &Question, rcode: u8, is_truncated: bool, records: &[Vec<u8>]) -> Vec<u8> {
    let answers = records.to_vec();
    let sections = Sections {
        rcode,
        is_authoritative: true,
        is_truncated,
        offers_recursion: true,
        answers,
        ..Sections::default()
    };
    assemble(question, &sections)
}

/// The message of an answer.
pub(super) fn assemble(question: &Question, sections: &Sections) -> Vec<u8> {
    let mut bytes = question.number.to_be_bytes().to_vec();
    // QR and AA, TC, RD as asked; RA and the code.
    let flags = u8::from(sections.is_authoritative) << 2 | u8::from(sections.is_truncated) << 1;
    bytes.push(0x80 | flags | u8::from(question.is_recursion_desired));
    bytes.push(u8::from(sections.offers_recursion) << 7 | sections.rcode);
    let parts = [&sections.answers, &sections.authorities, &sections.additionals];
    bytes.extend_from_slice(&1_u16.to_be_bytes());
    for part in parts {
        bytes.extend_from_slice(&u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
    }
    bytes.extend_from_slice(&question.raw);
    for record in parts.into_iter().flatten() {
        bytes.extend_from_slice(record);
    }
    bytes
}

pub(super) fn record(owner: &[u8], kind: u16, ttl: u32, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    let class = 1_u16;
    let parts: [&[u8]; 6] =
        [owner, &kind.to_be_bytes(), &class.to_be_bytes(), &ttl.to_be_bytes(), &length.to_be_bytes(), data];
    parts.concat()
}

/// A name as labels; labels longer than 63 bytes are cut.
pub(super) fn name(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        let label = label.as_bytes().get(..label.len().min(63)).unwrap_or_default();
        bytes.push(u8::try_from(label.len()).unwrap_or(63));
        bytes.extend_from_slice(label);
    }
    bytes.push(0);
    bytes
}

const HEADER: usize = 12;
pub(super) const A: u16 = 1;
pub(super) const NS: u16 = 2;
pub(super) const CNAME: u16 = 5;
pub(super) const SOA: u16 = 6;
const PTR: u16 = 12;
pub(super) const AAAA: u16 = 28;
const SRV: u16 = 33;
pub(super) const NXDOMAIN: u8 = 3;
/// The name of the question, by compression (RFC 1035 §4.1.4).
const POINTER_TO_QUESTION: [u8; 2] = [0xc0, HEADER as u8];
