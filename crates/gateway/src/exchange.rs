//! One client request and everything done to answer it: the evidence is gathered here and becomes exactly one Record,
//! also when the future that works on it is dropped or panics.

use crate::body::BodyReader;
use crate::client::{Client, ClientStream};
use crate::clock::Moment;
use crate::guard::Notes;
use crate::outcome;
use crate::per_core::{Core, Desk};
use crate::place::Place;
use crate::script::Script;
use crate::view::View;
use std::rc::Rc;
use std::time::Duration;
use torwart_cause::{Attempt, ClientSide, Deadline, Ending, Local, Step};
use torwart_config::plan::{Buffers, ExchangeDeadlines, Pool, PoolIndex, Route, Site};
use torwart_policy::template;
use torwart_record::{RequestId, ServedBy};
use torwart_wire::http1::Request;

/// One exchange under way.
pub struct Exchange<'c> {
    /// The core it runs on.
    pub core: &'c Rc<Core>,
    /// The plan it began under, and keeps.
    pub view: Rc<View>,
    /// Who asked.
    pub client: &'c mut Client,
    /// The request, what goes back, and what was observed.
    pub desk: &'c mut Desk,
    /// What the request head says; `None` until it was understood.
    pub request: Option<Request>,
    /// The request's body.
    pub body: BodyReader,
    /// The id shown to everybody.
    pub id: RequestId,
    /// When its first byte came.
    pub started: Moment,
    /// Index of the site.
    pub site: Option<usize>,
    /// Index of the route within the site, and in the plan.
    pub route: Option<(usize, usize)>,
    /// The pool.
    pub pool: Option<PoolIndex>,
    /// The route's deadlines.
    pub deadlines: ExchangeDeadlines,
    /// The route's buffers.
    pub buffers: Buffers,
    /// When the whole exchange has to be over.
    pub total_until: Option<Moment>,
    /// When the attempt under way gives way to one at another upstream, where it may.
    pub try_until: Option<Moment>,
    /// The client has ended its side: when it counts as gone.
    pub leaves_at: Option<Moment>,
    /// Whether a 100 went to the client.
    pub was_told_to_continue: bool,
    /// Whether the next attempt must not use an idle link.
    pub needs_fresh_link: bool,
    /// Upstreams tried, by index in the pool.
    pub tried: Tried,
    /// The status that went out. Once it is set, no other can go.
    pub status: Option<u16>,
    /// Who made the answer.
    pub served_by: ServedBy,
    /// Whether the whole answer was handed to the client's connection.
    pub is_complete: bool,
    /// Whether the client's connection can carry another request.
    pub keeps_client: bool,
    /// Bytes sent to the client.
    pub sent: u64,
    /// Bytes received from the client.
    pub received: u64,
    /// What is known about few exchanges only.
    pub notes: Option<Box<Notes>>,
    /// The script that answers, where one does.
    pub script: Option<Box<Script>>,
    /// The place it has at its upstream.
    pub place: Option<Place>,
    /// Whether what it may change is kept in the cache.
    pub invalidates: bool,
    /// Whether the record was made.
    pub is_recorded: bool,
}

/// Which upstreams of a pool were tried how often; the first 32 exactly, which is more than anybody's attempts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tried {
    entries: [(u16, u16); 8],
    len: usize,
}

impl Tried {
    /// One more attempt at this upstream.
    pub fn add(&mut self, upstream: usize) {
        let upstream = u16::try_from(upstream).unwrap_or(u16::MAX);
        if self.len == 0 {
            (self.entries[0], self.len) = ((upstream, 1), 1);
            return;
        }
        let known = self.entries.iter_mut().take(self.len).find(|(index, _)| *index == upstream);
        if let Some((_, times)) = known {
            *times = times.saturating_add(1);
        } else if let Some(entry) = self.entries.get_mut(self.len) {
            *entry = (upstream, 1);
            self.len += 1;
        }
    }

    /// One attempt at this upstream was not made after all.
    pub fn take_back(&mut self, upstream: usize) {
        let mut made = self.entries.iter_mut().take(self.len).enumerate();
        let Some((place, (_, times))) = made.find(|(_, (index, _))| usize::from(*index) == upstream) else {
            return;
        };
        *times -= 1;
        if *times == 0 {
            self.len -= 1;
            self.entries.swap(place, self.len);
        }
    }

    /// Attempts at this upstream.
    pub fn times(&self, upstream: usize) -> u32 {
        let found = self.entries.iter().take(self.len).find(|(index, _)| usize::from(*index) == upstream);
        found.map_or(0, |(_, times)| u32::from(*times))
    }

    /// How many different upstreams were tried.
    pub fn upstreams(&self) -> usize {
        self.len
    }
}

impl<'c> Exchange<'c> {
    /// Begins an exchange whose first bytes lie on the desk.
    // The exchange is large, and otherwise copied to where it lives.
    #[inline(always)]
    pub fn begin(core: &'c Rc<Core>, client: &'c mut Client, desk: &'c mut Desk, started: Moment) -> Self {
        Self {
            core,
            view: core.view(),
            client,
            desk,
            request: None,
            body: BodyReader::none(),
            id: core.new_id(),
            started,
            site: None,
            route: None,
            pool: None,
            deadlines: ExchangeDeadlines::default(),
            buffers: Buffers::default(),
            total_until: None,
            try_until: None,
            leaves_at: None,
            was_told_to_continue: false,
            needs_fresh_link: false,
            tried: Tried::default(),
            status: None,
            served_by: ServedBy::Answer,
            is_complete: false,
            keeps_client: false,
            sent: 0,
            received: 0,
            notes: None,
            script: None,
            place: None,
            invalidates: false,
            is_recorded: false,
        }
    }

    /// The site, once it is chosen.
    pub fn site(&self) -> Option<&Site> {
        self.view.snapshot.plan.sites.get(self.site?)
    }

    /// The route, once it is chosen.
    pub fn route(&self) -> Option<&Route> {
        self.site()?.routes.get(self.route?.0)
    }

    /// The pool, once it is chosen.
    pub fn pool(&self) -> Option<&Pool> {
        self.view.snapshot.plan.pools.get(self.pool?.0)
    }

    /// The attempt under way.
    pub fn attempt(&mut self) -> &mut Attempt {
        let attempts = &mut self.desk.evidence.attempts;
        if attempts.is_empty() {
            attempts.push(Attempt::default());
        }
        let last = attempts.len() - 1;
        &mut attempts[last]
    }

    /// What the operator's templates can say about this request; `id` is the text of the request id.
    pub fn template_values<'x>(&'x self, id: &'x [u8]) -> template::Values<'x> {
        template::Values {
            tls: self.client.is_tls,
            head: &self.desk.request,
            client: self.visitor_address(),
            request_id: std::str::from_utf8(id).unwrap_or_default(),
        }
    }

    /// Whether the client asked by GET or HEAD.
    pub fn is_get_or_head(&self) -> bool {
        matches!(self.desk.request.method(), b"GET" | b"HEAD")
    }

    /// Whether the route looks for files first.
    pub fn is_about_files(&self) -> bool {
        self.route().is_some_and(|route| route.files.is_some())
    }

    /// Whether the route runs scripts.
    pub fn is_about_scripts(&self) -> bool {
        self.route().is_some_and(|route| route.script.is_some())
    }

    /// Whether the route has a cache.
    pub fn is_cached(&self) -> bool {
        self.route().is_some_and(|route| route.cache.is_some())
    }

    /// Whether it is the cache that asks.
    pub fn is_fetch(&self) -> bool {
        matches!(self.client.stream, ClientStream::Fetch(_))
    }

    /// Whether the client asked by HEAD.
    pub fn is_head(&self) -> bool {
        self.desk.request.method() == b"HEAD"
    }

    /// The time since the exchange began.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Makes the record and clears the desk for the next request, which may already lie behind this one.
    pub fn finish(&mut self) {
        outcome::conclude(self);
        self.desk.request.next_message();
        self.desk.evidence.attempts.clear();
        self.desk.evidence.client = ClientSide::default();
        self.desk.evidence.local = Local::default();
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        if self.is_recorded {
            return;
        }
        let after = self.elapsed();
        let ending =
            if std::thread::panicking() { Ending::Panicked } else { Ending::TimedOut(Deadline::Drain) };
        self.desk.evidence.client.answer = Step::Failed { ending, after };
        outcome::conclude(self);
    }
}

#[cfg(test)]
mod tests {
    use super::Tried;

    #[test]
    fn an_attempt_that_was_not_made_does_not_count() {
        let mut tried = Tried::default();
        [3, 1, 3].into_iter().for_each(|upstream| tried.add(upstream));
        tried.take_back(3);
        assert_eq!((tried.times(3), tried.times(1), tried.upstreams()), (1, 1, 2));
        tried.take_back(3);
        tried.take_back(3);
        assert_eq!((tried.times(3), tried.times(1), tried.upstreams()), (0, 1, 1));
    }
}
