//! The gateway as a whole: started on a plan, given new plans while it runs, drained at the end.
//!
//! One thread per core runs the data plane; this handle belongs to the control side. Building snapshots and binding
//! sockets happens here, so that a plan that cannot be served never reaches a core.

use crate::cache::{Purger, Store};
use crate::certificates::Certificates;
use crate::control::{Control, Steering};
use crate::guard::Gatehouse;
use crate::health::HealthWatch;
use crate::listeners::inherited::Inherited;
use crate::listeners::{Bound, Command, Listeners, bind};
use crate::names::{Addresses, NameWatch, spread_names};
use crate::per_core::Core;
use crate::renewal::Renewal;
use crate::roster::{Changes, Roster};
use crate::shared::Shared;
use crate::snapshot::{BuildProblem, Snapshot};
use crate::windows::Windows;
use crate::worker;
use arc_swap::ArcSwap;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{mpsc, watch};
use torwart_config::Plan;
use torwart_config::plan::{AccessLog, LogFormat, LogTarget};
use torwart_dial::{Resolver, SystemFiles};
use torwart_record::{
    Failures, Journal, JournalError, JournalFormat, JournalOptions, JournalWriter, Metrics, Recorder, Sink,
    Status, Timestamp,
};

/// A running gateway.
pub struct Gateway {
    shared: Arc<Shared>,
    workers: Vec<Worker>,
    journal: Option<JournalWriter>,
    control: Arc<Control>,
    /// Ends its thread when the gateway ends.
    _names: NameWatch,
    /// As well.
    _health: HealthWatch,
}

struct Worker {
    commands: mpsc::UnboundedSender<Command>,
    /// Ends with whether all connections did so by themselves.
    thread: JoinHandle<bool>,
}

/// Why the gateway could not start, or could not take over a plan.
#[derive(Debug)]
pub enum StartProblem {
    /// Files the plan needs are missing or wrong.
    Build(Vec<BuildProblem>),
    /// An address cannot be listened on.
    Listen {
        /// The address.
        address: String,
        /// What the system says.
        error: io::Error,
    },
    /// The access log cannot be opened.
    Log(JournalError),
    /// A thread or runtime could not be made.
    System(io::Error),
}

/// What the binary knows and the plan does not.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program's version, for the admin address.
    pub version: String,
    /// Whether human log lines on a terminal carry colours.
    pub is_coloured: bool,
}

impl Gateway {
    /// Binds every listener, starts a thread per worker, and serves.
    ///
    /// # Errors
    /// Whatever the plan needs and the system does not give; nothing runs then.
    pub fn start(plan: Plan, options: &Options) -> Result<Self, StartProblem> {
        let listeners = Listeners::open(&plan, Inherited::default())?;
        Self::start_on(listeners, plan, options)
    }

    /// As [`Gateway::start`], on listeners that were opened for this plan before.
    ///
    /// # Errors
    /// Whatever else the plan needs and the system does not give; nothing runs then.
    pub fn start_on(listeners: Listeners, plan: Plan, options: &Options) -> Result<Self, StartProblem> {
        // New connections need descriptors; a low soft limit is a default of shells, not a wish.
        let _ = torwart_kernel::limits::raise_descriptors();
        let status = Arc::new(Status::new(&options.version, Timestamp::from(SystemTime::now())));
        let count = worker_count(&plan);
        let metrics = Arc::new(Metrics::new(count, Arc::clone(&status)));
        let pseudonym: Arc<str> = pseudonym().into();
        let resolver =
            Resolver::start(&plan.resolver, SystemFiles::default()).map_err(StartProblem::System)?;
        let resolver = Arc::new(resolver);
        let journal = open_journal(&plan, options, &metrics)?;
        let failures = Arc::new(Failures::new(plan.log.failed_exchanges));
        let mut changes = Changes::read(listeners.changes(), &plan);
        let (written, mut plan) = (plan.clone(), plan);
        changes.apply(&mut plan);
        let mut steering =
            Steering { listeners, addresses: Addresses::default(), late: Vec::new(), written, changes };
        let Steering { addresses, changes, .. } = &steering;
        let snapshot = Snapshot::build(plan, None, addresses, changes, &metrics, &pseudonym)
            .map_err(StartProblem::Build)?;
        let names = spread_names(&snapshot.plan);
        let (late, bound) = steering.listeners.take_fresh();
        steering.late = late;
        status.set_workers(count as u64);
        status.set_generation(snapshot.plan_generation);
        let store = Store::new(&snapshot.plan.cache, metrics.cache());
        let shared = Arc::new(Shared {
            generation: AtomicU64::new(snapshot.generation),
            adopted: watch::Sender::new(snapshot.generation),
            snapshot: ArcSwap::from_pointee(snapshot),
            drains: AtomicBool::new(false),
            handed_over: AtomicBool::new(false),
            endpoints: watch::Sender::new(0),
            connections: AtomicUsize::new(0),
            gatehouse: Gatehouse::default(),
            windows: Windows::default(),
            store,
            resolver: Arc::clone(&resolver),
            metrics,
            failures,
            status,
        });
        let mut workers = Vec::with_capacity(count);
        for index in 0..count {
            let journal = journal.as_ref().map(|writer| writer.journal(&shared.metrics));
            workers.push(start_worker(&shared, index, journal).map_err(StartProblem::System)?);
        }
        let control = Arc::new(Control {
            shared: Arc::clone(&shared),
            pseudonym,
            steering: Mutex::new(steering),
            names: OnceLock::new(),
        });
        let told = Arc::clone(&control);
        let names =
            NameWatch::start(resolver, names, move |news| told.learn(news)).map_err(StartProblem::System)?;
        // Nobody else tells it, and this is the only time.
        let _ = control.names.set(names.names());
        let health = HealthWatch::start(Arc::clone(&shared)).map_err(StartProblem::System)?;
        let gateway = Self { shared, workers, journal, control, _names: names, _health: health };
        gateway.hand_out(bound);
        gateway.shared.status.set_listeners_up(true);
        Ok(gateway)
    }

    /// The addresses clients can connect to, with the ports the system chose; and whether they speak TLS.
    pub fn addresses(&self) -> Vec<Bound> {
        self.control.steering().listeners.bound()
    }

    /// Takes over a new plan without dropping a connection. With any problem the old plan goes on.
    ///
    /// Returns the generation of the new plan. The number of workers, the admin address, the log's target and the
    /// resolver stay as they were at the start.
    ///
    /// # Errors
    /// What the plan needs and the system does not give.
    pub fn adopt(&self, plan: Plan) -> Result<u64, StartProblem> {
        let mut steering = self.control.steering();
        let before = self.shared.snapshot.load_full();
        let wanted = plan.listeners.clone();
        let written = plan.clone();
        let mut changes = steering.changes.clone();
        let mut plan = plan;
        changes.apply(&mut plan);
        let names = spread_names(&plan);
        // Bound first: building replaces certificates in place, which must not happen for a plan that is refused.
        let fresh = steering.listeners.bind_missing(&wanted, self.workers.len())?;
        let snapshot = Snapshot::build(
            plan,
            Some(&before),
            &steering.addresses,
            &changes,
            &self.shared.metrics,
            &self.control.pseudonym,
        )
        .map_err(StartProblem::Build)?;
        let generation = snapshot.plan_generation;
        steering.listeners.add(&fresh);
        let gone = steering.listeners.drop_others(&wanted);
        steering.addresses.keep_only(&names);
        steering.written = written;
        if !changes.is_empty() {
            tracing::info!("what was changed of upstreams at run time still holds");
        }
        steering.changes = changes;
        self.shared.store.resize(&snapshot.plan.cache);
        self.shared.adopt(snapshot);
        // Under the lock still, so that cores hear of plans in their order.
        self.hand_out(fresh);
        for listener in gone {
            self.tell(|_| Command::Unlisten(listener.clone()));
        }
        self.control.want(names);
        Ok(generation)
    }

    /// Opens the access log anew, after somebody moved the file away.
    pub fn reopen_log(&self) {
        if let Some(journal) = &self.journal {
            journal.reopen();
        }
    }

    /// Takes no new connections and lets running exchanges end, within the plan's time for it; then closes the rest.
    /// Returns whether everything ended by itself.
    pub fn drain(self) -> bool {
        let within = self.shared.snapshot.load().plan.drain;
        self.stop(within)
    }

    /// Descriptors of all sockets that are listened on, for a process that takes over.
    ///
    /// # Errors
    /// Where the system gives no more descriptors.
    pub fn descriptors(&self) -> io::Result<Vec<OwnedFd>> {
        self.control.steering().listeners.descriptors()
    }

    /// As [`Gateway::stop`], once another process has taken over: nobody who waits to be accepted is ours any more, and
    /// clients without a request may stay for one more.
    pub fn hand_over(self, within: Duration) -> bool {
        self.shared.handed_over.store(true, Ordering::Release);
        self.stop(within)
    }

    /// Ends when no UDP socket of HTTP/3 is read any more.
    pub fn endpoints_closed(&self) -> impl Future<Output = ()> + use<> {
        let mut endpoints = self.shared.endpoints.subscribe();
        async move {
            // The gateway may end first, which is as good.
            let _ = endpoints.wait_for(|count| *count == 0).await;
        }
    }

    /// Begins to read the UDP sockets that another process read until now.
    pub fn open_late(&self) {
        let late = std::mem::take(&mut self.control.steering().late);
        self.hand_out(late);
    }

    /// As [`Gateway::drain`], within this time.
    pub fn stop(mut self, within: Duration) -> bool {
        self.shared.drain();
        {
            let mut steering = self.control.steering();
            steering.listeners.let_go();
            steering.late.clear();
        }
        let until = Instant::now() + within;
        self.tell(|_| Command::Drain { until });
        let mut is_orderly = true;
        for worker in self.workers.drain(..) {
            // A worker that panicked has nothing left to wait for, and its connections were cut.
            is_orderly &= worker.thread.join().unwrap_or(false);
        }
        is_orderly
    }

    /// Whether every worker takes its turns. The answer may take for ever: give it a deadline.
    pub fn beats(&self) -> impl Future<Output = bool> + use<> {
        let (beat, mut heard) = mpsc::unbounded_channel();
        self.tell(|_| Command::Beat(beat.clone()));
        let mut missing = self.workers.len();
        async move {
            // A worker that has ended lets go of its end without an answer.
            drop(beat);
            while missing > 0 && heard.recv().await.is_some() {
                missing -= 1;
            }
            missing == 0
        }
    }

    /// The handle for whoever renews certificates.
    pub fn renewal(&self) -> Renewal {
        Renewal::new(Arc::clone(&self.control))
    }

    /// The handle for whoever looks at upstreams and changes which are used.
    pub fn roster(&self) -> Roster {
        Roster::new(Arc::clone(&self.control))
    }

    /// The handle for whoever has stored answers given up.
    pub fn cache(&self) -> Purger {
        Purger::new(Arc::clone(&self.shared))
    }

    /// Resolves names as for upstreams.
    pub fn resolver(&self) -> &Arc<Resolver> {
        &self.shared.resolver
    }

    /// The counters.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.metrics
    }

    /// The failed exchanges.
    pub fn failures(&self) -> &Arc<Failures> {
        &self.shared.failures
    }

    /// What the admin address says about the process.
    pub fn status(&self) -> &Arc<Status> {
        &self.shared.status
    }

    /// The plan that is served now.
    pub fn plan(&self) -> Plan {
        self.shared.snapshot.load().plan.clone()
    }

    fn hand_out(&self, bound: Vec<bind::Sockets>) {
        for sockets in bound {
            // There may be more sockets than workers where somebody else has bound them.
            for (worker, socket) in self.workers.iter().cycle().zip(sockets.each) {
                // A worker that is gone serves nobody.
                let _ = worker.commands.send(Command::Listen { listener: sockets.listener.clone(), socket });
            }
        }
    }

    fn tell(&self, command: impl Fn(usize) -> Command) {
        for (index, worker) in self.workers.iter().enumerate() {
            let _ = worker.commands.send(command(index));
        }
    }
}

/// Reads every file a plan names, as starting with it would, and binds nothing. Returns until when each certificate is
/// valid, in seconds since 1970.
///
/// # Errors
/// Every file that is missing or wrong.
pub fn rehearse(plan: Plan) -> Result<Vec<(String, u64)>, Vec<BuildProblem>> {
    let certificates = Certificates::load(&plan.sites);
    let metrics = Metrics::new(1, Arc::new(Status::new("", Timestamp::default())));
    Snapshot::build(plan, None, &Addresses::default(), &Changes::default(), &metrics, &Arc::from(""))?;
    certificates
        .map(|certificates| certificates.expiries())
        .map_err(|found| found.into_iter().map(BuildProblem::Certificate).collect())
}

fn start_worker(shared: &Arc<Shared>, index: usize, journal: Option<Journal>) -> io::Result<Worker> {
    let (commands, received) = mpsc::unbounded_channel();
    let shared = Arc::clone(shared);
    let thread = std::thread::Builder::new().name(format!("core-{index}")).spawn(move || {
        let make_core = || {
            let recorder = Recorder::new(shared.metrics.core(index), journal, Arc::clone(&shared.failures));
            Core::new(shared, recorder)
        };
        worker::run(make_core, received).unwrap_or_else(|error| {
            tracing::error!(%error, index, "a worker could not start");
            false
        })
    })?;
    Ok(Worker { commands, thread })
}

/// How many workers serve a plan.
pub(crate) fn worker_count(plan: &Plan) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    plan.workers.map_or_else(cores, NonZeroUsize::get)
}

fn open_journal(
    plan: &Plan,
    options: &Options,
    metrics: &Arc<Metrics>,
) -> Result<Option<JournalWriter>, StartProblem> {
    let Some(AccessLog { target, format, query }) = &plan.log.access else { return Ok(None) };
    let sink = match target {
        LogTarget::Stdout => Sink::Stdout,
        LogTarget::Stderr => Sink::Stderr,
        LogTarget::File(path) => Sink::File(path.clone()),
    };
    let format = match format {
        LogFormat::Json => JournalFormat::Json { is_query_logged: *query },
        LogFormat::Human => {
            JournalFormat::Human { is_coloured: options.is_coloured, is_query_logged: *query }
        }
    };
    let journal_options = JournalOptions { format, ..JournalOptions::new(sink) };
    let report = |error: &JournalError| tracing::error!(%error, "the access log cannot be written");
    JournalWriter::start(journal_options, metrics, Box::new(report)).map(Some).map_err(StartProblem::Log)
}

/// A name for `Via` that no other instance has: two of them one behind the other are no loop.
fn pseudonym() -> String {
    format!("torwart-{:08x}", torwart_record::RequestIds::seed_by_chance() & 0xffff_ffff)
}

impl std::fmt::Display for StartProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Build(problems) => {
                for (index, problem) in problems.iter().enumerate() {
                    write!(f, "{}{problem}", if index == 0 { "" } else { "\n" })?;
                }
                Ok(())
            }
            Self::Listen { address, error } => write!(f, "cannot listen on {address}: {error}"),
            Self::Log(error) => write!(f, "cannot open the access log: {error}"),
            Self::System(error) => write!(f, "cannot start: {error}"),
        }
    }
}

impl std::error::Error for StartProblem {}
