//! Certificates while the gateway runs: issued and renewed by themselves where a site wants that, and a warning ahead
//! of the end of every other one.

use crate::Console;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio::task::JoinSet;
use torwart_acme::{Keeper, Settings, Showcase};
use torwart_config::Plan;
use torwart_gateway::{Gateway, Renewal};
use torwart_record::Timestamp;

/// Tells whoever looks after certificates what is wanted.
pub(super) struct Certificates {
    wishes: watch::Sender<Option<Settings>>,
}

impl Certificates {
    /// Begins to look after those of this gateway, until `stopped`.
    pub(super) fn start(
        gateway: &Gateway,
        plan: &Plan,
        stopped: &watch::Receiver<bool>,
        tasks: &mut JoinSet<()>,
        console: &Console,
    ) -> Self {
        let (wishes, wanted) = watch::channel(Settings::of(plan));
        let showcase = std::sync::Arc::new(Door(gateway.renewal()));
        let (resolver, status) = (gateway.resolver().clone(), gateway.status().clone());
        let keeper = Keeper::new(resolver, showcase, status, console.lang);
        tasks.spawn(warn_ahead(gateway.renewal(), wanted.clone(), stopped.clone()));
        tasks.spawn(keeper.run(wanted, stopped.clone()));
        Self { wishes }
    }

    /// A new plan is in force.
    pub(super) fn adopt(&self, plan: &Plan) {
        self.wishes.send_replace(Settings::of(plan));
    }
}

/// The gateway as whoever orders certificates sees it.
struct Door(Renewal);

impl Showcase for Door {
    fn answer(&self, token: &str, text: &str) {
        self.0.answer(token, text);
    }

    fn withdraw_answer(&self, token: &str) {
        self.0.withdraw_answer(token);
    }

    fn show(&self, name: &str, certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) {
        self.0.show(name, certificate, key);
    }

    fn withdraw(&self, name: &str) {
        self.0.withdraw(name);
    }

    fn renewed(&self) {
        self.0.read_again();
    }
}

/// Tells of certificates that end soon, once a day and with every new plan. Of those that are renewed by themselves the
/// keeper tells, when that fails.
async fn warn_ahead(
    renewal: Renewal,
    mut wanted: watch::Receiver<Option<Settings>>,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let automatic: Vec<_> = wanted
            .borrow_and_update()
            .iter()
            .flat_map(|settings| settings.wanted.iter().map(|wanted| wanted.site.clone()))
            .collect();
        for (name, until) in renewal.expiries() {
            if automatic.iter().any(|site| **site == *name) {
                continue;
            }
            let end = Timestamp::from_micros(until.saturating_mul(1_000_000));
            let days = until.saturating_sub(now) / DAY.as_secs();
            if until <= now {
                tracing::error!(%name, until = %end, "a certificate has expired: clients refuse it");
            } else if days < SOON {
                tracing::warn!(%name, until = %end, days, "a certificate ends soon");
            }
        }
        tokio::select! {
            _ = stopped.wait_for(|is_stopped| *is_stopped) => return,
            changed = wanted.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(DAY) => {}
        }
    }
}

const DAY: Duration = Duration::from_secs(86_400);

/// Time enough to get a new one without hurry.
const SOON: u64 = 21;
