//! The ladder of deadlines: which value holds, and whether one step hides another.
//!
//! A deadline may be given at a route, its site and its pool; the narrowest table wins. So do buffers.

use std::time::Duration;

use super::Build;
use crate::{
    Place,
    file::{Group, duration},
    plan::{Buffers, ExchangeDeadlines, LinkDeadlines},
};

/// The deadlines of exchanges on a route; `layers` go from narrow to wide.
pub(super) fn exchange(layers: &[&Group]) -> ExchangeDeadlines {
    let standard = ExchangeDeadlines::default();
    ExchangeDeadlines {
        send: deadline(layers, "send").unwrap_or(standard.send),
        first_byte: deadline(layers, "first_byte").unwrap_or(standard.first_byte),
        between_bytes: deadline(layers, "between_bytes").unwrap_or(standard.between_bytes),
        per_try: deadline(layers, "per_try"),
        hedge: None,
        total: deadline(layers, "total"),
        tunnel: deadline(layers, "tunnel").unwrap_or(standard.tunnel),
    }
}

/// The deadlines of making links.
pub(super) fn link(layers: &[&Group]) -> LinkDeadlines {
    let standard = LinkDeadlines::default();
    LinkDeadlines {
        resolve: deadline(layers, "resolve").unwrap_or(standard.resolve),
        connect: deadline(layers, "connect").unwrap_or(standard.connect),
        handshake: deadline(layers, "handshake").unwrap_or(standard.handshake),
    }
}

/// What is held back on a route.
pub(super) fn buffers(layers: &[&Group]) -> Buffers {
    let standard = Buffers::default();
    let hold = || layers.iter().filter_map(|layer| layer.group("hold"));
    Buffers {
        hold: hold().find_map(|group| group.size("bytes")).unwrap_or(standard.hold),
        hold_time: hold().find_map(|group| group.duration("time")).unwrap_or(standard.hold_time),
        replay: layers.iter().find_map(|layer| layer.size("replay")).unwrap_or(standard.replay),
    }
}

/// Warns of deadlines that can never be reached because the one for the whole exchange comes first.
pub(super) fn check(build: &mut Build<'_>, layers: &[&Group], link: &LinkDeadlines) {
    let Some((total, total_place)) = written(layers, "total") else { return };
    for key in ["resolve", "connect", "handshake", "send", "first_byte", "between_bytes", "per_try"] {
        match written(layers, key) {
            Some((value, place)) if value > total || (key == "connect" && value == total) => {
                build
                    .complaints
                    .warn(place, "deadline_hidden")
                    .and(total_place)
                    .text("key", key)
                    .text("value", duration::show(value))
                    .text("total", duration::show(total));
            }
            None if key == "connect" && link.connect >= total => {
                build
                    .complaints
                    .warn(total_place, "total_below_connect")
                    .text("value", duration::show(link.connect))
                    .text("total", duration::show(total));
            }
            _ => {}
        }
    }
}

fn deadline(layers: &[&Group], key: &str) -> Option<Duration> {
    written(layers, key).map(|(value, _)| value)
}

/// The narrowest deadline that is written down, and where.
fn written(layers: &[&Group], key: &str) -> Option<(Duration, Place)> {
    layers
        .iter()
        .filter_map(|layer| layer.group("deadline"))
        .find_map(|group| Some((group.duration(key)?, group.find(key)?.place)))
}
