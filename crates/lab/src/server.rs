//! The whole catalogue on one address: what `torwart lab` runs, and anybody may use to test their own gateway.
//!
//! Faults that show after a request have their own path, `/fault/<name>`; the same paths are served with TLS on a
//! second port. Faults that show earlier have a port of their own, and faults of names are asked of the lab's name
//! server. `/` lists them all; any other path answers with a description of the request.

mod listing;

pub(crate) use listing::prefers_german;

use crate::catalogue::{Behaviour, Catalogue, Fault, Place};
use crate::dns::{NameServer, Reply, Rule};
use crate::ground::{CONNECTION_TIME, CONNECTIONS, Ground, Task};
use crate::player::{Flow, Player};
use crate::reception::{Request, Seen};
use crate::script::Tls;
use crate::stream::{Stream, Transport};
use crate::upstream::{Log, Place as Address, Upstream, listen};
use crate::{Certificates, Hole};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How the lab is started.
#[derive(Clone, Debug)]
pub struct LabOptions {
    /// Where the shared port listens. The further ports follow it, or are free ones where it is 0.
    pub listen: SocketAddr,
    /// Where the shared port with TLS listens; `None` means the next of the further ports.
    pub tls: Option<SocketAddr>,
    /// Where unix sockets are made; an existing folder.
    pub folder: PathBuf,
}

/// A running lab. Dropping it ends everything it started.
pub struct Lab {
    targets: Vec<Target>,
    name_server: NameServer,
    shared: Arc<Shared>,
    upstreams: HashMap<&'static str, Upstream>,
    _holes: Vec<Hole>,
    _tasks: [Task; 2],
    ground: Ground,
    addresses: [SocketAddr; 2],
}

/// Where one fault can be met.
#[derive(Clone, Debug)]
pub struct Target {
    /// The fault.
    pub fault: &'static Fault,
    /// The URL to ask or to forward to: `http://127.0.0.1:7700/fault/head-cut`, `unix:/run/lab/missing.sock`.
    pub url: String,
}

struct Shared {
    certificates: Arc<Certificates>,
    listing: Mutex<Vec<Target>>,
    log: Log,
    starts: HashMap<&'static str, AtomicUsize>,
}

impl LabOptions {
    /// Free ports of the loopback address, and unix sockets in this folder.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)), tls: None, folder }
    }
}

impl Lab {
    /// Starts the lab on a thread of its own.
    pub fn start(options: &LabOptions) -> io::Result<Self> {
        let ground = Ground::start()?;
        let mut ports = Ports { next: options.listen };
        let plain = listen(&ground, ports.next(), None)?;
        let tls = listen(&ground, options.tls.unwrap_or_else(|| ports.next()), None)?;
        let addresses = [plain.local_addr()?, tls.local_addr()?];
        let faults = Catalogue::get().faults();
        let shared = Arc::new(Shared {
            certificates: ground.certificates().clone(),
            listing: Mutex::default(),
            log: Log::default(),
            starts: faults.iter().map(|fault| (fault.name.as_str(), AtomicUsize::new(0))).collect(),
        });
        let name_server = NameServer::start_at(&ground, ports.next(), names(faults))?;
        let (mut targets, mut upstreams, mut holes) = (Vec::new(), HashMap::new(), Vec::new());
        for fault in faults {
            let url = match &fault.behaviour {
                Behaviour::Name(_) => format!("http://{}.lab.test:{}/", fault.name, addresses[0].port()),
                Behaviour::Hole(kind) => {
                    let hole = Hole::make(*kind, &options.folder)?;
                    let url = url("http", hole.place());
                    holes.push(hole);
                    url
                }
                Behaviour::Script(_) if fault.place() == Place::Path => {
                    format!("http://{}/fault/{}", addresses[0], fault.name)
                }
                Behaviour::Script(script) => {
                    let upstream = Upstream::start_at(&ground, ports.next(), script.clone())?;
                    let scheme = if fault.place() == Place::TlsPort { "https" } else { "http" };
                    let url = url(scheme, upstream.place());
                    upstreams.insert(fault.name.as_str(), upstream);
                    url
                }
            };
            targets.push(Target { fault, url });
        }
        *shared.listing.lock().unwrap_or_else(PoisonError::into_inner) = targets.clone();
        let tasks = [
            ground.run(accept_all(plain, None, shared.clone())),
            ground.run(accept_all(tls, Some(Tls::default()), shared.clone())),
        ];
        Ok(Self { targets, name_server, shared, upstreams, _holes: holes, _tasks: tasks, ground, addresses })
    }

    /// The shared address, without TLS.
    pub fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// The shared address with TLS and a good certificate.
    pub fn tls_address(&self) -> SocketAddr {
        self.addresses[1]
    }

    /// The name server that knows the names of the faults of names, and `good.lab.test`.
    pub fn name_server(&self) -> &NameServer {
        &self.name_server
    }

    /// Where each fault can be met.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The lab's certificates: the authority to trust, the revocation list.
    pub fn certificates(&self) -> &Certificates {
        self.ground.certificates()
    }

    /// What the connections of the shared ports brought, in the order of acceptance.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.log.seen()
    }

    /// What the connections brought to the own port of a fault.
    pub fn seen_by(&self, fault: &str) -> Option<Vec<Seen>> {
        self.upstreams.get(fault).map(Upstream::seen)
    }
}

/// The ports in order, or free ones.
struct Ports {
    next: SocketAddr,
}

impl Ports {
    fn next(&mut self) -> SocketAddr {
        let current = self.next;
        if current.port() != 0 {
            self.next.set_port(current.port().wrapping_add(1));
        }
        current
    }
}

fn url(scheme: &str, place: &Address) -> String {
    match place {
        Address::Ip(address) => format!("{scheme}://{address}"),
        Address::Unix(path) => format!("unix:{}", path.display()),
    }
}

fn names(faults: &'static [Fault]) -> impl Iterator<Item = (String, Rule)> {
    let good = Rule::always(Reply::Addresses(vec![[127, 0, 0, 1].into()]));
    let rules = faults.iter().filter_map(|fault| match &fault.behaviour {
        Behaviour::Name(rule) => Some((format!("{}.lab.test", fault.name), rule.clone())),
        Behaviour::Script(_) | Behaviour::Hole(_) => None,
    });
    rules.chain([("good.lab.test".to_owned(), good)])
}

async fn accept_all(listener: TcpListener, tls: Option<Tls>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS => {
                // A connection that died in the queue concerns nobody.
                let Ok((tcp, _)) = accepted else { continue };
                let shared = shared.clone();
                connections.spawn(async move {
                    // Whoever stays longer than the limit is let go.
                    let _ = tokio::time::timeout(CONNECTION_TIME, attend(tcp, tls, &shared)).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection to a shared port. An error means that the peer has left.
async fn attend(tcp: TcpStream, tls: Option<Tls>, shared: &Shared) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let (_, seen) = shared.log.open();
    let mut player = Player::new(Stream::Plain(Transport::Tcp(tcp)), seen, shared.certificates.clone());
    if let Some(tls) = tls {
        player.steps(&[crate::Step::Tls(tls)]).await?;
    }
    while player.read_head().await? == Flow::Goes {
        if answer(&mut player, shared).await? == Flow::Over {
            return Ok(());
        }
    }
    player.close().await;
    Ok(())
}

async fn answer(player: &mut Player, shared: &Shared) -> io::Result<Flow> {
    let request = player.request();
    let path = request.target().split('?').next().unwrap_or_default();
    if path == "/" {
        let targets = shared.listing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (media_type, page) = listing::page(&request, &targets);
        player.answer(media_type, page.as_bytes()).await?;
        return player.read_body().await;
    }
    let script = path
        .strip_prefix("/fault/")
        .and_then(|name| Catalogue::get().find(name))
        .filter(|fault| fault.place() == Place::Path)
        .and_then(|fault| Some((fault.script()?, shared.starts.get(fault.name.as_str())?)));
    let Some((script, starts)) = script else {
        if player.read_body().await? == Flow::Over {
            return Ok(Flow::Over);
        }
        player.answer("application/json", echo(&player.request()).as_bytes()).await?;
        return Ok(Flow::Goes);
    };
    player.give_head_back();
    player.steps(script.steps(starts.fetch_add(1, Ordering::Relaxed))).await
}

/// A description of a request, as JSON.
pub(crate) fn echo(request: &Request) -> String {
    let fields: Vec<_> = request.fields().collect();
    serde_json::json!({
        "method": request.method(),
        "target": request.target(),
        "fields": fields,
        "body_bytes": request.body_bytes,
        "is_whole": request.is_whole,
    })
    .to_string()
}

#[cfg(test)]
mod tests;
