//! Name and password (RFC 7617).
//!
//! A password that was right is remembered for a few minutes, as a keyed digest, so that a browser's many requests cost
//! one slow check. Wrong ones are never remembered; who sends too many of them has to wait before the next is looked at.

use super::{refuse_for_now, wait};
use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::route::decided;
use aws_lc_rs::hmac;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use torwart_cause::{Decision, Step};
use torwart_config::plan::Rate;
use torwart_dial::Stop;
use torwart_policy::rate::Limiter;
use torwart_policy::users::{Credentials, Users, credentials};
use torwart_policy::who;
use torwart_wire::Known;
use torwart_wire::http1::write_field;

/// The users of one file, and who of them was here lately.
pub(super) struct BasicAuth {
    users: Arc<Users>,
    challenge: Vec<u8>,
    key: hmac::Key,
    known: Mutex<HashMap<[u8; 32], Moment>>,
    failures: Limiter,
}

impl BasicAuth {
    pub(super) fn new(users: Users, realm: &str) -> Self {
        let mut challenge = Vec::new();
        let value = format!("Basic realm=\"{realm}\", charset=\"UTF-8\"");
        write_field(&mut challenge, b"WWW-Authenticate", value.as_bytes());
        let mut secret = [0; 32];
        for part in secret.chunks_mut(8) {
            part.copy_from_slice(&torwart_record::RequestIds::seed_by_chance().to_le_bytes());
        }
        Self {
            users: Arc::new(users),
            challenge,
            key: hmac::Key::new(hmac::HMAC_SHA256, &secret),
            known: Mutex::default(),
            failures: Limiter::new(FAILURES, FAILURES_KNOWN),
        }
    }

    /// Lets those in who bring the right password.
    pub(super) async fn judge(&self, x: &mut Exchange<'_>) -> Result<(), Stop> {
        let Some(credentials) = sent(x) else { return Err(self.refuse(x)) };
        let digest = self.digest(&credentials);
        if self.is_known(&digest) {
            return Ok(());
        }
        let keys = x.core.shared.gatehouse.keys();
        let stranger =
            x.visitor_address().map_or_else(|| who::everybody(keys), |ip| who::by_address(ip, keys));
        if let Err(wait) = self.failures.look(stranger, Moment::now().clock()) {
            return Err(refuse_for_now(x, wait));
        }
        let Ok(outcome) = x.core.shared.gatehouse.passwords.check(&self.users, credentials) else {
            return Err(full(x));
        };
        let began = Moment::now();
        match wait::until(x, began + PATIENCE, outcome).await {
            Ok(Ok(true)) => {
                self.remember(digest);
                Ok(())
            }
            Ok(Ok(false)) => {
                // A wrong password counts whether or not there was room for it.
                let _ = self.failures.admit(stranger, began.clock());
                Err(self.refuse(x))
            }
            // The thread is gone, or so much waits before it that nobody wants the answer any more.
            Ok(Err(_)) => Err(full(x)),
            Err(ending) => {
                x.desk.evidence.local.guard = Step::Failed { ending, after: began.elapsed() };
                Err(Stop)
            }
        }
    }

    fn refuse(&self, x: &mut Exchange<'_>) -> Stop {
        x.notes().answer_fields.extend_from_slice(&self.challenge);
        x.desk.evidence.local.guard = decided(Decision::Unauthorised);
        Stop
    }

    fn digest(&self, credentials: &Credentials) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        let name = credentials.name.as_bytes();
        context.update(&(name.len() as u64).to_le_bytes());
        context.update(name);
        context.update(&credentials.password);
        let mut digest = [0; 32];
        digest.copy_from_slice(context.sign().as_ref());
        digest
    }

    fn is_known(&self, digest: &[u8; 32]) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(digest).is_some_and(|until| Moment::now() < *until)
    }

    fn remember(&self, digest: [u8; 32]) {
        let now = Moment::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.retain(|_, until| now < *until);
        }
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(digest, now + KNOWN_FOR);
    }
}

/// What the client says about itself. Of two proofs nobody knows which one counts.
fn sent(x: &Exchange<'_>) -> Option<Credentials> {
    let mut fields = x.desk.request.all(Known::Authorization);
    let only = fields.next().filter(|_| fields.next().is_none())?;
    credentials(only)
}

fn full(x: &mut Exchange<'_>) -> Stop {
    x.desk.evidence.local.guard = decided(Decision::GatewayFull);
    Stop
}

/// How long a right password is not checked again.
const KNOWN_FOR: Duration = Duration::from_secs(300);

/// People who are signed in at a time; beyond it they are checked more often.
const MOST_KNOWN: usize = 4096;

/// Ten wrong passwords, then one every five seconds.
const FAILURES: Rate = Rate {
    count: NonZeroU32::new(12).expect("is not zero"),
    per: Duration::from_secs(60),
    burst: NonZeroU32::new(10).expect("is not zero"),
};

/// Addresses that try passwords at a time.
const FAILURES_KNOWN: usize = 65_536;

/// The longest a password waits for its check.
const PATIENCE: Duration = Duration::from_secs(10);
