//! Counters of the kernel that only mean something when they grow: overflowed queues, killed processes, throttled time.
//!
//! Pure readers of `/proc/net/netstat`, `/proc/vmstat`, `cpu.stat` and `memory.events`. The totals count since the host
//! started and prove nothing about now; [`Growth`] compares two looks.

/// One look at the counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Connections dropped because an accept queue was full.
    pub listen_overflows: u64,
    /// Connections dropped by listeners for any reason.
    pub listen_drops: u64,
    /// Processes killed for want of memory.
    pub memory_kills: u64,
}

/// What grew between two looks.
pub type Growth = Counters;

/// The CPU quota of a control group: how often it ran out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throttle {
    /// Periods in which the group ran.
    pub periods: u64,
    /// Periods in which its quota ran out.
    pub throttled: u64,
}

impl Counters {
    /// Reads both texts; what is missing counts as zero.
    pub fn read(netstat: &str, vmstat: &str) -> Self {
        Self {
            listen_overflows: extended(netstat, "ListenOverflows").unwrap_or(0),
            listen_drops: extended(netstat, "ListenDrops").unwrap_or(0),
            memory_kills: keyed(vmstat, "oom_kill").unwrap_or(0),
        }
    }

    /// What grew since an earlier look.
    #[must_use]
    pub const fn since(&self, earlier: &Self) -> Growth {
        Self {
            listen_overflows: self.listen_overflows.saturating_sub(earlier.listen_overflows),
            listen_drops: self.listen_drops.saturating_sub(earlier.listen_drops),
            memory_kills: self.memory_kills.saturating_sub(earlier.memory_kills),
        }
    }
}

impl Throttle {
    /// Reads `cpu.stat`; `None` where the group has no quota.
    pub fn read(text: &str) -> Option<Self> {
        let periods = keyed(text, "nr_periods")?;
        Some(Self { periods, throttled: keyed(text, "nr_throttled")? })
    }

    /// The share of periods since an earlier look in which the quota ran out, in percent; `None` without enough periods.
    pub fn share_since(&self, earlier: &Self) -> Option<u64> {
        let periods = self.periods.saturating_sub(earlier.periods);
        let throttled = self.throttled.saturating_sub(earlier.throttled);
        (periods >= MIN_PERIODS).then(|| throttled * 100 / periods)
    }
}

/// A value of `TcpExt` in `/proc/net/netstat`: a line of names, a line of numbers.
fn extended(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter(|line| line.starts_with("TcpExt:"));
    let position = lines.next()?.split_ascii_whitespace().position(|word| word == name)?;
    lines.next()?.split_ascii_whitespace().nth(position)?.parse().ok()
}

/// The number behind a word at the beginning of a line.
pub fn keyed(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let (word, rest) = line.split_once([' ', ':', '\t'])?;
        if word != name {
            return None;
        }
        rest.split_ascii_whitespace().next()?.parse().ok()
    })
}

/// Below so many periods of (usually) 100 ms a share is chance.
const MIN_PERIODS: u64 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    const NETSTAT: &str = "TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPHPHits
TcpExt: 0 97 551 182691331
IpExt: InNoRoutes ListenOverflows
IpExt: 0 12
";

    #[test]
    fn overflows_are_found_by_name() {
        let counters = Counters::read(NETSTAT, "pgfault 4\noom_kill 2\noom_kill_more 7\n");
        assert_eq!(counters, Counters { listen_overflows: 97, listen_drops: 551, memory_kills: 2 });
    }

    #[test]
    fn only_growth_counts() {
        let before = Counters { listen_overflows: 97, listen_drops: 551, memory_kills: 2 };
        let after = Counters { listen_overflows: 100, ..before };
        assert_eq!(after.since(&before), Growth { listen_overflows: 3, listen_drops: 0, memory_kills: 0 });
    }

    #[test]
    fn throttling_needs_enough_periods() {
        let before = Throttle::read("usage_usec 1\nnr_periods 100\nnr_throttled 10\n").expect("a quota");
        let after = Throttle { periods: 115, throttled: 22 };
        assert_eq!(after.share_since(&before), Some(80));
        assert_eq!(Throttle { periods: 102, throttled: 12 }.share_since(&before), None);
        assert_eq!(Throttle::read("usage_usec 1\n"), None);
    }
}
