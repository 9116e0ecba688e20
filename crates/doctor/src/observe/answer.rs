//! What an upstream answers to a plain request for the site, with the `Host` the gateway would send.
//!
//! FastCGI and uwsgi upstreams are not asked in HTTP: there is no exchange for them here.

use crate::observe::exchange::{Exchange, PATIENCE, Tls, Way, exchange};
use crate::{Case, Place, Scheme, UpstreamAddress};
use std::time::Duration;
use torwart_dial::ask::Question;

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
    let name = match &upstream.place {
        Place::Name { host, .. } => host.clone(),
        Place::Ip(_) | Place::Unix(_) => case.question().url.host.clone(),
    };
    let is_tls = upstream.scheme == Scheme::Https;
    Some(way.with_tls(is_tls.then(|| Tls { name: Some(name), certificate: None })))
}

/// The `Host` the gateway would send: what its configuration says, else the visitor's own.
async fn host_for(case: &Case, _upstream: &UpstreamAddress) -> String {
    let asked = case.question();
    let said = asked.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
    said.map_or_else(|| asked.url.authority(), |(_, value)| value.clone())
}
