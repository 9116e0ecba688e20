//! A machine of its own with its own internet of names: a namespace in which everything is on loopback.
//!
//! ```text
//! 127.0.0.10  knot: the root and `example`        127.0.0.53  unbound, which this machine asks
//! 127.0.0.21  knot: `shop.example`                127.0.0.22  knot: `shop.example`, the second server
//! ```
//! A test runs itself again inside (`unshare`), so that its resolv.conf and hosts file are its own and everything it has
//! started ends with it. Without root or without the programs it says "SKIPPED" loudly and passes.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use torwart_cause::finding::{Finding, Severity};
use torwart_doctor::checks::{client, dns};
use torwart_doctor::{Case, Diagnosis, Question};

/// Runs `test` in a machine of its own; `name` is that of the calling test.
pub fn inside(name: &str, test: impl FnOnce(&mut World)) {
    if std::env::var_os(INSIDE).is_some() {
        let mut world = World::new();
        test(&mut world);
        return;
    }
    let missing: Vec<_> =
        ["unshare", "ip", "mount", "knotd", "unbound"].into_iter().filter(|tool| !exists(tool)).collect();
    if !missing.is_empty() || !may_make_machines() {
        skipped(&format!("{name}: root's rights and {missing:?}"));
        return;
    }
    let program = std::env::current_exe().expect("this program");
    let status = Command::new("unshare")
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
        .arg(program)
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .env("PATH", path())
        .status()
        .expect("unshare runs");
    assert!(status.success(), "{name} failed inside its machine");
}

/// The machine.
pub struct World {
    folder: PathBuf,
    running: Vec<Child>,
}

impl Drop for World {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl World {
    fn new() -> Self {
        // Names of namespaces do not reach the file system: the process's number inside would not be unique.
        let unique = Instant::now().elapsed().as_nanos()
            + u128::from(
                UdpSocket::bind("0.0.0.0:0")
                    .map_or(0, |socket| socket.local_addr().map_or(0, |address| address.port())),
            );
        let folder = std::env::temp_dir().join(format!(
            "torwart-dns-{}-{unique}",
            fs::read_link("/proc/self/ns/net").map_or_else(
                |_| "x".to_owned(),
                |link| link.display().to_string().chars().filter(char::is_ascii_digit).collect(),
            )
        ));
        fs::create_dir_all(&folder).expect("a folder");
        run("ip", &["link", "set", "lo", "up"]);
        let mut world = Self { folder, running: Vec::new() };
        world.resolv_conf("nameserver 127.0.0.53\n");
        world.hosts("127.0.0.1 localhost\n");
        world
    }

    /// This machine's resolv.conf.
    pub fn resolv_conf(&mut self, text: &str) {
        self.replace("/etc/resolv.conf", text);
    }

    /// This machine's hosts file.
    pub fn hosts(&mut self, text: &str) {
        self.replace("/etc/hosts", text);
    }

    fn replace(&self, path: &str, text: &str) {
        let own = self.folder.join(path.replace('/', "_"));
        let is_mounted = own.exists();
        fs::write(&own, text).expect("a file");
        if !is_mounted {
            run("mount", &["--bind", &own.display().to_string(), path]);
        }
    }

    /// The usual internet: the root, `example`, both servers of `shop.example` with this zone, and the resolver.
    pub fn internet(&mut self, shop: &str) {
        self.roots();
        self.knot("127.0.0.21", &[("shop.example", shop)]);
        self.knot("127.0.0.22", &[("shop.example", shop)]);
        self.unbound("");
    }

    /// The root and `example`, which delegates `shop.example` to two servers.
    pub fn roots(&mut self) {
        let root = "@ SOA ns.root. me. 1 60 60 600 5\n@ NS ns.root.\nns.root. A 127.0.0.10\n\
                    example. NS ns.root.\n";
        let example = "@ SOA ns.root. me. 1 60 60 600 5\n@ NS ns.root.\nshop NS ns1.shop\nshop NS ns2.shop\n\
                       ns1.shop A 127.0.0.21\nns2.shop A 127.0.0.22\nkept A 127.0.0.80\n";
        self.knot("127.0.0.10", &[(".", root), ("example", example)]);
    }

    /// A server of zones; the text of a zone needs no `$ORIGIN` and no `$TTL`.
    pub fn knot(&mut self, address: &str, zones: &[(&str, &str)]) {
        let mut listed = String::new();
        for (zone, text) in zones {
            let file = self.zone_file(address, zone);
            let origin = if *zone == "." { ".".to_owned() } else { format!("{zone}.") };
            fs::write(&file, format!("$ORIGIN {origin}\n$TTL 60\n{text}")).expect("a zone");
            let _ = writeln!(listed, "  - domain: {zone}\n    file: {}", file.display());
        }
        let base = self.folder.join(format!("knot-{address}"));
        fs::create_dir_all(&base).expect("a folder");
        let shown = base.display();
        let zones = if listed.is_empty() { String::new() } else { format!("zone:\n{listed}") };
        let text = format!(
            "server:\n  rundir: {shown}\n  listen: {address}@53\n  pidfile: {shown}/pid\n\
             control:\n  listen: {shown}/socket\ndatabase:\n  storage: {shown}\n{zones}"
        );
        let conf = base.join("knot.conf");
        fs::write(&conf, text).expect("a configuration");
        self.start("knotd", &["-c", &conf.display().to_string()]);
        answers(address);
    }

    /// Writes a zone anew and has its server read it.
    pub fn change(&self, address: &str, zone: &str, text: &str) {
        fs::write(self.zone_file(address, zone), format!("$ORIGIN {zone}.\n$TTL 60\n{text}"))
            .expect("a zone");
        let socket = self.folder.join(format!("knot-{address}/socket"));
        run("knotc", &["-b", "-s", &socket.display().to_string(), "zone-reload", zone]);
    }

    fn zone_file(&self, address: &str, zone: &str) -> PathBuf {
        self.folder.join(format!("{address}-{}.zone", if zone == "." { "root" } else { zone }))
    }

    /// The resolver; `more` goes into its `server:` part.
    pub fn unbound(&mut self, more: &str) {
        let hints = self.folder.join("hints");
        fs::write(&hints, ". 3600 NS ns.root.\nns.root. 3600 A 127.0.0.10\n").expect("hints");
        let conf = self.folder.join("unbound.conf");
        let text = format!(
            "server:\n  interface: 127.0.0.53\n  port: 53\n  do-daemonize: no\n  chroot: \"\"\n  username: \"\"\n  \
             pidfile: \"\"\n  use-syslog: no\n  logfile: \"{0}/unbound.log\"\n  do-not-query-localhost: no\n  \
             root-hints: \"{0}/hints\"\n  module-config: \"validator iterator\"\n  qname-minimisation: no\n  ede: yes\n  \
             access-control: 127.0.0.0/8 allow\n  private-address: 192.0.2.0/32\n{more}\nremote-control:\n  control-enable: no\n",
            self.folder.display()
        );
        fs::write(&conf, text).expect("a configuration");
        self.start("unbound", &["-c", &conf.display().to_string()]);
        answers("127.0.0.53");
    }

    /// Starts a program that ends with the machine.
    pub fn start(&mut self, program: &str, arguments: &[&str]) {
        let log = fs::File::create(self.folder.join(format!("{program}.out"))).expect("a log");
        let child = Command::new(program)
            .args(arguments)
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .stdin(Stdio::null())
            .spawn();
        self.running.push(child.unwrap_or_else(|error| panic!("{program}: {error}")));
    }

    /// A web server that answers 200 to everything.
    pub fn web(&self, address: &str) {
        self.web_says(address, 200);
    }

    /// A web server that answers everything with this status.
    pub fn web_says(&self, address: &str, status: u16) {
        let listener = TcpListener::bind(address).expect("the address is free");
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                thread::spawn(move || {
                    let mut buffer = [0; 2048];
                    if stream.read(&mut buffer).is_ok_and(|count| count > 0) {
                        let _ = write!(
                            stream,
                            "HTTP/1.1 {status} Lab\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
                        );
                    }
                });
            }
        });
    }

    /// The machine's own folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file in the machine's own folder.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, text).expect("a file");
        path
    }

    /// What the checks of both areas find about a site.
    pub fn examine(&self, url: &str, change: impl FnOnce(&mut Question)) -> Vec<Finding> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut question = Question::about(url.parse().expect("a URL"));
        question.deadline = Duration::from_secs(40);
        change(&mut question);
        let case = Case::new(question);
        let mut diagnosis = Diagnosis::default();
        runtime.block_on(async {
            for check in client::CHECKS.iter().chain(dns::CHECKS) {
                diagnosis.findings.extend((check.run)(&case).await.findings);
            }
        });
        diagnosis.rank();
        diagnosis.findings
    }
}

/// The first finding is this one, as bad as this, and nothing else is as bad as a warning but those named.
pub fn expect(findings: &[Finding], id: &str, severity: Severity, besides: &[&str]) {
    let told: Vec<_> = findings.iter().map(|it| (it.kind.id, it.severity, &it.place, &it.evidence)).collect();
    let first = findings.first().unwrap_or_else(|| panic!("nothing was found, {id} expected"));
    assert_eq!((first.kind.id, first.severity), (id, severity), "{told:#?}");
    let others = findings.iter().skip(1).filter(|other| other.severity >= Severity::Warning);
    let others: Vec<_> = others.map(|other| other.kind.id).filter(|id| !besides.contains(id)).collect();
    assert!(others.is_empty(), "besides {id}: {others:?} {told:#?}");
}

/// Nothing above an information.
pub fn expect_healthy(findings: &[Finding]) {
    let bad: Vec<_> = findings.iter().filter(|finding| finding.severity > Severity::Info).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
}

/// Waits until a name server answers anything at all.
fn answers(address: &str) {
    let server: SocketAddr = format!("{address}:53").parse().expect("an address");
    let query = b"\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x01";
    let until = Instant::now() + Duration::from_secs(10);
    let mut buffer = [0; 512];
    while Instant::now() < until {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a time-out");
        let _ = socket.connect(server).and_then(|()| socket.send(query));
        match socket.recv(&mut buffer) {
            Ok(_) => return,
            // Refused comes at once: not there yet.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => thread::yield_now(),
            Err(_) => {}
        }
    }
    panic!("the name server at {address} does not answer");
}

/// Says that something was left out because of what is missing.
pub fn skipped(missing: &str) {
    let mut stderr = std::io::stderr();
    let _ = writeln!(stderr, "SKIPPED, needs {missing}");
}

/// Waits until something listens there.
pub fn listens(address: &str) {
    let until = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < until, "nothing listens at {address}");
        thread::yield_now();
    }
}

/// Asks for a page, whatever comes.
pub fn visit(address: &str, host: &str) {
    let mut stream = TcpStream::connect(address).expect("accepts");
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("takes the request");
    let _ = stream.read_to_end(&mut Vec::new());
}

/// Root has the right to make namespaces and mounts in them, but not in every container.
fn may_make_machines() -> bool {
    let is_root = fs::read_to_string("/proc/self/status")
        .is_ok_and(|status| status.lines().any(|line| line.starts_with("Uid:\t0\t0")));
    let mut tried = Command::new("unshare");
    tried.args([
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--mount-proc",
        "mount",
        "-t",
        "tmpfs",
        "tmpfs",
        "/mnt",
    ]);
    let status = tried.stdout(Stdio::null()).stderr(Stdio::null()).status();
    is_root && status.is_ok_and(|status| status.success())
}

/// Whether a program is installed.
pub fn exists(tool: &str) -> bool {
    path().split(':').any(|folder| Path::new(folder).join(tool).exists())
}

fn path() -> String {
    format!("{}:/usr/sbin:/sbin:/usr/bin:/bin", std::env::var("PATH").unwrap_or_default())
}

const INSIDE: &str = "TORWART_TEST_INSIDE";
