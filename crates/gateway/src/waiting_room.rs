//! The waiting room before a route: visitors come in by the order of arrival, as many as the plan lets in at once.
//!
//! Who is who says a signed cookie; the order and the places are kept by `torwart_policy`. Whoever waits gets a page that
//! says his position and asks again by itself, or the same as JSON. What needs no upstream, a page from the cache for
//! one, needs no place either.

use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::gates::RouteGate;
use crate::route::decided;
use aws_lc_rs::{hmac, rand};
use std::hash::BuildHasher;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use torwart_cause::Decision;
use torwart_config::plan::WaitingRoom;
use torwart_dial::Stop;
use torwart_policy::cookie;
use torwart_policy::overload::priority;
use torwart_policy::overload::room::{Room, Turn};
use torwart_policy::overload::ticket::{Signature, Ticket};

/// The room of a route, shared by all cores; outlives a reload.
#[derive(Default)]
pub struct Rooms {
    room: Mutex<Room>,
    /// Made at the start, for rooms without a secret of the operator's.
    own: OnceLock<Option<hmac::Key>>,
}

/// What somebody who waits is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// How many are called before him, himself included.
    pub position: u64,
    /// In how long that will be, as it goes now.
    pub estimate: Duration,
}

/// Lets the visitor in, or tells him his place.
pub fn enter(x: &mut Exchange<'_>, gate: &RouteGate) -> Result<(), Stop> {
    let Some(plan) = &gate.plan.room else { return Ok(()) };
    if x.is_fetch() || plan.bypass.iter().any(|who| priority::is_meant(who, &x.desk.request)) {
        return Ok(());
    }
    let rooms = &gate.rooms;
    let Some(key) = gate.room_key.as_ref().or_else(|| rooms.own()) else { return Ok(()) };
    let name = cookie_name(&plan.name);
    let sign = |said: &[u8]| sign(key, &plan.name, said);
    let shown = cookie::find(&x.desk.request, name.as_bytes()).and_then(|text| Ticket::read(text, sign));
    let chance = x.core.shared.gatehouse.keys().hash_one(x.id.text());
    let turn = rooms.arrive(plan, shown, chance, Moment::now());
    let (Turn::In(ticket) | Turn::Wait { ticket, .. }) = turn;
    let mut line = Vec::new();
    if shown != Some(ticket) {
        line.extend_from_slice(format!("Set-Cookie: {name}={}", ticket.write(sign)).as_bytes());
        line.extend_from_slice(b"; Path=/; HttpOnly; SameSite=Lax");
        line.extend_from_slice(if x.client.is_tls { b"; Secure\r\n".as_slice() } else { b"\r\n" });
    }
    match turn {
        Turn::In(_) => {
            if !line.is_empty() {
                x.notes().passed_fields.extend_from_slice(&line);
            }
            Ok(())
        }
        Turn::Wait { position, estimate, .. } => {
            let notes = x.notes();
            notes.answer_fields.extend_from_slice(&line);
            notes.retry_after = Some((estimate / 4).clamp(ASKS_AGAIN.0, ASKS_AGAIN.1));
            notes.waits = Some(Waits { position, estimate });
            x.desk.evidence.local.admit = decided(Decision::Wait);
            Err(Stop)
        }
    }
}

impl Rooms {
    fn arrive(&self, plan: &WaitingRoom, ticket: Option<Ticket>, chance: u64, now: Moment) -> Turn {
        // Nothing that can panic happens under the lock.
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        room.arrive(plan, ticket, chance, now.clock())
    }

    fn own(&self) -> Option<&hmac::Key> {
        let key = self.own.get_or_init(|| {
            let mut secret = [0; 32];
            rand::fill(&mut secret).ok()?;
            Some(hmac::Key::new(hmac::HMAC_SHA256, &secret))
        });
        key.as_ref()
    }
}

/// The key in a file of the operator's.
pub fn read_key(file: &Path) -> Result<hmac::Key, String> {
    let secret = std::fs::read(file).map_err(|error| error.to_string())?;
    let secret = secret.trim_ascii();
    if secret.len() < SHORTEST {
        return Err(format!("a secret has at least {SHORTEST} bytes"));
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, secret))
}

fn sign(key: &hmac::Key, room: &str, said: &[u8]) -> Signature {
    let mut context = hmac::Context::with_key(key);
    context.update(room.as_bytes());
    context.update(&[0]);
    context.update(said);
    let mut signature = Signature::default();
    for (byte, signed) in signature.iter_mut().zip(context.sign().as_ref()) {
        *byte = *signed;
    }
    signature
}

/// Rooms of one host have cookies of their own.
fn cookie_name(room: &str) -> String {
    let sum =
        room.bytes().fold(0x811c_9dc5u32, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("torwart-place-{sum:08x}")
}

/// A page asks again within these bounds; places are kept for longer than that.
const ASKS_AGAIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(20));

/// Bytes of a secret.
const SHORTEST: usize = 16;
