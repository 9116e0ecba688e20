//! Everything the data plane needs from a plan, built once per reload and then only read.
//!
//! What must outlive a reload (what was learned about an upstream) is carried over from the snapshot before, by the
//! upstream's identity. Building touches files (certificates, templates) and so belongs to the control thread.

use crate::certificates::{CertificateProblem, Certificates};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use torwart_config::{Plan, plan};
use torwart_dial::{Place, SocketPlan, Target, TlsClient, TlsConfigProblem};
use torwart_policy::route::RouteTable;
use torwart_record::{Labels, Metrics, PoolLabels, RouteLabels, Series};
use torwart_report::answer::Template;
use torwart_wire::http1::Leniency;

/// A plan made ready to be served.
pub struct Snapshot {
    /// The plan.
    pub plan: Plan,
    /// Which number this plan has; it grows with every reload.
    pub generation: u64,
    /// Finds site and route of a request.
    pub routes: RouteTable,
    /// The upstreams of each pool.
    pub pools: Vec<Vec<Upstream>>,
    /// The names of the plan, resolved to their counters.
    pub series: Arc<Series>,
    /// What TLS listeners need; none without certificates.
    pub certificates: Option<Arc<Certificates>>,
    /// The sites' own answer pages: plan-wide ones first, then by site.
    pub templates: Templates,
    /// The deviations from strictness the operator asked for.
    pub leniency: Leniency,
    /// This instance's name in `Via`.
    pub pseudonym: Arc<str>,
}

/// One upstream, ready to be dialled.
#[derive(Clone)]
pub struct Upstream {
    /// Where it is and how it is spoken to.
    pub target: Target,
    /// What `Host` says under the policy `upstream`.
    pub authority: Arc<str>,
    /// What was learned about it, shared by all cores and kept across reloads.
    pub state: Arc<UpstreamState>,
}

/// What was learned about an upstream. Relaxed atomics on a cache line of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct UpstreamState {
    /// Shortest idle time after which it was seen to close, in milliseconds; 0 while unknown.
    idle_seen: AtomicU64,
    /// What it announced by `Keep-Alive: timeout=`, in milliseconds; 0 while unknown.
    idle_hinted: AtomicU64,
    /// Until when it is asked last, in milliseconds of the gateway's clock.
    resting_until: AtomicU64,
    /// Failed connections in a row.
    failures: AtomicU32,
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
            Self::UpstreamTls { pool, problem } => write!(f, "pool {pool}: {problem}"),
            Self::Template { file, problem } => write!(f, "answer page {}: {problem}", file.display()),
        }
    }
}

impl Snapshot {
    /// Makes a plan ready; `before` is the snapshot it replaces.
    ///
    /// # Errors
    /// Every file that is missing or wrong.
    pub fn build(
        plan: Plan,
        before: Option<&Self>,
        metrics: &Metrics,
        pseudonym: &Arc<str>,
    ) -> Result<Self, Vec<BuildProblem>> {
        let mut problems = Vec::new();
        let known: HashMap<(String, String), Arc<UpstreamState>> = before
            .into_iter()
            .flat_map(|before| before.plan.pools.iter().zip(&before.pools))
            .flat_map(|(pool, upstreams)| upstreams.iter().map(move |upstream| (pool, upstream)))
            .map(|(pool, upstream)| {
                ((pool.name.to_string(), upstream.target.label.to_string()), Arc::clone(&upstream.state))
            })
            .collect();
        let pools = plan
            .pools
            .iter()
            .map(|pool| {
                build_pool(pool, &known).unwrap_or_else(|problem| {
                    problems.push(BuildProblem::UpstreamTls { pool: Arc::clone(&pool.name), problem });
                    Vec::new()
                })
            })
            .collect();
        let templates = Templates::load(&plan, &mut problems);
        // Last, because certificates already in use are replaced in place.
        let certificates =
            if problems.is_empty() { build_certificates(&plan, before, &mut problems) } else { None };
        if !problems.is_empty() {
            return Err(problems);
        }
        if let Some(certificates) = &certificates {
            metrics.set_certificates(certificates.expiries());
        }
        Ok(Self {
            generation: before.map_or(1, |before| before.generation + 1),
            routes: RouteTable::new(&plan),
            pools,
            series: metrics.adopt(&labels(&plan)),
            certificates,
            templates,
            pseudonym: plan.pseudonym.clone().unwrap_or_else(|| Arc::clone(pseudonym)),
            leniency: leniency(&plan.lenient),
            plan,
        })
    }
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

fn build_pool(
    pool: &plan::Pool,
    known: &HashMap<(String, String), Arc<UpstreamState>>,
) -> Result<Vec<Upstream>, TlsConfigProblem> {
    let needs_tls = pool.upstreams.iter().any(|upstream| upstream.scheme == plan::Scheme::Https);
    let tls = if needs_tls { Some(Arc::new(TlsClient::build(&pool.tls)?)) } else { None };
    let build = |upstream: &plan::Upstream| {
        let key = (pool.name.to_string(), upstream.label.to_string());
        Upstream {
            target: Target {
                label: Arc::clone(&upstream.label),
                place: place(&upstream.target),
                tls: (upstream.scheme == plan::Scheme::Https).then(|| tls.clone()).flatten(),
                socket: SocketPlan::default(),
            },
            authority: Arc::clone(&upstream.authority),
            state: known.get(&key).cloned().unwrap_or_default(),
        }
    };
    Ok(pool.upstreams.iter().map(build).collect())
}

/// Where the plan says an upstream is, in the words of `dial`.
pub fn place(target: &plan::Target) -> Place {
    match target {
        plan::Target::Name { name, port } => Place::Name { host: Arc::clone(name), port: *port },
        plan::Target::Address(address) => Place::Ip(*address),
        plan::Target::Unix(path) => Place::Unix(path.to_string_lossy().into()),
    }
}

fn labels(plan: &Plan) -> Labels {
    let mut routes = vec![RouteLabels::default(); plan.routes];
    for (site, route) in plan.all_routes() {
        let pools = match &route.action {
            plan::Action::Forward(pool) => vec![pool.0],
            plan::Action::Redirect(_) | plan::Action::Deny => Vec::new(),
        };
        if let Some(labels) = routes.get_mut(route.index.0) {
            *labels = RouteLabels { site: site.name.to_string(), route: route.name.to_string(), pools };
        }
    }
    let pools = plan.pools.iter().map(|pool| PoolLabels {
        name: pool.name.to_string(),
        upstreams: pool.upstreams.iter().map(|upstream| upstream.label.to_string()).collect(),
    });
    Labels { routes, pools: pools.collect() }
}

impl UpstreamState {
    /// The shortest idle time after which the upstream was seen to close.
    pub fn idle_seen(&self) -> Option<Duration> {
        millis(self.idle_seen.load(Ordering::Relaxed))
    }

    /// The idle time the upstream announced.
    pub fn idle_hinted(&self) -> Option<Duration> {
        millis(self.idle_hinted.load(Ordering::Relaxed))
    }

    /// Remembers an observed idle time.
    pub fn see_idle(&self, time: Duration) {
        self.idle_seen.store(as_millis(time).max(1), Ordering::Relaxed);
    }

    /// Remembers an announced idle time.
    pub fn hint_idle(&self, time: Duration) {
        let time = as_millis(time).max(1);
        if self.idle_hinted.load(Ordering::Relaxed) != time {
            self.idle_hinted.store(time, Ordering::Relaxed);
        }
    }

    /// A connection to it failed: it is asked last for a while, longer each time in a row.
    pub fn rest(&self, now: Duration) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).min(MOST_DOUBLINGS);
        let until = now + FIRST_REST * (1 << failures);
        self.resting_until.store(as_millis(until), Ordering::Relaxed);
    }

    /// It answered.
    pub fn revive(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
            self.resting_until.store(0, Ordering::Relaxed);
        }
    }

    /// Whether others should be asked first.
    pub fn is_resting(&self, now: Duration) -> bool {
        self.resting_until.load(Ordering::Relaxed) > as_millis(now)
    }
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

fn millis(value: u64) -> Option<Duration> {
    (value > 0).then(|| Duration::from_millis(value))
}

fn as_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

const FIRST_REST: Duration = Duration::from_millis(500);

/// 500 ms doubled this often is 8 s.
const MOST_DOUBLINGS: u32 = 4;
