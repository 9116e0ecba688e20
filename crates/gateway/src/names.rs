//! Names that lead to several upstreams, because each address is one (`resolve = "each"`) or because they are services
//! (`srv+http://`): who asks for them, again and again.
//!
//! One thread of the control side asks the resolver for each such name as soon as a plan has it and whenever the answer
//! is about to expire. What it learns goes to the gateway, which makes a new snapshot of the plan if it is news. The
//! cores never wait for this.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use torwart_config::Plan;
use torwart_config::plan::{Pool, SpreadNames, Target};
use torwart_dial::Resolver;
use torwart_dial::resolve::Service;

/// Which names are wanted, told to the thread that asks.
#[derive(Clone)]
pub struct Names(watch::Sender<Option<Vec<Arc<str>>>>);

/// What spread names lead to, as far as it is known.
#[derive(Debug, Default)]
pub struct Addresses(HashMap<Arc<str>, Leads>);

/// What a name leads to; never nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leads {
    /// Addresses, sorted, each once.
    Addresses(Arc<[IpAddr]>),
    /// The servers of a service, sorted, each once.
    Services(Arc<[Service]>),
}

/// What was found out about a name: its addresses, or that there are none to be had.
pub struct News {
    /// The name.
    pub name: Arc<str>,
    /// What it leads to.
    pub leads: Option<Leads>,
}

/// The thread that asks. Dropping it ends the thread.
pub struct NameWatch {
    names: Names,
    thread: Option<JoinHandle<()>>,
}

impl Leads {
    /// To how many upstreams.
    pub fn count(&self) -> usize {
        match self {
            Self::Addresses(addresses) => addresses.len(),
            Self::Services(servers) => servers.len(),
        }
    }
}

impl Addresses {
    /// The addresses of a name; none while they are unknown.
    pub fn of(&self, name: &str) -> Option<&[IpAddr]> {
        match self.0.get(name) {
            Some(Leads::Addresses(addresses)) => Some(addresses),
            Some(Leads::Services(_)) | None => None,
        }
    }

    /// The servers of a service; none while they are unknown.
    pub fn servers_of(&self, service: &str) -> Option<&[Service]> {
        match self.0.get(&*service_key(service)) {
            Some(Leads::Services(servers)) => Some(servers),
            Some(Leads::Addresses(_)) | None => None,
        }
    }

    /// Takes in what was found out; whether that changed anything.
    pub fn learn(&mut self, news: News) -> bool {
        let News { name, leads } = news;
        if self.0.get(&name) == leads.as_ref() {
            return false;
        }
        match leads {
            Some(leads) => self.0.insert(name, leads),
            None => self.0.remove(&name),
        };
        true
    }

    /// Forgets all other names.
    pub fn keep_only(&mut self, names: &[Arc<str>]) {
        self.0.retain(|name, _| names.contains(name));
    }
}

/// The names a plan wants spread, each once.
pub fn spread_names(plan: &Plan) -> Vec<Arc<str>> {
    let each = |pool: &Pool| pool.spread == SpreadNames::Each;
    let upstreams =
        plan.pools.iter().flat_map(|pool| pool.upstreams.iter().map(move |one| (each(pool), one)));
    let names = upstreams.filter_map(|(is_spread, upstream)| match &upstream.target {
        Target::Name { name, .. } if upstream.is_service => Some(service_key(name)),
        Target::Name { name, .. } if is_spread => Some(Arc::clone(name)),
        Target::Name { .. } | Target::Address(_) | Target::Unix(_) => None,
    });
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

impl NameWatch {
    /// Starts the thread; it tells `tell` what it found out, several names at once where they come together.
    pub fn start(
        resolver: Arc<Resolver>,
        names: Vec<Arc<str>>,
        tell: impl Fn(Vec<News>) + Send + 'static,
    ) -> io::Result<Self> {
        let (names, wanted) = watch::channel(Some(names));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new()
            .name("names".into())
            .spawn(move || runtime.block_on(ask_all(resolver, wanted, tell)))?;
        Ok(Self { names: Names(names), thread: Some(thread) })
    }

    /// By which the thread is told what is wanted.
    pub fn names(&self) -> Names {
        self.names.clone()
    }
}

impl Names {
    /// These names are wanted from now on, and no others.
    pub fn want(&self, names: Vec<Arc<str>>) {
        // Nothing is wanted any more once the end was told.
        self.0.send_if_modified(|wanted| wanted.is_some() && wanted.replace(names).is_some());
    }
}

impl Drop for NameWatch {
    fn drop(&mut self) {
        self.names.0.send_replace(None);
        if let Some(thread) = self.thread.take() {
            // A panic there was already reported by the panic hook.
            let _ = thread.join();
        }
    }
}

async fn ask_all(
    resolver: Arc<Resolver>,
    mut wanted: watch::Receiver<Option<Vec<Arc<str>>>>,
    tell: impl Fn(Vec<News>),
) {
    let mut lookups = JoinSet::new();
    let mut running: HashMap<Arc<str>, AbortHandle> = HashMap::new();
    loop {
        let Some(names) = wanted.borrow_and_update().clone() else { return };
        running.retain(|name, lookup| {
            let is_wanted = names.contains(name);
            if !is_wanted {
                lookup.abort();
            }
            is_wanted
        });
        for name in names {
            let begin = |name: &Arc<str>| {
                lookups.spawn(look_up(Arc::clone(&resolver), Arc::clone(name), Duration::ZERO))
            };
            running.entry(name).or_insert_with_key(begin);
        }
        let first = tokio::select! {
            changed = wanted.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
            Some(first) = lookups.join_next_with_id() => first,
        };
        // Answers to questions asked together come together, and make one snapshot.
        tokio::time::sleep(SETTLE).await;
        let mut news = Vec::new();
        let mut next = Some(first);
        while let Some(found) = next {
            // A lookup that was called off has nothing to tell, even if it had come to its end by then.
            if let Ok((id, Found { name, news: found, again_in })) = found
                && running.get(&name).is_some_and(|lookup| lookup.id() == id)
            {
                let lookup = look_up(Arc::clone(&resolver), Arc::clone(&name), again_in);
                running.insert(name, lookups.spawn(lookup));
                news.extend(found);
            }
            next = lookups.try_join_next_with_id();
        }
        if !news.is_empty() {
            tell(news);
        }
    }
}

struct Found {
    name: Arc<str>,
    /// None where nobody could say: what was known stays.
    news: Option<News>,
    again_in: Duration,
}

async fn look_up(resolver: Arc<Resolver>, name: Arc<str>, wait: Duration) -> Found {
    tokio::time::sleep(wait).await;
    if let Some(service) = name.strip_prefix(SERVICE) {
        let found = resolver.services(service).await;
        let again_in = found.as_ref().map_or(SOONEST, |found| found.ttl.clamp(SOONEST, LATEST));
        let news = found.map(|found| News {
            name: Arc::clone(&name),
            leads: (!found.servers.is_empty()).then(|| Leads::Services(found.servers.into())),
        });
        return Found { name, news, again_in };
    }
    let told = |leads| Some(News { name: Arc::clone(&name), leads });
    match resolver.addresses(&name, 0, PATIENCE).await {
        Ok(answer) => {
            let mut addresses: Vec<_> = answer.addresses.iter().map(std::net::SocketAddr::ip).collect();
            addresses.sort_unstable();
            addresses.dedup();
            let again_in = answer.ttl.clamp(SOONEST, LATEST);
            let news = told(Some(Leads::Addresses(addresses.into())));
            Found { name, news, again_in }
        }
        // The resolver keeps the last good answer for as long as it is worth something.
        Err(_) => {
            let news = told(None);
            Found { name, news, again_in: SOONEST }
        }
    }
}

/// What a service is called among the names: one and the same name may be both.
fn service_key(name: &str) -> Arc<str> {
    format!("{SERVICE}{name}").into()
}

/// Services begin so among the names.
const SERVICE: &str = "srv+";

/// How long one question may take before the name counts as unresolved; asking goes on behind that.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long further answers are waited for after the first one.
const SETTLE: Duration = Duration::from_millis(20);

/// A name is not asked for again sooner, whatever its time to live; the resolver remembers failures about as long.
const SOONEST: Duration = Duration::from_secs(1);

/// Nor later: names of this very host never expire.
const LATEST: Duration = Duration::from_secs(3600);
