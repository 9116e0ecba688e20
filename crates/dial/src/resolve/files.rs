//! The host's own files: `/etc/hosts` and `/etc/resolv.conf`, read again whenever they change.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Where the host's own files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemFiles {
    /// Names with fixed addresses, consulted first.
    pub hosts: PathBuf,
    /// Name servers and search list, where the plan names no servers.
    pub resolv_conf: PathBuf,
}

impl Default for SystemFiles {
    fn default() -> Self {
        Self { hosts: PathBuf::from("/etc/hosts"), resolv_conf: PathBuf::from("/etc/resolv.conf") }
    }
}

/// What `hosts` says: addresses by name in lower case.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    names: HashMap<String, Vec<IpAddr>>,
    /// The line on which a name has an address, counted from 1.
    lines: HashMap<(String, IpAddr), u32>,
}

impl Hosts {
    /// Reads the text of the file; lines that make no sense are left out, as the system does.
    pub fn parse(text: &str) -> Self {
        let mut hosts = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
            let Some(Ok(address)) = words.next().map(str::parse::<IpAddr>) else { continue };
            for name in words {
                let name = name.to_ascii_lowercase();
                let addresses = hosts.names.entry(name.clone()).or_default();
                if !addresses.contains(&address) {
                    addresses.push(address);
                    hosts.lines.insert((name, address), number);
                }
            }
        }
        hosts
    }

    /// The addresses of a name, if the file knows it.
    pub fn get(&self, name: &str) -> Option<&[IpAddr]> {
        self.names.get(&key(name)).map(Vec::as_slice)
    }

    /// The line on which the name has this address, counted from 1.
    pub fn line(&self, name: &str, address: IpAddr) -> Option<u32> {
        self.lines.get(&(key(name), address)).copied()
    }
}

fn key(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// What `resolv.conf` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvConf {
    /// The servers to ask, in order; this host where the file names none.
    pub servers: Vec<SocketAddr>,
    /// The domains below which short names are looked for.
    pub search: Vec<String>,
    /// Names with fewer dots than this are first tried below the search list.
    pub ndots: usize,
    /// How long one server may take for one question.
    pub patience: Duration,
    /// How often the list of servers is gone through.
    pub rounds: usize,
}

impl ResolvConf {
    /// Reads the text of the file as the system does.
    pub fn parse(text: &str) -> Self {
        let mut conf = Self::of_servers(Vec::new());
        for line in text.lines() {
            let mut words = line.split(['#', ';']).next().unwrap_or_default().split_ascii_whitespace();
            match words.next() {
                Some("nameserver") => {
                    let address = words.next().and_then(|word| word.parse().ok());
                    conf.servers.extend(address.map(|address: IpAddr| SocketAddr::new(address, DNS_PORT)));
                }
                // The last of `search` and `domain` counts, as resolv.conf(5) says.
                Some("search" | "domain") => conf.search = words.map(str::to_owned).collect(),
                Some("options") => words.for_each(|word| conf.set_option(word)),
                _ => {}
            }
        }
        conf.servers.truncate(MOST_SERVERS);
        if conf.servers.is_empty() {
            conf.servers.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), DNS_PORT));
        }
        conf
    }

    /// These servers, no search list.
    pub(super) fn of_servers(servers: Vec<SocketAddr>) -> Self {
        Self { servers, search: Vec::new(), ndots: 1, patience: PATIENCE, rounds: ROUNDS }
    }

    /// The full names that stand for a name, in the order in which they are asked for.
    pub fn forms(&self, name: &str) -> Vec<String> {
        if name.ends_with('.') || self.search.is_empty() {
            return vec![name.to_owned()];
        }
        let below = self.search.iter().map(|domain| format!("{name}.{}", domain.trim_end_matches('.')));
        let mut forms: Vec<_> = below.collect();
        let dots = name.matches('.').count();
        forms.insert(if dots >= self.ndots { 0 } else { forms.len() }, name.to_owned());
        forms
    }

    fn set_option(&mut self, word: &str) {
        let Some((name, value)) = word.split_once(':') else { return };
        let Ok(value) = value.parse::<u8>() else { return };
        match name {
            "ndots" => self.ndots = usize::from(value.min(15)),
            "timeout" => self.patience = Duration::from_secs(value.clamp(1, 30).into()),
            "attempts" => self.rounds = usize::from(value.clamp(1, 5)),
            _ => {}
        }
    }
}

/// A file's parsed content and the modification time it had.
#[derive(Debug)]
pub(super) struct Watched<T> {
    path: PathBuf,
    parse: fn(&str) -> T,
    seen: Option<SystemTime>,
    value: T,
}

impl<T> Watched<T> {
    pub(super) fn new(path: &Path, parse: fn(&str) -> T) -> Self {
        let mut watched = Self { path: path.to_owned(), parse, seen: None, value: parse("") };
        watched.refresh();
        watched
    }

    /// The content as it is now. A file that is missing or unreadable counts as empty.
    pub(super) fn current(&mut self) -> &T {
        self.refresh();
        &self.value
    }

    fn refresh(&mut self) {
        let modified = fs::metadata(&self.path).and_then(|metadata| metadata.modified()).ok();
        if modified != self.seen {
            self.seen = modified;
            let text = fs::read(&self.path).unwrap_or_default();
            self.value = (self.parse)(&String::from_utf8_lossy(&text));
        }
    }
}

/// Where name servers listen.
const DNS_PORT: u16 = 53;

/// As in glibc: more servers than this are ignored, so that an answer comes within any deadline.
const MOST_SERVERS: usize = 3;

/// A name server that needs longer than this is a fault of its own; glibc's five seconds outlast a client's patience.
const PATIENCE: Duration = Duration::from_secs(1);

/// A lost packet is asked for again once.
const ROUNDS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_lines_give_addresses_to_names() {
        let hosts = Hosts::parse("# c\n10.0.0.1 a A.example # x\n10.0.0.2 a\n::1 a\nnonsense b\n\n");
        let expected: Vec<IpAddr> =
            ["10.0.0.1", "10.0.0.2", "::1"].iter().map(|a| a.parse().unwrap()).collect();
        assert_eq!(hosts.get("A").unwrap(), expected);
        assert_eq!(hosts.get("a.EXAMPLE.").unwrap(), &expected[..1]);
        assert_eq!(hosts.get("b"), None);
        assert_eq!((hosts.line("A.", expected[1]), hosts.line("b", expected[0])), (Some(3), None));
    }

    #[test]
    fn resolv_conf_is_read_as_glibc_does() {
        let conf = ResolvConf::parse(
            "; c\nnameserver 10.0.0.1\nnameserver ::1\nnameserver x\ndomain old\nsearch a.example b.example\n\
             options ndots:5 timeout:2 attempts:3 rotate\n",
        );
        assert_eq!(conf.servers, ["10.0.0.1:53".parse().unwrap(), "[::1]:53".parse().unwrap()]);
        assert_eq!(conf.search, ["a.example", "b.example"]);
        assert_eq!((conf.ndots, conf.patience, conf.rounds), (5, Duration::from_secs(2), 3));
    }

    #[test]
    fn without_servers_this_host_is_asked() {
        assert_eq!(ResolvConf::parse("").servers, ["127.0.0.1:53".parse().unwrap()]);
    }

    #[test]
    fn a_changed_file_is_read_again() {
        let path = std::env::temp_dir().join(format!("torwart-hosts-{}", std::process::id()));
        let mut hosts = Watched::new(&path, Hosts::parse);
        assert_eq!(hosts.current().get("a"), None);
        fs::write(&path, "10.0.0.1 a\n").unwrap();
        assert!(hosts.current().get("a").is_some());
        fs::remove_file(&path).unwrap();
        assert_eq!(hosts.current().get("a"), None);
    }
}
