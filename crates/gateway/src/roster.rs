//! The upstreams of each pool while the gateway runs: how each fares, and changes an operator makes without the file.
//!
//! An upstream can be drained (it gets no new requests, running ones end), added and removed. Such a change holds until it
//! is undone or the process ends, also across reloads: whoever takes a server out does not want it back because a
//! certificate was renewed. The file is the other word: what it does not list any more cannot be drained or removed, and
//! what it lists was not added.

use crate::clock::Moment;
use crate::control::Control;
use crate::snapshot::Snapshot;
use crate::upstream::{Health, Upstream};
use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use torwart_cause::Cause;
use torwart_config::Plan;
use torwart_config::plan::{self, ListenAddress, Scheme};

/// The handle for whoever looks at upstreams and changes which are used. It may outlive the gateway; then it changes
/// nothing that matters.
#[derive(Clone)]
pub struct Roster {
    control: Arc<Control>,
}

/// A pool as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolStatus {
    /// Its name.
    pub name: Arc<str>,
    /// Its upstreams, those that are drained included.
    pub upstreams: Vec<UpstreamStatus>,
    /// The upstreams of the file that were removed at run time.
    pub removed: Vec<Arc<str>>,
}

/// An upstream as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct UpstreamStatus {
    /// Its name in records and metrics.
    pub label: Arc<str>,
    /// Whether it gets requests.
    pub condition: Condition,
    /// Whether it was added at run time.
    pub is_added: bool,
    /// Whether active checks say that it is well; none while they say nothing.
    pub is_healthy: Option<bool>,
    /// Exchanges under way.
    pub in_flight: u32,
    /// How long its answers take to begin; none while that is unknown.
    pub latency: Option<Duration>,
    /// Failed attempts in a row.
    pub failures: u32,
    /// How often it was ejected, less what was forgiven since.
    pub ejections: u32,
}

/// Whether an upstream gets requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It does.
    Up,
    /// Active checks say that it is not well, because of this.
    Down(Cause),
    /// Its attempts failed because of this; it is left out for so long.
    Ejected(Cause, Duration),
    /// An operator took it out.
    Drained,
}

/// Why a change is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeProblem {
    /// There is no such pool.
    NoPool,
    /// The pool has no such upstream.
    NoUpstream,
    /// The pool has it already.
    Known,
    /// It is the last one of its pool.
    Last,
    /// The text names no upstream, or one of another kind than its pool has.
    Unfit(String),
    /// Its TLS cannot be set up.
    Tls(String),
}

impl Condition {
    /// A word for programs.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down(_) => "down",
            Self::Ejected(..) => "ejected",
            Self::Drained => "drained",
        }
    }

    /// Why it is not up, where a cause is the reason.
    #[must_use]
    pub const fn cause(self) -> Option<Cause> {
        match self {
            Self::Up | Self::Drained => None,
            Self::Down(cause) | Self::Ejected(cause, _) => Some(cause),
        }
    }
}

impl fmt::Display for ChangeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPool => f.write_str("there is no such pool"),
            Self::NoUpstream => f.write_str("the pool has no such upstream"),
            Self::Known => f.write_str("the pool has this upstream already"),
            Self::Last => f.write_str("it is the last upstream of its pool"),
            Self::Unfit(why) | Self::Tls(why) => f.write_str(why),
        }
    }
}

impl fmt::Debug for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roster").finish_non_exhaustive()
    }
}

impl Roster {
    pub(crate) const fn new(control: Arc<Control>) -> Self {
        Self { control }
    }

    /// All pools and their upstreams.
    #[must_use]
    pub fn pools(&self) -> Vec<PoolStatus> {
        let snapshot = self.control.shared.snapshot.load_full();
        let changes = self.control.changes();
        let now = Moment::now();
        let pools = snapshot.plan.pools.iter().enumerate();
        let pool = |(index, pool): (usize, &plan::Pool)| PoolStatus {
            name: Arc::clone(&pool.name),
            upstreams: snapshot
                .all_of(index)
                .map(|upstream| status(upstream, &pool.name, &changes, now))
                .collect(),
            removed: changes.removed_of(&pool.name),
        };
        pools.map(pool).collect()
    }

    /// Gives an upstream no new requests; running ones end by themselves.
    ///
    /// # Errors
    /// Where there is no such upstream.
    pub fn drain(&self, pool: &str, upstream: &str) -> Result<(), ChangeProblem> {
        self.change("drained", pool, upstream, |changes, snapshot| {
            known(snapshot, pool, upstream)?;
            changes.drained.insert(member(pool, upstream));
            Ok(())
        })
    }

    /// Gives a drained upstream requests again.
    ///
    /// # Errors
    /// Where it was not drained.
    pub fn undrain(&self, pool: &str, upstream: &str) -> Result<(), ChangeProblem> {
        self.change("undrained", pool, upstream, |changes, snapshot| {
            known(snapshot, pool, upstream)?;
            changes.drained.remove(&member(pool, upstream));
            Ok(())
        })
    }

    /// Adds an upstream to a pool, or one again that was removed.
    ///
    /// # Errors
    /// Where that is not possible.
    pub fn add(&self, pool: &str, upstream: &str) -> Result<(), ChangeProblem> {
        self.change("added", pool, upstream, |changes, snapshot| changes.add(&snapshot.plan, pool, upstream))
    }

    /// Removes an upstream from its pool; running requests end by themselves.
    ///
    /// # Errors
    /// Where there is no such upstream, or no other.
    pub fn remove(&self, pool: &str, upstream: &str) -> Result<(), ChangeProblem> {
        self.change("removed", pool, upstream, |changes, snapshot| {
            changes.remove(&snapshot.plan, pool, upstream)
        })
    }

    /// The changes in force, one per line, for the process that takes over from this one.
    #[must_use]
    pub fn changes(&self) -> String {
        self.control.changes().written()
    }

    fn change(
        &self,
        what: &'static str,
        pool: &str,
        upstream: &str,
        change: impl FnOnce(&mut Changes, &Snapshot) -> Result<(), ChangeProblem>,
    ) -> Result<(), ChangeProblem> {
        self.control.change(change)?;
        tracing::info!(pool, upstream, change = what, "the upstreams of a pool have changed");
        Ok(())
    }
}

/// What was changed at run time.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    added: Vec<(Arc<str>, plan::Upstream)>,
    removed: BTreeSet<Member>,
    drained: BTreeSet<Member>,
}

/// Pool and label.
type Member = (Arc<str>, Arc<str>);

impl Changes {
    /// Makes the changes in a plan as the file says it, and forgets those that it makes moot.
    pub fn apply(&mut self, plan: &mut Plan) {
        let is_written = |plan: &Plan, pool: &str, label: &str| {
            let pools = plan.pools.iter().filter(|known| *known.name == *pool);
            pools.flat_map(|pool| &pool.upstreams).any(|upstream| *upstream.label == *label)
        };
        self.removed.retain(|(pool, label)| is_written(plan, pool, label));
        self.added.retain(|(pool, upstream)| {
            !is_written(plan, pool, &upstream.label) && plan.pools.iter().any(|known| known.name == *pool)
        });
        for pool in &mut plan.pools {
            let name = Arc::clone(&pool.name);
            let added = self.added.iter().filter(|(pool, _)| *pool == name);
            pool.upstreams.extend(added.map(|(_, upstream)| upstream.clone()));
            let is_kept = |upstream: &plan::Upstream| !self.removed.contains(&member(&name, &upstream.label));
            // The file may have lost all others since.
            if pool.upstreams.iter().any(is_kept) {
                pool.upstreams.retain(is_kept);
            } else {
                self.removed.retain(|(pool, _)| *pool != name);
            }
        }
        self.drained.retain(|(pool, label)| is_written(plan, pool, written_label(label)));
    }

    /// Whether an operator took this upstream out: itself, or the name it is an address of.
    pub fn is_drained(&self, pool: &str, label: &str) -> bool {
        !self.drained.is_empty()
            && (self.drained.contains(&member(pool, label))
                || self.drained.contains(&member(pool, written_label(label))))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.drained.is_empty()
    }

    fn removed_of(&self, pool: &str) -> Vec<Arc<str>> {
        self.removed
            .iter()
            .filter(|(known, _)| **known == *pool)
            .map(|(_, label)| Arc::clone(label))
            .collect()
    }

    fn add(&mut self, plan: &Plan, pool: &str, text: &str) -> Result<(), ChangeProblem> {
        let known = plan.pools.iter().find(|known| *known.name == *pool).ok_or(ChangeProblem::NoPool)?;
        if self.removed.remove(&member(pool, text)) {
            return Ok(());
        }
        let mut upstream = read(text)?;
        let is_script = |upstream: &plan::Upstream| upstream.scheme == Scheme::FastCgi;
        if let Some(other) = known.upstreams.first() {
            if is_script(other) != is_script(&upstream) {
                let why = "a pool speaks either FastCGI or HTTP to all its upstreams".to_owned();
                return Err(ChangeProblem::Unfit(why));
            }
            upstream.may_be_link_local = other.may_be_link_local;
        }
        if known
            .upstreams
            .iter()
            .any(|other| other.target == upstream.target || other.label == upstream.label)
        {
            return Err(ChangeProblem::Known);
        }
        self.added.push((pool.into(), upstream));
        Ok(())
    }

    fn remove(&mut self, plan: &Plan, pool: &str, label: &str) -> Result<(), ChangeProblem> {
        let known = plan.pools.iter().find(|known| *known.name == *pool).ok_or(ChangeProblem::NoPool)?;
        if !known.upstreams.iter().any(|upstream| *upstream.label == *label) {
            return Err(ChangeProblem::NoUpstream);
        }
        if known.upstreams.len() == 1 {
            return Err(ChangeProblem::Last);
        }
        let before = self.added.len();
        self.added.retain(|(known, upstream)| **known != *pool || *upstream.label != *label);
        if self.added.len() == before {
            self.removed.insert(member(pool, label));
        }
        self.drained.retain(|(known, drained)| **known != *pool || *written_label(drained) != *label);
        Ok(())
    }

    /// What another process had in force, as it wrote it; what means nothing under this plan is left out.
    pub fn read(written: &str, plan: &Plan) -> Self {
        let mut changes = Self::default();
        for line in written.lines() {
            let mut words = line.split('\t');
            let (Some(what), Some(pool), Some(upstream)) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            let made = match what {
                "added" => changes.add(plan, pool, upstream),
                "removed" => changes.remove(plan, pool, upstream),
                "drained" => {
                    changes.drained.insert(member(pool, upstream));
                    Ok(())
                }
                _ => continue,
            };
            if let Err(problem) = made {
                tracing::warn!(%problem, pool, upstream, change = what, "a change is not taken over");
            }
        }
        changes
    }

    /// One change per line. Names and labels hold neither tabs nor line breaks.
    fn written(&self) -> String {
        let added = self.added.iter().map(|(pool, upstream)| ("added", pool, &upstream.label));
        let removed = self.removed.iter().map(|(pool, label)| ("removed", pool, label));
        let drained = self.drained.iter().map(|(pool, label)| ("drained", pool, label));
        let lines = added.chain(removed).chain(drained);
        lines.map(|(what, pool, label)| format!("{what}\t{pool}\t{label}\n")).collect()
    }
}

/// Whether there is such an upstream, or a name with addresses that are upstreams.
fn known(snapshot: &Snapshot, pool: &str, label: &str) -> Result<(), ChangeProblem> {
    let index = snapshot.plan.pools.iter().position(|known| *known.name == *pool);
    let index = index.ok_or(ChangeProblem::NoPool)?;
    let is_meant = |upstream: &Upstream| {
        let known = &*upstream.target.label;
        known == label || written_label(known) == label
    };
    if snapshot.all_of(index).any(is_meant) { Ok(()) } else { Err(ChangeProblem::NoUpstream) }
}

/// An upstream as it would stand in the file.
fn read(text: &str) -> Result<plan::Upstream, ChangeProblem> {
    let nowhere = ListenAddress::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let unfit = |why: &str| ChangeProblem::Unfit(why.to_owned());
    if text.chars().any(char::is_control) {
        return Err(unfit("an upstream has no control characters"));
    }
    match Plan::for_upstreams(&nowhere, &[text], None) {
        Ok(plan) => {
            let upstream = plan.pools.into_iter().flat_map(|pool| pool.upstreams).next();
            upstream.ok_or_else(|| unfit("it names no upstream"))
        }
        Err((_, complaints)) => {
            let why = complaints.first().map(|complaint| complaint.sentence(torwart_config::Lang::En));
            Err(ChangeProblem::Unfit(why.unwrap_or_default()))
        }
    }
}

fn status(upstream: &Upstream, pool: &str, changes: &Changes, now: Moment) -> UpstreamStatus {
    let (state, label) = (&upstream.state, &upstream.target.label);
    let health = state.health();
    let condition = if changes.is_drained(pool, label) {
        Condition::Drained
    } else if let Health::Down(cause) = health {
        Condition::Down(cause)
    } else if let Some(cause) = state.down_cause(now) {
        Condition::Ejected(cause, state.ejected_until().since(now))
    } else {
        Condition::Up
    };
    let latency = Duration::from_nanos(state.latency(now).nanos);
    let counts = state.counts();
    let written = written_label(label);
    UpstreamStatus {
        label: Arc::clone(label),
        condition,
        is_added: changes.added.iter().any(|(known, added)| **known == *pool && *added.label == *written),
        is_healthy: match health {
            Health::Unknown => None,
            Health::Up => Some(true),
            Health::Down(_) => Some(false),
        },
        in_flight: state.in_flight(),
        latency: Some(latency).filter(|latency| !latency.is_zero() && counts.successes + counts.failed > 0),
        failures: state.failures(),
        ejections: state.ejections(),
    }
}

/// The label in the file of what may be one of its addresses: `http://app:80 (10.0.0.1)`.
fn written_label(label: &str) -> &str {
    label.split_once(" (").map_or(label, |(written, _)| written)
}

fn member(pool: &str, label: &str) -> Member {
    (pool.into(), label.into())
}
