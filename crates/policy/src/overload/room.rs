//! A waiting room: so many visitors are inside, everybody else waits in the order of arrival.
//!
//! A visitor is inside as long as he asks for something now and then. Whose turn it is gets a place kept for a while,
//! because he learns of it only when his page asks again; a place nobody comes for goes to the next. The room remembers
//! those inside and those called, so its size is bounded by its own limit however many wait outside.

use super::ticket::Ticket;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::time::Duration;
use torwart_config::plan::WaitingRoom;

/// The room.
#[derive(Debug, Default)]
pub struct Room {
    /// Who is inside, and when he was seen last.
    inside: FxHashMap<u64, Duration>,
    /// Each of those inside once, roughly in the order in which they were seen.
    seen: VecDeque<(Duration, u64)>,
    /// The next number.
    next: u64,
    /// Up to which number everybody may come in.
    called: u64,
    /// Places kept for numbers, and since when.
    kept: VecDeque<(u64, Duration)>,
    /// When the last ones were called.
    calls: VecDeque<Duration>,
}

/// Whether somebody comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// He does; he carries this ticket from now on.
    In(Ticket),
    /// He waits.
    Wait {
        /// His ticket.
        ticket: Ticket,
        /// How many are called before him, himself included.
        position: u64,
        /// In how long that will be, as it goes now.
        estimate: Duration,
    },
}

impl Room {
    /// Somebody asks; `chance` names him if he has no ticket.
    pub fn arrive(&mut self, plan: &WaitingRoom, ticket: Option<Ticket>, chance: u64, now: Duration) -> Turn {
        self.tidy(plan, now);
        match ticket {
            Some(ticket) if ticket.is_inside => {
                if let Some(seen) = self.inside.get_mut(&ticket.holder) {
                    *seen = now;
                    return Turn::In(ticket);
                }
                if self.is_free(plan) && !self.somebody_waits() {
                    return self.let_in(ticket, now);
                }
                self.wait(plan, self.next_ticket(ticket.holder), now)
            }
            Some(ticket) => {
                if self.next == 0 {
                    // Numbers from before a restart: the first one seen is where it goes on.
                    self.called = ticket.number.saturating_sub(1);
                }
                self.next = self.next.max(ticket.number);
                self.call(plan, now);
                if let Some(index) = self.kept.iter().position(|(number, _)| *number == ticket.number) {
                    self.kept.remove(index);
                    return self.let_in(ticket, now);
                }
                if ticket.number <= self.called && self.is_free(plan) {
                    return self.let_in(ticket, now);
                }
                self.wait(plan, ticket, now)
            }
            None if self.is_free(plan) && !self.somebody_waits() => {
                self.let_in(Ticket { is_inside: true, number: self.next, holder: chance }, now)
            }
            None => self.wait(plan, self.next_ticket(chance), now),
        }
    }

    /// How many are inside.
    pub fn inside(&self) -> usize {
        self.inside.len()
    }

    /// How many numbers were given out and not called yet; who went away still counts.
    pub fn waiting(&self) -> u64 {
        self.next.saturating_sub(self.called)
    }

    fn next_ticket(&self, holder: u64) -> Ticket {
        Ticket { is_inside: false, number: self.next + 1, holder }
    }

    fn let_in(&mut self, ticket: Ticket, now: Duration) -> Turn {
        if self.inside.insert(ticket.holder, now).is_none() {
            self.seen.push_back((now, ticket.holder));
        }
        Turn::In(Ticket { is_inside: true, ..ticket })
    }

    fn wait(&mut self, plan: &WaitingRoom, ticket: Ticket, now: Duration) -> Turn {
        self.next = self.next.max(ticket.number);
        let position = ticket.number.saturating_sub(self.called).max(1);
        let pace = self.pace(plan, now);
        let estimate = Duration::from_secs_f64((position as f64 / pace).clamp(1.0, LONGEST));
        Turn::Wait { ticket, position, estimate }
    }

    /// Calls per second; before there were any, as if everybody inside left after one stay.
    fn pace(&self, plan: &WaitingRoom, now: Duration) -> f64 {
        let usual = f64::from(plan.visitors.get()) / plan.stay.as_secs_f64().max(1.0);
        match self.calls.front() {
            Some(first) if self.calls.len() >= FEW_CALLS => {
                self.calls.len() as f64 / now.saturating_sub(*first).as_secs_f64().max(1.0)
            }
            _ => usual,
        }
    }

    fn is_free(&self, plan: &WaitingRoom) -> bool {
        (self.inside.len() + self.kept.len()) < plan.visitors.get() as usize
    }

    fn somebody_waits(&self) -> bool {
        self.called < self.next
    }

    fn call(&mut self, plan: &WaitingRoom, now: Duration) {
        while self.somebody_waits() && self.is_free(plan) {
            self.called += 1;
            self.kept.push_back((self.called, now));
            self.calls.push_back(now);
            if self.calls.len() > MOST_CALLS {
                self.calls.pop_front();
            }
        }
    }

    /// Visitors who were not seen for a stay have left; places nobody came for are free again.
    fn tidy(&mut self, plan: &WaitingRoom, now: Duration) {
        while let Some(&(since, holder)) = self.seen.front() {
            if now.saturating_sub(since) < plan.stay {
                break;
            }
            self.seen.pop_front();
            match self.inside.get(&holder) {
                Some(seen) if now.saturating_sub(*seen) < plan.stay => self.seen.push_back((*seen, holder)),
                _ => {
                    self.inside.remove(&holder);
                }
            }
        }
        while self.kept.front().is_some_and(|(_, since)| now.saturating_sub(*since) >= KEPT) {
            self.kept.pop_front();
        }
        self.call(plan, now);
    }
}

/// How long a place is kept for somebody whose turn it is: a few refreshes of his page.
const KEPT: Duration = Duration::from_secs(45);
/// Fewer calls say nothing about the pace.
const FEW_CALLS: usize = 4;
const MOST_CALLS: usize = 64;
/// An estimate beyond a day helps nobody, in seconds.
const LONGEST: f64 = 86_400.0;

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    fn plan(visitors: u32) -> WaitingRoom {
        WaitingRoom {
            visitors: NonZeroU32::new(visitors).expect("not zero"),
            stay: Duration::from_secs(60),
            ..WaitingRoom::default()
        }
    }

    fn ticket(turn: Turn) -> Ticket {
        match turn {
            Turn::In(ticket) | Turn::Wait { ticket, .. } => ticket,
        }
    }

    fn position(turn: Turn) -> u64 {
        match turn {
            Turn::In(_) => 0,
            Turn::Wait { position, .. } => position,
        }
    }

    #[test]
    fn the_order_of_arrival_counts_not_who_asks_most() {
        let (plan, mut room) = (plan(1), Room::default());
        let at = Duration::from_secs;
        let inside = ticket(room.arrive(&plan, None, 1, at(0)));
        let second = room.arrive(&plan, None, 2, at(1));
        let third = room.arrive(&plan, None, 3, at(2));
        assert_eq!((position(second), position(third)), (1, 2));
        for now in 3..60 {
            assert_eq!(position(room.arrive(&plan, Some(ticket(third)), 0, at(now))), 2);
        }
        assert_eq!(position(room.arrive(&plan, Some(inside), 0, at(30))), 0);
        assert_eq!(
            position(room.arrive(&plan, Some(ticket(third)), 0, at(89))),
            2,
            "the first is still there"
        );
        assert_eq!(position(room.arrive(&plan, Some(ticket(third)), 0, at(91))), 1, "the second was called");
        assert_eq!(position(room.arrive(&plan, Some(ticket(second)), 0, at(92))), 0);
        assert_eq!(position(room.arrive(&plan, Some(inside), 0, at(93))), 2, "whoever was away waits again");
    }

    #[test]
    fn a_place_nobody_comes_for_goes_to_the_next() {
        let (plan, mut room) = (plan(1), Room::default());
        let at = Duration::from_secs;
        room.arrive(&plan, None, 1, at(0));
        let second = ticket(room.arrive(&plan, None, 2, at(1)));
        let third = ticket(room.arrive(&plan, None, 3, at(1)));
        assert_eq!(position(room.arrive(&plan, Some(third), 0, at(70))), 1);
        assert_eq!(position(room.arrive(&plan, Some(third), 0, at(116))), 0);
        assert_eq!(position(room.arrive(&plan, Some(second), 0, at(117))), 1, "late, but before newcomers");
        assert_eq!(position(room.arrive(&plan, None, 4, at(117))), 1);
    }

    #[test]
    fn the_room_remembers_no_more_than_its_limit() {
        let (plan, mut room) = (plan(10), Room::default());
        for who in 0..10_000u64 {
            room.arrive(&plan, None, who, Duration::from_millis(who * 20));
        }
        assert!(room.inside() + room.kept.len() <= 10, "{room:?}");
        assert!(room.seen.len() <= 10 && room.calls.len() <= MOST_CALLS);
    }

    #[test]
    fn numbers_go_on_after_a_restart() {
        let (plan, mut room) = (plan(1), Room::default());
        room.arrive(&plan, None, 1, Duration::ZERO);
        let old = Ticket { is_inside: false, number: 900, holder: 5 };
        assert_eq!(position(room.arrive(&plan, Some(old), 0, Duration::ZERO)), 1);
        assert_eq!(position(room.arrive(&plan, Some(Ticket { number: 903, ..old }), 0, Duration::ZERO)), 4);
    }
}
