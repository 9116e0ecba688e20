//! Putting together the lines that one request left.
//!
//! An access line says what the client got, an error line says why. They belong together if they are of one
//! connection, or of one client and request line, and near in time: an error line is written while the request lives,
//! an access line when it ends, or it carries the time when the request began.

use super::{LogLine, Stamp, steps};
use crate::Product;
use crate::config::LogKind;
use std::collections::HashMap;
use torwart_cause::{Attempt, Evidence, Step, Verdict, diagnose};

/// The lines of one request, by their places in the slice given.
#[derive(Debug, Clone, PartialEq)]
pub struct Joined {
    /// The access line, where there is one.
    pub access: Option<usize>,
    /// The error lines, in order.
    pub errors: Vec<usize>,
    /// All that they tell of the exchange together; nothing where none is about an exchange.
    pub evidence: Option<Evidence>,
}

impl Joined {
    /// What follows from all lines together.
    pub fn verdict(&self) -> Option<Verdict> {
        self.evidence.as_ref().map(diagnose)
    }
}

/// Pairs the lines of one product's logs that belong to one request. `local_offset` (seconds east of UTC) is the zone
/// of lines that do not say theirs. Lines are taken in the order given; those of one log must stand in theirs.
pub fn join(lines: &[LogLine], local_offset: i32) -> Vec<Joined> {
    let mut waiting: HashMap<Key, Vec<(i64, usize)>> = HashMap::new();
    for (place, line) in lines.iter().enumerate().filter(|(_, line)| line.kind == LogKind::Error) {
        let time = utc(line, local_offset).unwrap_or_default();
        for key in keys(line) {
            waiting.entry(key).or_default().push((time, place));
        }
    }
    waiting.values_mut().for_each(|errors| errors.sort_unstable());
    let mut taken = vec![false; lines.len()];
    let mut joined = Vec::new();
    for (place, line) in lines.iter().enumerate().filter(|(_, line)| line.kind == LogKind::Access) {
        let mut errors: Vec<usize> = keys(line)
            .iter()
            .filter_map(|key| waiting.get(key))
            .flat_map(|errors| in_time(line, errors, local_offset))
            .map(|(_, error)| *error)
            .filter(|error| !is_taken(&taken, *error))
            .filter(|error| lines.get(*error).is_some_and(|error| belongs(line, error)))
            .take(MOST)
            .collect();
        errors.sort_unstable();
        errors.dedup();
        keep_one_request(lines, &mut errors, line.tries.len(), local_offset);
        with_siblings(lines, &taken, &mut errors, local_offset);
        mark(&mut taken, &errors);
        joined.push(combine(lines, Some(place), errors));
    }
    let mut rest: Vec<usize> = (0..lines.len())
        .filter(|place| {
            !is_taken(&taken, *place) && lines.get(*place).is_some_and(|line| line.kind == LogKind::Error)
        })
        .collect();
    rest.reverse();
    while let Some(place) = rest.pop() {
        if is_taken(&taken, place) {
            continue;
        }
        let mut errors = vec![place];
        with_siblings(lines, &taken, &mut errors, local_offset);
        mark(&mut taken, &errors);
        joined.push(combine(lines, None, errors));
    }
    joined
}

/// What can be looked up: an id is surest, then the request line.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Id(String),
    Request(String, String),
    Client(String),
}

fn keys(line: &LogLine) -> Vec<Key> {
    let request = &line.request;
    let mut keys = Vec::new();
    keys.extend(request.id.clone().map(Key::Id));
    if let Some(path) = &request.path {
        keys.push(Key::Request(request.method.clone().unwrap_or_default(), path.clone()));
        keys.push(Key::Request(String::new(), without_query(path).to_owned()));
    } else if line.kind == LogKind::Error {
        keys.extend(request.client.clone().map(Key::Client));
    }
    if line.kind == LogKind::Access {
        keys.extend(request.client.clone().map(Key::Client));
    }
    keys
}

fn without_query(path: &str) -> &str {
    path.split('?').next().unwrap_or(path)
}

/// The error line, near in time, can be of the access line's request.
fn belongs(access: &LogLine, error: &LogLine) -> bool {
    if access.request.id.is_some() && access.request.id == error.request.id {
        return true;
    }
    let same =
        |one: &Option<String>, other: &Option<String>| one.is_none() || other.is_none() || one == other;
    let failed = access.answer.status.is_none_or(|status| status >= 400) || error.request.path.is_some();
    same(&access.request.client, &error.request.client)
        && same(&access.request.method, &error.request.method)
        && failed
}

/// The errors, sorted by time, that are near enough to the access line. It carries its end (nginx) or its beginning
/// (Apache): either way the trouble is within one duration.
fn in_time<'a>(access: &LogLine, errors: &'a [(i64, usize)], local_offset: i32) -> &'a [(i64, usize)] {
    let Some(at) = utc(access, local_offset) else { return errors };
    let total = access.answer.total.and_then(|total| i64::try_from(total.as_micros()).ok());
    let span = total.unwrap_or(UNKNOWN_SPAN).saturating_add(CLOCK_STEP);
    let from = errors.partition_point(|(time, _)| *time < at.saturating_sub(span));
    let to = errors.partition_point(|(time, _)| *time <= at.saturating_add(span));
    errors.get(from..to).unwrap_or_default()
}

/// Several requests of one client may have failed alike: only the first of them is this one. No gateway tries an
/// upstream twice for one request, so where the attempts are not counted, a repeated upstream is another request's.
fn keep_one_request(lines: &[LogLine], errors: &mut Vec<usize>, tries: usize, local_offset: i32) {
    let Some(first) = errors.first().and_then(|place| lines.get(*place)) else { return };
    let mut seen: Vec<Option<&str>> = Vec::new();
    let mut is_over = false;
    errors.retain(|place| {
        let Some(line) = lines.get(*place) else { return false };
        if line.request.connection != first.request.connection
            || !is_near(first, line, local_offset)
            || is_over
        {
            return false;
        }
        if line.product != Product::Apache && line.evidence.is_some() {
            is_over = if tries > 0 { seen.len() >= tries } else { seen.contains(&line.upstream()) };
            seen.push(line.upstream());
        }
        !is_over
    });
}

/// So near in time that both can be of one request. Apache writes all at its end, nginx each attempt when it fails.
fn is_near(one: &LogLine, other: &LogLine, local_offset: i32) -> bool {
    let most = if one.product == Product::Apache { SAME_MOMENT } else { UNKNOWN_SPAN };
    match (utc(one, local_offset), utc(other, local_offset)) {
        (Some(one), Some(other)) => (one - other).abs() <= most,
        _ => true,
    }
}

/// Remarks of the same connection, and other lines of Apache's at the same moment, belong to the same request.
fn with_siblings(lines: &[LogLine], taken: &[bool], errors: &mut Vec<usize>, local_offset: i32) {
    let Some(first) = errors.first().copied() else { return };
    let Some(found) = lines.get(first) else { return };
    if found.request.connection.is_none() {
        return;
    }
    for place in first.saturating_sub(NEIGHBOURS)..lines.len().min(first + NEIGHBOURS) {
        let Some(line) = lines.get(place) else { continue };
        let is_of_it = line.kind == LogKind::Error
            && line.request.connection == found.request.connection
            && (line.product == Product::Apache || line.evidence.is_none())
            && (line.request.path.is_none() || line.request.path == found.request.path);
        if is_of_it && !is_taken(taken, place) && is_near(found, line, local_offset) {
            errors.push(place);
        }
    }
    errors.sort_unstable();
    errors.dedup();
}

fn utc(line: &LogLine, local_offset: i32) -> Option<i64> {
    line.time.map(|time: Stamp| time.utc_micros(local_offset))
}

fn is_taken(taken: &[bool], place: usize) -> bool {
    taken.get(place).copied().unwrap_or(true)
}

fn mark(taken: &mut [bool], places: &[usize]) {
    for place in places {
        if let Some(mark) = taken.get_mut(*place) {
            *mark = true;
        }
    }
}

/// The error lines tell more than the access line, the one that names an ending more than the others.
fn combine(lines: &[LogLine], access: Option<usize>, errors: Vec<usize>) -> Joined {
    let told = |place: &usize| lines.get(*place).and_then(|line| line.evidence.as_ref());
    let mut evidence = access.as_ref().and_then(told).cloned();
    // Which attempts an error line has spoken of: each line is about one.
    let mut spoken_of = vec![false; evidence.as_ref().map_or(0, |evidence| evidence.attempts.len())];
    for place in &errors {
        let Some(more) = told(place) else { continue };
        evidence = Some(match evidence {
            Some(known) => merge(known, more, &mut spoken_of),
            None => {
                spoken_of = vec![true; more.attempts.len()];
                more.clone()
            }
        });
    }
    let status = access.and_then(|place| lines.get(place)).and_then(|line| line.answer.status);
    if let Some(evidence) = &mut evidence {
        note_success(evidence, status);
    }
    Joined { access, errors, evidence }
}

/// A request that was answered well after an attempt that failed was tried once more, though no line says where.
fn note_success(evidence: &mut Evidence, status: Option<u16>) {
    let Some(status) = status.filter(|status| (200..400).contains(status)) else { return };
    let failed_early =
        |attempt: &Attempt| attempt.status.is_none() && has_ending(attempt) && !attempt.body.is_failed();
    if evidence.attempts.last().is_some_and(failed_early) {
        let mut attempt = steps::unseen("");
        steps::answered(&mut attempt, status, None);
        evidence.attempts.push(attempt);
    }
}

/// What both know together: steps that one does not know are taken from the other.
fn merge(mut known: Evidence, more: &Evidence, spoken_of: &mut Vec<bool>) -> Evidence {
    for (step, other) in [
        (&mut known.client.handshake, &more.client.handshake),
        (&mut known.client.head, &more.client.head),
        (&mut known.client.body, &more.client.body),
        (&mut known.client.answer, &more.client.answer),
        (&mut known.local.route, &more.local.route),
        (&mut known.local.guard, &more.local.guard),
        (&mut known.local.admit, &more.local.admit),
        (&mut known.local.pick, &more.local.pick),
    ] {
        if other.is_failed() {
            *step = other.clone();
        }
    }
    for attempt in &more.attempts {
        let mut free = known.attempts.iter_mut().zip(spoken_of.iter_mut());
        if let Some((mine, spoken_of)) = free.find(|(mine, spoken_of)| is_same(mine, attempt, **spoken_of)) {
            merge_attempt(mine, attempt);
            *spoken_of = true;
        } else if known.attempts.iter().all(|mine| mine.upstream.is_empty()) {
            known.attempts = vec![attempt.clone()];
            *spoken_of = vec![true];
        } else {
            // Another attempt than those known: errors stand in the order in which attempts failed.
            let place = spoken_of.iter().rposition(|spoken_of| *spoken_of).map_or(0, |last| last + 1);
            known.attempts.insert(place, attempt.clone());
            spoken_of.insert(place, true);
        }
    }
    // Where the gateway chose no upstream, the attempt that nobody saw was none.
    if more.attempts.is_empty() && more.local.pick.is_failed() {
        known.attempts.retain(|attempt| !attempt.upstream.is_empty() && attempt.status.is_some());
    }
    if more.attempts.is_empty() && (more.client.body.is_failed() || more.client.head.is_failed()) {
        known.attempts.retain(|attempt| !attempt.upstream.is_empty());
    }
    known
}

/// The same attempt: the same upstream, one that did not answer well. One that an error line has spoken of already is
/// the same only where that line could not say how it ended.
fn is_same(mine: &Attempt, other: &Attempt, is_spoken_of: bool) -> bool {
    let is_open = mine.status.is_none_or(|status| status >= 500 || other.body.is_failed());
    let is_named_alike = mine.upstream.is_empty()
        || other.upstream.is_empty()
        || mine.upstream == other.upstream
        || (mine.address.is_some() && mine.address == other.address)
        || (mine.address.is_none() != other.address.is_none());
    is_open && is_named_alike && (!is_spoken_of || !has_ending(mine) || !has_ending(other))
}

fn has_ending(attempt: &Attempt) -> bool {
    [&attempt.resolve, &attempt.connect, &attempt.handshake, &attempt.send, &attempt.head, &attempt.body]
        .into_iter()
        .any(Step::is_failed)
}

fn merge_attempt(mine: &mut Attempt, other: &Attempt) {
    if mine.upstream.is_empty() {
        mine.upstream = other.upstream.clone();
    }
    if mine.address.is_none() {
        mine.address = other.address.clone();
    }
    let fails = has_ending(other);
    if fails && mine.status.is_none_or(|status| status >= 500) && other.body.ending().is_none() {
        // The status beside a failed attempt is the gateway's own.
        mine.status = other.status;
    }
    for (step, told) in [
        (&mut mine.resolve, &other.resolve),
        (&mut mine.connect, &other.connect),
        (&mut mine.handshake, &other.handshake),
        (&mut mine.send, &other.send),
        (&mut mine.head, &other.head),
        (&mut mine.body, &other.body),
    ] {
        match (&step, told) {
            // The access line measured how long it took, the error line says how it ended.
            (Step::Failed { after, .. }, Step::Failed { ending, after: told }) => {
                let after = (*after).max(*told);
                *step = Step::Failed { ending: *ending, after };
            }
            (Step::Failed { .. }, _) => {}
            (_, Step::Failed { .. }) => *step = told.clone(),
            (Step::Unknown, told) => *step = told.clone(),
            (Step::Done { .. }, Step::NotReached) if fails => *step = Step::NotReached,
            _ => {}
        }
    }
    mine.received = mine.received.max(other.received);
    mine.is_reused |= other.is_reused;
}

/// Logs write whole seconds, and not in the same moment.
const CLOCK_STEP: i64 = 2_000_000;

/// How long a request may have lasted whose access line does not say.
const UNKNOWN_SPAN: i64 = 75_000_000;

/// Error lines looked at for one access line.
const MOST: usize = 64;

/// Lines that Apache writes of one request stand this near to each other.
const SAME_MOMENT: i64 = 50_000;

/// Lines around an error line in which others of its request are looked for.
const NEIGHBOURS: usize = 12;
