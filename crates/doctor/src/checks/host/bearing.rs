//! The processes of this host on which the site depends: the gateway's, and those that listen for its upstreams.

use crate::observe::host::Host;
use crate::observe::host::kernel_log::KernelEvent;
use crate::observe::host::processes::Process;
use crate::{Case, Place};
use std::rc::Rc;
use std::time::Duration;
use torwart_cause::finding::{Hop, Severity};

/// Processes that matter, each with its station.
pub(super) struct Bearing {
    /// This machine.
    pub(super) host: Rc<Host>,
    /// The numbers of the processes.
    pids: Vec<(u32, Hop)>,
    /// Whether the gateway or an upstream is on this machine at all.
    pub(super) is_here: bool,
    /// Whether visitors see errors.
    pub(super) is_failing: bool,
}

/// Finds them.
pub(super) async fn find(case: &Case) -> Bearing {
    let host = case.host().await;
    let gateway = case.gateway().await;
    let mut pids: Vec<(u32, Hop)> = gateway.pids.iter().map(|pid| (*pid, Hop::Gateway)).collect();
    let mut is_here = gateway.is_here;
    for upstream in case.upstreams().await.iter() {
        let inodes: Vec<u64> = match &upstream.address.place {
            Place::Unix(path) => {
                is_here = true;
                let is_it = |text: &str| path.to_str() == Some(text);
                host.unix.iter().filter(|row| is_it(&row.path)).map(|row| row.inode).collect()
            }
            Place::Ip(_) | Place::Name { .. } => match case.socket_address(&upstream.address).await {
                Some(address) if Host::owns(address.ip()) => {
                    is_here = true;
                    host.listeners(address).map(|row| row.inode).collect()
                }
                _ => Vec::new(),
            },
        };
        let holders = inodes.iter().flat_map(|inode| host.holders(*inode));
        pids.extend(holders.map(|process| (process.pid, Hop::Upstream)));
    }
    pids.sort_unstable();
    pids.dedup_by_key(|(pid, _)| *pid);
    let is_failing = is_here && case.front().await.worst().is_some();
    Bearing { host, pids, is_here, is_failing }
}

impl Bearing {
    /// The processes.
    pub(super) fn processes(&self) -> impl Iterator<Item = (&Process, Hop)> {
        self.pids.iter().filter_map(|(pid, hop)| Some((self.host.process(*pid)?, *hop)))
    }

    /// The station of a process by its name, which the kernel cuts after 15 letters. A process that is gone is known by
    /// the name of its like.
    pub(super) fn hop_of(&self, name: &str) -> Option<Hop> {
        let cut = |text: &str| text.chars().take(15).collect::<String>();
        self.processes().find(|(process, _)| cut(&process.name) == cut(name)).map(|(_, hop)| hop)
    }

    /// How bad something that happened a while ago is now: as visitors see it, and nothing at all when it is over.
    pub(super) fn severity_of(&self, event: &KernelEvent) -> Option<Severity> {
        match self.is_failing {
            true if event.age <= HOUR => Some(Severity::Critical),
            false if event.age <= LATELY => Some(Severity::Warning),
            _ => None,
        }
    }
}

/// Longer ago than this is the past even where the site fails.
pub(super) const HOUR: Duration = Duration::from_secs(3600);
/// Longer ago than this is the past where the site answers well.
const LATELY: Duration = Duration::from_secs(600);
