//! The budget under simulated trouble: what share is answered, and how much load is added.

use super::*;

/// A small generator of chance, so that every run sees the same.
struct Chance(u64);

impl Chance {
    fn percent(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % 100
    }
}

/// Good ones in percent, and attempts per hundred requests, of `requests` at 100 a second with three attempts each.
fn simulate(budget: &mut RetryBudget, failing: u64, requests: u64) -> (u64, u64) {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15 ^ failing);
    let (mut good, mut attempts) = (0, 0);
    for request in 0..requests {
        let now = Duration::from_millis(request * 10);
        for attempt in 1..=3 {
            attempts += 1;
            if chance.percent() >= failing {
                budget.succeeded();
                good += 1;
                break;
            }
            budget.failed();
            if attempt == 3 || !budget.spend(Failure::Quick, now) {
                break;
            }
        }
        budget.earn();
    }
    (good * 100 / requests, attempts * 100 / requests)
}

#[test]
fn when_half_fails_most_are_answered() {
    let (good, attempts) = simulate(&mut RetryBudget::new(20, 10), 50, 3000);
    assert!(good >= 84, "{good} %");
    assert!(attempts <= 180, "{attempts} per hundred");
}

#[test]
fn when_one_in_three_fails_hardly_anybody_notices() {
    let (good, _) = simulate(&mut RetryBudget::new(20, 10), 33, 3000);
    assert!(good >= 95, "{good} %");
}

#[test]
fn when_all_fails_hardly_any_load_is_added() {
    let (good, attempts) = simulate(&mut RetryBudget::new(20, 10), 100, 1000);
    assert_eq!(good, 0);
    assert!(attempts <= 110, "{attempts} per hundred");
}

#[test]
fn after_a_storm_retries_come_back_at_once() {
    let mut budget = RetryBudget::new(20, 10);
    simulate(&mut budget, 100, 1000);
    assert!(budget.is_storm());
    (0..20).for_each(|_| budget.succeeded());
    assert!(!budget.is_storm());
    let (good, _) = simulate(&mut budget, 50, 1000);
    assert!(good >= 80, "{good} %");
}

#[test]
fn retries_after_deadlines_are_held_to_their_share() {
    let mut budget = RetryBudget::new(20, 0);
    let mut retries = 0;
    for _ in 0..10_000 {
        budget.earn();
        retries += u32::from(budget.spend(Failure::Late, Duration::ZERO));
    }
    assert!((2000..=2020).contains(&retries), "{retries}");
}

#[test]
fn the_floor_lets_a_quiet_site_retry() {
    let mut budget = RetryBudget::new(0, 10);
    let spent = (0..1000).filter(|_| budget.spend(Failure::Late, Duration::from_secs(1))).count();
    assert_eq!(spent, 100);
    let again = (0..1000).filter(|_| budget.spend(Failure::Late, Duration::from_secs(2))).count();
    assert_eq!(again, 10);
}

#[test]
fn no_budget_means_no_retry() {
    assert!(!RetryBudget::new(0, 0).spend(Failure::Quick, Duration::from_secs(9)));
}
