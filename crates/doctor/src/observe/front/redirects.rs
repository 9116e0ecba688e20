//! Redirects, followed by hand with the cookies a browser would keep.

use super::{addresses, question, way};
use crate::observe::answer::ask;
use crate::observe::exchange::{Exchange, PATIENCE};
use crate::{Case, SiteUrl};
use std::collections::{BTreeMap, HashSet};

/// Where redirects lead.
#[derive(Clone, Debug, Default)]
pub struct Redirects {
    /// Every redirect, in order.
    pub steps: Vec<Redirect>,
    /// How they end.
    pub end: End,
    /// What the last page answered, where one was asked for.
    pub last: Option<Exchange>,
}

/// One redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The page that redirects.
    pub from: String,
    /// Its status.
    pub status: u16,
    /// Where it leads.
    pub to: String,
}

/// How redirects end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// At a page that does not redirect, or that could not be asked for.
    #[default]
    Page,
    /// At a page they came through before, with nothing changed in between.
    Loop,
    /// Nowhere within ten.
    TooMany,
}

/// Follows from the site's first answer.
pub(super) async fn follow(case: &Case, first: &Exchange) -> Redirects {
    let mut redirects = Redirects::default();
    let mut cookies: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut url = case.question().url.clone();
    let mut seen = HashSet::from([(url.to_string(), String::new())]);
    let mut last = None;
    for _ in 0..MOST {
        let answer = last.as_ref().unwrap_or(first);
        keep(&mut cookies, &url, answer);
        let Some((status, next)) = target(&url, answer) else {
            redirects.last = last;
            return redirects;
        };
        redirects.steps.push(Redirect { from: url.to_string(), status, to: next.to_string() });
        url = next;
        let jar = jar(&cookies, &url);
        if !seen.insert((url.to_string(), jar.clone())) {
            redirects.end = End::Loop;
            return redirects;
        }
        let Some(address) = addresses(case, &url.host, url.port).await.first().copied() else {
            return redirects;
        };
        let asked = question(case, &url, &jar);
        let Some(answer) = ask(case, &way(case, address, &url), &asked, PATIENCE).await else {
            return redirects;
        };
        last = Some(answer);
    }
    redirects.end = End::TooMany;
    redirects
}

/// Where an answer leads, if it redirects.
fn target(from: &SiteUrl, answer: &Exchange) -> Option<(u16, SiteUrl)> {
    let status = answer.status().filter(|status| matches!(status, 301 | 302 | 303 | 307 | 308))?;
    Some((status, resolve(from, answer.field("location")?)?))
}

/// A `Location` as seen from a page (RFC 3986 §5.2, without dot segments: servers do not send them).
pub(crate) fn resolve(from: &SiteUrl, location: &str) -> Option<SiteUrl> {
    let scheme = if from.is_https { "https" } else { "http" };
    let location = location.split('#').next().unwrap_or_default().trim();
    let text = if location.contains("://") && !location.starts_with(['/', '?']) {
        location.to_owned()
    } else if let Some(rest) = location.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if location.starts_with('/') {
        format!("{scheme}://{}{location}", from.authority())
    } else {
        let path = from.target.split('?').next().unwrap_or("/");
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let base = if location.starts_with('?') { path.to_owned() } else { format!("{folder}/") };
        format!("{scheme}://{}{base}{location}", from.authority())
    };
    text.parse().ok()
}

/// Remembers the cookies an answer sets, by host and name.
fn keep(cookies: &mut BTreeMap<(String, String), String>, url: &SiteUrl, answer: &Exchange) {
    for set in answer.all("set-cookie") {
        let pair = set.split(';').next().unwrap_or_default();
        if let Some((name, value)) = pair.split_once('=') {
            cookies.insert((url.host.clone(), name.trim().to_owned()), value.trim().to_owned());
        }
    }
}

/// The cookies for a page, as a `Cookie` field holds them.
fn jar(cookies: &BTreeMap<(String, String), String>, url: &SiteUrl) -> String {
    let own = cookies.iter().filter(|((host, _), _)| *host == url.host);
    own.map(|((_, name), value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

/// As many as browsers' users would wait for.
const MOST: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, location: &str, expected: &str) {
        let from: SiteUrl = from.parse().expect("a URL");
        let found = resolve(&from, location).map(|url| url.to_string());
        assert_eq!(found.as_deref(), Some(expected), "{location}");
    }

    #[test]
    fn locations_are_read_as_browsers_do() {
        check("http://shop.example/a/b?q", "https://shop.example/", "https://shop.example/");
        check(
            "https://shop.example/a/b?q",
            "/login?next=http://x/",
            "https://shop.example/login?next=http://x/",
        );
        check("https://shop.example:8443/a/b?q", "c", "https://shop.example:8443/a/c");
        check("https://shop.example/a/b?q", "?p=2", "https://shop.example/a/b?p=2");
        check("https://shop.example/", "//www.shop.example/x#top", "https://www.shop.example/x");
    }
}
