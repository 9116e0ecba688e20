//! HAProxy's termination states: who ended the stream, in which phase, and what became of the cookie.

use super::super::steps;
use std::time::Duration;
use torwart_cause::{By, Deadline, Decision, Ending, Evidence, Fault, Malformation, Stage, Step};

/// The sentences for a termination state (`SH--`), as keys of the texts: what happened, then what the cookie's two
/// letters say. Unknown letters have none.
pub fn explain_flags(flags: &str) -> Vec<&'static str> {
    let letters: Vec<char> = flags.chars().take(4).collect();
    let mut keys = Vec::new();
    match sentence(flags) {
        Some(key) => keys.push(key),
        None => {
            keys.extend(letters.first().and_then(|letter| key_of(WHO, *letter)));
            keys.extend(letters.get(1).and_then(|letter| key_of(PHASE, *letter)));
        }
    }
    keys.extend(letters.get(2).and_then(|letter| key_of(COOKIE_SENT, *letter)));
    keys.extend(letters.get(3).and_then(|letter| key_of(COOKIE_SET, *letter)));
    keys
}

/// The sentence for the first two letters together, where the manual has one.
pub(super) fn sentence(flags: &str) -> Option<&'static str> {
    let pair = flags.get(..2)?;
    PAIRS.iter().find(|(letters, _)| *letters == pair).map(|(_, key)| *key)
}

fn key_of(table: &[(char, &'static str)], letter: char) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == letter).map(|(_, key)| *key)
}

/// What a line tells of its exchange.
pub(super) struct Exchange<'a> {
    pub(super) flags: &'a str,
    pub(super) status: Option<u16>,
    /// `backend/server`; nothing where no server was chosen.
    pub(super) upstream: Option<String>,
    /// The backend is the frontend itself, and no request was taken apart: no rule chose a backend.
    pub(super) is_without_backend: bool,
    pub(super) connect: Option<Duration>,
    pub(super) response: Option<Duration>,
    pub(super) total: Option<Duration>,
}

/// What was observed.
pub(super) fn evidence_of(exchange: &Exchange<'_>) -> Evidence {
    let mut letters = exchange.flags.chars();
    let (who, phase) = (letters.next().unwrap_or('-'), letters.next().unwrap_or('-'));
    match (who, phase) {
        ('I', _) => of_pick(Ending::Panicked),
        ('-', _) | ('L', _) => ended_well(exchange, who),
        (_, 'R' | 'T') => before_server(exchange, who, phase),
        (_, 'Q') => match who {
            'C' | 'c' => of_pick(Ending::Cancelled(By::Client)),
            's' => of_pick(Ending::TimedOut(Deadline::Queue)),
            'R' => of_pick(Ending::ResourcesSpent),
            _ => steps::of_status(exchange.status),
        },
        _ => with_server(exchange, who, phase),
    }
}

fn of_pick(ending: Ending) -> Evidence {
    let mut evidence = Evidence::default();
    evidence.local.pick = steps::failed(ending, None);
    evidence
}

fn ended_well(exchange: &Exchange<'_>, who: char) -> Evidence {
    let Some(upstream) = exchange.upstream.as_deref().filter(|_| who == '-') else {
        return Evidence::default();
    };
    let mut attempt = steps::unseen(upstream);
    note_connect(&mut attempt, exchange);
    match exchange.status {
        Some(status) => steps::answered(&mut attempt, status, exchange.response),
        None => {
            attempt = torwart_cause::Attempt { connect: attempt.connect, ..torwart_cause::Attempt::default() }
        }
    }
    if exchange.status.is_none() && attempt.connect == Step::Unknown {
        // A finished TCP session: it had stood, how long its beginning took is not told.
        attempt.connect = Step::NotReached;
    }
    steps::of(attempt)
}

/// The client's request was not there yet, or was refused.
fn before_server(exchange: &Exchange<'_>, who: char, phase: char) -> Evidence {
    let mut evidence = Evidence::default();
    let decided = |decision| steps::failed(Ending::Decided(decision), None);
    match (who, exchange.status) {
        ('C', _) if phase == 'T' => evidence.local.guard = decided(Decision::Deny),
        ('C', _) => evidence.client.head = steps::failed(Ending::Closed, exchange.total),
        ('c', _) => {
            evidence.client.head = steps::failed(Ending::TimedOut(Deadline::ClientHead), exchange.total)
        }
        ('P', Some(400)) => {
            let fault = Fault { what: Malformation::BadTarget, at: 0 };
            evidence.client.head = steps::failed(Ending::Malformed(fault), None);
        }
        ('P', Some(429)) => evidence.local.guard = decided(Decision::RateLimit),
        ('P', Some(500)) if phase == 'R' => evidence.local.guard = decided(Decision::Misconfigured),
        ('P', _) => evidence.local.guard = decided(Decision::Deny),
        ('R', _) => evidence.local.admit = steps::failed(Ending::ResourcesSpent, None),
        ('K' | 'U' | 'D', _) => evidence.local.admit = decided(Decision::Draining),
        _ => return steps::of_status(exchange.status),
    }
    evidence
}

fn with_server(exchange: &Exchange<'_>, who: char, phase: char) -> Evidence {
    let Some(upstream) = exchange.upstream.as_deref() else {
        // No server at all: every one is down, unless the client left first.
        return match who {
            'C' | 'c' => of_pick(Ending::Cancelled(By::Client)),
            'R' => of_pick(Ending::ResourcesSpent),
            'S' | 's' if exchange.is_without_backend => {
                let mut evidence = Evidence::default();
                evidence.local.route = steps::failed(Ending::Decided(Decision::NoRoute), None);
                evidence
            }
            'S' | 's' => of_pick(Ending::Decided(Decision::AllDown)),
            _ => steps::of_status(exchange.status),
        };
    };
    let mut evidence = steps::of(steps::unseen(upstream));
    let Some(attempt) = evidence.attempts.first_mut() else { return evidence };
    let stage = match phase {
        'C' => Stage::Connect,
        'H' => Stage::Head,
        _ => Stage::Body,
    };
    if stage > Stage::Connect {
        note_connect(attempt, exchange);
    }
    if stage == Stage::Body {
        if let Some(status) = exchange.status {
            steps::answered(attempt, status, exchange.response);
        }
        attempt.received = 1;
    }
    let after = time_in(exchange, stage);
    match (who, stage) {
        ('C', Stage::Body) => evidence.client.answer = steps::failed(Ending::Cancelled(By::Client), after),
        ('c', Stage::Body) => {
            evidence.client.answer = steps::failed(Ending::TimedOut(Deadline::ClientWrite), after);
        }
        ('c', Stage::Head) => {
            evidence.client.body = steps::failed(Ending::TimedOut(Deadline::ClientBody), after)
        }
        ('C' | 'c', stage) => steps::fail(attempt, stage, Ending::Cancelled(By::Client), after),
        ('R', stage) => steps::fail(attempt, stage, Ending::ResourcesSpent, after),
        ('P', Stage::Connect) => steps::fail(attempt, Stage::Connect, Ending::ResourcesSpent, after),
        ('P', Stage::Body) => {
            let fault = Fault { what: Malformation::BadChunkSize, at: 0 };
            steps::fail(attempt, Stage::Body, Ending::Malformed(fault), after);
        }
        ('s', Stage::Connect) => steps::fail(attempt, stage, Ending::TimedOut(Deadline::Connect), after),
        ('s', Stage::Head) => steps::fail(attempt, stage, Ending::TimedOut(Deadline::FirstByte), after),
        ('s', _) => steps::fail(attempt, Stage::Body, Ending::TimedOut(Deadline::BetweenBytes), after),
        ('S', Stage::Head) => {
            // A FIN or a reset: it is not told. With the connection unknown the verdict stays a likely one.
            attempt.connect = Step::Unknown;
            steps::fail(attempt, stage, Ending::Closed, after);
        }
        ('S', Stage::Body) => steps::fail(attempt, stage, Ending::Closed, after),
        ('D', _) => steps::fail(attempt, stage, Ending::Decided(Decision::AllDown), after),
        ('K' | 'U', _) => steps::fail(attempt, stage, Ending::Decided(Decision::Draining), after),
        // Refused, unroutable, or a failed handshake.
        (_, Stage::Connect) => steps::end_before(attempt, Stage::Handshake),
        // An answer that broke some rule.
        (_, stage) => steps::end_before(attempt, stage),
    }
    evidence
}

/// A connection that took a while was made for this request; zero may be one that was kept.
fn note_connect(attempt: &mut torwart_cause::Attempt, exchange: &Exchange<'_>) {
    if let Some(took) = exchange.connect.filter(|took| !took.is_zero()) {
        attempt.connect = Step::Done { took };
    }
}

/// How long the stage that ended the exchange had lasted.
fn time_in(exchange: &Exchange<'_>, stage: Stage) -> Option<Duration> {
    let total = exchange.total?;
    let before = match stage {
        Stage::Connect => Duration::ZERO,
        Stage::Head => exchange.connect.unwrap_or_default(),
        _ => exchange.connect.unwrap_or_default() + exchange.response.unwrap_or_default(),
    };
    Some(total.saturating_sub(before))
}

const PAIRS: &[(&str, &str)] = &[
    ("--", "gateway-haproxy-normal"),
    ("CC", "gateway-haproxy-client-left-connecting"),
    ("CD", "gateway-haproxy-client-left-data"),
    ("cD", "gateway-haproxy-client-stalled-data"),
    ("CH", "gateway-haproxy-client-left-waiting"),
    ("cH", "gateway-haproxy-client-stalled-body"),
    ("CQ", "gateway-haproxy-client-left-queue"),
    ("CR", "gateway-haproxy-client-left-request"),
    ("cR", "gateway-haproxy-client-slow-request"),
    ("CT", "gateway-haproxy-client-left-tarpit"),
    ("LC", "gateway-haproxy-redirected"),
    ("LR", "gateway-haproxy-answered-itself"),
    ("LH", "gateway-haproxy-answer-replaced"),
    ("SC", "gateway-haproxy-server-refused"),
    ("sC", "gateway-haproxy-connect-timeout"),
    ("SD", "gateway-haproxy-server-cut-data"),
    ("sD", "gateway-haproxy-server-stalled-data"),
    ("SH", "gateway-haproxy-server-cut-head"),
    ("sH", "gateway-haproxy-server-head-timeout"),
    ("sQ", "gateway-haproxy-queue-timeout"),
    ("PC", "gateway-haproxy-socket-limit"),
    ("PD", "gateway-haproxy-chunk-blocked"),
    ("PH", "gateway-haproxy-answer-blocked"),
    ("PR", "gateway-haproxy-request-blocked"),
    ("PT", "gateway-haproxy-tarpitted"),
    ("RC", "gateway-haproxy-resource-spent"),
];

const WHO: &[(char, &str)] = &[
    ('C', "gateway-haproxy-who-client"),
    ('S', "gateway-haproxy-who-server"),
    ('P', "gateway-haproxy-who-proxy"),
    ('L', "gateway-haproxy-who-local"),
    ('R', "gateway-haproxy-who-resource"),
    ('I', "gateway-haproxy-who-internal"),
    ('D', "gateway-haproxy-who-down"),
    ('U', "gateway-haproxy-who-up"),
    ('K', "gateway-haproxy-who-admin"),
    ('c', "gateway-haproxy-who-client-timeout"),
    ('s', "gateway-haproxy-who-server-timeout"),
];

const PHASE: &[(char, &str)] = &[
    ('R', "gateway-haproxy-phase-request"),
    ('Q', "gateway-haproxy-phase-queue"),
    ('C', "gateway-haproxy-phase-connect"),
    ('H', "gateway-haproxy-phase-head"),
    ('D', "gateway-haproxy-phase-data"),
    ('L', "gateway-haproxy-phase-last"),
    ('T', "gateway-haproxy-phase-tarpit"),
];

const COOKIE_SENT: &[(char, &str)] = &[
    ('N', "gateway-haproxy-cookie-none"),
    ('I', "gateway-haproxy-cookie-invalid"),
    ('D', "gateway-haproxy-cookie-down"),
    ('V', "gateway-haproxy-cookie-valid"),
    ('E', "gateway-haproxy-cookie-expired"),
    ('O', "gateway-haproxy-cookie-old"),
    ('U', "gateway-haproxy-cookie-unused"),
];

const COOKIE_SET: &[(char, &str)] = &[
    ('N', "gateway-haproxy-set-none"),
    ('I', "gateway-haproxy-set-inserted"),
    ('U', "gateway-haproxy-set-updated"),
    ('P', "gateway-haproxy-set-provided"),
    ('R', "gateway-haproxy-set-rewritten"),
    ('D', "gateway-haproxy-set-deleted"),
];
