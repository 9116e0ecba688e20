//! The processes of this host: what they are called, as whom they run, what they hold open.
//!
//! Reads `/proc/PID`. An ordinary user sees the open files of its own processes only; of the others `sockets` and `files`
//! stay empty, which is told apart from "none".

use super::memory::group_folders;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its parent's number.
    pub parent: u32,
    /// Its short name, at most 15 letters.
    pub name: String,
    /// Its command line; some programs write a title there.
    pub command: Vec<String>,
    /// The user it acts as.
    pub uid: u32,
    /// The group it acts as.
    pub gid: u32,
    /// Its further groups.
    pub groups: Vec<u32>,
    /// Whether it was stopped by a signal, and does nothing until it is continued.
    pub is_stopped: bool,
    /// How long it runs.
    pub age: Duration,
    /// The numbers of its sockets; `None` where we may not look.
    pub sockets: Option<Vec<u64>>,
    /// Open files and connections, and how many it may open; `None` where we may not look.
    pub files: Option<Files>,
    /// Folders in which its control group keeps numbers about the CPU.
    pub cpu_groups: Vec<String>,
    /// What SELinux or AppArmor calls it; `None` where neither is at work.
    pub label: Option<String>,
    /// The folder it works in; `None` where we may not look.
    pub folder: Option<PathBuf>,
    /// Whether it has a network of its own, as in a container; its sockets are not in our tables then.
    pub has_own_network: bool,
}

/// How many files a process has open, of how many it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Files {
    /// Open now.
    pub open: u64,
    /// The soft limit.
    pub limit: u64,
}

impl Process {
    /// The command line as one text.
    pub fn command_line(&self) -> String {
        self.command.join(" ").trim().to_owned()
    }

    /// Whether it may do this (a mask of read 4, write 2, execute 1) with a file of this owner, group and mode.
    pub fn may(&self, wanted: u32, uid: u32, gid: u32, mode: u32) -> bool {
        let shift = if self.uid == uid {
            6
        } else if self.gid == gid || self.groups.contains(&gid) {
            3
        } else {
            0
        };
        self.uid == 0 || (mode >> shift) & wanted == wanted
    }
}

/// Every process we can see. `uptime` is how long the host runs.
pub fn all(uptime: Duration) -> Vec<Process> {
    let own_network = fs::read_link("/proc/self/ns/net").ok();
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(|pid| look(pid, uptime, own_network.as_deref()))
        .collect()
}

fn look(pid: u32, uptime: Duration, own_network: Option<&Path>) -> Option<Process> {
    let folder = PathBuf::from(format!("/proc/{pid}"));
    let mut process = Process { pid, ..Process::default() };
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    read_stat(&stat, uptime, &mut process)?;
    read_status(&fs::read_to_string(folder.join("status")).ok()?, &mut process);
    let command = fs::read(folder.join("cmdline")).unwrap_or_default();
    process.command = read_command(&command);
    if process.command.is_empty() {
        // A thread of the kernel, or a process that has ended.
        return None;
    }
    let limit = fs::read_to_string(folder.join("limits")).ok().and_then(|text| read_limit(&text));
    if let Some((open, sockets)) = open_files(&folder.join("fd")) {
        process.files = limit.map(|limit| Files { open, limit });
        process.sockets = Some(sockets);
    }
    let groups = fs::read_to_string(folder.join("cgroup")).unwrap_or_default();
    process.cpu_groups = group_folders(&groups, "cpu");
    let label = fs::read_to_string(folder.join("attr/current")).unwrap_or_default();
    let label = label.trim_end_matches(['\0', '\n']);
    process.label = (!label.is_empty() && label != "unconfined").then(|| label.to_owned());
    process.folder = fs::read_link(folder.join("cwd")).ok();
    let network = fs::read_link(folder.join("ns/net")).ok();
    process.has_own_network = network.is_some() && network.as_deref() != own_network;
    Some(process)
}

/// Name, state, parent and age from `/proc/PID/stat`. The name stands in brackets and may hold any letter.
fn read_stat(text: &str, uptime: Duration, process: &mut Process) -> Option<()> {
    let (before, after) = (text.find('(')?, text.rfind(')')?);
    process.name = text.get(before + 1..after)?.to_owned();
    let words: Vec<&str> = text.get(after + 1..)?.split_ascii_whitespace().collect();
    process.is_stopped = matches!(words.first(), Some(&"T" | &"t"));
    process.parent = words.get(1)?.parse().ok()?;
    let ticks: u64 = words.get(19)?.parse().ok()?;
    process.age = uptime.saturating_sub(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND));
    Some(())
}

/// Effective user and group, and further groups, from `/proc/PID/status`.
fn read_status(text: &str, process: &mut Process) {
    for line in text.lines() {
        let Some((key, rest)) = line.split_once(':') else { continue };
        let mut numbers = rest.split_ascii_whitespace().filter_map(|word| word.parse().ok());
        match key {
            "Uid" => process.uid = numbers.nth(1).unwrap_or_default(),
            "Gid" => process.gid = numbers.nth(1).unwrap_or_default(),
            "Groups" => process.groups = numbers.collect(),
            _ => {}
        }
    }
}

fn read_command(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let words = text.trim_end_matches('\0').split('\0').map(str::to_owned);
    words.filter(|word| !word.is_empty()).collect()
}

/// The soft limit of open files from `/proc/PID/limits`.
fn read_limit(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

fn open_files(folder: &Path) -> Option<(u64, Vec<u64>)> {
    let (mut open, mut sockets) = (0, Vec::new());
    for entry in fs::read_dir(folder).ok()?.filter_map(Result::ok) {
        open += 1;
        let target = fs::read_link(entry.path()).unwrap_or_default();
        let number = target.to_str().and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']'));
        sockets.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    Some((open, sockets))
}

/// `USER_HZ`, which Linux keeps at 100 for programs whatever its own clock.
const TICKS_PER_SECOND: u64 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_brackets_and_spaces_are_read() {
        let mut process = Process::default();
        let text = "812 (php-fpm: (x) y) S 1 812 812 0 -1 4194560 1 0 0 0 3 1 0 0 20 0 1 0 9000 1 1 1";
        read_stat(text, Duration::from_secs(100), &mut process).expect("a line of stat");
        assert_eq!((process.name.as_str(), process.parent), ("php-fpm: (x) y", 1));
        assert_eq!(process.age, Duration::from_secs(10));
    }

    #[test]
    fn the_effective_user_and_groups_count() {
        let mut process = Process::default();
        read_status("Name:\tnginx\nUid:\t0\t33\t33\t33\nGid:\t0\t33\t33\t33\nGroups:\t4 33 \n", &mut process);
        assert_eq!((process.uid, process.gid, process.groups), (33, 33, vec![4, 33]));
    }

    #[test]
    fn limits_tell_the_soft_number() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max open files            1024                 1048576              files     \n";
        assert_eq!(read_limit(text), Some(1024));
    }

    #[test]
    fn rights_follow_owner_then_group_then_others() {
        let worker = Process { uid: 33, gid: 33, groups: vec![4], ..Process::default() };
        assert!(!worker.may(2, 1000, 1000, 0o660));
        assert!(worker.may(2, 1000, 4, 0o660));
        assert!(worker.may(2, 1000, 1000, 0o666));
        // The owner's bits decide for the owner, even where others may more.
        assert!(!worker.may(2, 33, 1000, 0o466));
        assert!(Process { uid: 0, ..worker }.may(2, 1000, 1000, 0));
    }

    #[test]
    fn this_process_is_seen_with_its_files() {
        let all = all(Duration::from_secs(1 << 20));
        let own = all.iter().find(|process| process.pid == std::process::id()).expect("ourselves");
        assert!(own.files.is_some_and(|files| files.open > 2 && files.limit > files.open));
        assert!(!own.has_own_network);
    }
}
