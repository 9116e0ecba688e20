//! What a name leads to, asked in every way there is: the hosts file, the system, each name server, the zone itself.
//!
//! [`Names::addresses`] is known at once, so that other observations need not wait; all else is asked for when somebody
//! wants it, once. Nothing is judged here: a private zone without a root, or a network that reaches no zone's servers,
//! just shows as what it is.

mod servers;
mod setup;
mod system;
mod touch;
mod zone;

pub use servers::{By, ServerSaid};
pub use setup::{HostsLine, Setup};
pub use system::{SystemFault, SystemSaid};
pub use touch::Touch;
pub use zone::{Authority, Zone};

use crate::{Case, Memo};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use torwart_dial::dns::{self, Failure, Kind, Question, Reply};

/// What a name leads to, asked in several ways.
#[derive(Debug, Default)]
pub struct Names {
    /// The name, in lower case without its last dot; or the address that stands in its place.
    pub host: String,
    /// The addresses a program on this machine would use.
    pub addresses: Vec<IpAddr>,
    /// What the host is where it is no name at all.
    pub literal: Option<IpAddr>,
    /// The lines of the hosts file that give this name an address.
    pub hosts: Vec<HostsLine>,
    /// How this machine resolves names.
    pub setup: Setup,
    /// Name servers the user wants asked too.
    given: Vec<SocketAddr>,
    /// Where the servers of zones listen, if not where all do.
    zone_port: Option<u16>,
    system: system::System,
    servers: OnceCell<Rc<Vec<ServerSaid>>>,
    zone: OnceCell<Rc<Option<Zone>>>,
    replies: Memo<(SocketAddr, Question), Result<Reply, Failure>>,
    touches: Memo<SocketAddr, Touch>,
}

/// Asks what everybody waits for: the addresses.
pub async fn observe(case: &Case, host: &str) -> Names {
    let setup = Setup::read();
    let mut names =
        Names { host: dns::plain_name(host), given: case.question().resolvers.clone(), ..Names::default() };
    if let Some(literal) = setup::literal(host) {
        names.host = literal.to_string();
        return Names { addresses: vec![literal], literal: Some(literal), setup, ..names };
    }
    names.hosts = setup.hosts_lines(&names.host);
    names.setup = setup;
    names.system = system::System::ask(&names.host);
    let addresses = match timeout(SOON, names.system.said()).await {
        Ok(said) => said.addresses(),
        // A dead name server in front of a living one: the system gets there in the end, we need not wait for it.
        Err(_) => names.first_heard(case).await,
    };
    Names { addresses, ..names }
}

impl Names {
    /// What the system's own resolver says, whatever it looks into.
    pub async fn system(&self) -> &SystemSaid {
        self.system.said().await
    }

    /// What each name server says: those this machine is set up with, and those the user names.
    pub async fn servers(&self, case: &Case) -> Rc<Vec<ServerSaid>> {
        let ask = async || Rc::new(servers::ask_all(self, case).await);
        Rc::clone(self.servers.get_or_init(ask).await)
    }

    /// Who speaks for the name, and what each of them says; `None` where nobody could be found from here.
    pub async fn zone(&self, case: &Case) -> Rc<Option<Zone>> {
        let walk = async || {
            let servers = self.servers(case).await;
            let asker = servers.iter().find(|said| said.is_alive()).map(|said| said.server);
            Rc::new(match asker {
                Some(asker) if self.literal.is_none() => zone::walk(self, case, asker).await,
                _ => None,
            })
        };
        Rc::clone(self.zone.get_or_init(walk).await)
    }

    /// The answer of one server to one question, asked once within a run.
    pub async fn ask(
        &self,
        case: &Case,
        server: SocketAddr,
        question: Question,
    ) -> Rc<Result<Reply, Failure>> {
        self.ask_patiently(case, server, question, PATIENCE).await
    }

    /// Whether this address takes connections.
    pub async fn touch(&self, case: &Case, address: SocketAddr) -> Rc<Touch> {
        self.touches.get(address, || touch::touch(case, address)).await
    }

    /// All addresses any name server gives, in the order of the servers.
    pub async fn heard(&self, case: &Case) -> Vec<IpAddr> {
        let mut all = Vec::new();
        for said in self.servers(case).await.iter() {
            for address in said.addresses() {
                if !all.contains(&address) {
                    all.push(address);
                }
            }
        }
        all
    }

    async fn ask_patiently(
        &self,
        case: &Case,
        server: SocketAddr,
        question: Question,
        patience: Duration,
    ) -> Rc<Result<Reply, Failure>> {
        let patience = patience.min(case.left());
        let ask = || async {
            // A name server is nobody's web server: its questions are counted with the requests.
            if case.budget().request(&server.ip().to_string()).is_err() {
                let kind = dns::FailureKind::ResourcesSpent;
                return Err(Failure { kind, after: Duration::ZERO, os: None });
            }
            dns::ask(server, &question, patience).await
        };
        self.replies.get((server, question.clone()), ask).await
    }

    /// Where a server of a zone listens.
    fn zone_server(&self, address: IpAddr) -> SocketAddr {
        SocketAddr::new(address, self.zone_port.unwrap_or(DNS_PORT))
    }

    /// Both families at once.
    async fn ask_families(
        &self,
        case: &Case,
        server: SocketAddr,
        question: impl Fn(Kind) -> Question,
    ) -> (Rc<Result<Reply, Failure>>, Rc<Result<Reply, Failure>>) {
        tokio::join!(self.ask(case, server, question(Kind::A)), self.ask(case, server, question(Kind::Aaaa)),)
    }

    /// The addresses of the first name server that has some; the system's, if it is quicker.
    async fn first_heard(&self, case: &Case) -> Vec<IpAddr> {
        tokio::select! {
            said = self.system.said() => said.addresses(),
            addresses = servers::first_addresses(self, case) => addresses,
        }
    }
}

/// How long the system's resolver may take before others are asked beside it.
const SOON: Duration = Duration::from_millis(1200);

/// How long a name server may take. The question is sent three times within.
const PATIENCE: Duration = Duration::from_millis(2500);

/// Where name servers listen.
const DNS_PORT: u16 = 53;

#[cfg(test)]
mod tests;
