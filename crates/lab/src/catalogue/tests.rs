//! The catalogue is complete and consistent.

use super::*;
use std::collections::HashSet;

#[test]
fn the_catalogue_can_be_read() {
    let catalogue = Catalogue::read().expect("every file follows the format");
    for &family in Family::ALL {
        assert!(catalogue.faults().iter().any(|fault| fault.family == family), "{}", family.id());
    }
}

#[test]
fn names_are_unique_and_speak() {
    let mut names = HashSet::new();
    for fault in Catalogue::get().faults() {
        assert!(names.insert(&fault.name), "{} stands twice", fault.name);
        assert!(fault.name.len() > 3, "{}", fault.name);
    }
}

#[test]
fn every_fault_is_said_in_both_languages() {
    for Fault { name, en, de, .. } in Catalogue::get().faults() {
        assert!(en.ends_with('.') && de.ends_with('.'), "{name}: a whole sentence ends with a full stop");
        assert_ne!(en, de, "{name}");
    }
}

#[test]
fn the_expected_status_is_the_causes_own() {
    for Fault { name, expected, .. } in Catalogue::get().faults() {
        let Some(status) = expected.cause.and_then(Cause::status) else { continue };
        if expected.is_complete {
            assert_eq!(expected.status, status, "{name}");
        } else {
            assert!(matches!(expected.status, 200) || expected.status == status, "{name}");
        }
    }
}
