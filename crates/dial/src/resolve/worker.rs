//! The resolver's own thread: collapses equal questions into one, keeps the timetable of refreshes.

use super::files::{Hosts, ResolvConf, SystemFiles, Watched};
use super::lookup::{Found, look_up};
use super::names::{Known, Names};
use crate::ending_of::os_ending;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use torwart_cause::{Deadline, Ending, NameFault};
use torwart_config::plan::{ResolverMode, ResolverPlan};
use torwart_kernel::resolver::{LookupError, lookup as system_lookup};

/// A core waits for news about a name.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) name: Arc<str>,
    pub(super) done: oneshot::Sender<()>,
}

/// Starts the thread; it ends when all senders of `wanted` are gone.
pub(super) fn start(
    plan: ResolverPlan,
    files: SystemFiles,
    names: Arc<Names>,
    wanted: mpsc::Receiver<Wanted>,
) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(SYSTEM_LOOKUPS)
        .build()?;
    let worker = Worker {
        hosts: Watched::new(&files.hosts, Hosts::parse),
        resolv_conf: Watched::new(&files.resolv_conf, ResolvConf::parse),
        preferred: Arc::new(AtomicUsize::new(0)),
        plan,
        names,
        waiting: HashMap::new(),
        lookups: JoinSet::new(),
        timetable: BinaryHeap::new(),
    };
    thread::Builder::new().name("resolver".into()).spawn(move || {
        runtime.block_on(worker.run(wanted));
        // A getaddrinfo that hangs must not hold up the end of the process.
        runtime.shutdown_background();
    })
}

type Outcome = (Arc<str>, Result<Found, Ending>);

struct Worker {
    plan: ResolverPlan,
    hosts: Watched<Hosts>,
    resolv_conf: Watched<ResolvConf>,
    /// The position of the server that answered last.
    preferred: Arc<AtomicUsize>,
    names: Arc<Names>,
    /// Who waits for which lookup; a name is here exactly while its lookup runs.
    waiting: HashMap<Arc<str>, Vec<oneshot::Sender<()>>>,
    lookups: JoinSet<Outcome>,
    /// When which name is due for a refresh.
    timetable: BinaryHeap<Reverse<(Instant, Arc<str>)>>,
}

impl Worker {
    async fn run(mut self, mut wanted: mpsc::Receiver<Wanted>) {
        loop {
            let due = self.timetable.peek().map(|Reverse((due, _))| (*due).into());
            tokio::select! {
                request = wanted.recv() => match request {
                    Some(request) => self.take(request),
                    None => return,
                },
                Some(Ok((name, result))) = self.lookups.join_next(), if !self.lookups.is_empty() => {
                    self.finish(&name, result);
                }
                () = tokio::time::sleep_until(due.unwrap_or_else(tokio::time::Instant::now)), if due.is_some() => {
                    self.refresh_due();
                }
            }
        }
    }

    fn take(&mut self, request: Wanted) {
        if let Some(waiting) = self.waiting.get_mut(&request.name) {
            waiting.push(request.done);
        } else if self.names.is_fresh(&request.name, Instant::now()) {
            // News came between the core's look and its question; a core that left needs no answer.
            let _ = request.done.send(());
        } else {
            self.begin(request.name, vec![request.done]);
        }
    }

    fn refresh_due(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((due, _))) = self.timetable.peek()
            && *due <= now
            && let Some(Reverse((_, name))) = self.timetable.pop()
        {
            // A name that nobody used since its last refresh waits for its next use.
            if !self.waiting.contains_key(&name) && self.names.take_used(&name) {
                self.names.note_refreshing(&name);
                self.begin(name, Vec::new());
            }
        }
    }

    fn begin(&mut self, name: Arc<str>, waiting: Vec<oneshot::Sender<()>>) {
        self.waiting.insert(Arc::clone(&name), waiting);
        if self.plan.mode == ResolverMode::System {
            self.lookups.spawn_blocking(move || {
                let result = system_answer(&name);
                (name, result)
            });
            return;
        }
        if let Some(addresses) = self.hosts.current().get(&name) {
            let found = Found { addresses: addresses.to_vec(), ttl: HOSTS_TTL };
            self.finish(&name, Ok(found));
            return;
        }
        let conf = if self.plan.servers.is_empty() {
            self.resolv_conf.current().clone()
        } else {
            ResolvConf::of_servers(self.plan.servers.clone())
        };
        let preferred = Arc::clone(&self.preferred);
        self.lookups.spawn(async move {
            let result = look_up(&name, &conf, &preferred).await;
            (name, result)
        });
    }

    fn finish(&mut self, name: &Arc<str>, result: Result<Found, Ending>) {
        let now = Instant::now();
        let known = match result {
            Ok(found) => Known {
                addresses: found.addresses.into(),
                fault: None,
                until: now + found.ttl.max(self.plan.ttl_min).min(self.plan.ttl_max.max(self.plan.ttl_min)),
                confirmed: now,
            },
            Err(ending) => self.after_failure(name, ending, now),
        };
        // A little early, so that an answer in use never expires.
        let lead = known.until.saturating_duration_since(now) / 10;
        self.timetable.push(Reverse((known.until - lead, Arc::clone(name))));
        self.names.learn(name, known);
        for done in self.waiting.remove(name).into_iter().flatten() {
            // A core that left needs no answer.
            let _ = done.send(());
        }
    }

    /// Keeps the last good answer where there is one worth keeping.
    fn after_failure(&self, name: &str, ending: Ending, now: Instant) -> Known {
        let is_denial = matches!(ending, Ending::Name(NameFault::NxDomain | NameFault::NoAddress));
        let longest = if is_denial { DENIAL_DOUBTED } else { LAST_GOOD_KEPT };
        let believed =
            if is_denial { self.plan.negative_ttl } else { self.plan.negative_ttl.min(FAILURE_KEPT) };
        let until = now + believed;
        match self.names.known(name) {
            Some(last) if !last.addresses.is_empty() && now.duration_since(last.confirmed) < longest => {
                Known {
                    addresses: Arc::clone(&last.addresses),
                    fault: Some(ending),
                    until,
                    confirmed: last.confirmed,
                }
            }
            _ => Known { addresses: Arc::new([]), fault: Some(ending), until, confirmed: now },
        }
    }
}

fn system_answer(name: &str) -> Result<Found, Ending> {
    match system_lookup(name) {
        Ok(addresses) if addresses.is_empty() => Err(Ending::Name(NameFault::NoAddress)),
        Ok(addresses) => Ok(Found { addresses, ttl: Duration::ZERO }),
        Err(error) => Err(system_ending(error)),
    }
}

fn system_ending(error: LookupError) -> Ending {
    if error.is_unknown_name() {
        return Ending::Name(NameFault::NxDomain);
    }
    if error.is_without_address() {
        return Ending::Name(NameFault::NoAddress);
    }
    match error.os.map(|number| os_ending(number, Deadline::Resolve)) {
        Some(Ending::ResourcesSpent) => Ending::ResourcesSpent,
        _ => Ending::Name(NameFault::SystemResolver(error.code)),
    }
}

/// How soon a change of the hosts file is noticed.
const HOSTS_TTL: Duration = Duration::from_secs(5);

/// A failing server is asked again after this: soon, but not once per exchange.
const FAILURE_KEPT: Duration = Duration::from_secs(1);

/// How long addresses outlive servers that fail; RFC 8767 §5 suggests one to three days.
const LAST_GOOD_KEPT: Duration = Duration::from_secs(24 * 3600);

/// How long "no such name" is doubted for a name that had addresses: zones break for moments when they are rewritten.
const DENIAL_DOUBTED: Duration = Duration::from_secs(30);

/// Threads for getaddrinfo; further lookups wait for one.
const SYSTEM_LOOKUPS: usize = 8;
