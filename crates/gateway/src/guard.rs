//! Judges the request before anything is spent on it: so far, whether it has been here before.

use crate::exchange::Exchange;
use crate::route::{DONE, decided};
use torwart_cause::Decision;
use torwart_dial::Stop;
use torwart_wire::{Known, fields};

/// Refuses a request that already passed this instance (RFC 9110 §7.6.3).
pub fn judge(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let request = &x.desk.request;
    let pseudonym = &x.view.snapshot.pseudonym;
    if request.has(Known::Via) && request.all(Known::Via).any(|via| fields::via::names(via, pseudonym)) {
        x.desk.evidence.local.guard = decided(Decision::Loop);
        return Err(Stop);
    }
    x.desk.evidence.local.guard = DONE;
    Ok(())
}
