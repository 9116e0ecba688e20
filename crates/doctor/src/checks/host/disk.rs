//! Can the gateway write where it buffers and logs?
//!
//! Looks at the file systems of its temporary and log folders: room, inodes, read-only; and whether the user of its workers
//! may write to the temporary ones. A disk that is merely busy is no finding. Nothing is written to find out.

use super::bearing::{self, Bearing};
use crate::observe::gateway::{Disk, Gateway};
use crate::observe::host::disk::{Room, owner, room};
use crate::observe::host::processes::Process;
use crate::{Case, Checked};
use std::path::{Path, PathBuf};
use torwart_cause::finding::host::{DISK_FULL, INODES_SPENT, NOT_WRITABLE, READ_ONLY};
use torwart_cause::finding::{Finding, Hop, Severity, Where, said};
use torwart_dialect::Product;
use torwart_dialect::config::Files;

/// A folder the gateway writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Folder {
    path: PathBuf,
    /// Whether bodies are buffered there; else it is a log's.
    is_temporary: bool,
}

/// Looks.
pub async fn check(case: &Case) -> Checked {
    let gateway = case.gateway().await;
    if gateway.pids.is_empty() {
        return Checked::not_applicable();
    }
    let bearing = bearing::find(case).await;
    let mut findings: Vec<Finding> = Vec::new();
    for folder in folders(&gateway) {
        if let Some(room) = room(&folder.path)
            && let Some(finding) = of_room(&folder, &room)
            && findings.iter().all(|known| known.kind != finding.kind)
        {
            findings.push(finding);
        }
        findings.extend(of_rights(&folder, &bearing, &gateway));
    }
    Checked::found(findings)
}

fn of_room(folder: &Folder, room: &Room) -> Option<Finding> {
    let path = folder.path.display().to_string();
    let place = Where::hop(Hop::Gateway).address(&path);
    if room.is_read_only {
        let fact = said("host-read-only").with("folder", &path);
        return Some(Finding::new(&READ_ONLY, 90, place).proof_by(fact, format!("findmnt -T {path}")));
    }
    if room.has_no_inodes() {
        let fact = said("host-inodes").with("folder", &path).with("inodes", room.inodes);
        return Some(Finding::new(&INODES_SPENT, 95, place).proof_by(fact, format!("df -i {path}")));
    }
    let fact = said("host-disk")
        .with("folder", &path)
        .with("used", room.used_percent())
        .with("free", room.free >> 20);
    let finding = Finding::new(&DISK_FULL, 95, place).proof_by(fact, format!("df -h {path}"));
    match (room.is_full(), room.is_nearly_full()) {
        (true, _) => Some(finding),
        (false, true) => Some(finding.severity(Severity::Warning)),
        (false, false) => None,
    }
}

/// Whether the workers may write to a temporary folder, and reach it.
fn of_rights(folder: &Folder, bearing: &Bearing, gateway: &Gateway) -> Option<Finding> {
    if !folder.is_temporary || !folder.path.is_dir() {
        return None;
    }
    let worker = worker(bearing, gateway)?;
    let barred = barred(worker, &folder.path, 3)?;
    let own = owner(&barred)?;
    let path = folder.path.display().to_string();
    let fact = said("host-not-writable")
        .with("folder", &path)
        .with("barred", barred.display())
        .with("mode", format!("{:o}", own.mode))
        .with("owner", own.uid)
        .with("uid", worker.uid);
    let place = Where::hop(Hop::Gateway).address(&path);
    let finding = Finding::new(&NOT_WRITABLE, 85, place).proof_by(fact, format!("namei -l {path}"));
    // Only answers too large for memory go there: that it fails because of this, the log would have to say.
    let severity = if bearing.is_failing { Severity::Warning } else { Severity::Info };
    Some(finding.severity(severity))
}

/// A process of the gateway that serves requests as an ordinary user.
pub(super) fn worker<'b>(bearing: &'b Bearing, gateway: &Gateway) -> Option<&'b Process> {
    let processes = gateway.pids.iter().filter_map(|pid| bearing.host.process(*pid));
    processes.into_iter().find(|process| process.uid != 0)
}

/// The first part of a path that bars a process: a folder above it may not pass, or itself not be used as wanted.
pub(super) fn barred(process: &Process, path: &Path, wanted: u32) -> Option<PathBuf> {
    let mut parts: Vec<&Path> = path.ancestors().filter(|part| !part.as_os_str().is_empty()).collect();
    parts.reverse();
    parts.into_iter().find_map(|part| {
        let own = owner(part)?;
        let needed = if part == path { wanted } else { 1 };
        (!process.may(needed, own.uid, own.gid, own.mode)).then(|| part.to_path_buf())
    })
}

fn folders(gateway: &Gateway) -> Vec<Folder> {
    let Some(config) = &gateway.config else { return Vec::new() };
    let mut folders: Vec<Folder> = Vec::new();
    let mut add = |path: PathBuf, is_temporary: bool| {
        if path.is_absolute() && folders.iter().all(|known| known.path != path) {
            folders.push(Folder { path, is_temporary });
        }
    };
    if config.product == Product::Nginx {
        let named = config.files.iter().flat_map(|file| temporary(&Disk.read(file).unwrap_or_default()));
        let mut named: Vec<PathBuf> = named.collect();
        if named.is_empty() {
            named.extend(NGINX_TEMPORARY.iter().map(PathBuf::from).filter(|path| path.is_dir()));
        }
        let root = gateway.entry.as_ref().and_then(|entry| entry.root.clone());
        for path in named {
            add(root.as_ref().map_or_else(|| path.clone(), |root| root.join(&path)), true);
        }
    }
    let is_file = |path: &&PathBuf| path.is_file();
    for path in config.logs.iter().filter_map(|log| log.path.as_ref()).filter(is_file) {
        add(path.parent().unwrap_or(Path::new("/")).to_path_buf(), false);
    }
    folders
}

/// The folders nginx's configuration names for bodies.
fn temporary(text: &str) -> Vec<PathBuf> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let directives = lines.flat_map(|line| line.split(';')).map(str::trim);
    let named = directives.filter_map(|directive| {
        let (name, rest) = directive.split_once(char::is_whitespace)?;
        name.ends_with("_temp_path").then(|| rest.split_ascii_whitespace().next()).flatten()
    });
    named.map(PathBuf::from).collect()
}

/// Where the usual packages of nginx buffer bodies.
const NGINX_TEMPORARY: [&str; 6] = [
    "/var/lib/nginx/proxy",
    "/var/lib/nginx/body",
    "/var/lib/nginx/fastcgi",
    "/var/cache/nginx/proxy_temp",
    "/var/cache/nginx/client_temp",
    "/var/lib/nginx/tmp/proxy",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_folders_are_named_in_the_configuration() {
        let text =
            "http {\n  proxy_temp_path /srv/a 1 2; client_body_temp_path tmp/b;\n  # proxy_temp_path /no;\n}";
        assert_eq!(temporary(text), [PathBuf::from("/srv/a"), PathBuf::from("tmp/b")]);
    }

    #[test]
    fn a_busy_disk_is_no_finding() {
        let folder = Folder { path: "/var/log/nginx".into(), is_temporary: false };
        let room = Room { total: 100 << 30, free: 4 << 30, inodes: 10, inodes_free: 1, is_read_only: false };
        assert!(of_room(&folder, &room).is_none());
        let full = of_room(&folder, &Room { free: 0, ..room }).expect("a finding");
        assert_eq!((full.kind.id, full.severity), ("host.disk_full", Severity::Critical));
        let spent = of_room(&folder, &Room { inodes_free: 0, ..room }).expect("a finding");
        assert_eq!(spent.kind.id, "host.inodes_spent");
    }

    #[test]
    fn a_folder_above_bars_too() {
        let nobody = Process { uid: 65_534, gid: 65_534, ..Process::default() };
        assert_eq!(barred(&nobody, &Path::new("/root").join("anything"), 1), Some(PathBuf::from("/root")));
        assert_eq!(barred(&nobody, Path::new("/tmp"), 3), None);
    }
}
