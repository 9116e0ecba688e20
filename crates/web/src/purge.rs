//! Stored answers are given up: by address, by how addresses begin, or by tag.

use crate::pages::{field, wants_text};
use crate::reply::{Refusal, Reply, json, sentence};
use crate::server::AdminState;
use crate::steering::decoded;
use crate::words::fill;
use hyper::header::ACCEPT;
use hyper::{Request, StatusCode};
use torwart_gateway::Purge;
use torwart_report::Lang;

/// Does what `POST /cache/purge?url=`, `?prefix=`, `?tag=` or `?all=yes` orders.
pub(crate) fn purge<B>(request: &Request<B>, state: &AdminState, lang: Lang) -> Result<Reply, Refusal> {
    let purger = state.cache.as_ref().ok_or(Refusal::NoPage)?;
    let purged = purger.purge(&wanted(request.uri().query().unwrap_or_default())?);
    if wants_text(&field(request, ACCEPT)) {
        let text = fill("purged", lang, &[("pages", &purged.to_string())]);
        return Ok(sentence(StatusCode::OK, &text, lang));
    }
    Ok(json(format!("{{\"purged\":{purged}}}").into()))
}

/// Exactly one of them, so that nobody purges more than he meant.
fn wanted(query: &str) -> Result<Purge, Refusal> {
    let all = (query == "all=yes").then_some(Purge::All);
    let url = decoded(query, "url").map(Purge::Address);
    let prefix = decoded(query, "prefix").map(Purge::Prefix);
    let tag = decoded(query, "tag").map(Purge::Tag);
    let mut given = [all, url, prefix, tag].into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(purge), None) => Ok(purge),
        _ => Err(Refusal::BadPurge),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_thing_is_purged() {
        let check =
            |query: &str, expected: Option<Purge>| assert_eq!(wanted(query).ok(), expected, "{query}");
        check("url=http%3A%2F%2Fa%2Fb", Some(Purge::Address("http://a/b".to_owned())));
        check("prefix=a/b", Some(Purge::Prefix("a/b".to_owned())));
        check("tag=sale", Some(Purge::Tag("sale".to_owned())));
        check("all=yes", Some(Purge::All));
        for wrong in ["", "all=no", "url=", "url=a&tag=b", "all=yes&tag=b&x=y&url=c"] {
            check(wrong, None);
        }
    }
}
