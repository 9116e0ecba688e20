//! What a fetch is about: a page, the request that goes to the upstream for it, and what is stored so far.

use super::entry::Stored;
use crate::exchange::Exchange;
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use torwart_config::plan::{CacheRules, Route};
use torwart_policy::cache::{Wishes, key, validate};
use torwart_wire::http1::{Leniency, RequestLimits, parse_request, write_field, write_request_line};
use torwart_wire::{Head, Known};

/// What a request asks of the cache.
pub struct Asked {
    /// The address.
    pub key: Vec<u8>,
    /// The route, whatever its number.
    pub zone: u64,
    /// The operator's parts of the key.
    pub parts: Vec<u8>,
    /// What the operator says.
    pub rules: Arc<CacheRules>,
    /// What the client says.
    pub wishes: Wishes,
    /// When, since 1970.
    pub now: Duration,
}

impl Asked {
    /// What this request asks; none on a route without cache.
    pub fn of(x: &Exchange<'_>) -> Option<Self> {
        let route = x.route()?;
        let rules = Arc::clone(route.cache.as_ref()?);
        let head = &x.desk.request;
        let mut key = Vec::with_capacity(head.path_and_query().len() + head.authority().len() + 16);
        key::write(x.client.is_tls, head.authority(), head.path_and_query(), &rules, &mut key);
        let mut parts = Vec::new();
        key::write_parts(&rules.key, head, &mut parts);
        let site = x.site().map_or("", |site| &site.name);
        Some(Self {
            key,
            zone: zone(site, route),
            parts,
            wishes: Wishes::of(head, rules.obeys_clients),
            rules,
            now: x.core.wall_clock(),
        })
    }

    /// Whether the operator wants this page always there.
    pub fn is_pinned(&self, path: &[u8]) -> bool {
        self.rules.pinned.iter().any(|pinned| pinned.as_bytes() == path)
    }
}

/// Tells routes apart that may answer the same address differently, in a way that survives a reload.
fn zone(site: &str, route: &Route) -> u64 {
    if route.headers.is_empty() && route.methods.is_empty() {
        return 0;
    }
    let mut hasher = FxHasher::default();
    site.hash(&mut hasher);
    route.name.hash(&mut hasher);
    for condition in &route.headers {
        condition.name.hash(&mut hasher);
        format!("{:?}", condition.is).hash(&mut hasher);
    }
    hasher.finish()
}

/// One fetch.
pub struct Job {
    /// The address.
    pub key: Vec<u8>,
    /// The route.
    pub zone: u64,
    /// The operator's parts of the key.
    pub parts: Vec<u8>,
    /// What the operator says.
    pub rules: Arc<CacheRules>,
    /// The request that goes to the upstream, as text.
    pub text: Vec<u8>,
    /// Whether the upstream is told who asks by more than the request's fields.
    pub is_authorized: bool,
    /// What is stored.
    pub stored: Option<Arc<Stored>>,
    /// Whether the request asks whether that still holds.
    pub is_conditional: bool,
    /// Whether it always stays.
    pub is_pinned: bool,
}

impl Job {
    /// To fetch what this request asks for.
    pub fn of(x: &Exchange<'_>, asked: &Asked, stored: Option<&Arc<Stored>>) -> Self {
        let head = &x.desk.request;
        let mut text = Vec::with_capacity(head.len() + 128);
        write_request_line(&mut text, b"GET", head.path_and_query());
        write_field(&mut text, b"Host", head.authority());
        head.copy_fields(&mut text, |field| {
            !field.is_hop_by_hop
                && !matches!(field.known, Known::Host | Known::ContentLength | Known::Expect)
                && !validate::is_condition(field.name)
        });
        let is_conditional = stored.is_some_and(|stored| validate::write_conditions(&stored.head, &mut text));
        text.extend_from_slice(b"\r\n");
        Self {
            key: asked.key.clone(),
            zone: asked.zone,
            parts: asked.parts.clone(),
            rules: Arc::clone(&asked.rules),
            text,
            is_authorized: x.client.name.identity.is_some()
                || x.notes.as_ref().is_some_and(|notes| !notes.request_fields.is_empty()),
            stored: stored.cloned(),
            is_conditional,
            is_pinned: asked.is_pinned(head.path()),
        }
    }

    /// The request as a head.
    pub fn request(&self) -> Head {
        let mut head = Head::with_capacity(self.text.len());
        if let Some(room) = head.buffer.spare().get_mut(..self.text.len()) {
            room.copy_from_slice(&self.text);
            head.buffer.commit(self.text.len());
        }
        let limits = RequestLimits { head_bytes: usize::MAX, target_bytes: usize::MAX, fields: usize::MAX };
        // It was read before, so nothing can be wrong with it but what the operator lets pass; then it varies by nothing.
        let _ = parse_request(&mut head, &limits, &Leniency::default());
        head
    }
}
