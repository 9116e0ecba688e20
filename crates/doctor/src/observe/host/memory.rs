//! How much memory is left, on the host and in a control group. Pure readers of `/proc/meminfo` and cgroup files.

use super::counters::keyed;

/// What `/proc/meminfo` says, in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// All of it.
    pub total: u64,
    /// What programs can still get without swapping.
    pub available: u64,
    /// Swap not used.
    pub swap_free: u64,
}

impl Memory {
    /// Reads `/proc/meminfo`.
    pub fn read(text: &str) -> Option<Self> {
        Some(Self {
            total: keyed(text, "MemTotal")?,
            available: keyed(text, "MemAvailable")?,
            swap_free: keyed(text, "SwapFree").unwrap_or(0),
        })
    }

    /// Whether programs will soon be killed: below two percent and 256 MiB available, and no swap to speak of.
    pub const fn is_short(&self) -> bool {
        self.available * 50 < self.total && self.available < 256 * 1024 && self.swap_free < 64 * 1024
    }
}

/// Where the control group of a process keeps its numbers, for both versions of the file system.
///
/// `text` is `/proc/PID/cgroup`; the answer is a list of folders to try, the most specific first.
pub fn group_folders(text: &str, controller: &str) -> Vec<String> {
    let mut folders = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        if controllers.is_empty() {
            folders.push(format!("/sys/fs/cgroup{path}"));
        } else if controllers.split(',').any(|name| name == controller) {
            folders.push(format!("/sys/fs/cgroup/{controllers}{path}"));
            folders.push(format!("/sys/fs/cgroup/{controller}{path}"));
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_with_room_is_not_short() {
        let text = "MemTotal:        8000000 kB\nMemFree:          100000 kB\nMemAvailable:    5000000 kB\nSwapFree:  0 kB\n";
        assert!(!Memory::read(text).expect("memory").is_short());
    }

    #[test]
    fn nearly_nothing_available_is_short_unless_there_is_swap() {
        let memory = Memory { total: 8_000_000, available: 60_000, swap_free: 0 };
        assert!(memory.is_short());
        assert!(!Memory { swap_free: 2_000_000, ..memory }.is_short());
    }

    #[test]
    fn groups_are_found_in_both_versions() {
        assert_eq!(
            group_folders("0::/system.slice/shop.service\n", "cpu"),
            ["/sys/fs/cgroup/system.slice/shop.service"]
        );
        let old = "4:memory:/docker/ab\n2:cpu,cpuacct:/docker/ab\n0::/\n";
        assert_eq!(
            group_folders(old, "cpu"),
            ["/sys/fs/cgroup/cpu,cpuacct/docker/ab", "/sys/fs/cgroup/cpu/docker/ab", "/sys/fs/cgroup/"]
        );
    }
}
