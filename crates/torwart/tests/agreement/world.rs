//! The world of one case: a folder, a lab with upstreams and names, a gateway in front of them.

use crate::client::Client;
use crate::gateway::Gateway;
use crate::judge;
use crate::scenario::{Case, Exchange};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use toml::{Table, Value};
use torwart_lab::catalogue::Behaviour;
use torwart_lab::dns::{NameServer, Reply, Rule};
use torwart_lab::{Address, Catalogue, Family, Ground, Hole, Script, Step, Upstream};

/// Everything of a case that must stay alive while it is played.
pub(crate) struct World {
    folder: PathBuf,
    pub(crate) upstreams: Vec<Upstream>,
    holes: Vec<Hole>,
    urls: Vec<String>,
    names: Vec<(String, Rule)>,
    uses_tls: bool,
    ground: Ground,
}

/// Plays a case and returns what disagrees with it.
pub(crate) fn play(case: &Case) -> Vec<String> {
    let mut world = World::new(case);
    let name_server = world.name_server();
    let config = world.config(case, name_server.as_ref());
    let mut gateway = match Gateway::start(&config, &world.folder) {
        Ok(gateway) => gateway,
        Err(error) => return vec![format!("the gateway does not start: {error}\n{config}")],
    };
    let mut complaints = Vec::new();
    let mut client: Option<Client> = None;
    let mut lines = 0;
    for (number, exchange) in case.exchange.iter().enumerate() {
        let mut said = Vec::new();
        if let Some(after) = exchange.after {
            crate::client::pause(after.0);
        }
        if !exchange.same_connection {
            farewell(client.take(), &mut said);
            let address = gateway
                .address(exchange.tls || exchange.to_tls_port)
                .expect("both ports are in the configuration");
            let authority = exchange.tls.then(|| world.ground.certificates().authority());
            match Client::connect(address, authority) {
                Ok(connected) => client = Some(connected),
                Err(error) => said.push(format!("the gateway takes no connection: {error}")),
            }
        }
        if let Some(client) = &mut client {
            play_exchange(&mut gateway, client, exchange, &mut lines, &mut said);
        }
        judge::upstreams(&exchange.expect, &world.upstreams, &mut said);
        complaints.extend(said.into_iter().map(|said| match case.exchange.len() {
            1 => said,
            _ => format!("exchange {}: {said}", number + 1),
        }));
    }
    farewell(client, &mut complaints);
    for exchange in &case.exchange {
        judge::never_whole(&exchange.expect, &world.upstreams, &mut complaints);
    }
    if let Some(surplus) = gateway.log().get(lines) {
        complaints.push(format!("one more log line than expected: {surplus}"));
    }
    if !complaints.is_empty() {
        complaints.extend(gateway.log().into_iter().map(|line| format!("log: {line}")));
    }
    complaints
}

fn play_exchange(
    gateway: &mut Gateway,
    client: &mut Client,
    exchange: &Exchange,
    lines: &mut usize,
    said: &mut Vec<String>,
) {
    let stopping = exchange.stop_within.and_then(|within| gateway.begin_to_stop(MOMENT, within.0));
    let outcome = client.play(exchange);
    if let Some(stopping) = stopping {
        // Whether exchanges were left over is the case's business, not an error of the stop.
        let _ = stopping.join().expect("stopping does not panic");
    }
    judge::outcome(exchange, &outcome, said);
    if exchange.expect.logged {
        *lines += 1 + exchange.expect.then.len();
        let first = *lines - 1 - exchange.expect.then.len();
        match gateway.wait_for_lines(*lines).get(first) {
            Some(line) => judge::log_line(&exchange.expect, line, said),
            None => said.push("there is no log line".to_owned()),
        }
    }
}

/// Nothing must come on a connection after its last answer.
fn farewell(client: Option<Client>, said: &mut Vec<String>) {
    let surplus = client.map(Client::finish).unwrap_or_default();
    if !surplus.is_empty() {
        said.push(format!("after the last answer came {}", judge::shown(&surplus)));
    }
}

impl World {
    pub(crate) fn new(case: &Case) -> Self {
        let ground = Ground::start().expect("the lab starts");
        let names = case.names.iter().map(|(name, rule)| (name.clone(), rule.clone())).collect();
        let mut world = Self {
            folder: folder(),
            upstreams: Vec::new(),
            holes: Vec::new(),
            urls: Vec::new(),
            names,
            uses_tls: false,
            ground,
        };
        for written in &case.upstreams {
            world.add(written);
        }
        world
    }

    fn add(&mut self, written: &crate::scenario::Upstream) {
        let mut host = written.host.clone();
        let mut hole = written.hole;
        let mut script = written.script();
        let mut is_tls = false;
        if let Some(name) = &written.fault {
            let fault = Catalogue::get().find(name).unwrap_or_else(|| panic!("no fault {name}"));
            is_tls = fault.family == Family::Tls;
            match &fault.behaviour {
                Behaviour::Script(its) => script = Some(its.clone()),
                Behaviour::Hole(its) => hole = Some(*its),
                Behaviour::Name(rule) => {
                    let full = format!("{name}.lab.test");
                    self.names.push((full.clone(), rule.clone()));
                    host = Some(full);
                    script = Some(Script::from_toml(WELL).expect("is a script"));
                }
            }
        }
        let place = match (hole, script) {
            (Some(kind), _) => {
                let hole = Hole::make(kind, &self.folder).expect("the place can be made");
                let place = hole.place().clone();
                self.holes.push(hole);
                place
            }
            (None, Some(script)) => {
                is_tls |= matches!(script.steps(0).first(), Some(Step::Tls(_)));
                self.listen(written.unix, script)
            }
            (None, None) => panic!("an upstream needs a fault, a hole or steps"),
        };
        self.uses_tls |= is_tls;
        let scheme = if is_tls { "https" } else { "http" };
        self.urls.push(match (place, host) {
            (Address::Unix(path), _) => format!("unix:{}", path.display()),
            (Address::Ip(address), Some(host)) => format!("{scheme}://{host}:{}", address.port()),
            (Address::Ip(address), None) => format!("{scheme}://{address}"),
        });
    }

    fn listen(&mut self, is_unix: bool, script: Script) -> Address {
        let upstream = if is_unix {
            let path = self.folder.join(format!("{}.sock", self.upstreams.len()));
            Upstream::start_unix(&self.ground, &path, script)
        } else {
            Upstream::start(&self.ground, script)
        }
        .expect("the upstream listens");
        let place = upstream.place().clone();
        self.upstreams.push(upstream);
        place
    }

    pub(crate) fn name_server(&mut self) -> Option<NameServer> {
        if self.names.is_empty() {
            return None;
        }
        let good = Rule::always(Reply::Addresses(vec![[127, 0, 0, 1].into()]));
        self.names.push(("good.lab.test".to_owned(), good));
        Some(NameServer::start(&self.ground, self.names.drain(..)).expect("the name server listens"))
    }

    /// The gateway's configuration: the test's own short deadlines, overlaid with what the case says.
    pub(crate) fn config(&self, case: &Case, name_server: Option<&NameServer>) -> String {
        let certificates = self.ground.certificates();
        let own = certificates.issue(&["shop.example"]).expect("a certificate can be made");
        self.write("ca.pem", certificates.authority());
        self.write("crl.pem", certificates.revocation_list());
        self.write("client.pem", &certificates.client().chain);
        self.write("client.key", &certificates.client().key);
        self.write("users", USERS);
        self.write("site.pem", &own.chain);
        self.write("site.key", &own.key);
        let mut site: Table = toml::from_str(SITE).expect("is TOML");
        if !self.urls.is_empty() {
            let retry = Table::from_iter([("attempts".to_owned(), Value::Integer(1))]);
            site.insert("retry".to_owned(), retry.into());
            site.insert("upstreams".to_owned(), self.urls.clone().into());
        }
        if self.uses_tls {
            site.insert("tls".to_owned(), toml::from_str::<Table>(TLS).expect("is TOML").into());
        }
        overlay(&mut site, &case.site);
        let mut config: Table = toml::from_str(GATEWAY).expect("is TOML");
        if let Some(server) = name_server {
            let servers = Value::from(server.address().to_string());
            config.insert("resolver".to_owned(), Table::from_iter([("servers".to_owned(), servers)]).into());
        }
        overlay(&mut config, &case.gateway);
        let sites = config.entry("site").or_insert_with(|| Table::new().into());
        if let Some(sites) = sites.as_table_mut() {
            sites.insert("shop.example".to_owned(), site.into());
        }
        let text = toml::to_string(&config).expect("a table can be written");
        text.replace("{folder}", &self.folder.display().to_string())
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The upstreams' URLs, as the configuration has them.
    pub(crate) fn urls(&self) -> &[String] {
        &self.urls
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(name), text).expect("the case's folder can be written to");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.upstreams.clear();
        self.holes.clear();
        // What is left behind in the temporary folder is the system's to clear.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Lays one table over another, table by table.
fn overlay(under: &mut Table, over: &Table) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => overlay(under, over),
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
}

fn folder() -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("torwart-agreement-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder can be written to");
    folder
}

/// Gives up the superuser's right to open what permissions forbid, for this thread and those it starts: a denied
/// socket must be denied to the gateway also where the test runs as root.
pub(crate) fn give_up_override() {
    let override_rights = CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
    let Ok(mut sets) = capabilities(None) else { return };
    sets.effective -= override_rights;
    sets.permitted -= override_rights;
    // Where it fails the case of the denied socket says so.
    let _ = set_capabilities(None, sets);
}

/// How long after the request the gateway is told to stop.
const MOMENT: Duration = Duration::from_millis(200);

/// The longest the log writer may take with a line.
pub(crate) const LOG_TIME: Duration = Duration::from_secs(3);

/// Where the gateway writes its log.
pub(crate) fn log_file(folder: &Path) -> PathBuf {
    folder.join("access.log")
}

/// `anna:secret`.
const USERS: &str = "anna:$2y$04$IQ6SSZpKVFR5F1vKoGgd7.woDV2NkdRf4b.BZQJSMkHgtmKlnRJQe\n";
const WELL: &str = r#"steps = ["read_head", "read_body", { answer = "well" }]"#;
const TLS: &str = r#"
ca = "{folder}/ca.pem"
name = "good.lab.test"
"#;
const SITE: &str = r#"
certificate = { chain = "{folder}/site.pem", key = "{folder}/site.key" }
[deadline]
resolve = "800ms"
connect = "500ms"
handshake = "500ms"
send = "700ms"
first_byte = "700ms"
between_bytes = "500ms"
"#;
const GATEWAY: &str = r#"
workers = 1
drain = "100ms"
pseudonym = "agreement"
trusted = ["127.0.0.0/8"]
[listen]
http = "127.0.0.1:0"
https = "127.0.0.1:0"
[client]
deadline = { handshake = "500ms", head = "500ms", body = "500ms", keep_alive = "5s", linger = "500ms" }
[log]
access = "{folder}/access.log"
"#;
