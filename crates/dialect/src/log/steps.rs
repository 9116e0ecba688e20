//! Filling in the steps of an exchange from what a line tells.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use torwart_cause::{Address, Attempt, Ending, Evidence, Stage, Step};

/// An attempt that was made, of which nothing else is known.
pub(super) fn unseen(upstream: &str) -> Attempt {
    Attempt {
        upstream: Arc::from(upstream),
        address: address_of(upstream),
        resolve: Step::Unknown,
        connect: Step::Unknown,
        handshake: Step::Unknown,
        send: Step::Unknown,
        head: Step::Unknown,
        body: Step::Unknown,
        ..Attempt::default()
    }
}

/// A step that failed; a time the line does not tell counts zero.
pub(super) fn failed(ending: Ending, after: Option<Duration>) -> Step {
    Step::Failed { ending, after: after.unwrap_or_default() }
}

/// The attempt failed at `stage`: later stages were not reached.
pub(super) fn fail(attempt: &mut Attempt, stage: Stage, ending: Ending, after: Option<Duration>) {
    end_before(attempt, stage);
    if let Some(step) = step_of(attempt, stage) {
        *step = failed(ending, after);
    }
}

/// The attempt did not come to what follows `stage`; how `stage` itself ended is not known.
pub(super) fn end_before(attempt: &mut Attempt, stage: Stage) {
    for later in ATTEMPT {
        if later > stage
            && let Some(step) = step_of(attempt, later)
        {
            *step = Step::NotReached;
        }
    }
}

/// The upstream answered: the head came whole.
pub(super) fn answered(attempt: &mut Attempt, status: u16, first_byte: Option<Duration>) {
    attempt.status = Some(status);
    if let Some(took) = first_byte {
        attempt.head = Step::Done { took };
    }
}

/// Evidence of one attempt and nothing else.
pub(super) fn of(attempt: Attempt) -> Evidence {
    Evidence { attempts: vec![attempt], ..Evidence::default() }
}

/// Evidence of one attempt that failed at `stage`.
pub(super) fn of_failure(upstream: &str, stage: Stage, ending: Ending) -> Evidence {
    let mut attempt = unseen(upstream);
    fail(&mut attempt, stage, ending, None);
    of(attempt)
}

/// Evidence of which only the status sent to the client is known.
pub(super) fn of_status(status: Option<u16>) -> Evidence {
    let mut evidence = Evidence::default();
    match status {
        Some(CLIENT_LEFT) => {
            evidence.client.answer = failed(Ending::Cancelled(torwart_cause::By::Client), None);
        }
        // Who made it is not told: an upstream may have, or the gateway in its stead.
        Some(500..) | None => evidence.attempts.push(unseen("")),
        Some(_) => {}
    }
    evidence
}

/// The address where the text is one: `10.0.0.1:80`, `[::1]:80`, `http://10.0.0.1:80/path`, `unix:/run/app.sock:/path`.
pub(super) fn address_of(text: &str) -> Option<Address> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    if let Some(path) = rest.strip_prefix("unix:") {
        let path = path.split(':').next().filter(|path| !path.is_empty())?;
        return Some(Address::Unix(Arc::from(path)));
    }
    let host = rest.split('/').next()?;
    if let Ok(address) = host.parse::<SocketAddr>() {
        return Some(Address::Ip(address));
    }
    let port = if text.starts_with("https://") { 443 } else { 80 };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    (text.contains("://"))
        .then(|| bare.parse::<IpAddr>().ok())
        .flatten()
        .map(|ip| Address::Ip((ip, port).into()))
}

fn step_of(attempt: &mut Attempt, stage: Stage) -> Option<&mut Step> {
    Some(match stage {
        Stage::Resolve => &mut attempt.resolve,
        Stage::Connect => &mut attempt.connect,
        Stage::Handshake => &mut attempt.handshake,
        Stage::Send => &mut attempt.send,
        Stage::Head => &mut attempt.head,
        Stage::Body => &mut attempt.body,
        Stage::Accept
        | Stage::Parse
        | Stage::Route
        | Stage::Guard
        | Stage::Cache
        | Stage::Admit
        | Stage::Pick => return None,
    })
}

const ATTEMPT: [Stage; 6] =
    [Stage::Resolve, Stage::Connect, Stage::Handshake, Stage::Send, Stage::Head, Stage::Body];

/// The status that gateways log, and nobody receives, where the client left first.
pub(super) const CLIENT_LEFT: u16 = 499;
