//! What changes something: upstreams drained, added and removed at run time, and the upgrade to another binary.
//!
//! All of it is POST, so that no link and no prefetch does it; pages of other sites are refused as everywhere here.

use crate::pages::{field, wants_text};
use crate::purge::purge;
use crate::reply::{Refusal, Reply, json, sentence, text_page};
use crate::server::AdminState;
use crate::words::{fill, say};
use hyper::header::ACCEPT;
use hyper::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use torwart_gateway::{ChangeProblem, Condition, PoolStatus, Roster, UpstreamStatus};
use torwart_report::Lang;

/// Somebody wants the binary upgraded.
#[derive(Debug)]
pub struct UpgradeWish {
    /// The language of the answer.
    pub lang: Lang,
    /// Where the answer goes: the process that has taken over, or why none has.
    pub answer: oneshot::Sender<Result<u32, String>>,
}

/// A path that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Drain,
    Undrain,
    Add,
    Remove,
    Upgrade,
    Purge,
}

impl Order {
    /// What a path orders.
    pub(crate) fn of(path: &str) -> Option<Self> {
        Some(match path {
            "/upstreams/drain" => Self::Drain,
            "/upstreams/undrain" => Self::Undrain,
            "/upstreams/add" => Self::Add,
            "/upstreams/remove" => Self::Remove,
            "/upgrade" => Self::Upgrade,
            "/cache/purge" => Self::Purge,
            _ => return None,
        })
    }

    /// Does it.
    pub(crate) async fn obey<B>(
        self,
        request: &Request<B>,
        state: &AdminState,
        lang: Lang,
    ) -> Result<Reply, Refusal> {
        let named = || Named::of(request, state, lang);
        match self {
            Self::Upgrade => upgrade(request, state, lang).await,
            Self::Purge => purge(request, state, lang),
            Self::Drain => named().map(|named| named.fill("is-drained", Roster::drain)),
            Self::Undrain => named().map(|named| named.fill("is-undrained", Roster::undrain)),
            Self::Add => named().map(|named| named.fill("is-added", Roster::add)),
            Self::Remove => named().map(|named| named.fill("is-removed", Roster::remove)),
        }
    }
}

/// The upstream a request names.
struct Named<'s> {
    roster: &'s Roster,
    pool: String,
    upstream: String,
    wants_text: bool,
    lang: Lang,
}

impl<'s> Named<'s> {
    fn of<B>(request: &Request<B>, state: &'s AdminState, lang: Lang) -> Result<Self, Refusal> {
        let query = request.uri().query().unwrap_or_default();
        Ok(Self {
            roster: state.upstreams.as_ref().ok_or(Refusal::NoPage)?,
            pool: decoded(query, "pool").ok_or(Refusal::NoMember)?,
            upstream: decoded(query, "upstream").ok_or(Refusal::NoMember)?,
            wants_text: wants_text(&field(request, ACCEPT)),
            lang,
        })
    }

    /// Makes a change, and says by this sentence that it is made, or why not.
    fn fill(
        &self,
        key: &'static str,
        change: impl Fn(&Roster, &str, &str) -> Result<(), ChangeProblem>,
    ) -> Reply {
        let blanks = [("pool", &*self.pool), ("upstream", &*self.upstream)];
        match change(self.roster, &self.pool, &self.upstream) {
            Ok(()) if self.wants_text => sentence(StatusCode::OK, &fill(key, self.lang, &blanks), self.lang),
            Ok(()) => json(document(&self.roster.pools()).to_string().into()),
            Err(problem) => {
                let (status, text) = refused(&problem, self.lang, &blanks);
                sentence(status, &text, self.lang)
            }
        }
    }
}

/// The upstreams of all pools.
pub(crate) fn upstreams(roster: &Roster, accept: &str, lang: Lang) -> Reply {
    let pools = roster.pools();
    if wants_text(accept) {
        return text_page(StatusCode::OK, table(&pools, lang), lang);
    }
    json(document(&pools).to_string().into())
}

async fn upgrade<B>(request: &Request<B>, state: &AdminState, lang: Lang) -> Result<Reply, Refusal> {
    let wishes = state.upgrades.as_ref().ok_or(Refusal::NoPage)?;
    let (answer, answered) = oneshot::channel();
    wishes.try_send(UpgradeWish { lang, answer }).map_err(|_| Refusal::Busy)?;
    match answered.await {
        Ok(Ok(process)) if wants_text(&field(request, ACCEPT)) => {
            let process = process.to_string();
            Ok(sentence(StatusCode::OK, &fill("upgraded", lang, &[("process", &process)]), lang))
        }
        Ok(Ok(process)) => Ok(json(json!({ "process": process }).to_string().into())),
        Ok(Err(why)) => Ok(text_page(StatusCode::CONFLICT, format!("{}\n", why.trim_end()), lang)),
        Err(_) => Err(Refusal::Busy),
    }
}

fn refused(problem: &ChangeProblem, lang: Lang, blanks: &[(&str, &str)]) -> (StatusCode, String) {
    match problem {
        ChangeProblem::NoPool => (StatusCode::NOT_FOUND, fill("no-pool", lang, blanks)),
        ChangeProblem::NoUpstream => (StatusCode::NOT_FOUND, fill("no-upstream", lang, blanks)),
        ChangeProblem::Known => (StatusCode::CONFLICT, fill("known-upstream", lang, blanks)),
        ChangeProblem::Last => (StatusCode::CONFLICT, fill("last-upstream", lang, blanks)),
        ChangeProblem::Unfit(why) | ChangeProblem::Tls(why) => {
            let mut blanks = blanks.to_vec();
            blanks.push(("error", why));
            (StatusCode::BAD_REQUEST, fill("unfit-upstream", lang, &blanks))
        }
    }
}

fn document(pools: &[PoolStatus]) -> Value {
    let upstream = |upstream: &UpstreamStatus| {
        let ejected_ms = match upstream.condition {
            Condition::Ejected(_, left) => Some(left.as_millis()),
            Condition::Up | Condition::Down(_) | Condition::Drained => None,
        };
        json!({
            "upstream": &*upstream.label,
            "state": upstream.condition.id(),
            "cause": upstream.condition.cause().map(torwart_cause::Cause::id),
            "ejected_for_ms": ejected_ms,
            "healthy": upstream.is_healthy,
            "added": upstream.is_added,
            "in_flight": upstream.in_flight,
            "latency_ms": upstream.latency.map(|latency| latency.as_secs_f64() * 1000.0),
            "failures_in_a_row": upstream.failures,
            "ejections": upstream.ejections,
        })
    };
    let pool = |pool: &PoolStatus| {
        json!({
            "pool": &*pool.name,
            "upstreams": pool.upstreams.iter().map(upstream).collect::<Vec<_>>(),
            "removed": pool.removed.iter().map(|label| &**label).collect::<Vec<_>>(),
        })
    };
    json!({ "schema": 1, "pools": pools.iter().map(pool).collect::<Vec<_>>() })
}

/// For people: one line per upstream below its pool.
fn table(pools: &[PoolStatus], lang: Lang) -> String {
    let longest =
        pools.iter().flat_map(|pool| &pool.upstreams).map(|upstream| upstream.label.chars().count());
    let width = longest.max().unwrap_or_default();
    let mut text = String::new();
    for pool in pools {
        text.push_str(&format!("{}\n", pool.name));
        for upstream in &pool.upstreams {
            let condition = condition(upstream, lang);
            let in_flight = fill("in-flight", lang, &[("count", &upstream.in_flight.to_string())]);
            let latency = upstream
                .latency
                .map_or(String::new(), |latency| format!(", {:.1} ms", latency.as_secs_f64() * 1000.0));
            let added = if upstream.is_added { say("was-added", lang) } else { "" };
            text.push_str(&format!(
                "  {:<width$}  {condition}, {in_flight}{latency}{added}\n",
                upstream.label
            ));
        }
        for label in &pool.removed {
            text.push_str(&format!("  {label:<width$}  {}\n", say("was-removed", lang)));
        }
    }
    text
}

fn condition(upstream: &UpstreamStatus, lang: Lang) -> String {
    match upstream.condition {
        Condition::Up if upstream.is_healthy == Some(true) => say("state-healthy", lang).to_owned(),
        Condition::Up => say("state-up", lang).to_owned(),
        Condition::Drained => say("state-drained", lang).to_owned(),
        Condition::Down(cause) => fill("state-down", lang, &[("cause", cause.id())]),
        Condition::Ejected(cause, left) => {
            let left = format!("{:.1}", left.as_secs_f64());
            fill("state-ejected", lang, &[("cause", cause.id()), ("seconds", &left)])
        }
    }
}

/// A parameter of a query, percent-decoded.
pub(crate) fn decoded(query: &str, name: &str) -> Option<String> {
    let raw = crate::pages::parameter(query, name)?;
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        bytes.push(match byte {
            b'%' => u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?,
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty() && !text.contains(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_or_refused() {
        let check = |query: &str, expected: Option<&str>| {
            assert_eq!(decoded(query, "pool").as_deref(), expected, "{query}");
        };
        check("pool=shop&upstream=x", Some("shop"));
        check("a=b&pool=shop.example%20%2Fapi", Some("shop.example /api"));
        check("pool=a+b", Some("a b"));
        for bad in ["", "pool", "pool=", "pool=%", "pool=%4", "pool=%zz", "pool=%ff", "pool=%0a"] {
            check(bad, None);
        }
    }
}
