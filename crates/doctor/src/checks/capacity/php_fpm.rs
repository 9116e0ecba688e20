//! Are all workers of a php-fpm pool busy while requests wait?
//!
//! Counts the pool's processes on this host against `pm.max_children` of its pool file, and looks at the queue of its
//! socket several times. As many workers as allowed is usual (`pm = static`); only requests that wait make it a fault.

use crate::observe::host::Host;
use crate::observe::host::queues::Listens;
use crate::{Case, Checked, Place, Scheme};
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
        let Some(pool) = pools().into_iter().find(|pool| pool.listens_on(&written)) else { continue };
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

/// Every pool in the usual folders.
fn pools() -> Vec<Pool> {
    let disk = crate::observe::gateway::Disk;
    let files = FOLDERS.iter().flat_map(|pattern| disk.glob(pattern));
    files
        .filter_map(|file| Some(read(&file.display().to_string(), &disk.read(&file).ok()?)))
        .flatten()
        .collect()
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
    fn a_pool_is_found_by_path_or_port() {
        let pools = read("www.conf", TEXT);
        let named =
            |place: &str| pools.iter().find(|pool| pool.listens_on(place)).map(|pool| pool.name.as_str());
        assert_eq!(named("/var/run/php/php8.2-fpm.sock"), Some("www"));
        assert_eq!(named("9000"), Some("tcp"));
        assert_eq!(named("/run/other.sock"), None);
    }
}
