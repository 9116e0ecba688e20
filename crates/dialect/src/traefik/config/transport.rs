//! How Traefik speaks to servers: a `serversTransport`, or the static one where none is named.

use super::Source;
use crate::config::{Deadlines, Fact, HttpVersion, Sni, UpstreamTls};
use crate::go_values;
use crate::tree::Node;
use std::path::PathBuf;
use std::time::Duration;

/// A transport and the file it stands in.
#[derive(Clone, Copy)]
pub(super) struct Transport<'a> {
    source: Option<(&'a Source, &'a Node)>,
    is_named: bool,
}

impl<'a> Transport<'a> {
    /// The transport of this name, or the default one.
    pub(super) fn find(sources: &'a [Source], name: Option<&str>) -> Self {
        let named = name.map(|name| name.split('@').next().unwrap_or(name)).and_then(|name| {
            sources
                .iter()
                .find_map(|source| Some((source, source.root.at(&["http", "serversTransports"])?.get(name)?)))
        });
        let usual = || sources.iter().find_map(|source| Some((source, source.root.get("serversTransport")?)));
        Transport { source: named.or_else(usual), is_named: named.is_some() }
    }

    fn get(&self, path: &[&str]) -> Option<(&'a Source, &'a Node)> {
        let (source, node) = self.source?;
        Some((source, node.at(path)?))
    }

    fn duration(&self, name: &str) -> Option<Fact<Duration>> {
        let (source, node) = self.get(&["forwardingTimeouts", name])?;
        let value = go_values::duration(node.text()?, Duration::from_secs(1))?;
        Some(source.fact(name, node, value))
    }

    /// A deadline that is 0 where there shall be none.
    fn deadline(&self, name: &str, usual: u64) -> Option<Fact<Duration>> {
        match self.duration(name) {
            Some(fact) => Some(fact).filter(|fact| !fact.value.is_zero()),
            None if usual == 0 => None,
            None => Some(Fact::by_default(Duration::from_secs(usual), format!("{name}: {usual}s"))),
        }
    }

    /// How long is waited for what.
    pub(super) fn deadlines(&self, client_idle: Option<Fact<Duration>>) -> Deadlines {
        let keeps = self.get(&["maxIdleConnsPerHost"]);
        let keeps = keeps.and_then(|(source, node)| {
            let number: i64 = node.text()?.parse().ok()?;
            // Negative: none is kept. Zero: the two of Go's library.
            let value = if number == 0 { 2 } else { u32::try_from(number).unwrap_or(0) };
            Some(source.fact("maxIdleConnsPerHost", node, value))
        });
        let usual = if self.is_named { 2 } else { 200 };
        let keeps = keeps.unwrap_or_else(|| Fact::by_default(usual, format!("maxIdleConnsPerHost: {usual}")));
        Deadlines {
            connect: self.deadline("dialTimeout", 30),
            first_byte: self.deadline("responseHeaderTimeout", 0),
            between_bytes: None,
            send: None,
            pool_idle: self.deadline("idleConnTimeout", 90).filter(|_| keeps.value > 0),
            keeps_idle: Some(keeps),
            client_idle,
            queue: None,
            tunnel: None,
        }
    }

    /// What is asked of certificates.
    pub(super) fn tls(&self) -> UpstreamTls {
        let insecure = self
            .get(&["insecureSkipVerify"])
            .map(|(source, node)| source.fact("insecureSkipVerify", node, !node.is_true()))
            .unwrap_or_else(|| Fact::by_default(true, "insecureSkipVerify: false"));
        let name = self
            .get(&["serverName"])
            .and_then(|(source, node)| Some(source.fact("serverName", node, node.text()?.to_owned())));
        let trust = self.get(&["rootCAs"]).and_then(|(source, node)| {
            let (first, _) = node.texts().into_iter().next()?;
            Some(source.fact("rootCAs", node, PathBuf::from(first)))
        });
        let shown = |file: &str| {
            let (source, list) = self.get(&["certificates"])?;
            let node = list.items().first()?.get(file)?;
            Some(source.fact(file, node, PathBuf::from(node.text()?)))
        };
        let versions = self
            .get(&["minVersion"])
            .and_then(|(source, node)| Some(source.fact("minVersion", node, node.text()?.to_owned())));
        UpstreamTls {
            verify: insecure.clone(),
            trust,
            sni: match &name {
                Some(name) => name.clone().map(Sni::Name),
                None => Fact::by_default(Sni::Upstream, ""),
            },
            name,
            checks_name: insecure,
            client_certificate: shown("certFile"),
            client_key: shown("keyFile"),
            versions,
            verify_depth: None,
        }
    }

    /// What is spoken to servers behind TLS or not.
    pub(super) fn http_version(&self, url: &str) -> Fact<HttpVersion> {
        if url.starts_with("h2c://") {
            return Fact::by_default(HttpVersion::Http2, "url: h2c://");
        }
        match self.get(&["disableHTTP2"]).filter(|(_, node)| node.is_true()) {
            Some((source, node)) => source.fact("disableHTTP2", node, HttpVersion::Http11),
            None if url.starts_with("https://") => {
                Fact::by_default(HttpVersion::Negotiated, "disableHTTP2: false")
            }
            None => Fact::by_default(HttpVersion::Http11, ""),
        }
    }
}
