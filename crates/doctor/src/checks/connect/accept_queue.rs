//! Is it a full accept queue and not a filter? A process that does not accept leaves its queue full, and the kernel drops SYNs.
//!
//! From one short attempt this looks exactly like a filter that drops. A queue moves now and then: an attempt that is answered
//! after many seconds was not filtered. So it takes long, and runs only on request; on this machine the socket table tells at
//! once (see the host's checks).

use super::judged::{Judgement, failed};
use crate::observe::reach::{Outcome, Way, attempt};
use crate::{Case, Checked};
use std::time::Duration;
use torwart_cause::finding::capacity::ACCEPT_QUEUE_FULL;
use torwart_cause::finding::{Hop, said};
use torwart_dial::SocketPlan;

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let mut checked = Checked::default();
    for one in failed(case).await {
        let alive =
            one.attempted.around.as_deref().filter(|around| around.answering_ports().next().is_some());
        let Some(address) = one.attempted.address() else { continue };
        if one.judgement != Judgement::Dropped || alive.is_none_or(|around| around.way == Way::Own) {
            continue;
        }
        let port = address.port();
        let command = format!("ss -ltn 'sport = :{port}'  # Recv-Q > Send-Q");
        if !case.question().is_deep {
            let why = said("connect-queue-needs-deep").with("address", address);
            checked = checked.and(Checked::could_not(why, Some(command)));
            continue;
        }
        let late = attempt(case, &SocketPlan::default(), address, LONG).await;
        checked = checked.and(match late {
            Some(late) if late.outcome == Outcome::Connected => {
                let told = said("connect-late")
                    .with("address", address)
                    .with("millis", late.took.as_millis())
                    .with("syns", late.repeated_syns + 1);
                let finding = one.finding(&ACCEPT_QUEUE_FULL, 85, Hop::Upstream);
                Checked::found(vec![finding.proof_by(told, command)])
            }
            _ => Checked::fine(),
        });
    }
    checked
}

/// Four repetitions of a SYN.
const LONG: Duration = Duration::from_secs(16);
