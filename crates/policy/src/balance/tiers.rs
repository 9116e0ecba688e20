//! Which upstreams of a pool may be chosen now: those nearest to us that are up, and never nobody.
//!
//! The order is: our own zone, other zones, backups; in each of them who is up and was not tried for this request. The
//! own zone is sick when less than half of it is up: then the other zones help. When nobody is up, all are used: an
//! upstream that is held to be down may answer, an upstream that is not asked cannot.

/// How near an upstream is. The order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// In our own zone, or zones say nothing.
    Near,
    /// In another zone.
    Far,
    /// A backup.
    Backup,
}

/// What the decision needs to know about an upstream.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// How near it is.
    pub tier: Tier,
    /// Whether it is held to be up.
    pub is_up: bool,
    /// How often this request has tried it.
    pub tried: u32,
}

impl Tier {
    /// The tier of an upstream in `zone`, for a gateway in `own`.
    pub fn of(is_backup: bool, zone: Option<&str>, own: Option<&str>) -> Self {
        match (is_backup, zone, own) {
            (true, ..) => Self::Backup,
            (false, Some(zone), Some(own)) if zone != own => Self::Far,
            (false, ..) => Self::Near,
        }
    }
}

/// Calls `take` for the place of each upstream that may be chosen; for one at least, unless there is none.
pub fn eligible(upstreams: impl Iterator<Item = Seen> + Clone, mut take: impl FnMut(usize)) {
    let near = || upstreams.clone().filter(|seen| seen.tier == Tier::Near);
    let is_sick = near().filter(|seen| seen.is_up).count() * 2 < near().count();
    let rank = |seen: &Seen| match (seen.is_up, seen.tried, seen.tier) {
        (true, 0, Tier::Near) => 0,
        (true, 0, Tier::Far) => u32::from(!is_sick),
        (true, 0, Tier::Backup) => 2,
        (false, 0, Tier::Near | Tier::Far) => 3,
        (false, 0, Tier::Backup) => 4,
        // Tried ones again: those that were tried least, the ones that are up first.
        (is_up, tried, _) => 4 + tried.saturating_mul(2) - u32::from(is_up),
    };
    let Some(best) = upstreams.clone().map(|seen| rank(&seen)).min() else { return };
    upstreams.enumerate().filter(|(_, seen)| rank(seen) == best).for_each(|(place, _)| take(place));
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: Seen = Seen { tier: Tier::Near, is_up: true, tried: 0 };
    const DOWN: Seen = Seen { is_up: false, ..UP };
    const FAR: Seen = Seen { tier: Tier::Far, ..UP };
    const BACKUP: Seen = Seen { tier: Tier::Backup, ..UP };

    #[track_caller]
    fn check(upstreams: &[Seen], expected: &[usize]) {
        let mut found = Vec::new();
        eligible(upstreams.iter().copied(), |place| found.push(place));
        assert_eq!(found, expected, "{upstreams:?}");
    }

    #[test]
    fn who_is_up_in_the_own_zone_comes_first() {
        check(&[UP, DOWN, UP, FAR, BACKUP], &[0, 2]);
        check(&[], &[]);
    }

    #[test]
    fn other_zones_help_a_sick_one_and_stand_in_for_one_that_is_down() {
        check(&[UP, DOWN, DOWN, FAR], &[0, 3]);
        check(&[DOWN, DOWN, FAR, BACKUP], &[2]);
    }

    #[test]
    fn backups_are_used_when_nobody_else_is_up() {
        check(&[DOWN, Seen { is_up: false, ..FAR }, BACKUP], &[2]);
    }

    #[test]
    fn when_all_are_down_all_are_used() {
        check(&[DOWN, DOWN, DOWN], &[0, 1, 2]);
        check(&[DOWN, Seen { is_up: false, ..BACKUP }], &[0]);
    }

    #[test]
    fn who_was_tried_waits_for_the_others() {
        let tried = Seen { tried: 1, ..UP };
        check(&[tried, UP, DOWN], &[1]);
        check(&[tried, DOWN], &[1]);
        check(&[tried, BACKUP], &[1]);
        check(&[Seen { tried: 2, ..UP }, tried, Seen { tried: 1, ..DOWN }], &[1]);
    }

    #[test]
    fn zones_count_only_where_both_sides_say_theirs() {
        assert_eq!(Tier::of(false, Some("a"), Some("a")), Tier::Near);
        assert_eq!(Tier::of(false, Some("b"), Some("a")), Tier::Far);
        assert_eq!(Tier::of(false, None, Some("a")), Tier::Near);
        assert_eq!(Tier::of(false, Some("b"), None), Tier::Near);
        assert_eq!(Tier::of(true, Some("b"), Some("a")), Tier::Backup);
    }
}
