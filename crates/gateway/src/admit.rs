//! Whether the gateway takes the request on: not where its connection came above the limit.

use crate::exchange::Exchange;
use crate::route::{DONE, decided};
use torwart_cause::Decision;
use torwart_dial::Stop;

/// Admits the request. While draining, requests that already came in are still served; their connections close after.
pub fn enter(x: &mut Exchange<'_>) -> Result<(), Stop> {
    if x.client.place.is_extra {
        x.keeps_client = false;
        x.desk.evidence.local.admit = decided(Decision::GatewayFull);
        return Err(Stop);
    }
    if x.core.shared.is_draining() {
        x.keeps_client = false;
    }
    x.desk.evidence.local.admit = DONE;
    Ok(())
}
