//! What this process may do beyond an ordinary one: capabilities, privileges by starting programs, the file mode mask.
//!
//! Capabilities and the ban on new privileges belong to threads, which inherit them: change them before there are others.

use rustix::fs::Mode;
use rustix::process::umask;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    configure_capability_in_ambient_set, no_new_privs, set_capabilities, set_no_new_privs,
};
use std::io;

/// What this thread may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Privileges {
    /// The names of the capabilities it has or could take, without `CAP_`, in small letters.
    pub capabilities: Vec<String>,
    /// Whether no program it starts can have more rights than itself.
    pub are_final: bool,
}

impl Privileges {
    /// What this thread may do now.
    pub fn current() -> io::Result<Self> {
        let held = capabilities(None)?;
        let all = held.permitted | held.effective;
        let capabilities = all.iter_names().map(|(name, _)| name.to_ascii_lowercase()).collect();
        Ok(Self { capabilities, are_final: no_new_privs()? })
    }
}

/// Keeps at most the capability to bind low ports, and lets no program that is started have it. What root may do by
/// being root comes back with every program it starts, so this is for everybody else.
pub fn keep_only_binding() -> io::Result<()> {
    // Kernels before 4.3 have no such set.
    let _ = clear_ambient_capability_set();
    let held = capabilities(None)?;
    let kept = held.permitted & CapabilitySet::NET_BIND_SERVICE;
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    if held != sets {
        set_capabilities(None, sets)?;
    }
    Ok(())
}

/// Programs that this thread starts may bind low ports if it may itself. For a thread that does nothing else: whatever it
/// starts has that right.
pub fn lend_binding() -> io::Result<()> {
    let mut held = capabilities(None)?;
    if !held.permitted.contains(CapabilitySet::NET_BIND_SERVICE) {
        return Ok(());
    }
    held.inheritable |= CapabilitySet::NET_BIND_SERVICE;
    set_capabilities(None, held)?;
    Ok(configure_capability_in_ambient_set(CapabilitySet::NET_BIND_SERVICE, true)?)
}

/// No program started from here on can have more rights than this process has.
pub fn forbid_new() -> io::Result<()> {
    Ok(set_no_new_privs(true)?)
}

/// Files made from here on are no business of users outside our group.
pub fn hide_files_from_others() {
    let others = Mode::RWXO | Mode::WGRP;
    let before = umask(others);
    // What was stricter stays so.
    umask(before | others);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_gives_up_what_it_does_not_need() {
        std::thread::spawn(|| {
            keep_only_binding().unwrap();
            forbid_new().unwrap();
            let left = Privileges::current().unwrap();
            assert!(left.are_final);
            assert!(left.capabilities.iter().all(|name| name == "net_bind_service"), "{left:?}");
        })
        .join()
        .unwrap();
    }
}
