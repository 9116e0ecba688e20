//! Whether an address takes connections: one attempt, nothing sent.

use crate::Case;
use std::net::SocketAddr;
use std::time::Duration;
use torwart_cause::Ending;
use torwart_dial::SocketPlan;

/// What came of one attempt to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// It takes connections.
    Accepts,
    /// It refuses, or somebody refuses in its name.
    Refuses,
    /// The network says that there is no way.
    NoWay,
    /// Silence.
    Silent,
    /// Not tried, or stopped on this machine.
    Untold,
}

impl Touch {
    /// Whether nobody can use this address from here.
    pub const fn is_dead(self) -> bool {
        matches!(self, Self::Refuses | Self::NoWay | Self::Silent)
    }
}

/// Tries.
pub(super) async fn touch(case: &Case, address: SocketAddr) -> Touch {
    if case.budget().connection(&address.ip().to_string()).is_err() {
        return Touch::Untold;
    }
    let plan = SocketPlan { receives_errors: true, ..SocketPlan::default() };
    let observed = torwart_dial::observe(&plan, address, PATIENCE.min(case.left())).await;
    match observed.result {
        Ok(_) => Touch::Accepts,
        Err(Ending::Refused | Ending::Reset) => Touch::Refuses,
        Err(Ending::Unroutable) => Touch::NoWay,
        Err(Ending::TimedOut(_)) => Touch::Silent,
        Err(_) => Touch::Untold,
    }
}

/// Time for a lost SYN to be sent again, twice.
const PATIENCE: Duration = Duration::from_millis(3500);
