//! Whether the gateway takes the request on: not while it drains. (Connections above the limit never come this far.)

use crate::exchange::Exchange;
use crate::route::DONE;
use torwart_dial::Stop;

/// Admits the request. While draining, requests that already came in are still served; their connections close after.
pub fn enter(x: &mut Exchange<'_>) -> Result<(), Stop> {
    if x.core.shared.is_draining() {
        x.keeps_client = false;
    }
    x.desk.evidence.local.admit = DONE;
    Ok(())
}
