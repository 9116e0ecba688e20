//! From the library's message to ours.

use super::exchange::Answered;
use super::{Data, Record, Reply};
use hickory_proto::op::Message;
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::{Name, RData, Record as WireRecord};
use std::net::IpAddr;
use std::time::Duration;

pub(super) fn reply(answered: Answered, took: Duration) -> Reply {
    let Answered { message, is_over_tcp, sent } = answered;
    Reply {
        rcode: message.metadata.response_code.into(),
        is_authoritative: message.metadata.authoritative,
        offers_recursion: message.metadata.recursion_available,
        is_verified: message.metadata.authentic_data,
        answers: message.answers.iter().map(record).collect(),
        authorities: message.authorities.iter().map(record).collect(),
        additionals: message.additionals.iter().map(record).collect(),
        explanations: explanations(&message),
        is_over_tcp,
        sent,
        took,
    }
}

fn record(record: &WireRecord) -> Record {
    let data = match &record.data {
        RData::A(address) => Data::Address(IpAddr::V4(address.0)),
        RData::AAAA(address) => Data::Address(IpAddr::V6(address.0)),
        RData::CNAME(target) => Data::Alias(plain(&target.0)),
        RData::PTR(name) => Data::Pointer(plain(&name.0)),
        RData::SRV(service) => Data::Service {
            priority: service.priority,
            weight: service.weight,
            port: service.port,
            host: plain(&service.target),
        },
        RData::NS(server) => Data::NameServer(plain(&server.0)),
        RData::SOA(zone) => {
            Data::Zone { primary: plain(&zone.mname), serial: zone.serial, negative_ttl: zone.minimum }
        }
        _ => Data::Other(record.record_type().into()),
    };
    Record { owner: plain(&record.name), ttl: record.ttl, data }
}

/// A number and a text each (RFC 8914 §2); what is shorter says nothing.
fn explanations(message: &Message) -> Vec<(u16, String)> {
    let options = message.edns.iter().flat_map(|edns| edns.options().options.iter());
    let errors = options.filter_map(|(_, option)| match option {
        EdnsOption::Unknown(EXTENDED_ERROR, data) => {
            let (code, text) = data.split_first_chunk::<2>()?;
            Some((u16::from_be_bytes(*code), String::from_utf8_lossy(text).into_owned()))
        }
        _ => None,
    });
    errors.collect()
}

pub(super) fn plain(name: &Name) -> String {
    let text = name.to_lowercase().to_ascii();
    match text.strip_suffix('.') {
        Some("") | None => text,
        Some(rest) => rest.to_owned(),
    }
}

const EXTENDED_ERROR: u16 = 15;
