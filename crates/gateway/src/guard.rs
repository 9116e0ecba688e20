//! Judges the request before anything is spent on it: whether it has been here before, then what the door of its route
//! asks for: where the client comes from, how often it asks, and with which proof.
//!
//! Most routes have no door, and cost one look into a list. Who the client is behind trusted proxies is found out here
//! as well, because all of this is about that one; what is found out is kept in the exchange's [`Notes`].

mod basic;
mod crawlers;
mod crowd;
mod door;
mod forward;
mod limit;
mod parked;
mod passwords;
mod wait;

pub use crawlers::{comes_again, is_proven_crawler, recorded as recorded_crawler};
pub use crowd::{Crowded, Gatehouse, Seat};
pub use door::{DoorProblem, Doors};
pub use forward::PassedBack;
pub use parked::Parked;

use crate::admit;
use crate::exchange::Exchange;
use crate::route::{DONE, decided};
use crate::waiting_room::Waits;
use door::{Auth, Door};
use limit::Permit;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use torwart_cause::Decision;
use torwart_dial::Stop;
use torwart_policy::compress::Change;
use torwart_policy::visitor;
use torwart_record::Client as Peer;
use torwart_wire::{Known, fields};

/// What is known about few exchanges only, and so lies apart.
#[derive(Default)]
pub struct Notes {
    /// Who asked the proxy in front of us, and whether that one is trusted itself.
    visitor: Option<(Peer, bool)>,
    /// When the client may come back.
    pub retry_after: Option<Duration>,
    /// Field lines that an answer of ours carries.
    pub answer_fields: Vec<u8>,
    /// What becomes of the answer's body on its way, so that its head says so.
    pub change: Option<Change>,
    /// Which crawler the client says it is.
    claim: Option<crawlers::Claim>,
    /// The field line of the cookie that keeps the client at its upstream.
    pub cookie_line: Vec<u8>,
    /// Field lines that the answer carries, whoever made it.
    pub passed_fields: Vec<u8>,
    /// Its place before a waiting room.
    pub waits: Option<Waits>,
    /// Its place on a route that takes so many at once.
    pub route_place: Option<admit::RoutePlace>,
    /// Field lines that go to the upstream.
    pub request_fields: Vec<u8>,
    /// The door whose authoriser has the say about some fields of the request.
    judged_by: Option<Arc<Door>>,
    /// One of the requests the client may have under way.
    permit: Option<Permit>,
}

impl Notes {
    /// What of it counts for a fetch that the cache makes in this exchange's stead.
    pub fn handed_on(&self) -> Self {
        Self {
            visitor: self.visitor,
            request_fields: self.request_fields.clone(),
            judged_by: self.judged_by.clone(),
            ..Self::default()
        }
    }
}

/// How it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The client comes in.
    In,
    /// Its proof has to be looked at, by [`authorise`].
    Asked,
}

/// Finds out who stands behind a trusted proxy.
pub fn recognise(x: &mut Exchange<'_>) {
    if x.client.is_trusted {
        look_behind(x);
    }
}

#[cold]
#[inline(never)]
fn look_behind(x: &mut Exchange<'_>) {
    let plan = &x.view.snapshot.plan;
    let is_trusted = |address: IpAddr| plan.trusted.iter().any(|network| network.contains(&address));
    if let Some(found) = visitor::behind(&x.desk.request, plan.address_from, is_trusted) {
        let is_insider = is_trusted(found.ip());
        x.notes().visitor = Some((Peer::Ip(found), is_insider));
    }
}

/// Refuses a request that already passed this instance (RFC 9110 §7.6.3), and one the route's door is closed to.
pub fn judge(x: &mut Exchange<'_>) -> Result<Verdict, Stop> {
    let request = &x.desk.request;
    let pseudonym = &x.view.snapshot.pseudonym;
    if request.has(Known::Via) && request.all(Known::Via).any(|via| fields::via::names(via, pseudonym)) {
        x.desk.evidence.local.guard = decided(Decision::Loop);
        return Err(Stop);
    }
    if x.client.place.is_crowded() {
        return Err(refuse_for_now(x, Duration::from_secs(1)));
    }
    if let Some(door) = x.route.and_then(|(_, index)| x.view.snapshot.doors.of(index)) {
        let door = Arc::clone(door);
        return judge_at(x, &door);
    }
    x.desk.evidence.local.guard = DONE;
    Ok(Verdict::In)
}

/// Lists, then limits; the proof is looked at last, because it costs most.
#[inline(never)]
fn judge_at(x: &mut Exchange<'_>, door: &Arc<Door>) -> Result<Verdict, Stop> {
    let address = x.visitor_address();
    if !door.lets_in(address) {
        x.desk.evidence.local.guard = decided(Decision::Deny);
        return Err(Stop);
    }
    if let Some(crawlers) = &door.crawlers {
        crawlers.recognise(x);
    }
    if let Some(limit) = door.limit.as_ref().filter(|_| !crawlers::is_unlimited(x)) {
        match limit.enter(x) {
            Ok(permit) => x.notes().permit = permit,
            Err(wait) => return Err(refuse_for_now(x, wait)),
        }
    }
    if door.auth.is_some() {
        return Ok(Verdict::Asked);
    }
    x.desk.evidence.local.guard = DONE;
    Ok(Verdict::In)
}

/// Looks at the client's proof. What an authoriser wants the client to see instead of the page is returned.
pub async fn authorise(x: &mut Exchange<'_>) -> Result<Option<PassedBack>, Stop> {
    let view = std::rc::Rc::clone(&x.view);
    let door = x.route.and_then(|(_, index)| view.snapshot.doors.of(index));
    let passed_back = match door.and_then(|door| door.auth.as_ref().map(|auth| (door, auth))) {
        None => None,
        Some((_, Auth::Basic(basic))) => basic.judge(x).await.map(|()| None)?,
        Some((door, Auth::Forward(service))) => {
            x.notes().judged_by = Some(Arc::clone(door));
            service.ask(x).await?
        }
    };
    if !x.desk.evidence.local.guard.is_failed() {
        x.desk.evidence.local.guard = DONE;
    }
    Ok(passed_back)
}

/// The client comes too often, or with too many at once.
fn refuse_for_now(x: &mut Exchange<'_>, wait: Duration) -> Stop {
    x.notes().retry_after = Some(wait);
    x.desk.evidence.local.guard = decided(Decision::RateLimit);
    Stop
}

impl Exchange<'_> {
    /// What is known about this exchange beyond the usual.
    pub fn notes(&mut self) -> &mut Notes {
        self.notes.get_or_insert_default()
    }

    /// Who asks: the peer, or whom the trusted proxy there names.
    pub fn visitor(&self) -> Peer {
        let named = self.notes.as_ref().and_then(|notes| notes.visitor);
        named.map_or(self.client.peer, |(visitor, _)| visitor)
    }

    /// The address of who asks, if it has one.
    pub fn visitor_address(&self) -> Option<IpAddr> {
        match self.visitor() {
            Peer::Ip(address) => Some(address.ip().to_canonical()),
            Peer::Unix => None,
        }
    }

    /// Whether who asks may see what happened inside. A stranger behind a trusted proxy is a stranger.
    pub fn is_insider(&self) -> bool {
        let named = self.notes.as_ref().and_then(|notes| notes.visitor);
        self.client.is_trusted && named.is_none_or(|(_, is_insider)| is_insider)
    }

    /// Whether a field of the client's is not passed on, because the authoriser has the say about it.
    pub fn is_authorisers(&self, name: &[u8]) -> bool {
        let door = self.notes.as_ref().and_then(|notes| notes.judged_by.as_deref());
        match door.and_then(|door| door.auth.as_ref()) {
            Some(Auth::Forward(service)) => service.says(name),
            Some(Auth::Basic(_)) | None => false,
        }
    }
}
