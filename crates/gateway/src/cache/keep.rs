//! Pages that are fetched without anybody asking: pinned ones, which are refreshed before their time is over so that they
//! never fail, and those that the operator wants there from the start.

use super::fetch;
use super::job::{Asked, Job};
use super::sort;
use crate::accept::Place;
use crate::client::{Client, ClientName, ClientStream};
use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::flow;
use crate::per_core::Core;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use torwart_config::Plan;
use torwart_config::plan::{HostPattern, Site};
use torwart_record::{Client as Peer, ClientState};

/// A page of a site.
struct Wanted {
    is_tls: bool,
    host: Arc<str>,
    path: Arc<str>,
}

/// Looks whether pages have to be fetched; called now and then on every core, and done by one.
pub fn look_after(core: &Rc<Core>) {
    let store = &core.shared.store;
    let view = core.view();
    let plan = &view.snapshot.plan;
    if !plan.all_routes().any(|(_, route)| route.cache.is_some()) {
        return;
    }
    let now = core.wall_clock().as_millis() as u64;
    let due = store.next_round.load(Ordering::Relaxed);
    let next = now + ROUND.as_millis() as u64;
    let generation = view.snapshot.plan_generation;
    let is_new = store.warmed.load(Ordering::Relaxed) != generation;
    let is_due = now >= due || is_new;
    if !is_due || store.next_round.compare_exchange(due, next, Ordering::AcqRel, Ordering::Relaxed).is_err() {
        return;
    }
    store.measure();
    let is_new = store.warmed.swap(generation, Ordering::AcqRel) != generation;
    let wanted = wanted(plan, is_new);
    if !wanted.is_empty() && !core.shared.is_draining() {
        let its = Rc::clone(core);
        core.tasks.spawn(async move {
            for page in wanted {
                if its.shared.is_draining() {
                    return;
                }
                page.fetch(&its).await;
            }
        });
    }
}

/// The pinned pages of all sites, and where `warms` those that are to be there from the start.
fn wanted(plan: &Plan, warms: bool) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for (site, route) in plan.all_routes() {
        let Some(rules) = &route.cache else { continue };
        let warm = rules.warm.iter().filter(|_| warms);
        for path in rules.pinned.iter().chain(warm) {
            for host in hosts(site) {
                let is_tls = !site.certificates.is_empty();
                let is_known = wanted.iter().any(|known: &Wanted| {
                    known.host == host && known.path == *path && known.is_tls == is_tls
                });
                if !is_known {
                    wanted.push(Wanted { is_tls, host, path: Arc::clone(path) });
                }
            }
        }
    }
    wanted
}

/// The hosts of a site that are named in full.
fn hosts(site: &Site) -> impl Iterator<Item = Arc<str>> {
    site.hosts.iter().filter_map(|host| match host {
        HostPattern::Exact(name) => Some(Arc::clone(name)),
        _ => None,
    })
}

impl Wanted {
    /// Fetches it, unless it is there and lasts until after the next look.
    async fn fetch(&self, core: &Rc<Core>) {
        let Self { is_tls, host, path } = self;
        let text = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: torwart\r\n\r\n");
        let mut desk = core.take_desk();
        if let Some(room) = desk.request.buffer.spare().get_mut(..text.len()) {
            room.copy_from_slice(text.as_bytes());
            desk.request.buffer.commit(text.len());
        }
        let mut client = Client {
            stream: ClientStream::Lent,
            timer: core.wheel.timer(),
            name: ClientName::of(Peer::Unix, *is_tls),
            peer: Peer::Unix,
            is_tls: *is_tls,
            is_trusted: false,
            has_asked: false,
            is_gone: false,
            stated_server: None,
            place: Place::of_ours(core),
            guard: core.recorder.metrics().client(ClientState::Active),
        };
        let reader = {
            let mut x = Exchange::begin(core, &mut client, &mut desk, Moment::now());
            // Nobody asked, so nobody's exchange is recorded.
            x.is_recorded = true;
            let is_chosen = flow::arrive(&mut x).await == Ok(None);
            Asked::of(&x).filter(|_| is_chosen && x.pool.is_some()).and_then(|asked| begin(&x, &asked))
        };
        desk.evidence = torwart_cause::Evidence::default();
        core.give_desk(desk);
        if let Some(reader) = reader {
            poll_fn(|cx| reader.poll_ended(cx)).await;
        }
    }
}

fn begin(x: &Exchange<'_>, asked: &Asked) -> Option<super::fill::Reader> {
    let store = &x.core.shared.store;
    let page = store.page(&asked.key);
    let stored = page.as_ref().and_then(|page| page.find(asked.zone, &asked.parts, &x.desk.request));
    let is_lasting = stored.is_some_and(|stored| {
        let freshness = &stored.freshness;
        // One that is never fresh is asked about now and then nonetheless.
        let is_young = asked.now.saturating_sub(freshness.received) < YOUNG;
        freshness.left(asked.now) > ROUND * 2 || is_young
    });
    if is_lasting {
        return None;
    }
    let (reader, is_new) = store.join(&asked.key, &sort(x, asked, stored));
    if is_new {
        fetch::begin(x, Job::of(x, asked, stored), reader.fill());
    }
    Some(reader)
}

/// How often the pinned pages are looked after.
const ROUND: Duration = Duration::from_secs(10);

/// A pinned page is not asked for more often than this.
const YOUNG: Duration = Duration::from_secs(60);
