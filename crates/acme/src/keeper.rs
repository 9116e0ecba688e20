//! Looks after all certificates: who needs a new one when, what has failed, and what the CA advises.
//!
//! Jobs run beside each other, a few at a time; the keeper itself only decides and remembers. A change of the plan makes
//! it try again at once, so that whoever has mended something need not wait for the pause to end.

use crate::Showcase;
use crate::failure::Failure;
use crate::job::{Advice, Desk};
use crate::schedule;
use crate::settings::{Settings, Wanted};
use crate::store::{self, Kept};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::task::JoinSet;
use torwart_config::plan::Challenge;
use torwart_dial::Resolver;
use torwart_record::{AutomaticCertificate, CertificateTrouble, RequestIds, Status, Timestamp};
use torwart_report::Lang;

/// Looks after the certificates of all sites that want one.
pub struct Keeper {
    resolver: Arc<Resolver>,
    showcase: Arc<dyn Showcase>,
    status: Arc<Status>,
    lang: Lang,
    /// What is wished; nothing, where no site wants a certificate.
    settings: Option<Settings>,
    /// The way to the CA; nothing, where its files cannot be read.
    desk: Option<Arc<Desk>>,
    wards: Vec<Ward>,
    /// Counts the plans, so that what an old one began is not taken for the new one's.
    generation: u64,
    jobs: JoinSet<Done>,
}

/// One certificate that is looked after.
struct Ward {
    wanted: Arc<Wanted>,
    kept: Option<Kept>,
    /// When to order the next one.
    due: SystemTime,
    /// When to ask for advice.
    look: Option<SystemTime>,
    failures: u32,
    /// Which of the plan's challenges is tried.
    challenge: usize,
    problem: Option<CertificateTrouble>,
    is_busy: bool,
}

/// What a job has done.
struct Done {
    generation: u64,
    site: Arc<str>,
    result: Outcome,
}

enum Outcome {
    Order(Result<Kept, Failure>),
    Advice(Result<Option<Advice>, Failure>),
}

impl Keeper {
    /// A keeper that shows proofs and certificates by `showcase`, writes how they fare into `status`, and speaks `lang` in
    /// the log.
    pub fn new(
        resolver: Arc<Resolver>,
        showcase: Arc<dyn Showcase>,
        status: Arc<Status>,
        lang: Lang,
    ) -> Self {
        let (wards, jobs) = (Vec::new(), JoinSet::new());
        Self { resolver, showcase, status, lang, settings: None, desk: None, wards, generation: 0, jobs }
    }

    /// Looks after what `wishes` holds, also when that changes, until told to stop.
    pub async fn run(
        mut self,
        mut wishes: watch::Receiver<Option<Settings>>,
        mut stopped: watch::Receiver<bool>,
    ) {
        let first = wishes.borrow_and_update().clone();
        self.take_over(first);
        loop {
            let next = self.begin_due();
            self.tell_status();
            let wait = next.duration_since(SystemTime::now()).unwrap_or_default().min(LONGEST_SLEEP);
            tokio::select! {
                _ = stopped.wait_for(|is_stopped| *is_stopped) => break,
                changed = wishes.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    let settings = wishes.borrow_and_update().clone();
                    self.take_over(settings);
                }
                Some(done) = self.jobs.join_next() => {
                    if let Ok(done) = done {
                        self.finish(done);
                    }
                }
                () = tokio::time::sleep(wait) => {}
            }
        }
        // Proofs withdraw themselves when their job is dropped; a program of the operator's is ended.
        self.jobs.shutdown().await;
    }

    /// Begins to work under new settings.
    fn take_over(&mut self, settings: Option<Settings>) {
        self.generation += 1;
        self.desk = None;
        self.settings = None;
        let before = std::mem::take(&mut self.wards);
        let Some(settings) = settings else { return };
        let now = SystemTime::now();
        let wards = settings.wanted.iter().map(|wanted| {
            let known = before.iter().find(|ward| ward.wanted == *wanted);
            Ward::new(wanted, &settings, now, known)
        });
        self.wards = wards.collect();
        self.settings = Some(settings);
        self.open_desk();
    }

    /// Opens the way to the CA, or tells at every certificate why there is none.
    fn open_desk(&mut self) {
        let Some(settings) = self.settings.clone() else { return };
        match Desk::new(settings, Arc::clone(&self.resolver), Arc::clone(&self.showcase)) {
            Ok(desk) => self.desk = Some(Arc::new(desk)),
            Err(failure) => {
                for at in 0..self.wards.len() {
                    self.fail(at, &failure, None);
                }
            }
        }
    }

    /// Begins what is due; returns when the next thing will be.
    fn begin_due(&mut self) -> SystemTime {
        let now = SystemTime::now();
        let mut next = now + LONGEST_SLEEP;
        if self.desk.is_none() && self.wards.iter().any(|ward| ward.due <= now) {
            self.open_desk();
        }
        let Some(desk) = self.desk.clone() else {
            return self.wards.iter().map(|ward| ward.due).fold(next, SystemTime::min);
        };
        for ward in &mut self.wards {
            if ward.is_busy {
                continue;
            }
            let is_due = ward.due <= now;
            let looks = ward.look.is_some_and(|look| look <= now);
            if !is_due && !looks {
                next = next.min(ward.due).min(ward.look.unwrap_or(ward.due));
                continue;
            }
            if self.jobs.len() >= MOST_JOBS {
                // Whoever ends makes room, and this is looked at again.
                continue;
            }
            ward.is_busy = true;
            let (generation, wanted, kept) = (self.generation, Arc::clone(&ward.wanted), ward.kept.clone());
            let desk = Arc::clone(&desk);
            let site = Arc::clone(&wanted.site);
            if is_due {
                let challenges = &desk.settings.plan.challenges;
                let challenge = challenges.get(ward.challenge % challenges.len().max(1)).copied();
                let challenge = challenge.unwrap_or(Challenge::Http01);
                tracing::info!(%site, names = wanted.names.join(" "), challenge = challenge.name(), "a certificate is ordered");
                self.jobs.spawn(async move {
                    let order = desk.obtain(&wanted, challenge, kept.as_ref());
                    let result = Outcome::Order(bounded(order).await);
                    Done { generation, site, result }
                });
            } else if let Some(kept) = kept {
                self.jobs.spawn(async move {
                    let result = Outcome::Advice(bounded(desk.advice(&kept)).await);
                    Done { generation, site, result }
                });
            } else {
                ward.is_busy = false;
                ward.look = None;
            }
        }
        next
    }

    fn finish(&mut self, done: Done) {
        if done.generation != self.generation {
            // An order of an older plan may still have kept a certificate; whoever needs it reads the store.
            if let Outcome::Order(Ok(_)) = done.result {
                self.read_again(&done.site);
            }
            return;
        }
        let Some(at) = self.wards.iter().position(|ward| ward.wanted.site == done.site) else { return };
        let later = self.desk.as_ref().and_then(|desk| desk.take_later());
        let Some(ward) = self.wards.get_mut(at) else { return };
        ward.is_busy = false;
        match done.result {
            Outcome::Order(Ok(kept)) => {
                ward.failures = 0;
                ward.problem = None;
                let until = Timestamp::from(kept.until);
                ward.due = schedule::renewal(kept.from, kept.until, chance());
                ward.look = Some(SystemTime::now() + first_look());
                ward.kept = Some(kept);
                tracing::info!(site = %ward.wanted.site, %until, "a certificate is issued and in use");
            }
            Outcome::Order(Err(failure)) => self.fail(at, &failure, later),
            Outcome::Advice(Ok(Some(advice))) => ward.heed(&advice),
            // Without advice our own rule holds.
            Outcome::Advice(Ok(None)) => ward.look = None,
            Outcome::Advice(Err(failure)) => {
                let told = failure.tell(self.lang);
                tracing::info!(site = %ward.wanted.site, told, "the CA could not be asked when to renew");
                ward.look = Some(SystemTime::now() + schedule::next_look(ADVICE_AGAIN, chance()));
            }
        }
    }

    fn read_again(&mut self, site: &str) {
        let now = SystemTime::now();
        let Some(settings) = self.desk.as_ref().map(|desk| &desk.settings) else { return };
        if let Some(ward) = self.wards.iter_mut().find(|ward| *ward.wanted.site == *site && !ward.is_busy) {
            *ward = Ward::new(&Arc::clone(&ward.wanted), settings, now, None);
        }
    }

    /// Remembers a failure, tells it, and sets the next attempt.
    fn fail(&mut self, at: usize, failure: &Failure, later: Option<SystemTime>) {
        let Some(ward) = self.wards.get_mut(at) else { return };
        let now = SystemTime::now();
        ward.failures = ward.failures.saturating_add(1);
        if failure.is_about_proof() {
            ward.challenge = ward.challenge.wrapping_add(1);
        }
        ward.due = schedule::retry(now, ward.failures, later, chance());
        ward.problem = Some(CertificateTrouble {
            id: failure.id(),
            at: Timestamp::from(now),
            english: failure.tell(Lang::En),
            german: failure.tell(Lang::De),
        });
        let (site, told, next) = (&ward.wanted.site, failure.tell(self.lang), Timestamp::from(ward.due));
        let (problem, failures) = (failure.id(), ward.failures);
        match ward.kept.as_ref().map(|kept| kept.until) {
            None => {
                tracing::error!(%site, problem, told, failures, %next, "no certificate: a placeholder is shown that nobody trusts")
            }
            Some(until) if until <= now => {
                let until = Timestamp::from(until);
                tracing::error!(%site, problem, told, failures, %next, %until, "the certificate has expired and could not be renewed");
            }
            Some(until) => {
                let until = Timestamp::from(until);
                tracing::warn!(%site, problem, told, failures, %next, %until, "the certificate could not be renewed; the old one stays in use");
            }
        }
    }

    fn tell_status(&self) {
        let certificate = |ward: &Ward| AutomaticCertificate {
            site: ward.wanted.site.to_string(),
            names: ward.wanted.names.clone(),
            not_after: ward.kept.as_ref().map(|kept| Timestamp::from(kept.until)),
            next_attempt: Timestamp::from(ward.due),
            failures: ward.failures,
            problem: ward.problem.clone(),
        };
        self.status.set_automatic_certificates(self.wards.iter().map(certificate).collect());
    }
}

impl Ward {
    /// What the store has counts; what an earlier plan knew about the same certificate is kept but for its pauses.
    fn new(wanted: &Arc<Wanted>, settings: &Settings, now: SystemTime, known: Option<&Self>) -> Self {
        let kept = store::read(&wanted.file);
        let is_right = kept
            .as_ref()
            .is_some_and(|kept| *kept.directory == *settings.plan.directory && kept.covers(&wanted.names));
        let due = match &kept {
            Some(kept) if is_right => {
                // An earlier moment the CA has advised holds on.
                let own = schedule::renewal(kept.from, kept.until, chance());
                let known = known.filter(|known| known.failures == 0);
                known.map_or(own, |known| known.due.min(own))
            }
            _ => now,
        };
        // Mending something here does not lift a limit of the CA.
        let limited = known.filter(|known| known.problem.as_ref().is_some_and(|it| it.id == "rateLimited"));
        let due = limited.map_or(due, |known| due.max(known.due));
        let look = is_right.then(|| now + first_look());
        let problem = known.and_then(|known| known.problem.clone()).filter(|_| !is_right);
        let challenge = known.map_or(0, |known| known.challenge);
        let failures = limited.map_or(0, |known| known.failures);
        Self { wanted: Arc::clone(wanted), kept, due, look, failures, challenge, problem, is_busy: false }
    }

    fn heed(&mut self, advice: &Advice) {
        let Some(kept) = &self.kept else { return };
        let valid = (kept.from, kept.until);
        // Chosen once within a window: a new choice with every look would creep toward its start.
        let (start, end) = advice.window;
        if self.due < start || self.due > end {
            self.due = schedule::suggested(advice.window, valid, chance());
        }
        self.look = Some(SystemTime::now() + schedule::next_look(advice.again, chance()));
    }
}

/// A job that ends, whatever the CA does.
async fn bounded<T>(job: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(LONGEST_JOB, job).await.unwrap_or(Err(Failure::Undecided))
}

/// A number from 0 to 1, by chance.
fn chance() -> f64 {
    let bits = RequestIds::seed_by_chance() >> 32;
    f64::from(u32::try_from(bits & 0xffff_ffff).unwrap_or(0)) / f64::from(u32::MAX)
}

/// Not with the start: whoever restarts often asks nobody.
fn first_look() -> Duration {
    Duration::from_secs(600) + Duration::from_secs(3000).mul_f64(chance())
}

/// CAs allow a few at a time, and so does patience.
const MOST_JOBS: usize = 4;
/// Clocks are set and machines sleep: nobody trusts a longer one.
const LONGEST_SLEEP: Duration = Duration::from_secs(600);
/// Longer than all that a hook and a CA may take for a few names.
const LONGEST_JOB: Duration = Duration::from_secs(3600);
const ADVICE_AGAIN: Duration = Duration::from_secs(6 * 3600);

#[cfg(test)]
mod tests;
