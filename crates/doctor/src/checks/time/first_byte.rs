//! Does the upstream begin its answer before the gateway gives up?
//!
//! Measures the time to the first byte, three times where it matters, against the gateway's own deadline. Three answers
//! after the same time are a timer, three that differ are work. An upstream that takes the request and never says a word
//! is told apart from a slow one by waiting longer than the gateway does. A slow upstream within its deadline is healthy.

use super::seconds;
use crate::observe::answer::{question, way_to};
use crate::observe::exchange::{Exchange, Way, exchange};
use crate::observe::host::Host;
use crate::{Case, Checked, Scheme, Upstream};
use std::pin::pin;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use torwart_cause::Cause;
use torwart_cause::finding::capacity::NO_ANSWER;
use torwart_cause::finding::time::{CLOSE_TO_DEADLINE, CONSTANT_DELAY, SLOWER_THAN_GATEWAY};
use torwart_cause::finding::{Finding, FindingKind, Fix, Hop, Said, Severity, Where, said};
use torwart_dialect::config::Fact;

/// Measures, and compares.
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

/// What the visitors see, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Good,
    /// A gateway's error, or nothing.
    Bad,
    /// It has not come yet either.
    Pending,
}

async fn one(case: &Case, upstream: &Upstream) -> Checked {
    if !case.reach(&upstream.address).await.is_connected() {
        return Checked::not_applicable();
    }
    let Some(way) = way_to(case, &upstream.address).await else { return Checked::not_applicable() };
    let gateway = case.gateway().await;
    let deadline =
        gateway.route_to(&upstream.address).and_then(|(route, _)| route.deadlines.first_byte.clone());
    if let Some(finding) = stopped(case, upstream).await {
        return Checked::found(vec![finding]);
    }
    // The visitors' own answer comes first: a small upstream should not be kept busy by us meanwhile.
    let _ = timeout(FRONT, case.front()).await;
    let (first, others) = match patient(case, &way, deadline.as_ref()).await {
        Waited::Ended(first, others) => (first, others),
        Waited::Silent(waited) => return silent(case, upstream, waited, deadline).await,
        Waited::Nothing => return Checked::not_applicable(),
    };
    match first.cause() {
        Some(_) if first.status().is_none() => Checked::not_applicable(),
        _ => answered(case, upstream, &way, &first, &others, deadline).await,
    }
}

/// On this host a process that was stopped needs no waiting: the kernel accepts in its name, and nobody reads.
async fn stopped(case: &Case, upstream: &Upstream) -> Option<Finding> {
    let host = case.host().await;
    let address = case.socket_address(&upstream.address).await.filter(|address| Host::owns(address.ip()))?;
    let holders: Vec<_> = host.listeners(address).flat_map(|row| host.holders(row.inode)).collect();
    let process = holders.first().filter(|_| holders.iter().all(|process| process.is_stopped))?;
    let place = Where::hop(Hop::Application).address(&upstream.address).name(&process.name);
    let fact = said("time-process-stopped").with("process", &process.name).with("pid", process.pid);
    let command = format!("ps -o stat=,args= -p {0}; kill -CONT {0}", process.pid);
    let finding = Finding::new(&NO_ANSWER, 96, place).proof_by(fact, command);
    // Another upstream may serve the visitors meanwhile.
    Some(if seen(case).await == Seen::Good { finding.severity(Severity::Warning) } else { finding })
}

/// What came of waiting.
enum Waited {
    /// The upstream answered, or ended the connection: the first request, and those that kept it company.
    Ended(Box<Exchange>, Vec<Exchange>),
    /// Three requests stayed without a byte, the first for this long.
    Silent(Duration),
    /// The budget is spent.
    Nothing,
}

/// Asks and waits: as long as the gateway would and some more, but no longer than it takes to be sure. A request that is
/// not answered soon gets company, so that three samples are there in the end.
async fn patient(case: &Case, way: &Way, deadline: Option<&Fact<Duration>>) -> Waited {
    let rest = case.left().saturating_sub(RESERVE);
    let sure = deadline.map_or(UNKNOWN, |fact| (fact.value * 3).clamp(SURE, LATEST));
    let enough =
        deadline.map_or(rest, |fact| (fact.value * 5 / 4 + Duration::from_secs(1)).max(sure)).min(rest);
    let host = case.question().url.authority();
    let question = question(case, &host, &[]);
    let mut asking = pin!(exchange(case, way, &question, enough));
    tokio::select! {
        biased;
        asked = &mut asking => return Waited::of(asked),
        () = sleep(ALONE.min(enough)) => {}
    }
    let later = enough.saturating_sub(ALONE);
    let others = (1..SAMPLES).map(|_| exchange(case, way, &question, later));
    let mut others = pin!(crate::together::together(others));
    let mut early = None;
    tokio::select! {
        biased;
        asked = &mut asking => return Waited::with(asked, others).await,
        done = &mut others => early = Some(done),
        () = sleep(sure.saturating_sub(ALONE).min(later)) => {}
    }
    // Once the gateway has given up, how much longer it would take does not matter to anybody.
    if early.is_none() && seen(case).await == Seen::Bad {
        return Waited::Silent(sure.min(enough));
    }
    let (first, others) = match early {
        Some(done) => (asking.await, done),
        None => tokio::join!(asking, others),
    };
    match first {
        Some(first) => Waited::judged(first, others.into_iter().flatten().collect()),
        None => Waited::Nothing,
    }
}

impl Waited {
    fn of(exchange: Option<Exchange>) -> Self {
        exchange.map_or(Self::Nothing, |exchange| Self::Ended(Box::new(exchange), Vec::new()))
    }

    /// The others began later: they are given that time, and some more.
    async fn with(first: Option<Exchange>, others: impl Future<Output = Vec<Option<Exchange>>>) -> Self {
        let Some(first) = first else { return Self::Nothing };
        let others = timeout(ALONE * 2, others).await.unwrap_or_default();
        Self::judged(first, others.into_iter().flatten().collect())
    }

    /// Not a byte in any of the samples is silence.
    fn judged(first: Exchange, others: Vec<Exchange>) -> Self {
        let is_silent = |it: &Exchange| it.cause() == Some(Cause::HeadTimedOut);
        let silent = others.iter().filter(|it| is_silent(it)).count() + usize::from(is_silent(&first));
        if is_silent(&first) && silent >= SAMPLES {
            Self::Silent(first.waited())
        } else {
            Self::Ended(Box::new(first), others)
        }
    }
}

async fn seen(case: &Case) -> Seen {
    let Ok(front) = timeout(SOON, case.front()).await else { return Seen::Pending };
    match front.worst() {
        None if front.has_good() => Seen::Good,
        Some(page) if page.exchange.status().is_some() => Seen::Bad,
        _ => Seen::Pending,
    }
}

/// No byte came: too slow for the gateway, or dumb.
async fn silent(
    case: &Case,
    upstream: &Upstream,
    waited: Duration,
    deadline: Option<Fact<Duration>>,
) -> Checked {
    let seen = seen(case).await;
    if seen == Seen::Good {
        return Checked::not_applicable();
    }
    let sure = if seen == Seen::Bad { 93 } else { 80 };
    let place = Where::hop(Hop::Application).address(&upstream.address);
    let fact = said("time-no-first-byte")
        .with("upstream", &upstream.address)
        .with("tries", SAMPLES)
        .with("seconds", seconds(waited));
    let mut finding = Finding::new(&NO_ANSWER, sure, place).proof_by(fact, curl(upstream, case));
    if let Some(connected) = case.reach(&upstream.address).await.connected() {
        let took = seconds(connected.took);
        finding =
            finding.proof(said("time-connected").with("upstream", &upstream.address).with("seconds", took));
    }
    if let Some(deadline) = deadline {
        finding = finding.proof(gateway_waits(&deadline));
    }
    Checked::found(vec![finding])
}

/// An answer came: how close was it?
async fn answered(
    case: &Case,
    upstream: &Upstream,
    way: &Way,
    first: &Exchange,
    others: &[Exchange],
    deadline: Option<Fact<Duration>>,
) -> Checked {
    let measured =
        said("time-first-byte").with("upstream", &upstream.address).with("seconds", seconds(first.waited()));
    let limit = deadline.as_ref().map(|fact| fact.value);
    let matters = first.waited() >= WORTH_A_LOOK || limit.is_some_and(|limit| first.waited() * 2 >= limit);
    if !matters {
        return Checked::fine().said(measured);
    }
    let host = case.question().url.authority();
    let question = question(case, &host, &[]);
    let mut times = vec![first.waited()];
    times.extend(others.iter().filter(|it| is_sample(it)).map(Exchange::waited));
    while times.len() < SAMPLES {
        let rest = case.left().saturating_sub(RESERVE);
        let enough =
            limit.map_or(rest, |limit| limit + Duration::from_millis(500)).max(first.waited() * 2).min(rest);
        let Some(again) = exchange(case, way, &question, enough).await.filter(is_sample) else { break };
        times.push(again.waited());
    }
    if times.len() < SAMPLES {
        return Checked::fine().said(measured);
    }
    times.sort();
    let (Some(&least), Some(&most)) = (times.first(), times.last()) else { return Checked::fine() };
    let tried = said("time-first-bytes")
        .with("upstream", &upstream.address)
        .with("times", times.iter().map(|time| seconds(*time)).collect::<Vec<_>>().join(", "));
    // What a visitor waited is the upstream's time too, without whatever our own requests add to it.
    let front = timeout(SOON, case.front()).await.ok();
    let visited = front.iter().flat_map(|front| &front.pages).filter(|page| !page.is_wrong());
    let least = visited.map(|page| page.exchange.waited()).fold(least, Duration::min);
    let mut findings = Vec::new();
    if let Some(deadline) = &deadline {
        let kind = if least >= deadline.value {
            Some((&SLOWER_THAN_GATEWAY, 95))
        } else if most * 5 >= deadline.value * 4 && least * 2 >= deadline.value {
            Some((&CLOSE_TO_DEADLINE, 85))
        } else {
            None
        };
        if let Some((kind, sure)) = kind {
            findings.push(late(case, upstream, kind, sure, &tried, deadline).await);
        }
    }
    if least >= Duration::from_secs(1) && is_timer(least, most) {
        let place = Where::hop(Hop::Application).address(&upstream.address);
        let finding = Finding::new(&CONSTANT_DELAY, 80, place).proof_by(tried, curl(upstream, case));
        findings.push(
            finding.proof(said("time-constant").with("spread", most.saturating_sub(least).as_millis())),
        );
    }
    Checked::found(findings).said(measured)
}

async fn late(
    case: &Case,
    upstream: &Upstream,
    kind: &'static FindingKind,
    sure: u8,
    tried: &Said,
    deadline: &Fact<Duration>,
) -> Finding {
    let mut place = Where::hop(Hop::Application).address(&upstream.address);
    if let Some(at) = &deadline.at {
        place = place.file(at.file.display(), at.line);
    }
    let mut finding = Finding::new(kind, sure, place)
        .proof_by(tried.clone(), curl(upstream, case))
        .proof(gateway_waits(deadline));
    if *kind == SLOWER_THAN_GATEWAY {
        match seen(case).await {
            Seen::Good => finding = finding.severity(Severity::Info),
            Seen::Bad => finding = finding.proof(said("time-gateway-gave-up")),
            Seen::Pending => {}
        }
    }
    let file = deadline.at.as_ref().map(|at| (at.file.display().to_string(), at.line));
    let gateway = case.gateway().await;
    let product = gateway.product().map(|product| product.name().to_owned());
    let (Some(file), Some(product)) = (file, product) else { return finding };
    let value = Duration::from_secs(deadline.value.as_secs().max(1) * 4);
    let after = with_seconds(&deadline.written, value);
    finding.fix(Fix {
        product: Some(product),
        file: Some(file),
        before: Some(deadline.written.clone()),
        after,
    })
}

/// The directive with another time: its last word that holds a digit is replaced.
fn with_seconds(written: &str, time: Duration) -> String {
    let is_time = |word: &&str| word.starts_with(|first: char| first.is_ascii_digit());
    let Some(old) = written.split_ascii_whitespace().rfind(is_time) else { return written.to_owned() };
    let end = if old.ends_with(';') { ";" } else { "" };
    written.replace(old, &format!("{}s{end}", time.as_secs()))
}

fn gateway_waits(deadline: &Fact<Duration>) -> Said {
    said(if deadline.is_default { "time-gateway-waits-default" } else { "time-gateway-waits" })
        .with("seconds", seconds(deadline.value))
        .with("written", &deadline.written)
}

/// An answer, or a wait that was given up: that proves as much as it lasted.
fn is_sample(exchange: &Exchange) -> bool {
    exchange.status().is_some() || exchange.cause() == Some(Cause::HeadTimedOut)
}

/// Three times within three percent, or twenty milliseconds, of each other.
fn is_timer(least: Duration, most: Duration) -> bool {
    most.saturating_sub(least) <= (least * 3 / 100).max(Duration::from_millis(20))
}

fn curl(upstream: &Upstream, case: &Case) -> String {
    let host = case.question().url.authority();
    let target = &case.question().url.target;
    let format = "-so /dev/null -w '%{time_connect} %{time_starttransfer}\\n'";
    match &upstream.address.place {
        crate::Place::Unix(path) => {
            format!("curl {format} --unix-socket {} http://{host}{target}", path.display())
        }
        _ => format!("curl {format} -k -H 'Host: {host}' '{}{target}'", upstream.address),
    }
}

/// How many upstreams are measured.
const MOST: usize = 2;
/// A claim about time needs three.
const SAMPLES: usize = 3;
/// An upstream that has said nothing for three times its gateway's deadline is more than slow; at least and at most this.
const SURE: Duration = Duration::from_secs(6);
const LATEST: Duration = Duration::from_secs(15);
/// The same where the deadline is not known.
const UNKNOWN: Duration = Duration::from_secs(10);
/// How long the first request waits alone.
const ALONE: Duration = Duration::from_secs(2);
/// How long the visitors' own answer is waited for first.
const FRONT: Duration = Duration::from_millis(1500);
/// How long we wait for the site's own answer before we call it pending.
const SOON: Duration = Duration::from_millis(200);
/// Below this time nobody has to wait.
const WORTH_A_LOOK: Duration = Duration::from_millis(900);
/// Left for those who conclude something from it.
const RESERVE: Duration = Duration::from_millis(2500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_equal_times_are_a_timer() {
        let ms = Duration::from_millis;
        assert!(is_timer(ms(5002), ms(5011)));
        assert!(is_timer(ms(5000), ms(5150)));
        assert!(!is_timer(ms(1200), ms(1900)));
    }

    #[test]
    fn a_longer_time_keeps_the_directive() {
        let time = Duration::from_secs(8);
        assert_eq!(with_seconds("proxy_read_timeout 2s;", time), "proxy_read_timeout 8s;");
        assert_eq!(with_seconds("timeout server 2000", time), "timeout server 8s");
        assert_eq!(with_seconds("ProxyTimeout", time), "ProxyTimeout");
    }
}
