//! Which files a running gateway needs: what its plan names, and what the system needs for names and trust.
//!
//! Folders, not files: whoever replaces a file puts another one into its place. What is not listed here cannot be read
//! once the process is confined.

use std::path::{Path, PathBuf};
use torwart_config::Plan;
use torwart_config::plan::{ListenAddress, LogTarget, Secret};
use torwart_kernel::confinement::Reach;

/// The files of this plan; `files` are those it is made from.
pub(super) fn of(plan: &Plan, files: &[PathBuf]) -> Reach {
    let mut reach =
        Reach { read: SYSTEM.iter().map(PathBuf::from).collect(), write: Vec::new(), start: programs() };
    for file in SYSTEM_FILES.iter().map(Path::new) {
        reach.read.extend(real_folder(file));
    }
    for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        reach.read.extend(std::env::var_os(variable).map(PathBuf::from));
    }
    for file in files {
        reach.read.push(folder(file));
        reach.read.extend(real_folder(file));
    }
    if let Some(LogTarget::File(file)) = plan.log.access.as_ref().map(|log| &log.target) {
        reach.write.push(folder(file));
        // A log may be a link to where logs are kept.
        reach.write.extend(real_folder(file));
    }
    for listener in &plan.listeners {
        if let ListenAddress::Unix(path) = &listener.address {
            reach.write.push(folder(path));
        }
    }
    for files in plan.all_routes().filter_map(|(_, route)| route.files.as_ref()) {
        // A deployment puts another folder into its place, or turns a link.
        reach.read.push(folder(&files.root));
        reach.read.extend(real_folder(&files.root));
    }
    if let Some(Secret::File(file)) = &plan.admin_token {
        reach.read.push(folder(file));
        reach.read.extend(real_folder(file));
    }
    if let Some(acme) = &plan.acme {
        reach.write.push(acme.store.clone());
        reach.read.extend(acme.ca.as_deref().map(folder));
        reach.read.extend(acme.external_account.as_ref().map(|account| folder(&account.key_file)));
    }
    for paths in [&mut reach.read, &mut reach.write, &mut reach.start] {
        // Later ones are compared with these, however they are written.
        for path in paths.iter_mut() {
            *path = std::path::absolute(&path).unwrap_or_else(|_| std::mem::take(path));
        }
        paths.sort();
        paths.dedup();
    }
    reach
}

/// Where a newer version of this program would stand, and what the system needs to start it.
fn programs() -> Vec<PathBuf> {
    let program = super::upgrade::own_program();
    let loaded = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let loader = loaded.lines().filter_map(|line| line.split_once('/')).find_map(|(_, path)| {
        let file = PathBuf::from(format!("/{path}"));
        let name = file.file_name()?.to_str()?;
        (name.starts_with("ld-") || name.starts_with("ld.")).then_some(file)
    });
    let files = [Some(program), loader].into_iter().flatten();
    files.flat_map(|file| [Some(folder(&file)), real_folder(&file)]).flatten().collect()
}

/// The folders of `after` that a process confined to `before` cannot reach.
pub(super) fn beyond(before: &Reach, after: &Reach) -> Vec<PathBuf> {
    let within = |path: &Path, known: &[PathBuf]| known.iter().any(|folder| path.starts_with(folder));
    let is_readable = |path: &Path| within(path, &before.read) || within(path, &before.write);
    let read = after.read.iter().filter(|path| !is_readable(path));
    let write = after.write.iter().filter(|path| !within(path, &before.write));
    read.chain(write).cloned().collect()
}

/// Where a file stands; devices and what stands at the very top are taken alone.
fn folder(file: &Path) -> PathBuf {
    match file.parent() {
        None => file.to_path_buf(),
        Some(parent) if parent == Path::new("/") || parent.starts_with("/dev") => file.to_path_buf(),
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_path_buf(),
    }
}

/// Where a file really stands, if that is somewhere else.
fn real_folder(file: &Path) -> Option<PathBuf> {
    file.canonicalize().ok().map(|real| folder(&real))
}

/// Names, services, certificates and clocks; the libraries that look names up are loaded when they are needed.
const SYSTEM: [&str; 16] = [
    "/etc",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/share/zoneinfo",
    "/var/lib/ca-certificates",
    "/run/systemd/resolve",
    "/run/NetworkManager",
    // Not only what is there of this process: a successor has another number.
    "/proc",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu",
    "/dev/null",
    "/dev/urandom",
];

/// Files that are links to elsewhere on some systems.
const SYSTEM_FILES: [&str; 5] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

#[cfg(test)]
mod tests {
    use super::*;
    use torwart_config::Source;

    fn reach(read: &[&str], write: &[&str]) -> Reach {
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect();
        Reach { read: paths(read), write: paths(write), start: Vec::new() }
    }

    #[test]
    fn what_is_below_a_folder_can_be_reached() {
        let before = reach(&["/etc/torwart"], &["/var/log/torwart"]);
        let after =
            reach(&["/etc/torwart/tls", "/var/log/torwart", "/srv/pages"], &["/var/log/torwart/shop"]);
        assert_eq!(beyond(&before, &after), [PathBuf::from("/srv/pages")]);
    }

    #[test]
    fn what_can_be_read_cannot_be_written() {
        let before = reach(&["/etc/torwart"], &[]);
        assert_eq!(beyond(&before, &reach(&[], &["/etc/torwart"])), [PathBuf::from("/etc/torwart")]);
    }

    #[test]
    fn a_file_at_the_top_does_not_open_everything() {
        assert_eq!(folder(Path::new("/torwart.toml")), Path::new("/torwart.toml"));
        assert_eq!(folder(Path::new("/dev/stdout")), Path::new("/dev/stdout"));
        assert_eq!(folder(Path::new("torwart.toml")), Path::new("."));
        assert_eq!(folder(Path::new("/etc/torwart/torwart.toml")), Path::new("/etc/torwart"));
    }

    #[test]
    fn a_folder_is_the_same_however_it_is_written() {
        let source = Source::new(
            Path::new("torwart.toml"),
            "[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"http://127.0.0.1:1\"\n".to_owned(),
        );
        let plan = torwart_config::check(&source, &|_| true).plan.unwrap();
        let files = |names: &[&str]| of(&plan, &names.iter().map(PathBuf::from).collect::<Vec<_>>());
        let before = files(&["torwart.toml"]);
        let here = std::env::current_dir().unwrap().join("tls/a.pem");
        let after = files(&["torwart.toml", "./b.pem", "tls/a.pem", here.to_str().unwrap()]);
        assert_eq!(beyond(&before, &after), Vec::<PathBuf>::new());
    }
}
