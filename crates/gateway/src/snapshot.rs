//! Everything the data plane needs from a plan, built once per reload and then only read.
//!
//! What must outlive a reload (what was learned about an upstream) is carried over from the snapshot before, by the
//! upstream's identity. Building touches files (certificates, templates) and so belongs to the control side. When only
//! the addresses of names have changed, a new snapshot of the same plan is made without touching any.

use crate::certificates::{CertificateProblem, Certificates};
use crate::files::DocumentRoot;
use crate::gates::Gates;
use crate::guard::{DoorProblem, Doors};
use crate::http3;
use crate::names::Addresses;
use crate::roster::Changes;
use crate::sticky::StickyPools;
use crate::upstream::{self, Learned, Upstream};
use std::sync::Arc;
use torwart_config::{Plan, plan};
use torwart_dial::TlsConfigProblem;
use torwart_policy::route::RouteTable;
use torwart_record::{Labels, Metrics, PoolLabels, RouteLabels, Series};
use torwart_report::answer::Template;
use torwart_wire::http1::Leniency;

/// A plan made ready to be served.
pub struct Snapshot {
    /// The plan.
    pub plan: Plan,
    /// Which number this snapshot has; cores see by it that there is a new one.
    pub generation: u64,
    /// Which number the plan has; it grows with every reload.
    pub plan_generation: u64,
    /// Finds site and route of a request.
    pub routes: RouteTable,
    /// The upstreams of each pool that get requests, names spread where the plan wants that.
    pub pools: Vec<Vec<Upstream>>,
    /// Those of each pool that an operator took out.
    drained: Vec<Vec<Upstream>>,
    /// The upstreams of each pool as the plan writes them.
    written: Arc<[Vec<Upstream>]>,
    /// The names of the plan, resolved to their counters.
    pub series: Arc<Series>,
    /// What TLS listeners need; none without certificates.
    pub certificates: Option<Arc<Certificates>>,
    /// The sites' own answer pages: plan-wide ones first, then by site.
    pub templates: Arc<Templates>,
    /// What cookies that keep clients at their upstreams are made with.
    pub sticky: Arc<StickyPools>,
    /// What the routes ask of clients.
    pub doors: Arc<Doors>,
    /// The queues of pools and routes.
    pub gates: Arc<Gates>,
    /// The folders that are served, by route.
    pub folders: Arc<[Option<Arc<DocumentRoot>>]>,
    /// What clients are told about HTTP/3, where it is spoken.
    pub offer: Option<Arc<str>>,
    /// The deviations from strictness the operator asked for.
    pub leniency: Leniency,
    /// This instance's name in `Via`.
    pub pseudonym: Arc<str>,
}

/// The operator's own pages.
#[derive(Debug, Default)]
pub struct Templates {
    of_gateway: Vec<(Option<u16>, Template)>,
    of_sites: Vec<Vec<(Option<u16>, Template)>>,
}

/// Why a checked plan still cannot be served: a file that is needed is missing or wrong.
#[derive(Debug)]
pub enum BuildProblem {
    /// A certificate or key of our own.
    Certificate(CertificateProblem),
    /// The TLS settings toward a pool's upstreams.
    UpstreamTls {
        /// The pool.
        pool: Arc<str>,
        /// What is wrong.
        problem: TlsConfigProblem,
    },
    /// A list, a file of users, or a service that says who may come in.
    Door(DoorProblem),
    /// The secret of the cookies that keep clients at their upstreams.
    CookieSecret {
        /// The file; empty where the secret is made at the start.
        file: std::path::PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A folder that is to be served.
    Folder {
        /// The folder.
        folder: std::path::PathBuf,
        /// What is wrong.
        problem: std::io::Error,
    },
    /// An answer page.
    Template {
        /// The file.
        file: std::path::PathBuf,
        /// What is wrong.
        problem: String,
    },
}

impl std::fmt::Display for BuildProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Certificate(problem) => problem.fmt(f),
            Self::Door(problem) => problem.fmt(f),
            Self::UpstreamTls { pool, problem } => write!(f, "pool {pool}: {problem}"),
            Self::CookieSecret { file, problem } => {
                write!(f, "secret of cookies {}: {problem}", file.display())
            }
            Self::Folder { folder, problem } => write!(f, "folder {}: {problem}", folder.display()),
            Self::Template { file, problem } => write!(f, "answer page {}: {problem}", file.display()),
        }
    }
}

impl Snapshot {
    /// Makes a plan ready; `before` is the snapshot it replaces, `addresses` are those of spread names, `changes` what
    /// was changed at run time and stands in the plan already.
    ///
    /// # Errors
    /// Every file that is missing or wrong.
    pub fn build(
        plan: Plan,
        before: Option<&Self>,
        addresses: &Addresses,
        changes: &Changes,
        metrics: &Metrics,
        pseudonym: &Arc<str>,
    ) -> Result<Self, Vec<BuildProblem>> {
        let mut problems = Vec::new();
        let written: Vec<Vec<Upstream>> = plan
            .pools
            .iter()
            .map(|pool| {
                upstream::build(pool).unwrap_or_else(|problem| {
                    problems.push(BuildProblem::UpstreamTls { pool: Arc::clone(&pool.name), problem });
                    Vec::new()
                })
            })
            .collect();
        let templates = Templates::load(&plan, &mut problems);
        let sticky = StickyPools::build(&plan, before.map(|before| &*before.sticky), &mut problems);
        let mut closed = Vec::new();
        let doors = Doors::build(&plan, before.map(|before| &*before.doors), &mut closed);
        problems.extend(closed.into_iter().map(BuildProblem::Door));
        let gates = Gates::build(&plan, before.map(|before| &*before.gates), &mut problems);
        let folders = DocumentRoot::open_all(&plan, &mut problems);
        // Last, because certificates already in use are replaced in place.
        let certificates =
            if problems.is_empty() { build_certificates(&plan, before, &mut problems) } else { None };
        if !problems.is_empty() {
            return Err(problems);
        }
        if let Some(certificates) = &certificates {
            metrics.set_certificates(certificates.expiries());
        }
        let learned = before.map(Self::learned).unwrap_or_default();
        let Spread { pools, drained } = spread(&plan, &written, addresses, &learned, changes);
        Ok(Self {
            generation: before.map_or(1, |before| before.generation + 1),
            plan_generation: before.map_or(1, |before| before.plan_generation + 1),
            routes: RouteTable::new(&plan),
            series: metrics.adopt(&labels(&plan, &pools)),
            pools,
            drained,
            written: written.into(),
            certificates,
            templates: Arc::new(templates),
            sticky: Arc::new(sticky),
            doors: Arc::new(doors),
            gates: Arc::new(gates),
            folders: folders.into(),
            pseudonym: plan.pseudonym.clone().unwrap_or_else(|| Arc::clone(pseudonym)),
            leniency: leniency(&plan.lenient),
            offer: http3::offer(&plan),
            plan,
        })
    }

    /// The same plan, with the names spread over these addresses.
    pub fn spread_anew(&self, addresses: &Addresses, changes: &Changes, metrics: &Metrics) -> Self {
        self.respread(self.plan.clone(), Arc::clone(&self.written), addresses, changes, metrics)
    }

    /// The same plan but for the upstreams of its pools; no file is read but what new upstreams need for their TLS.
    ///
    /// # Errors
    /// Where TLS toward a new upstream cannot be set up.
    pub fn with_upstreams(
        &self,
        plan: Plan,
        addresses: &Addresses,
        changes: &Changes,
        metrics: &Metrics,
    ) -> Result<Self, TlsConfigProblem> {
        let mut written = Vec::with_capacity(plan.pools.len());
        for (index, pool) in plan.pools.iter().enumerate() {
            let known = self.written.get(index).map(Vec::as_slice).unwrap_or_default();
            let mut upstreams = Vec::with_capacity(pool.upstreams.len());
            for upstream in &pool.upstreams {
                match known.iter().find(|known| known.target.label == upstream.label) {
                    Some(known) => upstreams.push(known.clone()),
                    None => {
                        let alone = plan::Pool { upstreams: vec![upstream.clone()], ..pool.clone() };
                        upstreams.extend(upstream::build(&alone)?);
                    }
                }
            }
            written.push(upstreams);
        }
        Ok(self.respread(plan, written.into(), addresses, changes, metrics))
    }

    fn respread(
        &self,
        plan: Plan,
        written: Arc<[Vec<Upstream>]>,
        addresses: &Addresses,
        changes: &Changes,
        metrics: &Metrics,
    ) -> Self {
        let Spread { pools, drained } = spread(&plan, &written, addresses, &self.learned(), changes);
        Self {
            series: metrics.adopt(&labels(&plan, &pools)),
            plan,
            generation: self.generation + 1,
            plan_generation: self.plan_generation,
            routes: self.routes.clone(),
            pools,
            drained,
            written,
            certificates: self.certificates.clone(),
            templates: Arc::clone(&self.templates),
            sticky: Arc::clone(&self.sticky),
            doors: Arc::clone(&self.doors),
            gates: Arc::clone(&self.gates),
            folders: Arc::clone(&self.folders),
            leniency: self.leniency,
            offer: self.offer.clone(),
            pseudonym: Arc::clone(&self.pseudonym),
        }
    }

    /// The upstreams of a pool, those that an operator took out behind the others.
    pub fn all_of(&self, pool: usize) -> impl Iterator<Item = &Upstream> {
        [&self.pools, &self.drained].into_iter().filter_map(move |pools| pools.get(pool)).flatten()
    }

    fn learned(&self) -> Learned {
        let mut learned = Learned::under(&self.plan, &self.pools);
        learned.add(Learned::under(&self.plan, &self.drained));
        learned
    }
}

/// The upstreams of each pool, by whether they get requests.
struct Spread {
    pools: Vec<Vec<Upstream>>,
    drained: Vec<Vec<Upstream>>,
}

fn spread(
    plan: &Plan,
    written: &[Vec<Upstream>],
    addresses: &Addresses,
    learned: &Learned,
    changes: &Changes,
) -> Spread {
    let pools = plan.pools.iter().zip(written);
    let spread = |(pool, written): (&plan::Pool, &Vec<Upstream>)| {
        let upstreams = upstream::spread(pool, written, addresses, learned);
        upstreams
            .into_iter()
            .partition::<Vec<_>, _>(|upstream| !changes.is_drained(&pool.name, &upstream.target.label))
    };
    let (pools, drained) = pools.map(spread).unzip();
    Spread { pools, drained }
}

/// The operator's leniencies in the codec's words: the same names.
fn leniency(lenient: &plan::Lenient) -> Leniency {
    let plan::Lenient {
        equal_lengths,
        coding_beats_length,
        bare_lf,
        obs_fold,
        space_before_colon,
        missing_host,
        target_characters,
        control_bytes,
    } = *lenient;
    Leniency {
        equal_lengths,
        coding_beats_length,
        bare_lf,
        obs_fold,
        space_before_colon,
        missing_host,
        target_characters,
        control_bytes,
    }
}

fn build_certificates(
    plan: &Plan,
    before: Option<&Snapshot>,
    problems: &mut Vec<BuildProblem>,
) -> Option<Arc<Certificates>> {
    if !plan.listeners.iter().any(|listener| listener.tls) {
        return None;
    }
    let loaded = match before.and_then(|before| before.certificates.as_ref()) {
        // Sessions and tickets survive a reload.
        Some(certificates) => certificates.reload(&plan.sites).map(|()| Arc::clone(certificates)),
        None => Certificates::load(&plan.sites).map(Arc::new),
    };
    match loaded {
        Ok(certificates) => Some(certificates),
        Err(found) => {
            problems.extend(found.into_iter().map(BuildProblem::Certificate));
            None
        }
    }
}

fn labels(plan: &Plan, pools: &[Vec<Upstream>]) -> Labels {
    let mut routes = vec![RouteLabels::default(); plan.routes];
    for (site, route) in plan.all_routes() {
        let pools = match &route.action {
            plan::Action::Forward(pool) => vec![pool.0],
            plan::Action::Files | plan::Action::Redirect(_) | plan::Action::Deny => Vec::new(),
        };
        if let Some(labels) = routes.get_mut(route.index.0) {
            *labels = RouteLabels { site: site.name.to_string(), route: route.name.to_string(), pools };
        }
    }
    let pools = plan.pools.iter().zip(pools).map(|(pool, upstreams)| PoolLabels {
        name: pool.name.to_string(),
        upstreams: upstreams.iter().map(|upstream| upstream.target.label.to_string()).collect(),
    });
    Labels { routes, pools: pools.collect() }
}

impl Templates {
    /// The page for a status: the site's own before the gateway's, the one for this status before the one for all.
    pub fn find(&self, site: Option<usize>, status: u16) -> Option<&Template> {
        let of_site = site.and_then(|site| self.of_sites.get(site)).unwrap_or(&self.of_gateway);
        let of_status = of_site.iter().find(|(wanted, _)| *wanted == Some(status));
        of_status
            .or_else(|| of_site.iter().find(|(wanted, _)| wanted.is_none()))
            .map(|(_, template)| template)
    }

    fn load(plan: &Plan, problems: &mut Vec<BuildProblem>) -> Self {
        let mut load = |answers: &plan::Answers| {
            let mut loaded = Vec::new();
            for template in &answers.templates {
                let problem = match std::fs::read_to_string(&template.file) {
                    Ok(text) => match Template::parse(&text) {
                        Ok(parsed) => {
                            loaded.push((template.status, parsed));
                            continue;
                        }
                        Err(fault) => fault.to_string(),
                    },
                    Err(error) => error.to_string(),
                };
                problems.push(BuildProblem::Template { file: template.file.clone(), problem });
            }
            loaded
        };
        Self {
            of_gateway: load(&plan.answers),
            of_sites: plan.sites.iter().map(|site| load(&site.answers)).collect(),
        }
    }
}
