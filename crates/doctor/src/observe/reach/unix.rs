//! One attempt at a unix socket.

use super::{Attempted, Far, Outcome};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::time::Duration;
use torwart_cause::Ending;
use torwart_dial::connect::connect_unix;

/// Tries a unix socket.
pub(super) async fn attempt(path: &Path, patience: Duration) -> Attempted {
    let (outcome, took) = match connect_unix(path, patience).await {
        Ok((_stream, took)) => (Outcome::Connected, took),
        Err((ending, took)) => (outcome(path, ending), took),
    };
    Attempted {
        far: Far::Unix(path.to_owned()),
        outcome,
        took,
        repeated_syns: 0,
        round_trip: None,
        local: None,
        around: None,
    }
}

fn outcome(path: &Path, ending: Ending) -> Outcome {
    let kind = std::fs::metadata(path).map(|facts| facts.file_type());
    match ending {
        Ending::Missing => Outcome::SocketMissing,
        Ending::Forbidden => Outcome::SocketDenied,
        Ending::Refused if kind.is_ok_and(|kind| !kind.is_socket()) => Outcome::NotASocket,
        Ending::Refused => Outcome::SocketDead,
        Ending::QueueFull | Ending::TimedOut(_) => Outcome::SocketFull,
        Ending::ResourcesSpent => Outcome::DescriptorsSpent,
        Ending::Os(number) => Outcome::Failed(number),
        _ => Outcome::Failed(0),
    }
}
