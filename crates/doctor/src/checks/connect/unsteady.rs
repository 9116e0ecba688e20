//! Do connections come through every time? A handful of attempts in a row, and a second handful if one of them had trouble.
//!
//! A SYN that had to be repeated was lost or thrown away. If pings get lost too, the path loses packets; if none of twenty
//! does, somebody counts new connections and drops those beyond a limit. Where pings are not answered, SYNs to another port
//! of the host serve instead. Attempts answered by a refusal while others are
//! accepted are a limit that says so. One lost packet is life: three of twelve are needed.

use super::judged::{Target, targets};
use crate::observe::host::Host;
use crate::observe::reach::{Attempted, Outcome, attempt};
use crate::together::together;
use crate::{Case, Checked};
use std::net::SocketAddr;
use std::time::Duration;
use torwart_cause::finding::connect::{FIREWALL_RATE_LIMIT, LOSSY};
use torwart_cause::finding::{Finding, FindingKind, Hop, said};
use torwart_dial::SocketPlan;
use torwart_dial::ping::ping;

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let targets = targets(case).await;
    let looking = targets
        .iter()
        .filter_map(|target| Some((target, target.reach.connected()?)))
        .map(async |(target, first)| look(case, target, first).await);
    together(looking).await.into_iter().fold(Checked::default(), Checked::and)
}

async fn look(case: &Case, target: &Target, first: &Attempted) -> Checked {
    // Where a round trip takes as long as the kernel's patience, repetitions mean nothing.
    let Some(address) = first.address().filter(|_| first.round_trip.is_none_or(|time| time < SLOW)) else {
        return Checked::not_applicable();
    };
    // On this machine there is no path; what drops connections there is a full queue, which it tells by itself.
    if Host::owns(address.ip()) {
        return Checked::not_applicable();
    }
    let mut series = Series::default();
    series.note(first);
    series.make(case, address).await;
    if series.troubled() == 0 || is_busy(case, target).await {
        return Checked::fine();
    }
    // Time for a server that was only busy to empty its queue.
    tokio::time::sleep(PAUSE).await;
    let mut again = Series::default();
    again.make(case, address).await;
    let control = control(case, address).await;
    series.add(&again);
    if again.troubled() == 0 || series.troubled() < 3 {
        return Checked::fine();
    }
    Checked::found(vec![finding(target, address, &series, control.as_ref())])
}

/// Whether the server takes its time for one request, so that our own connections fill its accept queue.
async fn is_busy(case: &Case, target: &Target) -> bool {
    if target.source.is_none() {
        return false;
    }
    let answered = case.answer(&target.address).await;
    answered.made().is_some_and(|(_, exchange)| exchange.waited() > BUSY)
}

/// How packets fare that no limit on new connections to this port counts.
#[derive(Clone, Copy, Debug)]
struct Control {
    /// Another port; `None` for pings.
    port: Option<u16>,
    sent: usize,
    back: usize,
}

async fn control(case: &Case, address: SocketAddr) -> Option<Control> {
    let pinged = ping(address.ip(), PINGS, Duration::from_millis(40), Duration::from_secs(1)).await.ok();
    if let Some(pinged) = pinged.filter(|pinged| !pinged.times.is_empty()) {
        return Some(Control { port: None, sent: pinged.sent.into(), back: pinged.times.len() });
    }
    for port in CONTROL_PORTS.iter().filter(|port| **port != address.port()) {
        let other = SocketAddr::new(address.ip(), *port);
        let tries = (0..CONTROL_TRIES).map(|_| attempt(case, &PLAN, other, PATIENCE));
        let tries: Vec<Attempted> = together(tries).await.into_iter().flatten().collect();
        let back = tries.iter().filter(|tried| tried.outcome.is_answer() && tried.repeated_syns == 0).count();
        let any = tries.iter().any(|tried| tried.outcome.is_answer());
        if any {
            return Some(Control { port: Some(*port), sent: tries.len(), back });
        }
    }
    None
}

/// What came of some attempts.
#[derive(Clone, Debug, Default)]
struct Series {
    made: usize,
    repeated: usize,
    silent: usize,
    refused: usize,
}

impl Series {
    async fn make(&mut self, case: &Case, address: SocketAddr) {
        for _ in 0..ATTEMPTS {
            let Some(attempted) = attempt(case, &SocketPlan::default(), address, PATIENCE).await else {
                return;
            };
            self.note(&attempted);
        }
    }

    fn note(&mut self, attempted: &Attempted) {
        self.made += 1;
        match attempted.outcome {
            Outcome::Connected if attempted.repeated_syns > 0 => self.repeated += 1,
            Outcome::Connected => {}
            Outcome::Reset | Outcome::Rejected(_) => self.refused += 1,
            Outcome::Silent => self.silent += 1,
            // This machine's own want says nothing about the way.
            _ => self.made -= 1,
        }
    }

    fn add(&mut self, other: &Self) {
        self.made += other.made;
        self.repeated += other.repeated;
        self.silent += other.silent;
        self.refused += other.refused;
    }

    const fn troubled(&self) -> usize {
        self.repeated + self.silent + self.refused
    }
}

fn finding(target: &Target, address: SocketAddr, series: &Series, control: Option<&Control>) -> Finding {
    let (kind, confidence) = verdict(series, control);
    let told = said("connect-series")
        .with("address", address)
        .with("made", series.made)
        .with("repeated", series.repeated)
        .with("silent", series.silent)
        .with("refused", series.refused);
    let (host, port) = (address.ip(), address.port());
    let finding = Finding::new(kind, confidence, target.place(Hop::Path, address))
        .proof_by(told, format!("for i in $(seq 12); do nc -vz -w 2 {host} {port}; done"));
    match control {
        Some(Control { port: None, sent, back }) => finding.proof_by(
            said("connect-ping-answers").with("back", back).with("sent", sent),
            format!("ping -c 20 -i 0.2 {host}"),
        ),
        Some(Control { port: Some(other), sent, back }) => finding.proof_by(
            said("connect-control-port")
                .with("address", SocketAddr::new(host, *other))
                .with("back", back)
                .with("sent", sent),
            format!("for i in $(seq 10); do nc -vz -w 2 {host} {other}; done"),
        ),
        None => finding.proof_by(said("connect-ping-silent"), format!("ping -c 20 -i 0.2 {host}")),
    }
}

/// Loss hits all packets alike, a limit only new connections.
fn verdict(series: &Series, control: Option<&Control>) -> (&'static FindingKind, u8) {
    if series.refused > 0 {
        return (&FIREWALL_RATE_LIMIT, 75);
    }
    match control {
        Some(control) if control.back < control.sent => (&LOSSY, 88),
        Some(_) => (&FIREWALL_RATE_LIMIT, 80),
        // Nothing to compare with: a limit that is reached lets hardly any through.
        None if series.troubled() * 2 > series.made => (&FIREWALL_RATE_LIMIT, 60),
        None => (&LOSSY, 60),
    }
}

/// Attempts in a row: more than any careful limit allows at once, few enough for a small accept queue.
const ATTEMPTS: usize = 6;

/// The first repetition of a SYN fits in.
const PATIENCE: Duration = Duration::from_millis(1300);

/// Round trips from here on are too slow to tell a loss by its repetition.
const SLOW: Duration = Duration::from_millis(800);

/// Who answers within this time empties even a short queue between two of our attempts.
const BUSY: Duration = Duration::from_millis(300);

const PAUSE: Duration = Duration::from_millis(1200);
const PINGS: u16 = 20;

/// Ports that answer on most hosts, if only by refusing.
const CONTROL_PORTS: &[u16] = &[1, 22, 443];
const CONTROL_TRIES: usize = 10;

const PLAN: SocketPlan = SocketPlan {
    refuses_link_local: false,
    bind: None,
    ttl: None,
    segment_size: None,
    receives_errors: true,
    nodelay: true,
    keepalive: None,
    user_timeout: None,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn pinged(back: usize) -> Control {
        Control { port: None, sent: 20, back }
    }

    fn check(series: Series, control: Option<Control>, id: &str) {
        assert_eq!(verdict(&series, control.as_ref()).0.id, id);
    }

    #[test]
    fn loss_hits_pings_too_and_a_limit_does_not() {
        let lost = Series { made: 12, repeated: 3, silent: 1, refused: 0 };
        check(lost.clone(), Some(pinged(15)), "network.lossy");
        check(lost.clone(), Some(pinged(20)), "firewall.rate_limit");
        check(lost, None, "network.lossy");
        let limited = Series { made: 12, repeated: 1, silent: 8, refused: 0 };
        check(limited, None, "firewall.rate_limit");
        let refused = Series { made: 12, repeated: 0, silent: 0, refused: 7 };
        check(refused, Some(pinged(20)), "firewall.rate_limit");
    }
}
