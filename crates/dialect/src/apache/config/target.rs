//! Where Apache passes a request: the address in `ProxyPass` and its like, with the parameters behind it.

use super::scope::duration;
use super::syntax::Directive;
use crate::config::address::split_port;
use crate::config::{At, Fact, Place, Scheme, UpstreamAddress};
use std::collections::HashMap;
use std::time::Duration;

/// An address as Apache writes it, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Target {
    /// One upstream; `url` is what workers are known by.
    One { address: UpstreamAddress, url: String },
    /// A group by its name.
    Balancer(String),
    /// `!`: not passed on.
    Nowhere,
}

impl Target {
    /// Reads `http://host:port/path`, `unix:/path|fcgi://name/`, `balancer://name/path`, `!`.
    pub(super) fn parse(text: &str) -> Option<Target> {
        if text == "!" {
            return Some(Target::Nowhere);
        }
        if let Some(rest) = text.strip_prefix("unix:") {
            let (path, url) = rest.split_once('|').unwrap_or((rest, "http://localhost"));
            let (scheme, _) = url.split_once(':')?;
            let address = UpstreamAddress::unix(Scheme::by_name(scheme)?, path);
            return Some(Target::One { address, url: text.to_owned() });
        }
        let (scheme, rest) = text.split_once("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let host = rest.get(..end)?;
        if scheme.eq_ignore_ascii_case("balancer") {
            return Some(Target::Balancer(host.to_ascii_lowercase()));
        }
        // HTTP/2 without TLS has the longer name here.
        let own = Scheme::by_name(scheme)?;
        let address = if host.contains('%') || host.contains('$') {
            UpstreamAddress { scheme: own, place: Place::Variable(host.to_owned()) }
        } else {
            UpstreamAddress::parse(own, host)?
        };
        // What a pattern puts in belongs to no worker's name.
        let url = text.split_once('$').map_or(text, |(before, _)| before).to_owned();
        Some(Target::One { address, url })
    }

    /// The host as it stands in the address, with its port if one is written.
    pub(super) fn host(text: &str) -> &str {
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        rest.get(..rest.find(['/', '?']).unwrap_or(rest.len())).unwrap_or(rest)
    }

    /// The host without its port.
    pub(super) fn host_name(text: &str) -> &str {
        let host = Target::host(text);
        split_port(host).map_or(host, |(name, _)| name)
    }
}

/// `key=value` words behind an address, with where each stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters {
    values: HashMap<String, Fact<String>>,
}

impl Parameters {
    /// The words of this directive from `place` on.
    pub(super) fn of(directive: &Directive, place: usize) -> Self {
        let mut values = HashMap::new();
        for word in directive.args.iter().skip(place) {
            if let Some((key, value)) = word.split_once('=') {
                values.insert(key.to_ascii_lowercase(), directive.fact(value.to_owned()));
            }
        }
        Parameters { values }
    }

    /// Takes over what is not said here.
    pub(super) fn fill(&mut self, other: &Parameters) {
        for (key, value) in &other.values {
            self.values.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }

    /// The keys that were said, sorted.
    pub(super) fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> =
            self.values.iter().map(|(key, fact)| format!("{key}={}", fact.value)).collect();
        keys.sort();
        keys
    }

    /// A value as text.
    pub(super) fn text(&self, key: &str) -> Option<Fact<String>> {
        self.values.get(key).cloned()
    }

    /// A duration; a bare number is seconds.
    pub(super) fn duration(&self, key: &str) -> Option<Fact<Duration>> {
        let fact = self.text(key)?;
        let time = duration(&fact.value)?;
        Some(fact.map(|_| time))
    }

    /// A number.
    pub(super) fn number(&self, key: &str) -> Option<Fact<u32>> {
        let fact = self.text(key)?;
        let number = fact.value.parse().ok()?;
        Some(fact.map(|_| number))
    }

    /// A switch.
    pub(super) fn switch(&self, key: &str) -> Option<Fact<bool>> {
        self.text(key).map(|fact| {
            let is_on = super::scope::is_on(&fact.value);
            fact.map(|_| is_on)
        })
    }
}

/// A connection setting belongs to a worker, and one worker serves all addresses that begin with its own.
#[derive(Debug, Clone)]
pub(super) struct Worker {
    pub(super) url: String,
    pub(super) at: At,
    pub(super) parameters: Parameters,
}

impl Worker {
    /// The worker that already serves this address: it begins so, and the host is the whole of it.
    pub(super) fn serving<'a>(workers: &'a [Worker], url: &str) -> Option<&'a Worker> {
        let place = url.find("://").map_or(0, |place| place + "://".len());
        let host_end = url.get(place..).and_then(|rest| rest.find('/')).map_or(url.len(), |end| place + end);
        let fits = |worker: &&Worker| url.starts_with(&worker.url) && worker.url.len() >= host_end;
        workers.iter().filter(fits).max_by_key(|worker| worker.url.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let shown = match Target::parse(text) {
            Some(Target::One { address, .. }) => address.to_string(),
            Some(Target::Balancer(name)) => format!("balancer {name}"),
            Some(Target::Nowhere) => "nowhere".to_owned(),
            None => "nothing".to_owned(),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn a_worker_serves_what_begins_with_its_address() {
        let at = At::new(&std::sync::Arc::from(std::path::Path::new("a")), 1);
        let worker =
            |url: &str| Worker { url: url.to_owned(), at: at.clone(), parameters: Parameters::default() };
        let workers = [worker("http://app/cart"), worker("http://other")];
        let serving = |url: &str| Worker::serving(&workers, url).map(|worker| worker.url.clone());
        assert_eq!(serving("http://app/cart/slow").as_deref(), Some("http://app/cart"));
        assert_eq!(serving("http://app/cartoon").as_deref(), Some("http://app/cart"));
        assert_eq!(serving("http://other/x").as_deref(), Some("http://other"));
        assert_eq!(serving("http://otherwise/"), None);
        assert_eq!(serving("http://app/"), None);
    }

    #[test]
    fn targets_are_read_in_all_their_forms() {
        check("http://app:8080/x", "http://app:8080");
        check("https://app", "https://app:443");
        check("unix:/run/php/fpm.sock|fcgi://localhost/", "fastcgi://unix:/run/php/fpm.sock");
        check("fcgi://127.0.0.1:9000/var/www/$1", "fastcgi://127.0.0.1:9000");
        check("balancer://Pool/", "balancer pool");
        check("ajp://127.0.0.1:8009/", "ajp://127.0.0.1:8009");
        check("http://%{HTTP_HOST}/x", "http://%{HTTP_HOST}");
        check("!", "nowhere");
        check("/somewhere", "nothing");
    }
}
