//! How this machine resolves names, as its own files say.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use torwart_dial::SystemFiles;
use torwart_dial::resolve::{Hosts, ResolvConf};

/// How this machine resolves names.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The name servers of `resolv.conf`; none where the file names none.
    pub servers: Vec<SocketAddr>,
    /// The domains below which short names are looked for.
    pub search: Vec<String>,
    /// Names with fewer dots than this are looked for below those first.
    pub ndots: usize,
    /// What `nsswitch.conf` says about hosts: `files`, `dns`, `mdns4_minimal`, `resolve`, ...
    pub sources: Vec<String>,
    hosts_text: String,
    hosts_path: String,
}

/// A line of the hosts file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostsLine {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The address it gives.
    pub address: IpAddr,
}

impl Setup {
    /// Reads the files. One that is missing counts as empty.
    pub(super) fn read() -> Self {
        let files = SystemFiles::default();
        let read = |path: &std::path::Path| {
            fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
        };
        Self::parse(
            &read(&files.resolv_conf),
            &read(std::path::Path::new(NSSWITCH)),
            read(&files.hosts),
            files.hosts.display().to_string(),
        )
    }

    fn parse(resolv_conf: &str, nsswitch: &str, hosts_text: String, hosts_path: String) -> Self {
        let conf = ResolvConf::parse(resolv_conf);
        let names_servers = resolv_conf.lines().any(|line| line.trim_start().starts_with("nameserver"));
        let servers = if names_servers { conf.servers } else { Vec::new() };
        let sources = nsswitch.lines().find_map(|line| line.trim_start().strip_prefix("hosts:"));
        let sources = sources.map_or_else(|| vec!["files".to_owned(), "dns".to_owned()], sources_of);
        Self { servers, search: conf.search, ndots: conf.ndots, sources, hosts_text, hosts_path }
    }

    /// The full names that stand for a name, in the order in which they are asked for.
    pub fn forms(&self, name: &str) -> Vec<String> {
        let mut conf = ResolvConf::parse("");
        conf.search.clone_from(&self.search);
        conf.ndots = self.ndots;
        conf.forms(name)
    }

    /// Whether the system looks into the hosts file.
    pub fn reads_hosts(&self) -> bool {
        self.sources.iter().any(|source| source == "files")
    }

    /// The lines of the hosts file about a name.
    pub(super) fn hosts_lines(&self, name: &str) -> Vec<HostsLine> {
        let hosts = Hosts::parse(&self.hosts_text);
        let lines = hosts.get(name).unwrap_or_default().iter().filter_map(|address| {
            let line = hosts.line(name, *address)?;
            Some(HostsLine { file: self.hosts_path.clone(), line, address: *address })
        });
        lines.collect()
    }
}

/// The host as an address: without brackets, without the zone of a link-local one.
pub(super) fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok()
}

/// Without the reactions in brackets.
fn sources_of(line: &str) -> Vec<String> {
    let words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
    words.filter(|word| !word.starts_with('[') && !word.ends_with(']')).map(str::to_owned).collect()
}

const NSSWITCH: &str = "/etc/nsswitch.conf";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_files_are_read_as_the_system_reads_them() {
        let setup = Setup::parse(
            "search a.example b.example\nnameserver 10.0.0.1\noptions ndots:2\n",
            "passwd: files\nhosts:  files mdns4_minimal [NOTFOUND=return] dns # here\n",
            "127.0.0.1 localhost\n10.0.0.9 shop.example shop\n".to_owned(),
            "/etc/hosts".to_owned(),
        );
        assert_eq!(setup.sources, ["files", "mdns4_minimal", "dns"]);
        assert!(setup.reads_hosts());
        assert_eq!(setup.forms("web"), ["web.a.example", "web.b.example", "web"]);
        let lines = setup.hosts_lines("Shop.example");
        assert_eq!((lines[0].line, lines[0].address.to_string()), (2, "10.0.0.9".to_owned()));
        assert!(setup.hosts_lines("other.example").is_empty());
    }

    #[test]
    fn a_file_without_servers_names_none() {
        let setup = Setup::parse("# nothing\n", "", String::new(), String::new());
        assert!(setup.servers.is_empty());
        assert_eq!(setup.sources, ["files", "dns"]);
    }

    #[test]
    fn addresses_are_no_names() {
        assert!(
            literal("[::1]").is_some() && literal("10.0.0.1").is_some() && literal("shop.example").is_none()
        );
    }
}
