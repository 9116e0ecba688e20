//! The site and its upstreams side by side, as the checks of this area need them.
//!
//! A fault of an upstream weighs less while the site itself serves its visitors: then something between the two makes up
//! for it, or the upstream treats us differently from its gateway.

use crate::observe::answer::Answered;
use crate::observe::exchange::{Exchange, FarEnd, Way};
use crate::observe::front::{Front, Page};
use crate::together::together;
use crate::{Case, Source, Upstream};
use std::rc::Rc;
use torwart_cause::finding::{Finding, FindingKind, Hop, Severity, Where};

/// The site and its upstreams.
pub struct Scene {
    /// What the site answers.
    pub front: Rc<Front>,
    /// What its upstreams answer, those that speak HTTP and could be asked.
    pub asked: Vec<Asked>,
    /// How many upstreams there are, of whatever kind.
    pub known: usize,
}

/// An upstream that was asked.
pub struct Asked {
    /// The upstream.
    pub upstream: Upstream,
    /// What it answered.
    pub answered: Rc<Answered>,
}

impl Scene {
    /// Asks the site and all upstreams at once.
    pub async fn of(case: &Case) -> Self {
        let upstreams = case.upstreams().await;
        let asking = upstreams.iter().take(UPSTREAMS).map(async |upstream| Asked {
            upstream: upstream.clone(),
            answered: case.answer(&upstream.address).await,
        });
        let (front, asked) = tokio::join!(case.front(), together(asking));
        let asked = asked.into_iter().filter(|asked| asked.answered.made().is_some()).collect();
        Self { front, asked, known: upstreams.len() }
    }

    /// Whether visitors get good pages, wherever the site can be reached from here.
    pub fn serves_visitors(&self) -> bool {
        let mut pages = self.reached().peekable();
        pages.peek().is_some() && pages.all(|page| !page.is_wrong())
    }

    /// The pages at addresses that can be reached from here.
    fn reached(&self) -> impl Iterator<Item = &Page> {
        self.front.pages.iter().filter(|page| page.exchange.is_connected())
    }

    /// Whether visitors get what they asked for everywhere, and not even a "bad request".
    pub fn pleases_visitors(&self) -> bool {
        let pleases = |page: &Page| page.exchange.status().is_some_and(|status| status < 400);
        self.serves_visitors() && self.reached().all(pleases)
    }

    /// Whether the site answers at all.
    pub fn answers(&self) -> bool {
        self.front.pages.iter().any(|page| page.exchange.status().is_some())
    }

    /// How bad a fault of an upstream is here.
    pub fn severity(&self, kind: &FindingKind) -> Severity {
        if self.serves_visitors() { kind.severity.min(Severity::Warning) } else { kind.severity }
    }

    /// The exchanges with the upstreams.
    pub fn exchanges(&self) -> impl Iterator<Item = (&Asked, &Way, &Exchange)> {
        self.asked.iter().filter_map(|asked| {
            let (way, exchange) = asked.answered.made()?;
            Some((asked, way, exchange))
        })
    }
}

impl Asked {
    /// Where it is, and who says so.
    pub fn place(&self, hop: Hop) -> Where {
        place(&self.upstream, hop)
    }

    /// A finding about this upstream.
    pub fn finding(&self, scene: &Scene, kind: &'static FindingKind, confidence: u8) -> Finding {
        Finding::new(kind, confidence, self.place(Hop::Upstream)).severity(scene.severity(kind))
    }

    /// The command that asks it again.
    pub fn curl(&self, case: &Case, way: &Way, options: &str) -> String {
        curl(way, &self.answered.host, &case.question().url.target, options)
    }
}

/// Where an upstream is, and the line that says so.
pub fn place(upstream: &Upstream, hop: Hop) -> Where {
    let place = Where::hop(hop).address(&upstream.address);
    match &upstream.source {
        Source::Argument => place,
        Source::Config { file, line } => place.file(file, *line),
    }
}

/// The command that asks over this way again.
pub fn curl(way: &Way, host: &str, target: &str, options: &str) -> String {
    let scheme = if way.tls.is_some() { "https" } else { "http" };
    let insecure = if way.tls.is_some() { " -k" } else { "" };
    let space = if options.is_empty() { "" } else { " " };
    match &way.to {
        FarEnd::Unix(path) => {
            format!(
                "curl -sv{insecure}{space}{options} --unix-socket {} '{scheme}://{host}{target}'",
                path.display()
            )
        }
        FarEnd::Ip(address) => {
            format!("curl -sv{insecure}{space}{options} -H 'Host: {host}' '{scheme}://{address}{target}'")
        }
    }
}

/// The command that asks the site at one of its addresses.
pub fn curl_site(case: &Case, address: std::net::SocketAddr, options: &str) -> String {
    let url = &case.question().url;
    let space = if options.is_empty() { "" } else { " " };
    format!("curl -sv{space}{options} --resolve {}:{}:{} '{url}'", url.host, url.port, address.ip())
}

/// Bytes as a person can read them: text as it is, the rest as escapes, at most 60 of them.
pub fn show(bytes: &[u8]) -> String {
    bytes.iter().take(SHOWN).flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect()
}

/// The first readable words of a page: without tags, on one line.
pub fn words(page: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for character in page.chars().take(4096) {
        match character {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                text.push(' ');
            }
            _ if !is_tag => text.push(character),
            _ => {}
        }
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(120).collect()
}

/// More upstreams than this are not asked.
const UPSTREAMS: usize = 8;
const SHOWN: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_repeat_the_question() {
        let way = Way::plain("10.0.0.1:3000".parse().expect("an address"));
        assert_eq!(
            curl(&way, "shop.example", "/a", ""),
            "curl -sv -H 'Host: shop.example' 'http://10.0.0.1:3000/a'"
        );
        let way = Way::unix(std::path::Path::new("/run/app.sock"));
        assert_eq!(
            curl(&way, "shop.example", "/", "-i"),
            "curl -sv -i --unix-socket /run/app.sock 'http://shop.example/'"
        );
    }

    #[test]
    fn pages_and_bytes_are_shown_readably() {
        assert_eq!(words("<html><h1>502 Bad\n Gateway</h1><p>nginx</p>"), "502 Bad Gateway nginx");
        assert_eq!(show(b"SSH-2.0\r\n\x00"), "SSH-2.0\\r\\n\\x00");
    }
}
