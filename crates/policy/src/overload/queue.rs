//! Who waits for a place, and in which order they get one.
//!
//! A queue pays only while it is short: whoever would wait longer than the target is sent away at once and told when to
//! come back, instead of standing there until he has left. Bursts are taken, a queue that stays is not. Those of a higher
//! class go first, and push the youngest of a lower one out where it gets too long. Where the oldest waits twice as long
//! as he should, the youngest goes first (adaptive LIFO): somebody is served in time, instead of everybody too late.

use super::priority::Class;
use std::collections::VecDeque;
use std::time::Duration;
use torwart_config::plan;

/// Those who wait, by class.
#[derive(Debug)]
pub struct Queue<T> {
    lanes: [VecDeque<Waiting<T>>; Class::ALL.len()],
    next: u64,
    /// Since when the oldest has been waiting longer than the target, without the queue ever getting empty.
    pressed_since: Option<Duration>,
    pace: Pace,
}

/// How fast places become free, as the queue itself sees it.
#[derive(Debug, Default)]
struct Pace {
    begun: Duration,
    taken: u32,
    /// When somebody got a place last.
    last: Duration,
    /// What the slice before said.
    before: Option<f64>,
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    class: Class,
    number: u64,
}

/// Somebody who wants to wait.
#[derive(Clone, Copy, Debug)]
pub struct Guest {
    /// His class.
    pub class: Class,
    /// Whether he may stand here however long it takes: nothing says that there is too much to do, or he has waited
    /// before, for an upstream that was away.
    pub may_stay: bool,
}

/// Whether somebody may wait.
#[derive(Debug, PartialEq, Eq)]
pub enum Entry<T> {
    /// He does.
    Waits(Place),
    /// He does, and this one is sent away for him.
    Displaces(Place, T),
    /// He would wait too long.
    Refused,
}

#[derive(Debug)]
struct Waiting<T> {
    number: u64,
    since: Duration,
    who: T,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { lanes: Default::default(), next: 0, pressed_since: None, pace: Pace::default() }
    }
}

impl<T> Queue<T> {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.lanes.iter().map(VecDeque::len).sum()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.lanes.iter().all(VecDeque::is_empty)
    }

    /// Puts somebody into the queue, if that makes sense; it is known that at most so many per second get a place.
    pub fn enter(
        &mut self,
        who: T,
        Guest { class, may_stay }: Guest,
        plan: &plan::Queue,
        per_second: Option<f64>,
        now: Duration,
    ) -> Entry<T> {
        self.look(plan.target, now);
        if self.is_empty() {
            self.pace = Pace { begun: now, last: now, ..Pace::default() };
        }
        let seen = self.pace.look(now);
        let per_second = seen.map_or(per_second, |seen| Some(per_second.unwrap_or(seen).min(seen)));
        let ahead = self.lanes.iter().take(class.index() + 1).map(VecDeque::len).sum::<usize>();
        // As long as nobody gets a place at all, the upstream may only be taking a breath.
        let target = if self.pace.stands_still(now) { plan.time } else { plan.target }.as_secs_f64();
        let is_in_time = |ahead: usize| per_second.is_none_or(|pace| ahead as f64 <= pace * target);
        let is_burst = |ahead: usize| ahead < BURST && !self.is_pressed(now);
        if plan.length == 0 || !may_stay && !is_in_time(ahead) && !is_burst(ahead) {
            return Entry::Refused;
        }
        let all = self.len();
        let is_too_long = all >= plan.length || !is_in_time(all) && !is_burst(all);
        let displaced = if is_too_long { self.youngest_below(class) } else { None };
        if displaced.is_none() && all >= plan.length {
            return Entry::Refused;
        }
        let place = Place { class, number: self.next };
        self.next += 1;
        if let Some(lane) = self.lanes.get_mut(class.index()) {
            lane.push_back(Waiting { number: place.number, since: now, who });
        }
        match displaced {
            Some(other) => Entry::Displaces(place, other),
            None => Entry::Waits(place),
        }
    }

    /// Who gets the place that has become free.
    pub fn take(&mut self, plan: &plan::Queue, now: Duration) -> Option<T> {
        self.look(plan.target, now);
        let lane = self.lanes.iter_mut().find(|lane| !lane.is_empty())?;
        let oldest = lane.front().map_or(Duration::ZERO, |oldest| now.saturating_sub(oldest.since));
        let taken = if oldest > plan.target * 2 { lane.pop_back() } else { lane.pop_front() };
        self.pace.taken += 1;
        self.pace.last = now;
        if self.is_empty() {
            self.pressed_since = None;
        }
        taken.map(|waiting| waiting.who)
    }

    /// Somebody who has waited far too long in a queue that stays, or that is longer than any burst: he is sent away,
    /// because whoever is served instead has not given up yet.
    pub fn expired(&mut self, plan: &plan::Queue, now: Duration) -> Option<T> {
        self.look(plan.target, now);
        if !self.is_pressed(now) && self.len() <= BURST {
            return None;
        }
        let is_late = |lane: &&mut VecDeque<Waiting<T>>| {
            lane.front().is_some_and(|oldest| now.saturating_sub(oldest.since) > plan.target * 2)
        };
        let lane = self.lanes.iter_mut().rev().find(is_late)?;
        lane.pop_front().map(|waiting| waiting.who)
    }

    /// Somebody leaves; `None` if he is not in the queue any more.
    pub fn leave(&mut self, place: Place) -> Option<T> {
        let lane = self.lanes.get_mut(place.class.index())?;
        let index = lane.binary_search_by_key(&place.number, |waiting| waiting.number).ok()?;
        let left = lane.remove(index);
        if self.is_empty() {
            self.pressed_since = None;
        }
        left.map(|waiting| waiting.who)
    }

    fn is_pressed(&self, now: Duration) -> bool {
        self.pressed_since.is_some_and(|since| now.saturating_sub(since) >= PRESSED)
    }

    fn look(&mut self, target: Duration, now: Duration) {
        let is_late =
            |lane: &VecDeque<Waiting<T>>| lane.front().is_some_and(|oldest| now > oldest.since + target);
        if self.pressed_since.is_none() && self.lanes.iter().any(is_late) {
            self.pressed_since = Some(now);
        }
    }

    fn youngest_below(&mut self, class: Class) -> Option<T> {
        let lanes = self.lanes.iter_mut().skip(class.index() + 1).rev();
        lanes.into_iter().find_map(VecDeque::pop_back).map(|waiting| waiting.who)
    }
}

impl Pace {
    /// Places per second; none while that is not known, or nobody gets one at all.
    fn look(&mut self, now: Duration) -> Option<f64> {
        let passed = now.saturating_sub(self.begun);
        let seen =
            (self.taken >= FEW && passed >= SHORT).then(|| f64::from(self.taken) / passed.as_secs_f64());
        if passed >= SLICE {
            *self = Self { begun: now, taken: 0, last: self.last, before: seen };
        }
        seen.or(self.before)
    }

    fn stands_still(&self, now: Duration) -> bool {
        self.taken == 0 && self.before.is_none() && now.saturating_sub(self.last) >= SHORT
    }
}

/// What so few say about a pace is chance.
const FEW: u32 = 3;
const SHORT: Duration = Duration::from_millis(20);
/// After a pause of the upstream, what was seen in it is soon forgotten.
const SLICE: Duration = Duration::from_millis(100);

/// The pages of two browsers come with about as many requests at once.
const BURST: usize = 64;

/// A queue that stays for so long is no burst.
const PRESSED: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: plan::Queue =
        plan::Queue { length: 100, time: Duration::from_secs(2), target: Duration::from_millis(200) };

    const USUAL: Guest = guest(Class::Usual);

    const fn guest(class: Class) -> Guest {
        Guest { class, may_stay: false }
    }

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn waits<T>(entry: &Entry<T>) -> bool {
        matches!(entry, Entry::Waits(_))
    }

    #[test]
    fn a_burst_waits_and_a_queue_that_stays_does_not() {
        let mut queue = Queue::default();
        let entries: Vec<_> = (0..80).map(|who| queue.enter(who, USUAL, &PLAN, Some(10.0), at(0))).collect();
        assert_eq!(entries.iter().filter(|entry| waits(entry)).count(), BURST);
        assert_eq!(queue.take(&PLAN, at(100)), Some(0), "in order, as long as that is in time");
        assert!(waits(&queue.enter(50, USUAL, &PLAN, Some(10.0), at(300))));
        for now in [300, 1400] {
            queue.take(&PLAN, at(now));
        }
        assert_eq!(queue.enter(51, USUAL, &PLAN, Some(10.0), at(1400)), Entry::Refused);
    }

    #[test]
    fn under_pressure_the_youngest_goes_first() {
        let mut queue = Queue::default();
        for who in 0..3 {
            assert!(waits(&queue.enter(who, USUAL, &PLAN, None, at(who))));
        }
        assert_eq!(queue.take(&PLAN, at(100)), Some(0));
        assert_eq!(queue.take(&PLAN, at(500)), Some(2));
        assert_eq!(queue.take(&PLAN, at(500)), Some(1));
        assert_eq!(queue.take(&PLAN, at(500)), None);
    }

    #[test]
    fn a_higher_class_goes_first_and_pushes_a_lower_one_out() {
        let plan = plan::Queue { length: 2, ..PLAN };
        let mut queue = Queue::default();
        assert!(waits(&queue.enter("bot", guest(Class::Last), &plan, None, at(0))));
        assert!(waits(&queue.enter("visitor", USUAL, &plan, None, at(1))));
        let entry = queue.enter("checkout", guest(Class::First), &plan, None, at(2));
        assert!(matches!(entry, Entry::Displaces(_, "bot")), "{entry:?}");
        assert_eq!(queue.enter("another", USUAL, &plan, None, at(3)), Entry::Refused);
        assert_eq!(queue.take(&plan, at(4)), Some("checkout"));
        assert_eq!(queue.take(&plan, at(4)), Some("visitor"));
    }

    #[test]
    fn those_who_left_are_not_served() {
        let mut queue = Queue::default();
        let places: Vec<_> = (0..3)
            .filter_map(|who| match queue.enter(who, USUAL, &PLAN, None, at(0)) {
                Entry::Waits(place) => Some(place),
                _ => None,
            })
            .collect();
        let [first, second, _] = places.as_slice() else { panic!("{places:?}") };
        assert_eq!(queue.leave(*second), Some(1));
        assert_eq!(queue.leave(*second), None);
        assert_eq!(queue.take(&PLAN, at(1)), Some(0));
        assert_eq!(queue.leave(*first), None);
        assert_eq!(queue.take(&PLAN, at(1)), Some(2));
        assert!(queue.is_empty());
    }

    #[test]
    fn in_a_queue_that_stays_those_who_waited_too_long_are_sent_away() {
        let mut queue = Queue::default();
        for who in 0..3 {
            assert!(waits(&queue.enter(who, USUAL, &PLAN, None, at(0))));
        }
        assert_eq!(queue.expired(&PLAN, at(600)), None, "it may be a burst");
        assert!(waits(&queue.enter(3, USUAL, &PLAN, None, at(1500))));
        assert_eq!(queue.expired(&PLAN, at(1700)), Some(0));
        assert_eq!(queue.expired(&PLAN, at(1700)), Some(1));
        assert_eq!(queue.take(&PLAN, at(1700)), Some(3));
    }

    #[test]
    fn whoever_may_stay_before_is_not_sent_away_and_a_pause_is_no_overload() {
        let mut queue = Queue::default();
        let again = Guest { may_stay: true, ..USUAL };
        assert!((0..90).all(|who| waits(&queue.enter(who, again, &PLAN, Some(10.0), at(0)))));
        assert_eq!(queue.enter(90, USUAL, &PLAN, Some(100.0), at(1)), Entry::Refused);
        assert!(waits(&queue.enter(91, USUAL, &PLAN, Some(100.0), at(30))), "nothing has moved at all");
    }

    #[test]
    fn without_a_queue_nobody_waits() {
        let plan = plan::Queue { length: 0, ..PLAN };
        assert_eq!(Queue::default().enter(1, guest(Class::First), &plan, None, at(0)), Entry::Refused);
    }
}
