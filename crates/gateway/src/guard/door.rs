//! The doors of a plan, made ready: lists read, tables of limits made, passwords and services at hand.
//!
//! Built by the control side with the snapshot. Limits go on counting across a reload that does not change them.

use super::basic::BasicAuth;
use super::crawlers::{Crawlers, Verifier};
use super::forward::Authoriser;
use super::limit::Limit;
use std::collections::HashMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use torwart_config::Plan;
use torwart_config::plan::{self, Addresses};
use torwart_dial::TlsConfigProblem;
use torwart_policy::address_list::{self, AddressList};
use torwart_policy::crawler;
use torwart_policy::users::Users;

/// The doors of all routes, by the route's number in the plan.
#[derive(Default)]
pub struct Doors {
    of_routes: Vec<Option<Arc<Door>>>,
    limits: Vec<Arc<Limit>>,
    /// Who finds out who is a crawler; what is known outlives a reload.
    verifier: Option<Arc<Verifier>>,
}

/// What a client must be.
pub struct Door {
    denied: Vec<Arc<AddressList>>,
    allowed: Option<Vec<Arc<AddressList>>>,
    pub(super) limit: Option<Arc<Limit>>,
    pub(super) auth: Option<Auth>,
    pub(super) crawlers: Option<Arc<Crawlers>>,
}

/// The proof that is asked for.
pub(super) enum Auth {
    Basic(Arc<BasicAuth>),
    Forward(Arc<Authoriser>),
}

/// Why a door cannot be made.
#[derive(Debug)]
pub enum DoorProblem {
    /// A file cannot be read, or a line of it is wrong.
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The TLS settings toward an authoriser.
    Tls {
        /// The service.
        service: Arc<str>,
        /// What is wrong.
        problem: TlsConfigProblem,
    },
}

impl std::fmt::Display for DoorProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File { file, problem } => write!(f, "{}: {problem}", file.display()),
            Self::Tls { service, problem } => write!(f, "auth.forward {service}: {problem}"),
        }
    }
}

impl Doors {
    /// Makes the doors of a plan ready; every file that is wrong is named.
    pub fn build(plan: &Plan, before: Option<&Self>, problems: &mut Vec<DoorProblem>) -> Self {
        let mut builder = Builder {
            before,
            problems,
            lists: HashMap::new(),
            limits: Vec::new(),
            auths: Vec::new(),
            crawlers: Vec::new(),
            verifier: before.and_then(|before| before.verifier.clone()),
            resolver: &plan.resolver,
        };
        let mut of_routes: Vec<Option<Arc<Door>>> = Vec::new();
        of_routes.resize_with(plan.routes, || None);
        for (_, route) in plan.all_routes().filter(|(_, route)| !route.door.is_open()) {
            let door = builder.door(&route.door);
            if let Some(place) = of_routes.get_mut(route.index.0) {
                *place = Some(Arc::new(door));
            }
        }
        let limits = builder.limits.into_iter().map(|(_, limit)| limit).collect();
        Self { of_routes, limits, verifier: builder.verifier }
    }

    /// The door of a route, if it has one.
    pub fn of(&self, route: usize) -> Option<&Arc<Door>> {
        self.of_routes.get(route)?.as_ref()
    }
}

impl Door {
    /// Whether the lists let somebody in; who has no address came by a socket of this machine.
    pub(super) fn lets_in(&self, address: Option<IpAddr>) -> bool {
        let Some(address) = address else { return true };
        let is_on = |lists: &[Arc<AddressList>]| lists.iter().any(|list| list.contains(address));
        !is_on(&self.denied) && self.allowed.as_ref().is_none_or(|allowed| is_on(allowed))
    }
}

struct Builder<'a> {
    before: Option<&'a Doors>,
    problems: &'a mut Vec<DoorProblem>,
    /// The files read so far: a list that many routes have is read and kept once.
    lists: HashMap<PathBuf, Arc<AddressList>>,
    /// What stands at one place of the file is one thing in the plan, and stays one.
    limits: Vec<(Arc<plan::Limit>, Arc<Limit>)>,
    auths: Vec<(Arc<plan::Auth>, Auth)>,
    crawlers: Vec<Arc<Crawlers>>,
    verifier: Option<Arc<Verifier>>,
    resolver: &'a plan::ResolverPlan,
}

impl Builder<'_> {
    fn door(&mut self, door: &plan::Door) -> Door {
        Door {
            denied: self.lists(&door.denied),
            allowed: door.allowed.as_ref().map(|allowed| self.lists(allowed)),
            limit: door.limit.as_ref().map(|limit| self.limit(limit)),
            auth: door.auth.as_ref().and_then(|auth| self.auth(auth)),
            crawlers: door.crawlers.as_ref().map(|crawlers| self.crawlers(crawlers)),
        }
    }

    fn lists(&mut self, addresses: &Addresses) -> Vec<Arc<AddressList>> {
        let mut lists = Vec::new();
        if !addresses.networks.is_empty() {
            lists.push(Arc::new(AddressList::new(addresses.networks.iter().copied())));
        }
        lists.extend(addresses.files.iter().map(|file| self.file(file)));
        lists
    }

    fn file(&mut self, file: &Path) -> Arc<AddressList> {
        if let Some(known) = self.lists.get(file) {
            return Arc::clone(known);
        }
        let list = match read(file).map(|text| address_list::parse(&text)) {
            Ok(Ok(networks)) => AddressList::new(networks),
            Ok(Err(wrong)) => {
                let told =
                    wrong.iter().map(|wrong| format!("line {}: `{}` is no network", wrong.line, wrong.text));
                self.tell(file, told);
                AddressList::default()
            }
            Err(problem) => {
                self.tell(file, [problem]);
                AddressList::default()
            }
        };
        let list = Arc::new(list);
        self.lists.insert(file.to_path_buf(), Arc::clone(&list));
        list
    }

    fn limit(&mut self, wanted: &Arc<plan::Limit>) -> Arc<Limit> {
        if let Some((_, made)) = self.limits.iter().find(|(plan, _)| Arc::ptr_eq(plan, wanted)) {
            return Arc::clone(made);
        }
        let before = self.before.and_then(|before| before.limits.iter().find(|limit| limit.is_of(wanted)));
        let limit = before.map_or_else(|| Arc::new(Limit::new(Arc::clone(wanted))), Arc::clone);
        self.limits.push((Arc::clone(wanted), Arc::clone(&limit)));
        limit
    }

    fn auth(&mut self, wanted: &Arc<plan::Auth>) -> Option<Auth> {
        if let Some((_, made)) = self.auths.iter().find(|(plan, _)| Arc::ptr_eq(plan, wanted)) {
            return Some(made.share());
        }
        let made = match &**wanted {
            plan::Auth::Basic { users, realm } => {
                let parsed = read(users).map(|text| Users::parse(&text));
                match parsed {
                    Ok(Ok(found)) => Auth::Basic(Arc::new(BasicAuth::new(found, realm))),
                    Ok(Err(wrong)) => {
                        self.tell(users, wrong.iter().map(ToString::to_string));
                        return None;
                    }
                    Err(problem) => {
                        self.tell(users, [problem]);
                        return None;
                    }
                }
            }
            plan::Auth::Forward(service) => match Authoriser::new(service) {
                Ok(authoriser) => Auth::Forward(Arc::new(authoriser)),
                Err(problem) => {
                    let service = Arc::clone(&service.service.label);
                    self.problems.push(DoorProblem::Tls { service, problem });
                    return None;
                }
            },
        };
        self.auths.push((Arc::clone(wanted), made.share()));
        Some(made)
    }

    fn crawlers(&mut self, wanted: &Arc<plan::Crawlers>) -> Arc<Crawlers> {
        if let Some(made) = self.crawlers.iter().find(|made| made.is_of(wanted)) {
            return Arc::clone(made);
        }
        let mut ranges = Vec::with_capacity(wanted.ranges.len());
        for (operator, file) in &wanted.ranges {
            match read(file).and_then(|text| crawler::parse_ranges(&text)) {
                Ok(networks) => ranges.push((Arc::clone(operator), AddressList::new(networks))),
                Err(problem) => self.tell(file, [problem]),
            }
        }
        let verifier = wanted.dns.then(|| {
            let make = || Arc::new(Verifier::new(self.resolver.clone()));
            Arc::clone(self.verifier.get_or_insert_with(make))
        });
        let made = Arc::new(Crawlers::new(Arc::clone(wanted), ranges, verifier));
        self.crawlers.push(Arc::clone(&made));
        made
    }

    fn tell(&mut self, file: &Path, problems: impl IntoIterator<Item = String>) {
        let problem = |problem| DoorProblem::File { file: file.to_path_buf(), problem };
        self.problems.extend(problems.into_iter().map(problem));
    }
}

impl Auth {
    fn share(&self) -> Self {
        match self {
            Self::Basic(basic) => Self::Basic(Arc::clone(basic)),
            Self::Forward(service) => Self::Forward(Arc::clone(service)),
        }
    }
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| error.to_string())
}
