//! Does a firewall or balancer on the way forget idle connections that the gateway would use again?
//!
//! Proves it by connections that nobody has closed and on which, after some idle time, a request is never acknowledged
//! (or reset), while younger ones and a fresh one carry theirs. An upstream that closes, one that takes the request and
//! never answers, and packets lost now and then look different and are no case of it. Whether it hurts depends on how
//! long the gateway keeps its idle connections.

use super::seconds;
use super::shorten::{kept, place_of, shortened};
use crate::observe::gateway::Gateway;
use crate::observe::host::Host;
use crate::observe::idle::{CONNECTIONS, Fate, Idle, IdleSeen, MARGIN, Pool, Reused, Silence};
use crate::{Case, Checked, Scheme, Upstream};
use std::time::Duration;
use torwart_cause::finding::connect::{FIREWALL_IDLE_STATE_LOST, FIREWALL_IDLE_STATE_RESET};
use torwart_cause::finding::{Finding, FindingKind, Hop, Severity, Where, said};

/// Looks at the connections that were measured.
pub async fn check(case: &Case) -> Checked {
    let upstreams = case.upstreams().await;
    let asked = upstreams.iter().filter(|it| matches!(it.address.scheme, Scheme::Http | Scheme::Https));
    let mut checked = Checked::not_applicable();
    let each = asked.take(MOST).map(|upstream| one(case, upstream));
    for one in crate::together::together(each).await {
        checked = checked.and(one);
    }
    checked
}

async fn one(case: &Case, upstream: &Upstream) -> Checked {
    let seen = case.idle(&upstream.address).await;
    if let Some(loss) = Loss::of(&seen) {
        let gateway = case.gateway().await;
        return Checked::found(vec![finding(case, &gateway, upstream, &seen, &loss)]);
    }
    let alive = seen.reused.iter().filter(|reused| reused.fate.is_alive()).map(|reused| reused.idle).max();
    let Some(alive) = alive else { return Checked::not_applicable() };
    let fine = Checked::fine().said(said("time-state-kept").with("seconds", seconds(alive)));
    match beyond(case, &seen, alive) {
        Some(needed) if !is_own(case, upstream).await => fine.and(not_looked(case, upstream, alive, needed)),
        Some(_) | None => fine,
    }
}

/// Idle connections that got lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Loss {
    /// On how many.
    count: usize,
    /// The shortest idle time after which one was lost.
    after: Duration,
    /// The longest after which one was not.
    alive: Option<Duration>,
    /// What the kernel said of the silence; `None` where a reset came.
    silence: Option<Silence>,
}

impl Loss {
    /// What the connections say together: several are lost, a fresh one is not, and age alone makes the difference.
    fn of(seen: &IdleSeen) -> Option<Self> {
        if seen.is_fresh_good != Some(true) {
            return None;
        }
        [Fate::is_lost as fn(&Fate) -> bool, Fate::is_reset].into_iter().find_map(|is_gone| {
            let gone: Vec<&Reused> = seen.reused.iter().filter(|reused| is_gone(&reused.fate)).collect();
            let first = gone.iter().min_by_key(|reused| reused.idle)?;
            let alive = seen.reused.iter().filter(|reused| reused.fate.is_alive());
            let alive = alive.map(|reused| reused.idle).max();
            let is_by_age = alive.is_none_or(|alive| alive < first.idle);
            let silence = match first.fate {
                Fate::Lost(silence) => Some(silence),
                Fate::Alive | Fate::Reset | Fate::Unclear => None,
            };
            let loss = Self { count: gone.len(), after: first.idle, alive, silence };
            (gone.len() >= CONNECTIONS && is_by_age).then_some(loss)
        })
    }

    const fn kind(&self) -> &'static FindingKind {
        if self.silence.is_some() { &FIREWALL_IDLE_STATE_LOST } else { &FIREWALL_IDLE_STATE_RESET }
    }

    /// Whether the gateway uses connections that old again.
    fn hurts(&self, gateway: &Gateway, pool: &Pool) -> bool {
        match pool.quiet(gateway.product()) {
            Some(quiet) => self.alive.is_none_or(|alive| alive < quiet),
            None => self.after <= USUAL_POOL,
        }
    }
}

fn finding(case: &Case, gateway: &Gateway, upstream: &Upstream, seen: &IdleSeen, loss: &Loss) -> Finding {
    let severity = match (loss.hurts(gateway, &seen.pool), seen.is_failing) {
        (true, true) => Severity::Critical,
        (true, false) => Severity::Warning,
        (false, _) => Severity::Info,
    };
    // A reset may also be an upstream's own way to end connections without closing them before.
    let confidence = if loss.silence.is_some() { 95 } else { 75 };
    let place = Where::hop(Hop::Path).address(&upstream.address);
    let fact = match loss.silence {
        Some(silence) if silence.is_own => said("time-state-own"),
        Some(silence) => said("time-state-lost")
            .with("unacked", silence.unacknowledged)
            .with("retransmits", silence.repeated),
        None => said("time-state-reset"),
    };
    let fact = fact
        .with("upstream", &upstream.address)
        .with("seconds", seconds(loss.after))
        .with("count", loss.count);
    let mut finding = Finding::new(loss.kind(), confidence, place)
        .severity(severity)
        .proof_by(fact, command(case, upstream, loss.after));
    if let Some(alive) = loss.alive {
        finding = finding.proof(said("time-state-alive").with("seconds", seconds(alive)));
    }
    finding = finding.proof(said("time-state-fresh").with("upstream", &upstream.address));
    if let Pool::Keeps { idle, .. } = &seen.pool {
        finding = finding.proof(kept(idle));
        let proven = loss.alive.filter(|alive| *alive > Duration::from_secs(1)).map(|alive| alive + ROUNDING);
        finding.fixes.extend(proven.and_then(|proven| shortened(gateway, upstream, idle, proven)));
    }
    finding
}

/// Two requests over one connection with the idle time between them, and what the kernel says of the second.
fn command(case: &Case, upstream: &Upstream, idle: Duration) -> String {
    let request =
        format!("printf 'GET / HTTP/1.1\\r\\nHost: {}\\r\\n\\r\\n'", case.question().url.authority());
    let pause = idle.as_secs() + 1;
    let place = place_of(upstream);
    let through = match upstream.address.scheme {
        Scheme::Https => {
            let name = &case.question().url.host;
            format!("openssl s_client -quiet -servername {name} -connect {}", place.replacen(' ', ":", 1))
        }
        Scheme::Http | Scheme::FastCgi | Scheme::Uwsgi => format!("nc {place}"),
    };
    let (host, port) = place.split_once(' ').unwrap_or((place.as_str(), ""));
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    format!(
        "({request}; sleep {pause}; {request}; sleep 9) | {through} & sleep {}; ss -tino dst {host}:{port}",
        pause + 4
    )
}

/// An idle time that the gateway may allow and that was not looked at.
fn beyond(case: &Case, seen: &IdleSeen, alive: Duration) -> Option<Duration> {
    if !matches!(seen.idle, Idle::Keeps { .. }) {
        return None;
    }
    let most = match &seen.pool {
        Pool::Keeps { idle, .. } => idle.value.min(HIGHEST),
        Pool::Unknown if case.question().is_deep => HIGHEST,
        Pool::Unknown | Pool::None => return None,
    };
    (alive + MARGIN < most).then_some(most)
}

fn not_looked(case: &Case, upstream: &Upstream, alive: Duration, needed: Duration) -> Checked {
    let question = case.question();
    let config = question.config.as_ref().map(|file| format!(" --config {}", file.display()));
    let why = said("time-state-not-looked")
        .with("upstream", &upstream.address)
        .with("seconds", seconds(alive))
        .with("most", needed.as_secs());
    let command = format!(
        "torwart doctor {} --upstream {}{} --deep --deadline {}s",
        question.url,
        upstream.address,
        config.unwrap_or_default(),
        needed.as_secs() + AROUND
    );
    Checked::could_not(why, Some(command))
}

/// On this machine there is no path, and nobody on it who could forget.
async fn is_own(case: &Case, upstream: &Upstream) -> bool {
    let address = case.socket_address(&upstream.address).await;
    address.is_none_or(|address| Host::owns(address.ip()))
}

/// How many upstreams are measured.
const MOST: usize = 2;
/// Where nothing is known of the gateway: as long as the usual ones keep idle connections.
const USUAL_POOL: Duration = Duration::from_secs(60);
/// The longest idle time worth looking at: beyond no known box forgets.
const HIGHEST: Duration = Duration::from_secs(350);
/// What was idle for three seconds and a little was idle for three seconds.
const ROUNDING: Duration = Duration::from_millis(200);
/// What a run needs besides waiting, in seconds.
const AROUND: u64 = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use torwart_dialect::config::Fact;

    const LOST: Fate = Fate::Lost(Silence { unacknowledged: 1, repeated: 3, is_own: false });

    fn seen(is_fresh_good: bool, reused: &[(u64, Fate)]) -> IdleSeen {
        let reused =
            reused.iter().map(|(idle, fate)| Reused { idle: Duration::from_secs(*idle), fate: *fate });
        IdleSeen { reused: reused.collect(), is_fresh_good: Some(is_fresh_good), ..IdleSeen::default() }
    }

    #[test]
    fn three_lost_and_younger_ones_alive_are_a_box_that_forgets() {
        let seen = seen(true, &[(3, Fate::Alive), (9, LOST), (12, LOST), (12, LOST)]);
        let loss = Loss::of(&seen).expect("a loss");
        assert_eq!((loss.after.as_secs(), loss.alive.map(|it| it.as_secs())), (9, Some(3)));
        assert_eq!(loss.kind(), &FIREWALL_IDLE_STATE_LOST);
    }

    #[test]
    fn what_age_does_not_explain_is_no_box_that_forgets() {
        assert_eq!(Loss::of(&seen(true, &[(12, LOST), (12, LOST), (12, Fate::Alive)])), None);
        assert_eq!(Loss::of(&seen(true, &[(9, LOST), (10, LOST), (11, LOST), (12, Fate::Alive)])), None);
        assert_eq!(Loss::of(&seen(false, &[(12, LOST); 3])), None);
        assert_eq!(Loss::of(&seen(true, &[(12, Fate::Unclear); 3])), None);
        assert_eq!(Loss::of(&seen(true, &[(12, LOST), (12, LOST), (12, Fate::Reset)])), None);
    }

    #[test]
    fn resets_are_a_kind_of_their_own() {
        let loss = Loss::of(&seen(true, &[(12, Fate::Reset); 3])).expect("a loss");
        assert_eq!(loss.kind(), &FIREWALL_IDLE_STATE_RESET);
    }

    #[test]
    fn it_hurts_a_gateway_that_keeps_connections_longer() {
        let loss = Loss::of(&seen(true, &[(30, Fate::Alive), (60, LOST), (60, LOST), (60, LOST)]));
        let loss = loss.expect("a loss");
        let keeps = |seconds| Pool::Keeps {
            idle: Fact::by_default(Duration::from_secs(seconds), ""),
            is_wanted: true,
        };
        let gateway = Gateway::default();
        assert!(loss.hurts(&gateway, &keeps(60)) && loss.hurts(&gateway, &keeps(45)));
        assert!(!loss.hurts(&gateway, &keeps(30)) && !loss.hurts(&gateway, &keeps(4)));
        assert!(loss.hurts(&gateway, &Pool::Unknown));
    }
}
