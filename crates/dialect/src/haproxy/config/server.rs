//! HAProxy's `server` lines: the address and what is said to and asked of the upstream behind it.

use super::scope::duration;
use super::syntax::Line;
use crate::config::address::split_port;
use crate::config::{Fact, Place, Resolves, Scheme, Sni, UpstreamAddress, UpstreamConfig, UpstreamTls};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A server with its words, those of `default-server` before its own.
#[derive(Debug, Clone)]
pub(super) struct Server<'a> {
    line: &'a Line,
    words: Vec<(&'a Line, &'a str)>,
}

impl<'a> Server<'a> {
    /// A `server` or `server-template` line; `defaults` are the `default-server` lines that hold for it.
    pub(super) fn new(line: &'a Line, defaults: &[&'a Line]) -> Self {
        let skip = if line.word(0) == "server-template" { 4 } else { 3 };
        let before = defaults.iter().flat_map(|line| line.rest(1).iter().map(|word| (*line, word.as_str())));
        let own = line.rest(skip).iter().map(|word| (line, word.as_str()));
        Server { line, words: before.chain(own).collect() }
    }

    /// The line itself.
    pub(super) fn line(&self) -> &'a Line {
        self.line
    }

    /// The value of an option, the last one said.
    pub(super) fn value(&self, name: &str) -> Option<Fact<String>> {
        let place = self.words.iter().rposition(|(_, word)| *word == name)?;
        let (line, _) = self.words.get(place)?;
        let (_, value) = self.words.get(place + 1)?;
        Some(line.fact((*value).to_owned()))
    }

    /// A switch: said, and not taken back by `no-...`.
    pub(super) fn switch(&self, name: &str) -> Option<&'a Line> {
        let place = self.words.iter().rposition(|(_, word)| *word == name)?;
        let back = format!("no-{name}");
        let is_taken_back = self.words.iter().skip(place).any(|(_, word)| *word == back);
        self.words.get(place).filter(|_| !is_taken_back).map(|(line, _)| *line)
    }

    fn time(&self, name: &str) -> Option<Fact<Duration>> {
        let value = self.value(name)?;
        let time = duration(&value.value)?;
        Some(value.map(|_| time))
    }

    fn number(&self, name: &str) -> Option<Fact<u32>> {
        let value = self.value(name)?;
        let number = value.value.parse().ok()?;
        Some(value.map(|_| number))
    }

    /// TLS is spoken to it.
    pub(super) fn is_tls(&self) -> bool {
        self.switch("ssl").is_some()
    }

    /// Its own line says how TLS is to be spoken to it, but not that it is.
    pub(super) fn forgets_tls(&self) -> bool {
        let says = |word: &str| self.line.words.iter().any(|own| own == word);
        let speaks_of_tls = ["ca-file", "crt", "sni"].into_iter().any(says);
        // Checks may speak TLS where requests do not.
        speaks_of_tls && !self.is_tls() && !says("no-ssl") && !says("check-ssl")
    }

    /// The upstreams of this line; a template stands for one name. `port` is that of the clients' connection, used
    /// where none is written.
    pub(super) fn upstream(&self, is_tcp: bool, port: Option<u16>) -> Option<UpstreamConfig> {
        let scheme = self.scheme(is_tcp);
        let text = self.line.word(if self.line.word(0) == "server-template" { 3 } else { 2 });
        let address = address(scheme, text, port)?;
        let mut upstream = UpstreamConfig::new(Some(self.line.at.clone()), self.line.text.clone(), address);
        upstream.weight = self.number("weight").map_or(1, |weight| weight.value);
        upstream.is_backup = self.switch("backup").is_some();
        upstream.is_disabled = self.switch("disabled").is_some();
        upstream.max_connections = self.number("maxconn").filter(|most| most.value > 0);
        if self.value("observe").is_some() {
            let usual = || Fact::by_default(10, "error-limit 10");
            upstream.max_fails = Some(self.number("error-limit").unwrap_or_else(usual));
        }
        if upstream.address.name().is_some()
            && let Some(resolver) = self.value("resolvers")
        {
            upstream.resolves = Resolves::AtRunTime { resolver: Some(resolver) };
        }
        Some(upstream)
    }

    fn scheme(&self, is_tcp: bool) -> Scheme {
        let proto = self.value("proto").map(|proto| proto.value).unwrap_or_default();
        match (is_tcp, self.is_tls(), proto.as_str()) {
            (true, ..) => Scheme::Tcp,
            (_, true, _) => Scheme::Https,
            (_, false, "h2") => Scheme::H2c,
            (_, false, "fcgi") => Scheme::Fastcgi,
            _ => Scheme::Http,
        }
    }

    /// What is asked of its certificate. `checks` is the global default, `folders` are `ca-base` and `crt-base`.
    pub(super) fn tls(&self, verifies: Fact<bool>, folders: (&Path, &Path)) -> UpstreamTls {
        let verify = self.value("verify").map_or(verifies, |verify| {
            let is_on = verify.value != "none";
            verify.map(|_| is_on)
        });
        let file = |name: &str, folder: &Path| -> Option<Fact<PathBuf>> {
            self.value(name).map(|file| {
                let path = match file.value.starts_with('@') {
                    true => PathBuf::from(&file.value),
                    false => folder.join(&file.value),
                };
                file.map(|_| path)
            })
        };
        let sni = self.sni();
        // The name sent is the name checked; without one, the name of `verifyhost`; without either, none.
        let name = match &sni.value {
            Sni::Name(name) => Some(sni.clone().map(|_| name.clone())),
            Sni::Client => Some(sni.clone().map(|_| String::new())),
            Sni::Off | Sni::Upstream => self.value("verifyhost"),
        };
        let checks_name = match &name {
            Some(name) => name.clone().map(|_| verify.value),
            None => Fact::by_default(false, "verifyhost"),
        };
        UpstreamTls {
            name: name.filter(|name| !name.value.is_empty()),
            checks_name,
            sni,
            trust: file("ca-file", folders.0),
            client_certificate: file("crt", folders.1),
            client_key: None,
            versions: self.versions(),
            verify_depth: None,
            verify,
        }
    }

    fn sni(&self) -> Fact<Sni> {
        let Some(sni) = self.value("sni") else { return Fact::by_default(Sni::Off, "") };
        let lower = sni.value.to_ascii_lowercase();
        let fixed = sni.value.strip_prefix("str(").and_then(|rest| rest.strip_suffix(')'));
        let value = match fixed {
            Some(name) => Sni::Name(name.trim_matches(['\'', '"']).to_owned()),
            None if lower.contains("hdr(host)")
                || lower.contains("ssl_fc_sni")
                || lower.contains("ssl_sni") =>
            {
                Sni::Client
            }
            None => Sni::Name(sni.value.clone()),
        };
        sni.map(|_| value)
    }

    fn versions(&self) -> Option<Fact<String>> {
        let forced = ["force-tlsv10", "force-tlsv11", "force-tlsv12", "force-tlsv13"];
        if let Some((line, name)) = forced.iter().find_map(|name| Some((self.switch(name)?, name))) {
            return Some(line.fact((*name).to_owned()));
        }
        let (least, most) = (self.value("ssl-min-ver"), self.value("ssl-max-ver"));
        let text = [("ssl-min-ver", &least), ("ssl-max-ver", &most)]
            .into_iter()
            .filter_map(|(name, fact)| fact.as_ref().map(|fact| format!("{name} {}", fact.value)))
            .collect::<Vec<_>>()
            .join(" ");
        least.or(most).map(|fact| fact.map(|_| text))
    }

    /// The time between two health checks, and whether they are made over TLS; nothing where none are made.
    pub(super) fn check(&self) -> Option<(Fact<Duration>, bool, Option<u16>)> {
        self.switch("check")?;
        let interval =
            self.time("inter").unwrap_or_else(|| Fact::by_default(Duration::from_secs(2), "inter 2s"));
        let port = self.number("port").and_then(|port| u16::try_from(port.value).ok());
        let has_own_place = port.is_some() || self.value("addr").is_some();
        let is_tls = self.switch("check-ssl").is_some() || self.is_tls() && !has_own_place;
        Some((interval, is_tls, port))
    }

    /// A PROXY protocol header goes first.
    pub(super) fn proxy_protocol(&self) -> Option<Fact<bool>> {
        const WORDS: [&str; 4] = ["send-proxy", "send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn"];
        WORDS.iter().find_map(|word| self.switch(word)).map(|line| line.fact(true))
    }

    /// How long an idle connection is kept: those too many are halved each time this passes.
    pub(super) fn idle(&self) -> Fact<Duration> {
        let usual = || Fact::by_default(Duration::from_secs(5), "pool-purge-delay 5s");
        self.time("pool-purge-delay").unwrap_or_else(usual)
    }

    /// How many idle connections are kept; nothing where there is no limit.
    pub(super) fn keeps_idle(&self) -> Option<Fact<u32>> {
        self.number("pool-max-conn")
    }
}

/// `10.0.0.1:80`, `name:80`, `:80`, `[::1]:80`, `ipv4@name:80`, `unix@/path`, `/path`, `abns@name`.
pub(super) fn address(scheme: Scheme, text: &str, port: Option<u16>) -> Option<UpstreamAddress> {
    let text = ["ipv4@", "ipv6@", "tcp4@", "tcp6@", "tcp@"]
        .iter()
        .find_map(|family| text.strip_prefix(family))
        .unwrap_or(text);
    if let Some(path) = text.strip_prefix("unix@").or_else(|| text.starts_with('/').then_some(text)) {
        return Some(UpstreamAddress::unix(scheme, path));
    }
    if text.contains('$') || text.contains('@') {
        return Some(UpstreamAddress { scheme, place: Place::Variable(text.to_owned()) });
    }
    let (host, own) = split_port(text)?;
    let port = match own {
        // A sign moves the client's port: `+100`.
        Some(moved) if moved.starts_with(['+', '-']) => {
            u16::try_from(i32::from(port?).checked_add(moved.parse().ok()?)?).ok()?
        }
        Some(own) => own.parse().ok()?,
        None => port?,
    };
    let host = if host.is_empty() || host == "*" { "0.0.0.0" } else { host };
    Some(UpstreamAddress::tcp(scheme, host, port))
}
