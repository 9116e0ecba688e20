//! Confining the process to the files it needs (Landlock).
//!
//! Holds for the thread that asks for it and those it starts later, for good. What is open already stays so. Looking at
//! what a path is (`stat`) and connecting to sockets is not restricted by it; binding a unix socket is.

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetStatus, path_beneath_rules,
};
use std::io;
use std::path::PathBuf;

/// Which files a process needs. Paths that do not exist are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Files, and folders with all that is in them, to read.
    pub read: Vec<PathBuf>,
    /// Folders to write in, and files to write.
    pub write: Vec<PathBuf>,
    /// Folders from which programs may be started; the same holds for them.
    pub start: Vec<PathBuf>,
}

/// How well it worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confinement {
    /// Everything the kernel can be asked for here is in force.
    Full,
    /// The kernel is older and leaves some kinds of access free, such as cutting files short.
    Partial,
    /// The kernel cannot do it, or it is switched off there.
    Unavailable,
}

/// Confines this thread, and those it starts, to these files.
pub fn confine(reach: &Reach) -> io::Result<Confinement> {
    // Programs are started only from where that is said.
    let start = AccessFs::ReadFile | AccessFs::Execute;
    let read = AccessFs::from_read(LEVEL) & !BitFlags::from(AccessFs::Execute);
    let write =
        AccessFs::from_write(LEVEL) & !(AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev);
    let ruleset = Ruleset::default().set_compatibility(CompatLevel::BestEffort);
    let ruleset = ruleset.handle_access(AccessFs::from_all(LEVEL)).map_err(io::Error::other)?;
    let ruleset = ruleset.create().map_err(io::Error::other)?;
    let ruleset = ruleset.add_rules(path_beneath_rules(&reach.read, read)).map_err(io::Error::other)?;
    let ruleset =
        ruleset.add_rules(path_beneath_rules(&reach.write, read | write)).map_err(io::Error::other)?;
    let ruleset = ruleset.add_rules(path_beneath_rules(&reach.start, start)).map_err(io::Error::other)?;
    let status = ruleset.restrict_self().map_err(io::Error::other)?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Confinement::Full,
        RulesetStatus::PartiallyEnforced => Confinement::Partial,
        RulesetStatus::NotEnforced => Confinement::Unavailable,
    })
}

/// Linux 6.10. Later levels restrict connecting to unix sockets, which upstreams may be.
const LEVEL: ABI = ABI::V5;

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_confined_thread_reads_and_writes_only_where_it_may() {
        let base = std::env::temp_dir().join(format!("torwart-confinement-{}", std::process::id()));
        let [open, log, shut, start] = ["open", "log", "shut", "start"].map(|name| base.join(name));
        for folder in [&open, &log, &shut, &start] {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join("file"), "text").unwrap();
        }
        let program = |folder: &PathBuf| {
            let file = folder.join("program");
            fs::write(&file, "").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
            file
        };
        let (startable, other) = (program(&start), program(&open));
        let reach = Reach {
            read: vec![open.clone(), base.join("missing")],
            write: vec![log.clone()],
            start: vec![start.clone()],
        };
        let confined = std::thread::spawn(move || {
            if confine(&reach).unwrap() == Confinement::Unavailable {
                return;
            }
            assert_eq!(fs::read_to_string(open.join("file")).unwrap(), "text");
            assert!(fs::write(open.join("file"), "other").is_err());
            // As a rotated log is opened anew.
            fs::rename(log.join("file"), log.join("file.1")).unwrap();
            fs::write(log.join("file"), "new").unwrap();
            assert!(fs::read(shut.join("file")).is_err());
            assert!(fs::metadata(shut.join("file")).is_ok());
            // An empty file is no program, which is found out only where it may be one.
            let refusal = |file| std::process::Command::new(file).spawn().map(drop).unwrap_err().kind();
            assert_ne!(refusal(startable), io::ErrorKind::PermissionDenied);
            assert_eq!(refusal(other), io::ErrorKind::PermissionDenied);
        });
        confined.join().unwrap();
        fs::remove_dir_all(&base).unwrap();
    }
}
