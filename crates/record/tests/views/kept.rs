//! Failed exchanges are kept within bounds, found by id, and grouped.

use crate::sample::{failed, turned_away};
use std::time::Duration;
use torwart_cause::Cause;
use torwart_record::{Incidents, OwnedRecord, RequestId, Ring, Timestamp};

fn numbered(number: u64, mut record: OwnedRecord) -> OwnedRecord {
    record.id = RequestId::from_bits(number);
    record.at = Timestamp::from_micros(number * 1_000_000);
    record
}

#[test]
fn a_ring_keeps_the_newest_within_its_capacity() {
    let ring = Ring::new(8);
    for number in 0..100 {
        ring.push(numbered(number, OwnedRecord::from_record(&failed().record())));
    }
    assert_eq!(ring.len(), 6);
    let newest = ring.newest(3, |_| true);
    assert_eq!(newest.iter().map(|record| record.id.bits()).collect::<Vec<_>>(), [99, 98, 97]);
    assert!(ring.find(RequestId::from_bits(99)).is_some());
    assert!(ring.find(RequestId::from_bits(93)).is_none());
    let evidence = &ring.find(RequestId::from_bits(95)).unwrap().evidence;
    assert!(evidence.attempts[1].first_bytes.is_some());
}

#[test]
fn clients_own_mistakes_do_not_push_out_failures() {
    let ring = Ring::new(8);
    ring.push(numbered(0, OwnedRecord::from_record(&failed().record())));
    for number in 1..1000 {
        ring.push(numbered(number, OwnedRecord::from_record(&turned_away().record())));
    }
    assert_eq!(ring.len(), 3);
    assert_eq!(ring.find(RequestId::from_bits(0)).unwrap().cause(), Some(Cause::NotHttp));
    assert_eq!(ring.newest(10, |record| record.cause() == Some(Cause::NoRoute)).len(), 2);
}

#[test]
fn a_ring_without_room_keeps_nothing() {
    let ring = Ring::new(0);
    ring.push(OwnedRecord::from_record(&failed().record()));
    assert!(ring.is_empty());
}

#[test]
fn failures_of_one_cause_at_one_place_are_one_incident() {
    let incidents = Incidents::default();
    let mut sample = failed();
    for seconds in [10, 11, 12] {
        sample.record.at = Timestamp::from_micros(seconds * 1_000_000);
        incidents.observe(&sample.record());
    }
    let list = incidents.list();
    assert_eq!(list.len(), 1);
    assert_eq!((list[0].cause, list[0].count), (Cause::NotHttp, 3));
    assert_eq!((&*list[0].pool, &*list[0].upstream), ("shop", "http://10.0.0.12:3000"));
    assert_eq!(list[0].last.since(list[0].onset), Duration::from_secs(2));
    assert!(incidents.is_open(&list[0], Timestamp::from_micros(40_000_000)));
    assert!(!incidents.is_open(&list[0], Timestamp::from_micros(140_000_000)));
}

#[test]
fn after_a_quiet_minute_a_new_incident_begins() {
    let incidents = Incidents::default();
    let mut sample = failed();
    for seconds in [10, 200] {
        sample.record.at = Timestamp::from_micros(seconds * 1_000_000);
        incidents.observe(&sample.record());
    }
    assert_eq!(incidents.list().len(), 2);
}

#[test]
fn incidents_are_bounded_and_clients_mistakes_make_none() {
    let incidents = Incidents::new(Duration::from_secs(60), 3);
    let mut sample = failed();
    for number in 0..10 {
        sample.evidence.attempts[1].upstream = format!("http://10.0.1.{number}").into();
        sample.record.at = Timestamp::from_micros(number * 1_000_000);
        incidents.observe(&sample.record());
    }
    let list = incidents.list();
    assert_eq!(list.len(), 3);
    assert_eq!(&*list[0].upstream, "http://10.0.1.9");
    let turned = Incidents::default();
    let mut malformed = turned_away();
    malformed.verdict = torwart_cause::Verdict::Named {
        cause: Cause::RequestMalformed,
        certainty: torwart_cause::Certainty::Certain,
        deciding: torwart_cause::Stage::Parse,
        alternatives: Vec::new(),
    };
    turned.observe(&malformed.record());
    assert!(turned.list().is_empty());
}
