//! A small network of namespaces: the gateway's machine, one or two routers, the upstream's machine.
//!
//! ```text
//! gateway 10.77.1.2 - 10.77.1.1 router (- 10.77.5.1 second router) 10.77.2.1 - 10.77.2.2 host
//! ```
//! Nothing of it touches the machine's own network. Names carry the process's id and a number, and everything goes with the
//! world, also when a test fails. Needs root; without it, `World::new` says so loudly and the test ends.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A network, until it is dropped.
pub struct World {
    id: String,
    has_second_router: bool,
    is_over: Arc<AtomicBool>,
    servers: Vec<JoinHandle<()>>,
}

/// A machine of the world.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    Gateway,
    Router,
    SecondRouter,
    Host,
}

impl Machine {
    const fn letter(self) -> char {
        match self {
            Self::Gateway => 'g',
            Self::Router => 'r',
            Self::SecondRouter => 's',
            Self::Host => 'h',
        }
    }
}

impl World {
    /// A network with one router. `None` without the right to make one.
    pub fn new() -> Option<Self> {
        Self::with(false)
    }

    /// A network with two routers.
    pub fn with_two_routers() -> Option<Self> {
        Self::with(true)
    }

    fn with(has_second_router: bool) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        if !tool_exists("nft") || !tool_exists("ip") || !may_make_networks() {
            let mut stderr = std::io::stderr();
            let _ = writeln!(stderr, "SKIPPED: a test in network namespaces needs root's rights, ip and nft");
            return None;
        }
        let id = format!("tw{}x{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let world = Self { id, has_second_router, is_over: Arc::default(), servers: Vec::new() };
        world.machines().for_each(|machine| ip(&format!("netns add {}", world.name(machine))));
        world.cable(Machine::Gateway, "10.77.1.2/24", Machine::Router, "10.77.1.1/24");
        if has_second_router {
            world.cable(Machine::Router, "10.77.5.1/24", Machine::SecondRouter, "10.77.5.2/24");
            world.cable(Machine::SecondRouter, "10.77.2.1/24", Machine::Host, "10.77.2.2/24");
            world.route(Machine::Router, "10.77.2.0/24 via 10.77.5.2");
            world.route(Machine::SecondRouter, "default via 10.77.5.1");
        } else {
            world.cable(Machine::Router, "10.77.2.1/24", Machine::Host, "10.77.2.2/24");
        }
        world.route(Machine::Gateway, "10.77.0.0/16 via 10.77.1.1");
        world.route(Machine::Host, "default via 10.77.2.1");
        for machine in world.machines() {
            world.ip(machine, "link set lo up");
            world.sysctl(machine, "net/ipv4/ip_forward", "1");
        }
        Some(world)
    }

    fn machines(&self) -> impl Iterator<Item = Machine> + use<> {
        let all = [Machine::Gateway, Machine::Router, Machine::SecondRouter, Machine::Host];
        let has_second = self.has_second_router;
        all.into_iter().filter(move |machine| has_second || *machine != Machine::SecondRouter)
    }

    fn name(&self, machine: Machine) -> String {
        format!("{}{}", self.id, machine.letter())
    }

    fn cable(&self, one: Machine, one_address: &str, other: Machine, other_address: &str) {
        let end = |machine: Machine, peer: Machine| format!("to-{}{}", machine.letter(), peer.letter());
        let (a, b) = (end(one, other), end(other, one));
        ip(&format!(
            "link add {a} netns {} type veth peer name {b} netns {}",
            self.name(one),
            self.name(other)
        ));
        for (machine, device, address) in [(one, &a, one_address), (other, &b, other_address)] {
            self.ip(machine, &format!("addr add {address} dev {device}"));
            self.ip(machine, &format!("link set {device} up"));
        }
    }

    /// Runs `ip` on a machine.
    pub fn ip(&self, machine: Machine, words: &str) {
        ip(&format!("-n {} {words}", self.name(machine)));
    }

    /// Adds a route on a machine.
    pub fn route(&self, machine: Machine, route: &str) {
        self.ip(machine, &format!("route add {route}"));
    }

    /// Sets a kernel parameter of a machine.
    pub fn sysctl(&self, machine: Machine, name: &str, value: &str) {
        let (path, value) = (format!("/proc/sys/{name}"), value.to_owned());
        self.on(machine, move || std::fs::write(path, value)).expect("a kernel parameter");
    }

    /// Adds rules to a machine's packet filter: `input tcp dport 80 drop`.
    pub fn filter(&self, machine: Machine, rules: &[&str]) {
        let mut text = String::from("add table inet test\n");
        for hook in ["input", "output", "forward"] {
            text += &format!("add chain inet test {hook} {{ type filter hook {hook} priority 0; }}\n");
        }
        for rule in rules {
            text += &format!("add rule inet test {rule}\n");
        }
        let mut nft = Command::new("ip")
            .args(["netns", "exec", &self.name(machine), "nft", "-f", "-"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("nft starts");
        let mut stdin = nft.stdin.take().expect("a pipe");
        stdin.write_all(text.as_bytes()).expect("rules are read");
        drop(stdin);
        assert!(nft.wait().expect("nft ends").success(), "{text}");
    }

    /// Serves HTTP on a machine: each request is answered with the status and a body of so many bytes.
    pub fn serve(&mut self, machine: Machine, address: &str, status: u16, body: usize) {
        let address: SocketAddr = address.parse().expect("an address");
        let listener = self.on(machine, move || TcpListener::bind(address)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener");
        let is_over = Arc::clone(&self.is_over);
        self.servers.push(std::thread::spawn(move || serve(&listener, &is_over, status, body)));
    }

    /// Serves HTTP on a machine, many requests over each connection, which it does not close by itself.
    pub fn serve_on_and_on(&mut self, machine: Machine, address: &str) {
        let address: SocketAddr = address.parse().expect("an address");
        let listener = self.on(machine, move || TcpListener::bind(address)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener");
        let is_over = Arc::clone(&self.is_over);
        self.servers.push(std::thread::spawn(move || accept(&listener, &is_over, answer_all)));
    }

    /// Runs something on a thread that lives on a machine.
    pub fn on<T: Send + 'static>(&self, machine: Machine, work: impl FnOnce() -> T + Send + 'static) -> T {
        let space = File::open(format!("/run/netns/{}", self.name(machine))).expect("a namespace");
        let thread = std::thread::spawn(move || {
            use std::os::fd::AsFd;
            let kind = Some(rustix::thread::LinkNameSpaceType::Network);
            rustix::thread::move_into_link_name_space(space.as_fd(), kind).expect("entry to the namespace");
            work()
        });
        match thread.join() {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for server in self.servers.drain(..) {
            let _ = server.join();
        }
        for machine in self.machines() {
            let _ = Command::new("ip").args(["netns", "del", &self.name(machine)]).status();
        }
    }
}

fn serve(listener: &TcpListener, is_over: &AtomicBool, status: u16, body: usize) {
    accept(listener, is_over, move |mut client| {
        let _ = client.set_read_timeout(Some(Duration::from_secs(5)));
        let mut request = [0; 8192];
        if !matches!(client.read(&mut request), Ok(1..)) {
            return;
        }
        let head = format!("HTTP/1.1 {status} Test\r\nContent-Length: {body}\r\nConnection: close\r\n\r\n");
        let mut answer = head.into_bytes();
        answer.resize(answer.len() + body, b'x');
        let _ = client.write_all(&answer);
    });
}

fn answer_all(mut client: TcpStream) {
    let _ = client.set_read_timeout(Some(Duration::from_secs(90)));
    let mut request = [0; 8192];
    while matches!(client.read(&mut request), Ok(1..)) {
        if client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err() {
            return;
        }
    }
}

/// Takes connections until all is over, each on a thread of its own.
fn accept(listener: &TcpListener, is_over: &AtomicBool, work: impl Fn(TcpStream) + Copy + Send + 'static) {
    while !is_over.load(Ordering::Relaxed) {
        let Ok((client, _)) = listener.accept() else {
            std::thread::park_timeout(Duration::from_millis(5));
            continue;
        };
        let _ = std::thread::Builder::new().spawn(move || work(client));
    }
}

fn ip(words: &str) {
    let done = Command::new("ip").args(words.split_ascii_whitespace()).output().expect("ip starts");
    assert!(done.status.success(), "ip {words}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Root has the right to make namespaces with packet filters, but not in every container.
fn may_make_networks() -> bool {
    let mut tried = Command::new("unshare");
    tried.args(["--net", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /mnt && nft list ruleset"]);
    let is_made =
        tried.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    rustix::process::geteuid().is_root() && is_made
}

fn tool_exists(name: &str) -> bool {
    Command::new(name).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}
