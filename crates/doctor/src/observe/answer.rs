//! What an upstream answers to a plain request for the site, with the `Host` the gateway would send.
//!
//! FastCGI and uwsgi upstreams are not asked in HTTP: there is no exchange for them here.

use crate::observe::exchange::{Exchange, PATIENCE, Tls, Way, exchange};
use crate::{Case, Place, Scheme, UpstreamAddress};
use std::time::Duration;
use torwart_dial::ask::Question;
use torwart_dialect::config::Sni;

/// What an upstream answers.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    /// How it was reached; none where its name leads nowhere, or it speaks no HTTP.
    pub way: Option<Way>,
    /// The `Host` that was sent.
    pub host: String,
    /// What came of it; none where nothing could be asked, or the budget was spent.
    pub exchange: Option<Exchange>,
}

/// Asks.
pub async fn observe(case: &Case, upstream: &UpstreamAddress) -> Answered {
    let host = host_for(case, upstream).await;
    let way = match upstream.scheme {
        Scheme::Http | Scheme::Https => way_to(case, upstream).await,
        Scheme::FastCgi | Scheme::Uwsgi => None,
    };
    let exchange = match &way {
        Some(way) => ask(case, way, &question(case, &host, &[]), case.left()).await,
        None => None,
    };
    Answered { way, host, exchange }
}

impl Answered {
    /// The exchange and the way it took, where there was one.
    pub fn made(&self) -> Option<(&Way, &Exchange)> {
        Some((self.way.as_ref()?, self.exchange.as_ref()?))
    }
}

/// The site's request as the gateway would send it, with more fields.
pub fn question(case: &Case, host: &str, more: &[(&str, &str)]) -> Question {
    let asked = case.question();
    let own = asked.fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host"));
    let mut fields: Vec<(&str, &str)> = own.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if asked.url.is_https && !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("x-forwarded-proto")) {
        fields.push(("X-Forwarded-Proto", "https"));
    }
    fields.extend_from_slice(more);
    Question::new(&asked.method, host, &asked.url.target, &fields)
}

/// Asks over a way, waiting no longer than the case has left.
pub async fn ask(case: &Case, way: &Way, question: &Question, patience: Duration) -> Option<Exchange> {
    exchange(case, way, question, patience.min(PATIENCE).min(case.left())).await
}

/// How an upstream is reached; `None` where its name leads nowhere.
pub async fn way_to(case: &Case, upstream: &UpstreamAddress) -> Option<Way> {
    let way = match &upstream.place {
        Place::Unix(path) => Way::unix(path),
        Place::Ip(_) | Place::Name { .. } => Way::plain(case.socket_address(upstream).await?),
    };
    if upstream.scheme != Scheme::Https {
        return Some(way);
    }
    let gateway = case.gateway().await;
    let plan = gateway.route_to(upstream).map(|(route, _)| &route.tls);
    let own = match &upstream.place {
        Place::Name { host, .. } => Some(host.clone()),
        Place::Ip(_) | Place::Unix(_) => None,
    };
    let site = case.question().url.host.clone();
    let name = match plan.map(|tls| &tls.sni.value) {
        Some(Sni::Off) => None,
        Some(Sni::Client) => Some(site),
        Some(Sni::Name(name)) if !name.contains(['$', '%', '{']) => Some(name.clone()),
        Some(Sni::Upstream) => own,
        Some(Sni::Name(_)) | None => own.or(Some(site)),
    };
    let certificate = plan.and_then(|tls| {
        let chain = tls.client_certificate.as_ref()?.value.clone();
        let key = tls.client_key.as_ref().map_or_else(|| chain.clone(), |key| key.value.clone());
        Some((chain, key))
    });
    Some(way.with_tls(Some(Tls { name, certificate })))
}

/// The `Host` the gateway would send: what its configuration says, else the visitor's own.
async fn host_for(case: &Case, upstream: &UpstreamAddress) -> String {
    let asked = case.question();
    let said = asked.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
    let visitors = said.map_or_else(|| asked.url.authority(), |(_, value)| value.clone());
    let gateway = case.gateway().await;
    let Some((route, _)) = gateway.route_to(upstream) else { return visitors };
    let Some(written) = route.host_header.as_ref().map(|host| host.value.trim()) else { return visitors };
    if written.eq_ignore_ascii_case("$proxy_host") {
        let pool = route.pool.as_ref().map(|pool| pool.value.clone());
        return pool.unwrap_or_else(|| own_host(upstream));
    }
    // Other variables stand for the visitor's own, or for what cannot be known from here.
    if written.contains(['$', '%', '{']) || written.is_empty() { visitors } else { written.to_owned() }
}

/// The upstream's own name, as `Host` would carry it.
pub fn own_host(upstream: &UpstreamAddress) -> String {
    let usual = if upstream.scheme == Scheme::Https { 443 } else { 80 };
    match &upstream.place {
        Place::Unix(_) => "localhost".to_owned(),
        Place::Ip(address) if address.port() == usual => address.ip().to_string(),
        Place::Ip(address) => address.to_string(),
        Place::Name { host, port } if *port == usual => host.clone(),
        Place::Name { host, port } => format!("{host}:{port}"),
    }
}
