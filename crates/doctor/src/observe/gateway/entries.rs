//! Where the configuration of a gateway on this machine begins: from the command lines of its processes, else from the
//! usual places.

use super::Disk;
use crate::observe::host::Host;
use crate::observe::host::processes::Process;
use std::path::{Path, PathBuf};
use torwart_dialect::Product;
use torwart_dialect::config::{Entry, Files, guess_product};

/// A gateway on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Started {
    /// Where its configuration begins.
    pub(super) entry: Entry,
    /// Its processes, the one that started the others first; none where only the file was found.
    pub(super) pids: Vec<u32>,
}

/// Every gateway that runs here, and the usual files of those that do not.
pub(super) fn running(host: &Host) -> Vec<Started> {
    let mut found = Vec::new();
    for product in Product::ALL {
        let own: Vec<&Process> = host.processes.iter().filter(|it| is_of(it, product)).collect();
        let starters = own.iter().filter(|it| own.iter().all(|other| other.pid != it.parent));
        for starter in starters {
            let Some(entry) = started_with(product, starter) else { continue };
            let mut pids = vec![starter.pid];
            pids.extend(own.iter().filter(|it| descends(host, it, starter.pid)).map(|it| it.pid));
            found.push(Started { entry, pids });
        }
        if own.is_empty() {
            let usual = usual_files(product).iter().map(Path::new).find(|path| path.is_file());
            found.extend(usual.map(|path| Started { entry: Entry::new(product, path), pids: Vec::new() }));
        }
    }
    found
}

/// The gateway whose configuration the user names; with its processes, where it is one that runs here.
pub(super) fn given(file: &Path, running: &[Started]) -> Vec<Started> {
    let same = |one: &Path| std::fs::canonicalize(one).ok() == std::fs::canonicalize(file).ok();
    let runs = running.iter().find(|it| it.entry.files.iter().any(|one| one == file || same(one)));
    if let Some(started) = runs {
        return vec![started.clone()];
    }
    let text = Disk.read(file).unwrap_or_default();
    let product = guess_product(file, &text).unwrap_or(Product::Nginx);
    vec![Started { entry: Entry::new(product, file), pids: Vec::new() }]
}

fn is_of(process: &Process, product: Product) -> bool {
    let names: &[&str] = match product {
        Product::Nginx => &["nginx", "openresty", "angie", "tengine"],
        Product::Haproxy => &["haproxy"],
        Product::Apache => &["apache2", "httpd"],
        Product::Caddy => &["caddy"],
        Product::Traefik => &["traefik"],
    };
    names.contains(&process.name.as_str()) && !process.has_own_network
}

/// Whether a process was started, perhaps through others, by the one with this number.
fn descends(host: &Host, process: &Process, from: u32) -> bool {
    let mut parent = process.parent;
    for _ in 0..8 {
        if parent == from {
            return true;
        }
        let Some(next) = host.process(parent) else { return false };
        parent = next.parent;
    }
    false
}

/// The configuration a process was started with.
fn started_with(product: Product, process: &Process) -> Option<Entry> {
    // nginx writes its command line into its title, as one text.
    let line = process.command_line();
    let words: Vec<&str> = if product == Product::Nginx {
        line.split_ascii_whitespace().collect()
    } else {
        process.command.iter().map(String::as_str).collect()
    };
    let folder = process.folder.clone().unwrap_or_else(|| PathBuf::from("/"));
    let usual = || usual_files(product).iter().map(PathBuf::from).find(|path| path.is_file());
    let first = |flags: &[&str]| values(&words, flags).first().map(PathBuf::from);
    let mut entry = Entry::new(product, Path::new(""));
    entry.files.clear();
    match product {
        Product::Nginx => {
            entry.root = first(&["-p"]).map(|path| folder.join(path));
            let inside =
                |path: PathBuf| entry.root.as_ref().map_or_else(|| path.clone(), |root| root.join(&path));
            let by_prefix =
                || entry.root.as_ref().map(|root| root.join("conf/nginx.conf")).filter(|it| it.is_file());
            entry.files.extend(first(&["-c"]).map(inside).or_else(by_prefix).or_else(usual));
        }
        Product::Haproxy => {
            let named = values(&words, &["-f"]);
            entry.files.extend(named.iter().map(|path| folder.join(path)));
            if entry.files.is_empty() {
                entry.files.extend(usual());
            }
        }
        Product::Apache => {
            entry.root = first(&["-d"]);
            entry.defines = values(&words, &["-D"]);
            let inside = |path: PathBuf| {
                entry.root.as_ref().map_or_else(|| folder.join(&path), |root| root.join(&path))
            };
            entry.files.extend(first(&["-f"]).map(inside).or_else(usual));
        }
        Product::Caddy => {
            let local = || Some(folder.join("Caddyfile")).filter(|path| path.is_file());
            let named = first(&["--config", "-config"]).map(|path| folder.join(path));
            entry.files.extend(named.or_else(local).or_else(usual));
        }
        Product::Traefik => {
            let named = first(&["--configFile", "--configfile", "-configFile"]).map(|path| folder.join(path));
            entry.files.extend(named.or_else(usual));
        }
    }
    (!entry.files.is_empty()).then_some(entry)
}

/// The values of a flag, as `-c VALUE`, `--config=VALUE` or `-cVALUE`.
fn values(words: &[&str], flags: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = words;
    while let [word, after @ ..] = rest {
        for flag in flags {
            if word == flag {
                found.extend(after.first().map(|value| (*value).to_owned()));
            } else if let Some(value) = word.strip_prefix(flag) {
                let is_short = flag.len() == 2;
                let value =
                    if is_short { Some(value.trim_start_matches('=')) } else { value.strip_prefix('=') };
                found.extend(value.map(str::to_owned));
            }
        }
        rest = after;
    }
    found
}

const fn usual_files(product: Product) -> &'static [&'static str] {
    match product {
        Product::Nginx => &[
            "/etc/nginx/nginx.conf",
            "/usr/local/openresty/nginx/conf/nginx.conf",
            "/usr/local/nginx/conf/nginx.conf",
            "/usr/local/etc/nginx/nginx.conf",
        ],
        Product::Haproxy => &["/etc/haproxy/haproxy.cfg", "/usr/local/etc/haproxy/haproxy.cfg"],
        Product::Apache => &[
            "/etc/apache2/apache2.conf",
            "/etc/httpd/conf/httpd.conf",
            "/etc/apache2/httpd.conf",
            "/usr/local/apache2/conf/httpd.conf",
        ],
        Product::Caddy => &["/etc/caddy/Caddyfile", "/etc/caddy/caddy.json"],
        Product::Traefik => {
            &["/etc/traefik/traefik.yml", "/etc/traefik/traefik.yaml", "/etc/traefik/traefik.toml"]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(product: Product, name: &str, command: &[&str]) -> Entry {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        let folder = Some(PathBuf::from("/srv"));
        let process = Process { pid: 7, name: name.to_owned(), command, folder, ..Process::default() };
        started_with(product, &process).expect("an entry")
    }

    #[test]
    fn nginx_tells_its_files_in_its_title() {
        let title = ["nginx: master process nginx -c /srv/a/nginx.conf -p /srv/a -g daemon off;"];
        let entry = entry(Product::Nginx, "nginx", &title);
        assert_eq!(entry.files, [PathBuf::from("/srv/a/nginx.conf")]);
        assert_eq!(entry.root, Some(PathBuf::from("/srv/a")));
    }

    #[test]
    fn haproxy_takes_several_files() {
        let entry = entry(Product::Haproxy, "haproxy", &["haproxy", "-W", "-f", "/etc/a.cfg", "-f", "b.cfg"]);
        assert_eq!(entry.files, [PathBuf::from("/etc/a.cfg"), PathBuf::from("/srv/b.cfg")]);
    }

    #[test]
    fn the_others_are_read_from_their_flags() {
        let apache =
            entry(Product::Apache, "apache2", &["apache2", "-d", "/srv/w", "-f", "conf/a.conf", "-DSSL"]);
        assert_eq!(apache.files, [PathBuf::from("/srv/w/conf/a.conf")]);
        assert_eq!(apache.defines, ["SSL"]);
        let caddy = entry(Product::Caddy, "caddy", &["caddy", "run", "--config", "/srv/Caddyfile"]);
        assert_eq!(caddy.files, [PathBuf::from("/srv/Caddyfile")]);
        let traefik = entry(Product::Traefik, "traefik", &["traefik", "--configFile=/srv/t.yml"]);
        assert_eq!(traefik.files, [PathBuf::from("/srv/t.yml")]);
    }

    #[test]
    fn workers_are_counted_to_the_one_that_started_them() {
        let process = |pid, parent, title: &str| Process {
            pid,
            parent,
            name: "nginx".to_owned(),
            command: vec![title.to_owned()],
            ..Process::default()
        };
        let host = Host {
            processes: vec![
                process(10, 1, "nginx: master process nginx -c /srv/a.conf"),
                process(11, 10, "nginx: worker process"),
                process(20, 1, "nginx: master process nginx -c /srv/b.conf"),
            ],
            ..Host::default()
        };
        let nginx: Vec<_> =
            running(&host).into_iter().filter(|it| it.entry.product == Product::Nginx).collect();
        let pids: Vec<_> = nginx.iter().map(|it| it.pids.clone()).collect();
        assert_eq!(pids, [vec![10, 11], vec![20]]);
    }
}
