//! Asks the DNS whether an address is a crawler's: the address must have a name below the operator's domain, and that
//! name must lead back to the address. Only the operator can arrange for both.
//!
//! One thread asks for all cores. What it is asked by strangers is bounded: a short queue, a few questions at a time, and
//! a limited memory of verdicts; whatever does not fit stays unproven.

use crate::clock::Moment;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use torwart_config::plan::ResolverPlan;
use torwart_dial::dns::{Kind, Question, Reply, ask};
use torwart_dial::resolve::ResolvConf;
use torwart_policy::crawler::{Crawler, reverse_name};

/// Whose address, and which address.
type Claim = (&'static str, IpAddr);

/// Knows or finds out who is a crawler. Dropping it ends its thread.
pub(in crate::guard) struct Verifier {
    plan: ResolverPlan,
    known: Arc<Verdicts>,
    /// Made with the first question.
    asking: OnceLock<Option<Asking>>,
}

struct Asking {
    /// Always there until the drop, which closes it to end the thread.
    questions: Option<mpsc::Sender<(IpAddr, &'static Crawler)>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Verdicts {
    of: Mutex<HashMap<Claim, Verdict>>,
    news: Notify,
}

#[derive(Clone, Copy)]
struct Verdict {
    /// `None` while it is asked for, or where nobody could say.
    is_true: Option<bool>,
    is_asked: bool,
    until: Moment,
}

impl Verifier {
    /// One that asks the name servers of this plan.
    pub(in crate::guard) fn new(plan: ResolverPlan) -> Self {
        Self { plan, known: Arc::default(), asking: OnceLock::new() }
    }

    /// What is known; has it found out where nothing is.
    pub(super) fn look(&self, address: IpAddr, crawler: &'static Crawler) -> Option<bool> {
        let claim = (crawler.operator, address);
        if let Some(verdict) = self.known.find(claim) {
            return verdict.is_true;
        }
        let asking = self.asking.get_or_init(|| {
            let asking = Asking::start(self.plan.clone(), Arc::clone(&self.known));
            asking.inspect_err(|error| tracing::error!(%error, "crawlers cannot be verified")).ok()
        });
        let questions = asking.as_ref().and_then(|asking| asking.questions.as_ref())?;
        // Marked first, lest the answer be there before.
        self.known.set(claim, Verdict { is_true: None, is_asked: true, until: Moment::now() + LONGEST });
        if questions.try_send((address, crawler)).is_err() {
            self.known.forget(claim);
        }
        None
    }

    /// Waits until it is known; `None` where nobody can say.
    pub(super) async fn wait(&self, address: IpAddr, crawler: &'static Crawler) -> Option<bool> {
        loop {
            let news = self.known.news.notified();
            match self.known.find((crawler.operator, address)) {
                Some(verdict) if verdict.is_asked => news.await,
                Some(verdict) => return verdict.is_true,
                None => return None,
            }
        }
    }
}

impl Verdicts {
    fn find(&self, claim: Claim) -> Option<Verdict> {
        let now = Moment::now();
        self.lock().get(&claim).copied().filter(|verdict| verdict.until > now)
    }

    fn set(&self, claim: Claim, verdict: Verdict) {
        let mut known = self.lock();
        if known.len() >= MOST && !known.contains_key(&claim) {
            let now = Moment::now();
            known.retain(|_, verdict| verdict.until > now);
            // Whoever fills the memory has done so with refused claims.
            let victim =
                known.iter().find(|(_, verdict)| verdict.is_true != Some(true)).or(known.iter().next());
            if known.len() >= MOST
                && let Some(victim) = victim.map(|(claim, _)| *claim)
            {
                known.remove(&victim);
            }
        }
        known.insert(claim, verdict);
    }

    fn forget(&self, claim: Claim) {
        self.lock().remove(&claim);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Claim, Verdict>> {
        // Every step leaves it whole.
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asking {
    fn start(plan: ResolverPlan, known: Arc<Verdicts>) -> io::Result<Self> {
        let (questions, asked) = mpsc::channel(QUEUE);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new()
            .name("crawlers".into())
            .spawn(move || runtime.block_on(answer(plan, known, asked)))?;
        Ok(Self { questions: Some(questions), thread: Some(thread) })
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.questions = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was already reported by the panic hook.
            let _ = thread.join();
        }
    }
}

/// Answers questions until nobody can ask any more.
async fn answer(
    plan: ResolverPlan,
    known: Arc<Verdicts>,
    mut asked: mpsc::Receiver<(IpAddr, &'static Crawler)>,
) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            question = asked.recv(), if running.len() < AT_ONCE => {
                let Some((address, crawler)) = question else { return };
                let servers = servers(&plan);
                running.spawn(async move {
                    let is_true = tokio::time::timeout(LONGEST, verify(&servers, address, crawler)).await;
                    ((crawler.operator, address), is_true.ok().flatten())
                });
            }
            Some(Ok((claim, is_true))) = running.join_next(), if !running.is_empty() => {
                let lasts = match is_true {
                    Some(true) => PROVEN,
                    Some(false) => REFUTED,
                    None => UNKNOWN,
                };
                known.set(claim, Verdict { is_true, is_asked: false, until: Moment::now() + lasts });
                known.news.notify_waiters();
            }
        }
    }
}

/// Those of the plan, or those of this host.
fn servers(plan: &ResolverPlan) -> Arc<[SocketAddr]> {
    if !plan.servers.is_empty() {
        return plan.servers.iter().take(SERVERS).copied().collect();
    }
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    ResolvConf::parse(&text).servers.into_iter().take(SERVERS).collect()
}

/// Whether the address is the crawler's; `None` where no server can say.
async fn verify(servers: &[SocketAddr], address: IpAddr, crawler: &Crawler) -> Option<bool> {
    let reply = ask_in_turn(servers, &Question::recursive(reverse_name(address), Kind::Ptr)).await?;
    let kind = if address.is_ipv4() { Kind::A } else { Kind::Aaaa };
    let mut is_known = true;
    for name in reply.pointers().filter(|name| crawler.owns(name)).take(NAMES) {
        match ask_in_turn(servers, &Question::recursive(name, kind)).await {
            Some(reply) if reply.addresses().contains(&address) => return Some(true),
            Some(_) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(false)
}

/// The first answer that says something, be it that there is no such name.
async fn ask_in_turn(servers: &[SocketAddr], question: &Question) -> Option<Reply> {
    for server in servers {
        if let Ok(reply) = ask(*server, question, PER_SERVER).await
            && matches!(reply.rcode, Reply::NO_ERROR | Reply::NO_SUCH_NAME)
        {
            return Some(reply);
        }
    }
    None
}

/// Addresses whose verdict is kept: more than all search engines use for one site in a day.
const MOST: usize = 10_000;

/// Questions that wait; beyond it a client stays unproven.
const QUEUE: usize = 256;

/// Questions under way, lest strangers make us flood the name servers.
const AT_ONCE: usize = 16;

/// Names of one address that are looked at: crawlers have one.
const NAMES: usize = 3;

/// Name servers that are asked.
const SERVERS: usize = 3;

const PER_SERVER: Duration = Duration::from_secs(2);

/// For all questions about one address.
const LONGEST: Duration = Duration::from_secs(8);

/// Crawlers keep their addresses for months.
const PROVEN: Duration = Duration::from_secs(86_400);

/// Somebody may have an address anew.
const REFUTED: Duration = Duration::from_secs(3600);

/// Name servers come back.
const UNKNOWN: Duration = Duration::from_secs(60);
