//! One question under examination: its observations, each made once, and the budget they are made within.

use crate::memo::Memo;
use crate::observe::{answer, control, front, gateway, host, idle, logs, names, reach, tls};
use crate::question::{Question, UpstreamAddress};
use crate::verdict::SiteSeen;
use crate::{Budget, Place};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// A question under examination. Shared by all checks of a run, on one thread.
#[derive(Debug)]
pub struct Case {
    question: Question,
    budget: Budget,
    deadline: Instant,
    names: Memo<String, names::Names>,
    front: OnceCell<Rc<front::Front>>,
    controls: OnceCell<Rc<Vec<control::ControlSeen>>>,
    upstreams: OnceCell<Rc<Vec<Upstream>>>,
    reaches: Memo<UpstreamAddress, reach::Reach>,
    tls: Memo<(SocketAddr, Option<String>), tls::TlsSeen>,
    answers: Memo<UpstreamAddress, answer::Answered>,
    idles: Memo<UpstreamAddress, idle::IdleSeen>,
    gateway: OnceCell<Rc<gateway::Gateway>>,
    logs: OnceCell<Rc<logs::Logs>>,
    host: OnceCell<Rc<host::Host>>,
}

/// A server behind the gateway, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Where it is.
    pub address: UpstreamAddress,
    /// Who says so.
    pub source: Source,
}

/// Who named an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The user, with `--upstream`.
    Argument,
    /// The gateway's configuration, at this file and line.
    Config {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u32,
    },
}

impl Case {
    /// A case that has to be closed after the question's deadline.
    pub fn new(question: Question) -> Self {
        let deadline = Instant::now() + question.deadline;
        Self {
            question,
            budget: Budget::default(),
            deadline,
            names: Memo::default(),
            front: OnceCell::new(),
            controls: OnceCell::new(),
            upstreams: OnceCell::new(),
            reaches: Memo::default(),
            tls: Memo::default(),
            answers: Memo::default(),
            idles: Memo::default(),
            gateway: OnceCell::new(),
            logs: OnceCell::new(),
            host: OnceCell::new(),
        }
    }

    /// What is asked.
    pub const fn question(&self) -> &Question {
        &self.question
    }

    /// How many connections and requests may still be made.
    pub const fn budget(&self) -> &Budget {
        &self.budget
    }

    /// When the answer is due.
    pub const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The time left until the answer is due.
    pub fn left(&self) -> std::time::Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// What the site's name leads to, asked in several ways.
    pub async fn site(&self) -> Rc<names::Names> {
        self.names_of(&self.question.url.host).await
    }

    /// What a name leads to.
    pub async fn names_of(&self, host: &str) -> Rc<names::Names> {
        self.names.get(host.to_owned(), || names::observe(self, host)).await
    }

    /// The addresses of a host: itself, what the user says, or what its name leads to.
    pub async fn addresses_of(&self, host: &str, port: u16) -> Vec<IpAddr> {
        if let Ok(ip) = host.parse() {
            return vec![ip];
        }
        let said = self.question.resolve.iter().filter(|(name, at, _)| name == host && *at == port);
        let said: Vec<_> = said.map(|(_, _, address)| *address).collect();
        if said.is_empty() { self.names_of(host).await.addresses.clone() } else { said }
    }

    /// The first address to connect to for an upstream; `None` for unix sockets and names that lead nowhere.
    pub async fn socket_address(&self, upstream: &UpstreamAddress) -> Option<SocketAddr> {
        match &upstream.place {
            Place::Ip(address) => Some(*address),
            Place::Unix(_) => None,
            Place::Name { host, port } => {
                self.addresses_of(host, *port).await.first().map(|ip| SocketAddr::new(*ip, *port))
            }
        }
    }

    /// What the site's own URL answers, at each of its addresses.
    pub async fn front(&self) -> Rc<front::Front> {
        Rc::clone(self.front.get_or_init(async || Rc::new(front::observe(self).await)).await)
    }

    /// How far the places come that the user names to compare the site with.
    pub async fn controls(&self) -> Rc<Vec<control::ControlSeen>> {
        Rc::clone(self.controls.get_or_init(async || Rc::new(control::observe(self).await)).await)
    }

    /// The servers behind the gateway: those the user names, and those of its configuration.
    pub async fn upstreams(&self) -> Rc<Vec<Upstream>> {
        let find = async || {
            let named = self.question.upstreams.iter().cloned();
            let mut upstreams: Vec<_> =
                named.map(|address| Upstream { address, source: Source::Argument }).collect();
            for found in &self.gateway().await.upstreams {
                if upstreams.iter().all(|known| known.address != found.address) {
                    upstreams.push(found.clone());
                }
            }
            Rc::new(upstreams)
        };
        Rc::clone(self.upstreams.get_or_init(find).await)
    }

    /// How far a connection to an upstream comes, and what stops it.
    pub async fn reach(&self, upstream: &UpstreamAddress) -> Rc<reach::Reach> {
        self.reaches.get(upstream.clone(), || reach::observe(self, upstream)).await
    }

    /// What a TLS server shows at this address when it is asked for this name.
    pub async fn tls_of(&self, address: SocketAddr, name: Option<&str>) -> Rc<tls::TlsSeen> {
        self.tls.get((address, name.map(str::to_owned)), || tls::observe(self, address, name)).await
    }

    /// What an upstream answers to a plain request for the site.
    pub async fn answer(&self, upstream: &UpstreamAddress) -> Rc<answer::Answered> {
        self.answers.get(upstream.clone(), || answer::observe(self, upstream)).await
    }

    /// What becomes of idle connections to an upstream.
    pub async fn idle(&self, upstream: &UpstreamAddress) -> Rc<idle::IdleSeen> {
        self.idles.get(upstream.clone(), || idle::observe(self, upstream)).await
    }

    /// The gateway as its own configuration tells.
    pub async fn gateway(&self) -> Rc<gateway::Gateway> {
        Rc::clone(self.gateway.get_or_init(async || Rc::new(gateway::observe(self).await)).await)
    }

    /// What the gateway's logs tell.
    pub async fn logs(&self) -> Rc<logs::Logs> {
        Rc::clone(self.logs.get_or_init(async || Rc::new(logs::observe(self).await)).await)
    }

    /// What was seen of the site so far, without asking anything.
    pub(crate) fn seen(&self) -> SiteSeen {
        let front = self.front.get();
        let gateway = self.gateway.get();
        let upstreams = self.upstreams.get().map(|known| known.as_slice()).unwrap_or_default();
        let reached = upstreams.iter().filter_map(|known| self.reaches.made(&known.address));
        let answers = upstreams.iter().filter_map(|known| self.answers.made(&known.address)).collect();
        let names = self.names.made(&self.question.url.host);
        SiteSeen {
            front: front.cloned(),
            gateway: gateway.cloned(),
            answers,
            addresses: names.map(|names| names.addresses.clone()).unwrap_or_default(),
            upstream: upstreams.first().map(|known| known.address.clone()),
            is_upstream_reached: reached.into_iter().any(|reach| reach.is_connected()),
        }
    }

    /// What this machine says of itself.
    pub async fn host(&self) -> Rc<host::Host> {
        Rc::clone(self.host.get_or_init(async || Rc::new(host::observe(self).await)).await)
    }
}
