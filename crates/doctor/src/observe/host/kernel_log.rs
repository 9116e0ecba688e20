//! What the kernel has told about processes it killed, crashed or denied, with the time of each.
//!
//! Reads records of `/dev/kmsg` (`priority,sequence,microseconds since start,flags;text`) and lines of the audit log. Only
//! root may read them on most hosts. Pure: the caller brings the text, and the host's age to turn times into ages.

use std::time::Duration;

/// Something the kernel told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelEvent {
    /// How long ago.
    pub age: Duration,
    /// What.
    pub what: KernelWord,
    /// The line as it stands there.
    pub line: String,
}

/// What the kernel told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KernelWord {
    /// A process was killed for want of memory.
    MemoryKill {
        /// Its name.
        process: String,
    },
    /// A process crashed.
    Crash {
        /// Its name.
        process: String,
    },
    /// SELinux denied something.
    Selinux {
        /// The process's name.
        process: String,
        /// What it wanted, such as `name_connect`.
        wanted: String,
    },
    /// AppArmor denied something.
    Apparmor {
        /// The process's name.
        process: String,
        /// What it wanted, such as `connect`.
        wanted: String,
    },
    /// The table of connections was full.
    ConntrackFull,
}

/// Reads one record of `/dev/kmsg`. `uptime` is how long the host runs.
pub fn kmsg(record: &str, uptime: Duration) -> Option<KernelEvent> {
    let (head, text) = record.split_once(';')?;
    let micros: u64 = head.split(',').nth(2)?.parse().ok()?;
    let line = text.lines().next()?.to_owned();
    let what = word(&line)?;
    Some(KernelEvent { age: uptime.saturating_sub(Duration::from_micros(micros)), what, line })
}

/// Reads one line of the audit log: `type=AVC msg=audit(1763740000.123:45): avc:  denied ...`. `now` is Unix time.
pub fn audit(line: &str, now: Duration) -> Option<KernelEvent> {
    let (_, rest) = line.split_once("audit(")?;
    let seconds: u64 = rest.split(['.', ':', ')']).next()?.parse().ok()?;
    let what = word(line)?;
    Some(KernelEvent { age: now.saturating_sub(Duration::from_secs(seconds)), what, line: line.to_owned() })
}

fn word(line: &str) -> Option<KernelWord> {
    if let Some((_, rest)) = line.split_once("Killed process ") {
        return Some(KernelWord::MemoryKill { process: between(rest, "(", ")")? });
    }
    if line.contains("segfault at")
        || line.contains("general protection")
        || line.contains("trap invalid opcode")
    {
        let process = line.split_once('[').map(|(name, _)| name)?;
        let process = process.trim_start_matches("traps: ").trim().to_owned();
        return Some(KernelWord::Crash { process });
    }
    if line.contains("nf_conntrack: table full") || line.contains("nf_conntrack: nf_conntrack: table full") {
        return Some(KernelWord::ConntrackFull);
    }
    if line.contains("apparmor=\"DENIED\"") {
        let process = between(line, "comm=\"", "\"").unwrap_or_default();
        return Some(KernelWord::Apparmor {
            process,
            wanted: between(line, "operation=\"", "\"").unwrap_or_default(),
        });
    }
    if line.contains("avc:") && line.contains("denied") {
        let process = between(line, "comm=\"", "\"").unwrap_or_default();
        let wanted = between(line, "{", "}").unwrap_or_default().trim().to_owned();
        return Some(KernelWord::Selinux { process, wanted });
    }
    None
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    let (value, _) = rest.split_once(after)?;
    Some(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Option<KernelWord> {
        kmsg(&format!("4,812,90000000,-;{line}"), Duration::from_secs(100)).map(|event| event.what)
    }

    #[test]
    fn an_out_of_memory_kill_names_the_process_and_its_age() {
        let line = "Memory cgroup out of memory: Killed process 4711 (gunicorn) total-vm:812344kB, anon-rss:261120kB";
        let event = kmsg(&format!("3,812,90000000,-;{line}"), Duration::from_secs(100)).expect("an event");
        assert_eq!(event.what, KernelWord::MemoryKill { process: "gunicorn".to_owned() });
        assert_eq!(event.age, Duration::from_secs(10));
    }

    #[test]
    fn crashes_are_seen_in_both_wordings() {
        let expected = Some(KernelWord::Crash { process: "php-fpm8.2".to_owned() });
        assert_eq!(
            told("php-fpm8.2[812]: segfault at 0 ip 00007f sp 00007f error 4 in opcache.so"),
            expected
        );
        assert_eq!(
            told("traps: php-fpm8.2[812] general protection fault ip:7f sp:7f error:0 in libc.so"),
            expected
        );
    }

    #[test]
    fn denials_name_who_wanted_what() {
        let line = "type=AVC msg=audit(1763740000.123:45): avc:  denied  { name_connect } for  pid=812 comm=\"nginx\" \
                    dest=3000 scontext=system_u:system_r:httpd_t:s0 tclass=tcp_socket permissive=0";
        let event = audit(line, Duration::from_secs(1_763_740_060)).expect("an event");
        assert_eq!(
            event.what,
            KernelWord::Selinux { process: "nginx".to_owned(), wanted: "name_connect".to_owned() }
        );
        assert_eq!(event.age, Duration::from_secs(60));
        let line = "audit: type=1400 audit(1763740000.1:9): apparmor=\"DENIED\" operation=\"connect\" profile=\"nginx\" \
                    name=\"/run/app.sock\" pid=1 comm=\"nginx\" requested_mask=\"wr\"";
        assert_eq!(
            told(line),
            Some(KernelWord::Apparmor { process: "nginx".to_owned(), wanted: "connect".to_owned() })
        );
    }

    #[test]
    fn other_talk_is_left_out() {
        assert_eq!(told("EXT4-fs (vda): mounted filesystem"), None);
        assert_eq!(kmsg("not a record", Duration::ZERO), None);
    }
}
