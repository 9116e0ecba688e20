//! Active checks: who asks upstreams whether they are well, again and again, and tells what came of it.
//!
//! One thread of the control side has a task for each upstream of a pool with `health`. A task keeps its pace across
//! reloads that do not concern it. Verdicts go into the upstream's state, where the choice of an upstream looks; every
//! change is logged and counted with its cause. The cores never wait for this.

mod hook;
mod question;

use crate::clock::Moment;
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use crate::upstream::{Health, Upstream, UpstreamState};
use hook::Call;
pub use question::Fault;
use question::Question;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use torwart_config::plan::{self, HealthPlan};
use torwart_policy::health::{Standing, Turns, next_pause};

/// The thread that asks. Dropping it ends the thread.
pub struct HealthWatch {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// One upstream and how it is asked.
#[derive(Clone)]
struct Order {
    pool: Arc<str>,
    upstream: Upstream,
    plan: HealthPlan,
    question: Arc<Question>,
}

/// A task and what it was told.
struct Running {
    order: Order,
    task: AbortHandle,
}

impl HealthWatch {
    /// Starts the thread; it follows the snapshots of `shared` by itself.
    pub fn start(shared: Arc<Shared>) -> io::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let thread = std::thread::Builder::new().name("health".into()).spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
            match runtime {
                Ok(runtime) => runtime.block_on(watch_over(shared, stopped)),
                Err(error) => tracing::error!(%error, "nobody can ask upstreams whether they are well"),
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for HealthWatch {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic there was already reported by the panic hook.
            let _ = thread.join();
        }
    }
}

async fn watch_over(shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let mut adopted = shared.adopted.subscribe();
    let mut running: HashMap<usize, Running> = HashMap::new();
    let mut tasks = JoinSet::new();
    let mut hooks = JoinSet::new();
    let mut called: HashMap<(Arc<str>, Arc<str>), Instant> = HashMap::new();
    let (calls, mut asked) = mpsc::channel(CALLS);
    loop {
        adopted.mark_unchanged();
        let snapshot = shared.snapshot.load_full();
        let wanted = orders(&snapshot);
        running.retain(|key, known| {
            let goes_on = wanted.get(key).is_some_and(|order| order.is_like(&known.order));
            if !goes_on {
                known.task.abort();
                if !wanted.contains_key(key) {
                    known.order.forget(&shared);
                }
            }
            goes_on
        });
        for (key, order) in wanted {
            running.entry(key).or_insert_with(|| Running {
                task: tasks.spawn_local(ask_again_and_again(
                    order.clone(),
                    Arc::clone(&shared),
                    calls.clone(),
                )),
                order,
            });
        }
        let changed = async {
            tokio::select! {
                _ = adopted.changed() => false,
                _ = stopped.wait_for(|is_stopped| *is_stopped) => true,
            }
        };
        tokio::pin!(changed);
        loop {
            tokio::select! {
                // Tasks end with their set; a hook's program is ended with its task.
                is_over = &mut changed => if is_over { return } else { break },
                Some(_) = tasks.join_next() => {}
                Some(_) = hooks.join_next() => {}
                Some(call) = asked.recv() => {
                    let call: Call = call;
                    let now = Instant::now();
                    let last = called.get(&call.key());
                    if last.is_none_or(|last| now.duration_since(*last) >= call.plan.at_most_every) {
                        called.insert(call.key(), now);
                        hooks.spawn_local(hook::call(call, Arc::clone(&shared.resolver)));
                    }
                }
            }
        }
    }
}

/// Every upstream that is to be asked, by its state, which is one for all snapshots.
fn orders(snapshot: &Snapshot) -> HashMap<usize, Order> {
    let mut orders = HashMap::new();
    for (index, pool) in snapshot.plan.pools.iter().enumerate() {
        let Some(plan) = &pool.health else { continue };
        for upstream in snapshot.all_of(index) {
            let question = Question::of(&snapshot.plan, pool, upstream, plan);
            let order = Order {
                pool: Arc::clone(&pool.name),
                upstream: upstream.clone(),
                plan: plan.clone(),
                question: Arc::new(question),
            };
            orders.insert(Arc::as_ptr(&upstream.state) as usize, order);
        }
    }
    orders
}

impl Order {
    /// Whether a task with this order need not be told anything new.
    fn is_like(&self, other: &Self) -> bool {
        self.plan == other.plan && self.pool == other.pool && self.question.is_like(&other.question)
    }

    fn label(&self) -> &Arc<str> {
        &self.upstream.target.label
    }

    /// Nobody asks any more.
    fn forget(&self, shared: &Shared) {
        self.upstream.state.set_health(Health::Unknown, Moment::now());
        shared.metrics.forget_health(&self.pool, self.label());
    }
}

async fn ask_again_and_again(order: Order, shared: Arc<Shared>, calls: mpsc::Sender<Call>) {
    let state: &UpstreamState = &order.upstream.state;
    let plan = &order.plan;
    let turns = Turns { rise: plan.rise, fall: plan.fall };
    let mut chance = Chance::new();
    let mut standing = Standing::of(match state.health() {
        Health::Unknown => None,
        Health::Up => Some(true),
        Health::Down(_) => Some(false),
    });
    let mut down_since = (standing.is_up == Some(false)).then(Instant::now);
    // The first question comes soon, but not those to all upstreams at once.
    let mut pause = FIRST.min(plan.every_down).mul_f64(chance.share());
    loop {
        tokio::time::sleep(pause).await;
        let answer = order.question.ask(&shared.resolver, plan.deadline).await;
        let has_changed = standing.hear(answer.is_ok(), turns);
        match &answer {
            Ok(()) if has_changed => {
                let down_for = down_since.take().map(|since| since.elapsed().as_secs());
                tell_up(&order, &shared, down_for);
            }
            Err(fault) if has_changed => {
                down_since = Some(Instant::now());
                tell_down(&order, &shared, fault);
            }
            Err(fault) if standing.is_up == Some(false) => {
                // The reason may be another one by now.
                state.set_health(Health::Down(fault.cause), Moment::now());
            }
            _ => {}
        }
        if let (Err(fault), Some(since), Some(hook)) = (&answer, down_since, &plan.on_down)
            && since.elapsed() >= hook.after
        {
            // A full queue means that there are calls enough; the next question asks again.
            let _ = calls.try_send(Call {
                pool: Arc::clone(&order.pool),
                upstream: Arc::clone(order.label()),
                cause: fault.cause,
                down_for: since.elapsed(),
                plan: hook.clone(),
            });
        }
        let every = if standing.is_up == Some(true) { plan.every } else { plan.every_down };
        pause = next_pause(every, plan.jitter, chance.next());
    }
}

fn tell_up(order: &Order, shared: &Shared, down_for: Option<u64>) {
    order.upstream.state.set_health(Health::Up, Moment::now());
    shared.metrics.see_health(&order.pool, order.label(), None);
    let (pool, upstream) = (&*order.pool, &**order.label());
    match down_for {
        Some(seconds) => tracing::info!(pool, upstream, down_seconds = seconds, "an upstream is up again"),
        None => tracing::debug!(pool, upstream, "an upstream is up"),
    }
}

fn tell_down(order: &Order, shared: &Shared, fault: &Fault) {
    order.upstream.state.set_health(Health::Down(fault.cause), Moment::now());
    shared.metrics.see_health(&order.pool, order.label(), Some(fault.cause));
    let (pool, upstream, cause) = (&*order.pool, &**order.label(), fault.cause.id());
    let detail = fault.unfit.as_ref().map(tracing::field::display);
    tracing::warn!(pool, upstream, cause, detail, "an upstream is down");
}

/// Numbers that need not be secret, only different from task to task.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        Self(torwart_record::RequestIds::seed_by_chance() | 1)
    }

    /// xorshift64, by George Marsaglia.
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn share(&mut self) -> f64 {
        f64::from((self.next() % 1000) as u32) / 1000.0
    }
}

/// What `Host` says to an upstream of this pool: as a visitor's request would.
fn host_of(plan: &torwart_config::Plan, pool: &plan::Pool, upstream: &Upstream) -> String {
    let route = plan.all_routes().find(|(_, route)| route.action == plan::Action::Forward(pool.index));
    let host = route.and_then(|(site, route)| match &route.host {
        plan::HostPolicy::Upstream => None,
        plan::HostPolicy::Literal(host) => Some(host.to_string()),
        plan::HostPolicy::Client => site.hosts.iter().find_map(|host| match host {
            plan::HostPattern::Exact(name) => Some(name.to_string()),
            plan::HostPattern::Below(_) | plan::HostPattern::Any => None,
        }),
    });
    host.unwrap_or_else(|| upstream.authority.to_string())
}

/// Within this time the first question to every upstream is asked.
const FIRST: Duration = Duration::from_millis(250);

/// Calls that wait to be judged.
const CALLS: usize = 64;
