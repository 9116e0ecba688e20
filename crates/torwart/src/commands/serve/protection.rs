//! Giving up what a gateway whose sockets are open needs no more: being root, capabilities, the files of others.
//!
//! All of it holds for good, also after a reload. It happens before any thread is started, because most of it belongs to
//! threads and is inherited by new ones.

use super::reach;
use crate::{Console, Exit};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use torwart_config::Plan;
use torwart_config::plan::ProcessPlan;
use torwart_kernel::confinement::{Confinement, Reach, confine};
use torwart_kernel::identity::Identity;
use torwart_kernel::privilege::{self, Privileges};

/// What is in force.
#[derive(Debug)]
pub(super) struct Protection {
    identity: Identity,
    privileges: Privileges,
    files: Files,
}

/// Which files the process can reach.
#[derive(Debug)]
enum Files {
    /// Those of its user, because the configuration says so.
    Free,
    /// Those of its user, because hooks start programs that need files of their own.
    FreeForHooks,
    /// Only these, as well as the kernel can do it.
    Confined(Confinement, Reach),
}

impl Protection {
    /// Gives up what can be given up. `file` is the configuration, `files` all the plan is made from.
    pub(super) fn apply(
        plan: &Plan,
        file: Option<&Path>,
        files: &[PathBuf],
        is_successor: bool,
        console: &Console,
    ) -> Result<Self, Exit> {
        assume(&plan.process, console)?;
        if let Some(file) = file {
            still_readable(file, console)?;
        }
        let protection = Self::give_up(plan, files, is_successor).map_err(|error| {
            crate::trouble::tell_system(&error, console);
            Exit::CouldNotRun
        })?;
        protection.log();
        Ok(protection)
    }

    fn give_up(plan: &Plan, files: &[PathBuf], is_successor: bool) -> io::Result<Self> {
        let identity = Identity::current()?;
        if !identity.is_root() {
            privilege::keep_only_binding()?;
        }
        privilege::forbid_new()?;
        let files = match (plan.process.confine, plan.has_hooks()) {
            (false, _) => Files::Free,
            (true, true) => Files::FreeForHooks,
            (true, false) => {
                if let Some(acme) = &plan.acme {
                    // A folder that is made later could not be written to. Whoever needs it tells what is wrong with it.
                    let _ = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&acme.store);
                }
                let reach = reach::of(plan, files);
                let confinement = match confine(&reach) {
                    // The kernel takes sixteen layers, one from each process before.
                    Err(error) if is_successor => {
                        tracing::info!(%error, "the confinement of the process before stays in force");
                        Confinement::Full
                    }
                    confined => confined?,
                };
                Files::Confined(confinement, reach)
            }
        };
        Ok(Self { identity, privileges: Privileges::current()?, files })
    }

    fn log(&self) {
        let files = self.files.name();
        tracing::info!(
            user = self.identity.user,
            uid = self.identity.uid,
            gid = self.identity.gid,
            capabilities = self.privileges.capabilities.len(),
            no_new_privileges = self.privileges.are_final,
            files,
            "privileges are given up"
        );
        if self.identity.is_root() {
            tracing::warn!("the gateway runs as root; with the key `user` it gives that up");
        }
        match self.files {
            Files::Confined(Confinement::Unavailable, _) => {
                tracing::warn!("this kernel cannot confine the process to its files (landlock)");
            }
            Files::Confined(Confinement::Partial, _) => {
                tracing::info!("this kernel confines the process to its files, but for cutting them short");
            }
            _ => {}
        }
    }

    /// Warns of what a new plan needs and this process cannot reach any more.
    pub(super) fn compare(&self, plan: &Plan, files: &[PathBuf]) {
        let Files::Confined(Confinement::Full | Confinement::Partial, before) = &self.files else { return };
        if plan.has_hooks() {
            tracing::warn!("hooks start programs, which a confined process cannot; a restart lets it");
        }
        for folder in reach::beyond(before, &reach::of(plan, files)) {
            let folder = folder.display();
            tracing::warn!(%folder, "the running process cannot reach this folder; a restart lets it");
        }
    }

    /// As a person reads it.
    pub(super) fn describe(&self, console: &Console) -> String {
        let user = if self.identity.is_root() {
            console.say("serve-protects-root")
        } else {
            console.fill("serve-protects-user", &[("user", &self.identity.user)])
        };
        let mut parts = vec![user];
        if !self.identity.is_root() {
            let held = self.privileges.capabilities.join(", ");
            parts.push(if held.is_empty() {
                console.say("serve-protects-powerless")
            } else {
                console.fill("serve-protects-capabilities", &[("capabilities", &held)])
            });
        }
        parts.push(console.say(&format!("serve-protects-files-{}", self.files.name())));
        parts.join("; ")
    }

    /// As a program reads it.
    pub(super) fn document(&self) -> serde_json::Value {
        serde_json::json!({
            "user": self.identity.user,
            "uid": self.identity.uid,
            "gid": self.identity.gid,
            "capabilities": if self.identity.is_root() { None } else { Some(&self.privileges.capabilities) },
            "no_new_privileges": self.privileges.are_final,
            "files": self.files.name(),
        })
    }
}

impl Files {
    const fn name(&self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::FreeForHooks => "hooks",
            Self::Confined(Confinement::Full, _) => "confined",
            Self::Confined(Confinement::Partial, _) => "partly",
            Self::Confined(Confinement::Unavailable, _) => "unavailable",
        }
    }
}

/// Becomes the user of the plan, if it names one.
fn assume(plan: &ProcessPlan, console: &Console) -> Result<(), Exit> {
    let Some(user) = plan.user.as_deref() else { return Ok(()) };
    let group = plan.group.as_deref();
    let name = group.map_or_else(|| user.to_owned(), |group| format!("{user}:{group}"));
    let complain = |key: &str, error: &str| {
        let sentence = console.fill(key, &[("user", &name), ("error", error)]);
        console.complain(&sentence, Some(&console.fill(&format!("{key}-hint"), &[("user", user)])));
        Err(Exit::CouldNotRun)
    };
    match Identity::find(user, group) {
        Ok(Some(identity)) => match identity.assume() {
            Ok(()) => Ok(()),
            Err(error) => complain("trouble-user-refused", &error.to_string()),
        },
        Ok(None) => complain("trouble-user-unknown", ""),
        Err(error) => complain("trouble-user-unknown", &error.to_string()),
    }
}

/// A configuration that only root can read could never be reloaded.
fn still_readable(file: &Path, console: &Console) -> Result<(), Exit> {
    let Err(error) = std::fs::File::open(file) else { return Ok(()) };
    let texts = [("file", &*file.display().to_string()), ("error", &*error.to_string())];
    console.complain(&console.fill("file-unreadable", &texts), Some(&console.say("trouble-user-file-hint")));
    Err(Exit::CouldNotRun)
}
