//! What this machine says of itself: its sockets, processes, memory and the kernel's own words.
//!
//! One look at `/proc`, made at once; what only means something when it grows is looked at again by [`Host::watched`].
//! All of it as an ordinary user sees it. What root would see besides is empty here, never guessed: a process whose files
//! we may not list has `files: None`. [`Host::owns`] tells whether an address is one of this machine's at all; for others
//! nothing here applies.

pub mod counters;
pub mod disk;
pub mod kernel_log;
pub mod memory;
pub mod processes;
pub mod queues;
pub mod sockets;

use crate::Case;
use counters::{Counters, Growth, Throttle};
use kernel_log::KernelEvent;
use memory::Memory;
use processes::Process;
use queues::{Listens, Queue};
use sockets::{TcpRow, UnixRow};
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep_until};

/// What this machine says of itself.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// Every TCP socket of both families.
    pub tcp: Vec<TcpRow>,
    /// Every listening unix socket.
    pub unix: Vec<UnixRow>,
    /// Every process we can see.
    pub processes: Vec<Process>,
    /// The host's memory.
    pub memory: Option<Memory>,
    /// Entries of the packet filter's table of connections, and how many it may have.
    pub conntrack: Option<(u64, u64)>,
    /// The first and last port for outgoing connections.
    pub ports: Option<(u16, u16)>,
    /// What the kernel told of late; `None` where we may not read it.
    pub kernel: Option<Vec<KernelEvent>>,
    /// Whether SELinux is at work.
    pub is_selinux_enforcing: bool,
    /// Whether we are root.
    pub is_root: bool,
    pub(crate) before: Counters,
    pub(crate) looked_at: Option<Instant>,
    pub(crate) watched: Rc<OnceCell<Rc<Watched>>>,
}

/// What happened on this machine during a second and a half.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    /// What the kernel's counters grew by.
    pub growth: Growth,
    /// The queues of listening sockets in several looks; empty where the kernel does not tell.
    pub looks: Vec<Vec<Queue>>,
    /// Processes whose CPU quota ran out, with the share of periods in percent.
    pub throttled: Vec<(u32, u64)>,
}

/// Looks.
pub async fn observe(_case: &Case) -> Host {
    let looked = tokio::task::spawn_blocking(look).await;
    let (tcp, unix, processes, facts) = looked.unwrap_or_default();
    Host { tcp, unix, processes, looked_at: Some(Instant::now()), ..facts.into_host() }
}

impl Host {
    /// Whether an address is one of this machine's own.
    pub fn owns(ip: IpAddr) -> bool {
        !ip.is_unspecified() && UdpSocket::bind((ip, 0)).is_ok()
    }

    /// The sockets that take connections to this address.
    pub fn listeners(&self, address: SocketAddr) -> impl Iterator<Item = &TcpRow> {
        self.on_port(address.port()).filter(move |row| takes(row.local, address.ip()))
    }

    /// The sockets that listen on this port, on any address.
    pub fn on_port(&self, port: u16) -> impl Iterator<Item = &TcpRow> {
        self.tcp.iter().filter(move |row| row.listens() && row.local.port() == port)
    }

    /// The processes that hold a socket, as far as we may look.
    pub fn holders(&self, inode: u64) -> impl Iterator<Item = &Process> {
        let holds =
            move |process: &&Process| process.sockets.as_ref().is_some_and(|all| all.contains(&inode));
        self.processes.iter().filter(holds)
    }

    /// The process with this number.
    pub fn process(&self, pid: u32) -> Option<&Process> {
        self.processes.iter().find(|process| process.pid == pid)
    }

    /// What the kernel told within this time; empty where we may not read it.
    pub fn kernel_since(&self, age: Duration) -> impl Iterator<Item = &KernelEvent> {
        self.kernel.iter().flatten().filter(move |event| event.age <= age)
    }

    /// What happens on this machine for a second and a half, looked at once for all who ask.
    pub async fn watched(&self) -> Rc<Watched> {
        Rc::clone(self.watched.get_or_init(async || Rc::new(self.watch().await)).await)
    }

    async fn watch(&self) -> Watched {
        let begun = self.looked_at.unwrap_or_else(Instant::now);
        let throttles: Vec<_> =
            self.processes.iter().filter_map(|it| Some((it.pid, throttle(it)?))).collect();
        let mut watched = Watched::default();
        for round in 0..LOOKS {
            sleep_until(begun + BETWEEN_LOOKS * round).await;
            watched.looks.extend(queues::ask());
        }
        let after = read_counters();
        watched.growth = after.since(&self.before);
        for (pid, before) in throttles {
            let now = self.process(pid).and_then(throttle);
            watched.throttled.extend(now.and_then(|now| Some((pid, now.share_since(&before)?))));
        }
        watched
    }
}

impl Watched {
    /// The fewest connections that waited at a place in any look, and how many may; `None` where it was not seen each time.
    pub fn always_waiting(&self, place: &Listens) -> Option<(u32, u32)> {
        let each = self.looks.iter().map(|look| look.iter().find(|queue| queue.place == *place));
        let each: Option<Vec<&Queue>> = each.collect();
        let each = each?;
        let limit = each.first()?.limit;
        Some((each.iter().map(|queue| queue.waiting).min()?, limit))
    }

    /// The queues that were full in every look; at least three looks are needed.
    pub fn always_full(&self) -> Vec<&Queue> {
        let Some((first, others)) = self.looks.split_first() else { return Vec::new() };
        if others.len() < 2 {
            return Vec::new();
        }
        let is_full =
            |look: &Vec<Queue>, queue: &Queue| look.iter().any(|it| it.inode == queue.inode && it.is_full());
        first
            .iter()
            .filter(|queue| queue.is_full() && others.iter().all(|look| is_full(look, queue)))
            .collect()
    }
}

/// The facts of a look that are no lists of sockets and processes.
#[derive(Debug, Default)]
struct Facts {
    memory: Option<Memory>,
    conntrack: Option<(u64, u64)>,
    ports: Option<(u16, u16)>,
    kernel: Option<Vec<KernelEvent>>,
    is_selinux_enforcing: bool,
    before: Counters,
}

impl Facts {
    fn into_host(self) -> Host {
        Host {
            memory: self.memory,
            conntrack: self.conntrack,
            ports: self.ports,
            kernel: self.kernel,
            is_selinux_enforcing: self.is_selinux_enforcing,
            is_root: rustix::process::geteuid().is_root(),
            before: self.before,
            ..Host::default()
        }
    }
}

type Look = (Vec<TcpRow>, Vec<UnixRow>, Vec<Process>, Facts);

fn look() -> Look {
    let uptime = uptime();
    let mut tcp = sockets::tcp(&text("/proc/net/tcp"));
    tcp.extend(sockets::tcp(&text("/proc/net/tcp6")));
    let unix = sockets::unix_listeners(&text("/proc/net/unix"));
    let count = number("/proc/sys/net/netfilter/nf_conntrack_count");
    let facts = Facts {
        memory: Memory::read(&text("/proc/meminfo")),
        conntrack: count.zip(number("/proc/sys/net/netfilter/nf_conntrack_max")),
        ports: ports(&text("/proc/sys/net/ipv4/ip_local_port_range")),
        kernel: kernel_words(uptime),
        is_selinux_enforcing: text("/sys/fs/selinux/enforce").trim() == "1",
        before: read_counters(),
    };
    (tcp, unix, processes::all(uptime), facts)
}

fn read_counters() -> Counters {
    Counters::read(&text("/proc/net/netstat"), &text("/proc/vmstat"))
}

fn throttle(process: &Process) -> Option<Throttle> {
    process.cpu_groups.iter().find_map(|folder| Throttle::read(&text(&format!("{folder}/cpu.stat"))))
}

/// Whether a listener on `local` takes connections to `ip`. `[::]` takes IPv4 too unless it was told not to, which the
/// kernel's table does not show.
fn takes(local: SocketAddr, ip: IpAddr) -> bool {
    local.ip() == ip || (local.ip().is_unspecified() && (local.is_ipv6() || ip.is_ipv4()))
}

fn uptime() -> Duration {
    let seconds =
        text("/proc/uptime").split_ascii_whitespace().next().and_then(|word| word.parse::<f64>().ok());
    Duration::try_from_secs_f64(seconds.unwrap_or(0.0)).unwrap_or_default()
}

fn ports(text: &str) -> Option<(u16, u16)> {
    let mut numbers = text.split_ascii_whitespace().map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The kernel's records and the audit log's tail; `None` where neither may be read.
fn kernel_words(uptime: Duration) -> Option<Vec<KernelEvent>> {
    let kernel = kmsg(uptime);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let audit = tail(Path::new("/var/log/audit/audit.log"), AUDIT_TAIL);
    if kernel.is_none() && audit.is_none() {
        return None;
    }
    let audit = audit.unwrap_or_default();
    let told = audit.lines().filter_map(|line| kernel_log::audit(line, now));
    Some(kernel.unwrap_or_default().into_iter().chain(told).collect())
}

fn kmsg(uptime: Duration) -> Option<Vec<KernelEvent>> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut file = fs::OpenOptions::new().read(true).custom_flags(flags).open("/dev/kmsg").ok()?;
    let mut events = Vec::new();
    let mut buffer = vec![0u8; 8192];
    // Each read gives one record; one that was overwritten meanwhile is an error after which the next follows.
    for _ in 0..MOST_RECORDS {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                let record = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default());
                events.extend(kernel_log::kmsg(&record, uptime));
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
            Err(_) => return None,
        }
    }
    Some(events)
}

/// The last `most` bytes of a file, from the first whole line on.
pub fn tail(path: &Path, most: u64) -> Option<String> {
    let mut file = fs::File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let skipped = length.saturating_sub(most);
    file.seek(SeekFrom::Start(skipped)).ok()?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if skipped == 0 {
        return Some(text);
    }
    Some(text.split_once('\n').map_or(String::new(), |(_, rest)| rest.to_owned()))
}

fn text(path: &str) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn number(path: &str) -> Option<u64> {
    text(path).trim().parse().ok()
}

/// How often queues are looked at: a claim about time needs three.
const LOOKS: u32 = 4;
/// The pause between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// How much of the audit log is read.
const AUDIT_TAIL: u64 = 512 * 1024;
/// More records than the kernel's buffer usually holds.
const MOST_RECORDS: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn row(local: &str) -> TcpRow {
        let remote = SocketAddr::from(([0, 0, 0, 0], 0));
        let local = local.parse().expect("an address");
        TcpRow { local, remote, state: 10, waiting: 0, uid: 0, inode: 1 }
    }

    #[test]
    fn a_listener_on_all_addresses_takes_connections_to_any() {
        let host =
            Host { tcp: vec![row("0.0.0.0:80"), row("[::]:81"), row("127.0.0.1:82")], ..Host::default() };
        let count = |address: &str| host.listeners(address.parse().expect("an address")).count();
        assert_eq!((count("10.0.0.1:80"), count("[::1]:80")), (1, 0));
        assert_eq!((count("10.0.0.1:81"), count("[::1]:81")), (1, 1));
        assert_eq!((count("127.0.0.1:82"), count("10.0.0.1:82")), (1, 0));
    }

    #[test]
    fn only_own_addresses_are_owned() {
        assert!(Host::owns(IpAddr::from([127, 0, 0, 1])));
        assert!(!Host::owns(IpAddr::from([192, 0, 2, 1])));
        assert!(!Host::owns(IpAddr::from([0, 0, 0, 0])));
    }

    #[test]
    fn a_queue_must_be_full_in_every_look() {
        let queue =
            |waiting| Queue { place: Listens::Unix("/run/app.sock".into()), inode: 7, waiting, limit: 5 };
        let full =
            Watched { looks: vec![vec![queue(5)], vec![queue(6)], vec![queue(5)]], ..Watched::default() };
        assert_eq!(full.always_full().len(), 1);
        let emptied =
            Watched { looks: vec![vec![queue(5)], vec![queue(1)], vec![queue(5)]], ..Watched::default() };
        assert!(emptied.always_full().is_empty());
        assert_eq!(emptied.always_waiting(&Listens::Unix("/run/app.sock".into())), Some((1, 5)));
        let seldom = Watched { looks: vec![vec![queue(5)], vec![queue(5)]], ..Watched::default() };
        assert!(seldom.always_full().is_empty());
    }

    #[test]
    fn this_machine_is_seen() {
        let (_, _, processes, facts) = look();
        assert!(processes.iter().any(|process| process.pid == std::process::id()));
        assert!(facts.memory.is_some() && facts.ports.is_some());
    }

    #[test]
    fn a_tail_begins_with_a_whole_line() {
        let path = std::env::temp_dir().join(format!("torwart-tail-{}", std::process::id()));
        fs::write(&path, "first line\nsecond\nthird\n").expect("a file");
        assert_eq!(tail(&path, 15).as_deref(), Some("second\nthird\n"));
        assert_eq!(tail(&path, 1000).as_deref(), Some("first line\nsecond\nthird\n"));
        let _ = fs::remove_file(&path);
    }
}
