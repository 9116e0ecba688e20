//! How a pool chooses among its upstreams, on one core.
//!
//! The rules are in `torwart_policy::balance`; here is what they are asked about: which upstreams may be used now, what
//! was learned about each, and what of the request decides. The usual case, two choices among equals that are all well,
//! looks at two upstreams only.

use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::snapshot::Snapshot;
use crate::sticky::{Sticky, Token};
use crate::upstream::{Upstream, UpstreamState};
use crate::view::UpstreamView;
use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;
use torwart_config::plan::{self, Balance, HashKey};
use torwart_policy::balance::chance::Chance;
use torwart_policy::balance::tiers::{self, Seen, Tier};
use torwart_policy::balance::{Candidate, hash, least_in_flight, round_robin, two_choices};
use torwart_policy::{cookie, slow_start};
use torwart_record::RequestIds;

/// How a pool chooses among its upstreams.
pub struct Balancing {
    rule: Rule,
    /// In the order of the upstreams.
    members: Vec<Member>,
    /// Whether two upstreams at random are all that has to be looked at, as long as they are well.
    is_even: bool,
    slow_start: Duration,
    chance: Cell<Chance>,
    turns: RefCell<round_robin::Turns>,
    candidates: RefCell<Vec<Candidate>>,
}

enum Rule {
    TwoChoices,
    RoundRobin,
    LeastInFlight,
    Hash(HashKey),
    Cookie(Box<Sticky>),
}

/// What the plan says about an upstream.
struct Member {
    tier: Tier,
    weight: u32,
    /// Its number among those a key is hashed with.
    salt: u64,
    /// What a cookie says that means it.
    token: Option<Token>,
}

impl Balancing {
    /// How these upstreams of a pool are chosen from.
    pub fn new(snapshot: &Snapshot, pool: &plan::Pool, upstreams: &[Upstream]) -> Self {
        let rule = match &pool.balance {
            Balance::TwoChoices => Rule::TwoChoices,
            Balance::RoundRobin => Rule::RoundRobin,
            Balance::LeastInFlight => Rule::LeastInFlight,
            Balance::Hash(key) => Rule::Hash(key.clone()),
            Balance::Cookie(_) => snapshot
                .sticky
                .of(pool.index.0)
                .map_or(Rule::TwoChoices, |sticky| Rule::Cookie(Box::new(sticky.clone()))),
        };
        let own = snapshot.plan.zone.as_deref();
        let member = |upstream: &Upstream| Member {
            tier: Tier::of(upstream.is_backup, upstream.zone.as_deref(), own),
            weight: upstream.weight,
            salt: hash::of(upstream.target.label.as_bytes()),
            token: match &rule {
                Rule::Cookie(sticky) => Some(sticky.token(&pool.name, &upstream.target.label)),
                _ => None,
            },
        };
        let members: Vec<_> = upstreams.iter().map(member).collect();
        let is_even = matches!(rule, Rule::TwoChoices)
            && members.iter().all(|one| {
                one.tier == Tier::Near && Some(one.weight) == members.first().map(|one| one.weight)
            });
        Self {
            rule,
            is_even,
            members,
            slow_start: pool.slow_start,
            chance: Cell::new(Chance::new(RequestIds::seed_by_chance())),
            turns: RefCell::default(),
            candidates: RefCell::default(),
        }
    }

    /// The place of the upstream for the next attempt; `None` only where there is none.
    pub fn choose(&self, upstreams: &[Rc<UpstreamView>], x: &mut Exchange<'_>, now: Moment) -> Option<usize> {
        if self.is_even
            && x.tried.upstreams() == 0
            && let Some(chosen) = self.choose_quickly(upstreams, now)
        {
            return Some(chosen);
        }
        self.choose_with_care(upstreams, x, now)
    }

    /// Of two at random, if both are well.
    fn choose_quickly(&self, upstreams: &[Rc<UpstreamView>], now: Moment) -> Option<usize> {
        let mut chance = self.chance.get();
        let (one, other) = two_choices::two_places(upstreams.len(), &mut chance);
        self.chance.set(chance);
        let candidate = |place: usize| {
            let state = &upstreams.get(place)?.upstream.state;
            let is_settled = state.is_up(now)
                && state.back_since().is_none_or(|since| now.since(since) >= self.slow_start);
            is_settled.then(|| candidate(place, 1, state, now))
        };
        Some(two_choices::sooner(&candidate(one)?, &candidate(other)?))
    }

    #[inline(never)]
    fn choose_with_care(
        &self,
        upstreams: &[Rc<UpstreamView>],
        x: &mut Exchange<'_>,
        now: Moment,
    ) -> Option<usize> {
        if let Rule::Cookie(sticky) = &self.rule {
            return self.choose_by_cookie(sticky, upstreams, x, now);
        }
        let mut candidates = self.candidates.borrow_mut();
        self.fill(&mut candidates, upstreams, x, now);
        let mut chance = self.chance.get();
        let chosen = match &self.rule {
            Rule::RoundRobin => self.turns.borrow_mut().next(&candidates),
            Rule::LeastInFlight => least_in_flight::choose(&candidates, &mut chance),
            Rule::Hash(key) => match hash_key(x, key) {
                Some(key) => hash::choose(&candidates, key, |place| {
                    self.members.get(place).map_or(0, |member| member.salt)
                }),
                None => two_choices::choose(&candidates, &mut chance),
            },
            Rule::TwoChoices | Rule::Cookie(_) => two_choices::choose(&candidates, &mut chance),
        };
        self.chance.set(chance);
        chosen
    }

    /// The upstream the client's cookie means, if it may be used; otherwise another one, and the client is told.
    fn choose_by_cookie(
        &self,
        sticky: &Sticky,
        upstreams: &[Rc<UpstreamView>],
        x: &mut Exchange<'_>,
        now: Moment,
    ) -> Option<usize> {
        let mut candidates = self.candidates.borrow_mut();
        self.fill(&mut candidates, upstreams, x, now);
        let said = cookie::find(&x.desk.request, sticky.name().as_bytes());
        let meant = said.and_then(|said| {
            self.members.iter().position(|member| member.token.as_ref().is_some_and(|token| token.is(said)))
        });
        // An upstream of another zone is kept while it is up: the client's session is there.
        let is_usable = |place: usize| {
            let is_up = || upstreams.get(place).is_some_and(|one| one.upstream.state.is_up(now));
            let is_far = self.members.get(place).is_some_and(|member| member.tier == Tier::Far);
            candidates.iter().any(|candidate| candidate.index == place)
                || (is_far && x.tried.times(place) == 0 && is_up())
        };
        if let Some(place) = meant.filter(|place| is_usable(*place)) {
            if let Some(notes) = &mut x.notes {
                notes.cookie_line.clear();
            }
            return Some(place);
        }
        let mut chance = self.chance.get();
        let chosen = two_choices::choose(&candidates, &mut chance)?;
        self.chance.set(chance);
        if let Some(token) = self.members.get(chosen).and_then(|member| member.token.as_ref()) {
            let line = sticky.field_line(token, x.client.is_tls);
            x.notes().cookie_line = line;
        }
        Some(chosen)
    }

    /// Lists who may be chosen.
    fn fill(
        &self,
        candidates: &mut Vec<Candidate>,
        upstreams: &[Rc<UpstreamView>],
        x: &Exchange<'_>,
        now: Moment,
    ) {
        candidates.clear();
        let seen = upstreams.iter().zip(&self.members).enumerate().map(|(place, (upstream, member))| Seen {
            tier: member.tier,
            is_up: upstream.upstream.state.is_up(now),
            tried: x.tried.times(place),
        });
        tiers::eligible(seen, |place| {
            let (Some(upstream), Some(member)) = (upstreams.get(place), self.members.get(place)) else {
                return;
            };
            let state = &upstream.upstream.state;
            let back_for = state.back_since().map(|since| now.since(since));
            let weight = slow_start::weight(member.weight, back_for, self.slow_start);
            candidates.push(candidate(place, weight, state, now));
        });
    }
}

fn candidate(index: usize, weight: u32, state: &UpstreamState, now: Moment) -> Candidate {
    Candidate { index, weight, in_flight: state.in_flight(), latency: state.latency(now) }
}

fn client_key(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => hash::of(&address.octets()),
        IpAddr::V6(address) => hash::of(&address.octets()),
    }
}

/// What of the request decides; `None` where it has nothing of the kind.
fn hash_key(x: &Exchange<'_>, key: &HashKey) -> Option<u64> {
    let head = &x.desk.request;
    let bytes = match key {
        HashKey::Client => return x.visitor_address().map(client_key),
        HashKey::Path => head.path_and_query(),
        HashKey::Header(name) => head.find(name)?,
        HashKey::Cookie(name) => cookie::find(head, name.as_bytes())?,
    };
    Some(hash::of(bytes))
}
