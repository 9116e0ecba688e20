//! What the site's own URL answers, at each of its addresses, and where its redirects lead.
//!
//! Redirects are followed by hand, at most ten, with the cookies a browser would keep: a site that sets a cookie and
//! sends its visitor to the same page again is no loop. Where a page went wrong, one request that no server can accept
//! is made too: its answer shows how the gateway words its own errors.

mod redirects;

use crate::observe::answer::ask;
use crate::observe::exchange::{Exchange, PATIENCE, Tls, Way};
use crate::together::together;
use crate::{Case, Family, SiteUrl};
pub use redirects::{End, Redirect, Redirects};
use std::net::{IpAddr, SocketAddr};
use torwart_dial::ask::Question;

/// What the site's own URL answers.
#[derive(Clone, Debug, Default)]
pub struct Front {
    /// The answer at each address, in the order of the addresses.
    pub pages: Vec<Page>,
    /// Where redirects lead, beginning at the first address that answered.
    pub redirects: Redirects,
    /// The answer to a request that no server can accept; only where a page went wrong.
    pub impossible: Option<Exchange>,
}

/// What one address answers.
#[derive(Clone, Debug)]
pub struct Page {
    /// The address.
    pub address: SocketAddr,
    /// What came.
    pub exchange: Exchange,
}

impl Page {
    /// Whether something is wrong with it: a server error, no whole answer, or none at all.
    pub fn is_wrong(&self) -> bool {
        !self.exchange.is_good()
    }
}

impl Front {
    /// The page that tells most of what is wrong: the first with an answer that is an error, else the first that failed.
    pub fn worst(&self) -> Option<&Page> {
        let wrong = || self.pages.iter().filter(|page| page.is_wrong());
        let answered = wrong().find(|page| page.exchange.status().is_some());
        answered.or_else(|| wrong().find(|page| page.exchange.is_connected())).or_else(|| wrong().next())
    }

    /// Whether some address answers well.
    pub fn has_good(&self) -> bool {
        self.pages.iter().any(|page| !page.is_wrong())
    }
}

/// Asks every address of the site.
pub async fn observe(case: &Case) -> Front {
    let url = &case.question().url;
    let addresses = addresses(case, &url.host, url.port).await;
    let mut pages = Vec::new();
    let asking = addresses.into_iter().map(async |address| {
        let way = way(case, address, url);
        let exchange = ask(case, &way, &question(case, url, ""), PATIENCE).await?;
        Some(Page { address, exchange })
    });
    for page in together(asking).await.into_iter().flatten() {
        pages.push(page);
    }
    let redirects = match pages.iter().find(|page| page.exchange.status().is_some()) {
        Some(first) => redirects::follow(case, &first.exchange).await,
        None => Redirects::default(),
    };
    let impossible = match pages.iter().find(|page| page.is_wrong() || is_client_error(page)) {
        Some(page) if page.exchange.is_connected() => {
            ask(case, &way(case, page.address, url), &impossible(url), PATIENCE).await
        }
        Some(_) | None => None,
    };
    Front { pages, redirects, impossible }
}

fn is_client_error(page: &Page) -> bool {
    page.exchange.status().is_some_and(|status| (400..500).contains(&status))
}

/// The addresses of a host, of the family asked for, or where the user says to connect instead.
async fn addresses(case: &Case, host: &str, port: u16) -> Vec<SocketAddr> {
    let asked = case.question();
    let instead = asked.connect_to.iter().find(|((from, at), _)| from == host && *at == port);
    let (host, port) = instead.map_or((host, port), |(_, (to, at))| (to.as_str(), *at));
    let found = case.addresses_of(host, port).await;
    let is_wanted = |ip: &IpAddr| match asked.family {
        Some(Family::V4) => ip.is_ipv4(),
        Some(Family::V6) => ip.is_ipv6(),
        None => true,
    };
    found.into_iter().filter(is_wanted).take(ADDRESSES).map(|ip| SocketAddr::new(ip, port)).collect()
}

fn way(case: &Case, address: SocketAddr, url: &SiteUrl) -> Way {
    let certificate = case.question().client_certificate.clone();
    Way::plain(address).with_tls(url.is_https.then(|| Tls { name: Some(url.host.clone()), certificate }))
}

/// The visitor's own request.
fn question(case: &Case, url: &SiteUrl, cookies: &str) -> Question {
    let asked = case.question();
    let said = asked.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
    let authority = said.map_or_else(|| url.authority(), |(_, value)| value.clone());
    let own = asked.fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host"));
    let mut fields: Vec<(&str, &str)> = own.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if !cookies.is_empty() {
        fields.push(("Cookie", cookies));
    }
    Question::new(&asked.method, &authority, &url.target, &fields)
}

/// A request that no server can accept: a field name holds a space (RFC 9110 §5.1).
fn impossible(url: &SiteUrl) -> Question {
    let host = url.authority();
    let text = format!("GET / HTTP/1.1\r\nHost: {host}\r\nImpossible Field: 1\r\nConnection: close\r\n\r\n");
    Question::raw(text.into_bytes())
}

/// How many addresses of a name are asked.
const ADDRESSES: usize = 6;
