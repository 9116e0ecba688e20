//! Are all workers of a php-fpm pool busy while requests wait?
//!
//! Counts the pool's processes on this host against `pm.max_children` of its pool file, and looks at the queue of its
//! socket several times. As many workers as allowed is usual (`pm = static`); only requests that wait make it a fault.

use crate::observe::gateway::Disk;
use crate::observe::host::Host;
use crate::observe::host::queues::Listens;
use crate::{Case, Checked, Place, Scheme};
use std::path::{Path, PathBuf};
use torwart_cause::finding::capacity::PHP_FPM_FULL;
use torwart_cause::finding::{Finding, Fix, Hop, Where, said};
use torwart_dialect::config::Files;

/// Looks.
pub async fn check(case: &Case) -> Checked {
    let host = case.host().await;
    let mut findings = Vec::new();
    let mut applies = false;
    for upstream in case.upstreams().await.iter().filter(|it| it.address.scheme == Scheme::FastCgi) {
        let (listens, written) = match &upstream.address.place {
            Place::Unix(path) => {
                (vec![Listens::Unix(path.display().to_string())], path.display().to_string())
            }
            Place::Ip(_) | Place::Name { .. } => {
                let Some(address) = case.socket_address(&upstream.address).await else { continue };
                if !Host::owns(address.ip()) {
                    continue;
                }
                let rows = host.listeners(address).map(|row| Listens::Tcp(row.local));
                (rows.collect(), address.port().to_string())
            }
        };
        let Some(pool) = pools(&host).into_iter().find(|pool| pool.listens_on(&written)) else { continue };
        applies = true;
        let title = format!("php-fpm: pool {}", pool.name);
        let workers =
            host.processes.iter().filter(|process| process.command_line().starts_with(&title)).count();
        let watched = host.watched().await;
        let waiting =
            listens.iter().filter_map(|place| watched.always_waiting(place)).map(|(least, _)| least).max();
        let (Some(most), Some(waiting)) = (pool.max_children, waiting) else { continue };
        if workers < most.value || waiting == 0 || watched.looks.len() < 3 {
            continue;
        }
        let place =
            Where::hop(Hop::Upstream).address(&upstream.address).file(&pool.file, most.line).name(&pool.name);
        let fact = said("capacity-php-fpm")
            .with("pool", &pool.name)
            .with("workers", workers)
            .with("limit", most.value)
            .with("waiting", waiting);
        let fix = Fix {
            product: Some("php-fpm".to_owned()),
            file: Some((pool.file.clone(), most.line)),
            before: Some(format!("pm.max_children = {}", most.value)),
            after: format!("pm.max_children = {}", most.value * 2),
        };
        let finding = Finding::new(&PHP_FPM_FULL, 93, place).proof_by(fact, "ss -lntx").fix(fix);
        findings.push(finding);
    }
    if applies { Checked::found(findings) } else { Checked::not_applicable() }
}

/// A pool of php-fpm as its file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pool {
    name: String,
    file: String,
    listen: String,
    max_children: Option<Line>,
}

/// A number and its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    value: usize,
    line: u32,
}

impl Pool {
    /// Whether it listens on a path, or a port.
    fn listens_on(&self, place: &str) -> bool {
        // `/run` and `/var/run` are one folder.
        let plain = |path: &str| {
            path.strip_prefix("/var").filter(|rest| rest.starts_with("/run/")).unwrap_or(path).to_owned()
        };
        plain(&self.listen) == plain(place) || self.listen.rsplit(':').next() == Some(place)
    }
}

/// The pools of every php-fpm that runs here, by the file its master names in its title; else those of the usual folders.
fn pools(host: &Host) -> Vec<Pool> {
    let disk = Disk;
    let read_file = |file: PathBuf| read(&file.display().to_string(), &disk.read(&file).unwrap_or_default());
    let mut files: Vec<PathBuf> = Vec::new();
    for process in &host.processes {
        let line = process.command_line();
        let main = line.strip_prefix("php-fpm: master process (").and_then(|rest| rest.split(')').next());
        let Some(main) = main else { continue };
        let text = disk.read(Path::new(main)).unwrap_or_default();
        files.push(main.into());
        files.extend(includes(&text).iter().flat_map(|pattern| disk.glob(pattern)));
    }
    if files.is_empty() {
        files.extend(FOLDERS.iter().flat_map(|pattern| disk.glob(pattern)));
    }
    files.into_iter().flat_map(read_file).collect()
}

/// The patterns a main file includes.
fn includes(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split(';').next().unwrap_or_default());
    let settings = lines.filter_map(|line| line.split_once('='));
    settings.filter(|(key, _)| key.trim() == "include").map(|(_, value)| value.trim().to_owned()).collect()
}

/// The pools of one file.
fn read(file: &str, text: &str) -> Vec<Pool> {
    let mut pools: Vec<Pool> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split(';').next().unwrap_or_default().trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            pools.push(Pool { name: name.to_owned(), file: file.to_owned(), ..Pool::default() });
            continue;
        }
        let (Some(pool), Some((key, value))) = (pools.last_mut(), line.split_once('=')) else { continue };
        match key.trim() {
            "listen" => pool.listen = value.trim().replace("$pool", &pool.name),
            "pm.max_children" => {
                pool.max_children = value.trim().parse().ok().map(|value| Line { value, line: number });
            }
            _ => {}
        }
    }
    pools
}

/// Where pools are written down.
const FOLDERS: [&str; 4] = [
    "/etc/php/*/fpm/pool.d/*.conf",
    "/etc/php-fpm.d/*.conf",
    "/usr/local/etc/php-fpm.d/*.conf",
    "/etc/php*/php-fpm.d/*.conf",
];

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "; comment\n[www]\nuser = www-data\nlisten = /run/php/php8.2-fpm.sock\n;pm.max_children = 9\npm.max_children = 5 ; few\n\n[tcp]\nlisten = 127.0.0.1:9000\n";

    #[test]
    fn pools_are_read_with_their_lines() {
        let pools = read("www.conf", TEXT);
        assert_eq!(pools.len(), 2);
        let www = pools.first().expect("a pool");
        assert_eq!((www.name.as_str(), www.max_children), ("www", Some(Line { value: 5, line: 6 })));
    }

    #[test]
    fn a_main_file_includes_others() {
        assert_eq!(
            includes("[global]\n; include = no\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n"),
            ["/etc/php/8.2/fpm/pool.d/*.conf"]
        );
    }

    #[test]
    fn a_pool_is_found_by_path_or_port() {
        let pools = read("www.conf", TEXT);
        let named =
            |place: &str| pools.iter().find(|pool| pool.listens_on(place)).map(|pool| pool.name.as_str());
        assert_eq!(named("/var/run/php/php8.2-fpm.sock"), Some("www"));
        assert_eq!(named("9000"), Some("tcp"));
        assert_eq!(named("/run/other.sock"), None);
    }
}
