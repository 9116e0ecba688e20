//! The control side of a running gateway: what it listens on, what is known of names, and what was changed of its
//! upstreams. Whatever makes a new snapshot does so here, one after the other.

use crate::listeners::{Listeners, bind};
use crate::names::{Addresses, Leads, Names, News, spread_names};
use crate::roster::{ChangeProblem, Changes};
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use torwart_config::Plan;

/// What new plans and new addresses of names are taken over by.
pub(crate) struct Control {
    pub(crate) shared: Arc<Shared>,
    pub(crate) pseudonym: Arc<str>,
    /// Locked while a new snapshot is made, so that they follow each other.
    pub(crate) steering: Mutex<Steering>,
    /// Told once the thread that asks for names runs.
    pub(crate) names: OnceLock<Names>,
}

/// What is steered.
pub(crate) struct Steering {
    pub(crate) listeners: Listeners,
    pub(crate) addresses: Addresses,
    /// UDP sockets that another process still reads.
    pub(crate) late: Vec<bind::Sockets>,
    /// The plan as the file says it.
    pub(crate) written: Plan,
    /// What was changed of its upstreams since.
    pub(crate) changes: Changes,
}

impl Control {
    pub(crate) fn steering(&self) -> MutexGuard<'_, Steering> {
        // Whoever panicked here left listeners and addresses as they were, or changed as a whole.
        self.steering.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the certificates of the plan in force again.
    pub(crate) fn renew(&self) {
        // Locked, so that no new plan is taken over meanwhile.
        let _steering = self.steering();
        let snapshot = self.shared.snapshot.load();
        let Some(certificates) = &snapshot.certificates else { return };
        match certificates.renew(&snapshot.plan.sites) {
            Ok(()) => self.shared.metrics.set_certificates(certificates.expiries()),
            Err(problems) => {
                for problem in problems {
                    tracing::error!(%problem, "the certificates cannot be read again; the present ones stay");
                }
            }
        }
    }

    /// What was changed of upstreams at run time.
    pub(crate) fn changes(&self) -> Changes {
        self.steering().changes.clone()
    }

    /// Changes which upstreams are used. With any problem everything stays.
    pub(crate) fn change(
        &self,
        change: impl FnOnce(&mut Changes, &Snapshot) -> Result<(), ChangeProblem>,
    ) -> Result<(), ChangeProblem> {
        let mut steering = self.steering();
        let before = self.shared.snapshot.load_full();
        let mut changes = steering.changes.clone();
        change(&mut changes, &before)?;
        let mut plan = steering.written.clone();
        changes.apply(&mut plan);
        let names = spread_names(&plan);
        let snapshot = before
            .with_upstreams(plan, &steering.addresses, &changes, &self.shared.metrics)
            .map_err(|problem| ChangeProblem::Tls(problem.to_string()))?;
        steering.changes = changes;
        steering.addresses.keep_only(&names);
        self.shared.adopt(snapshot);
        self.want(names);
        Ok(())
    }

    pub(crate) fn want(&self, wanted: Vec<Arc<str>>) {
        if let Some(names) = self.names.get() {
            names.want(wanted);
        }
    }

    /// Takes in news about names; a change makes a new snapshot of the same plan.
    pub(crate) fn learn(&self, news: Vec<News>) {
        let mut steering = self.steering();
        let before = self.shared.snapshot.load_full();
        let names = spread_names(&before.plan);
        let mut has_changed = false;
        for news in news.into_iter().filter(|news| names.contains(&news.name)) {
            let (name, count) = (Arc::clone(&news.name), news.leads.as_ref().map_or(0, Leads::count));
            if steering.addresses.learn(news) {
                has_changed = true;
                tracing::info!(%name, addresses = count, "the addresses of a name have changed");
            }
        }
        if has_changed {
            self.shared.adopt(before.spread_anew(
                &steering.addresses,
                &steering.changes,
                &self.shared.metrics,
            ));
        }
    }
}
