//! Which crawler a client says it is, and what proves that it is.
//!
//! Anybody can call himself Googlebot. Operators give two proofs: the address has a name under one of their domains and
//! that name leads back to the address, or the address lies in the networks they publish. The first is asked of the DNS,
//! the second read from their files; both elsewhere.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::IpAddr;

/// A crawler of a search engine or an advertiser.
#[derive(Debug, PartialEq, Eq)]
pub struct Crawler {
    /// Its name in log and metrics.
    pub name: &'static str,
    /// Who sends it; the key of `crawlers.ranges`.
    pub operator: &'static str,
    /// Whether it judges landing pages of advertisements: what fails there costs money.
    pub is_ads: bool,
    /// What its `User-Agent` holds, in lower case.
    token: &'static str,
}

/// The domains whose names prove an operator; none where only its published networks do.
static DOMAINS: [(&str, &[&str]); 13] = [
    ("amazon", &["crawl.amazonbot.amazon"]),
    ("apple", &["applebot.apple.com"]),
    ("baidu", &["baidu.com", "baidu.jp"]),
    ("bing", &["search.msn.com"]),
    ("duckduckgo", &[]),
    // Never googleusercontent.com: everybody can rent a machine there.
    ("google", &["googlebot.com", "google.com"]),
    ("naver", &["naver.com"]),
    ("petal", &["petalsearch.com"]),
    ("qwant", &["search.qwant.com"]),
    ("seznam", &["seznam.cz"]),
    ("sogou", &["sogou.com"]),
    ("yahoo", &["crawl.yahoo.net"]),
    ("yandex", &["yandex.ru", "yandex.net", "yandex.com"]),
];

/// The crawlers, those with longer tokens before those whose token is part of them.
static CRAWLERS: [Crawler; 29] = [
    ads("adsbot-google-mobile", "google", "adsbot-google-mobile"),
    ads("adsbot-google", "google", "adsbot-google"),
    ads("mediapartners-google", "google", "mediapartners-google"),
    ads("storebot-google", "google", "storebot-google"),
    search("googlebot-image", "google", "googlebot-image"),
    search("googlebot-news", "google", "googlebot-news"),
    search("googlebot-video", "google", "googlebot-video"),
    search("google-inspectiontool", "google", "google-inspectiontool"),
    search("googleother", "google", "googleother"),
    search("googlebot", "google", "googlebot"),
    ads("adidxbot", "bing", "adidxbot"),
    search("bingbot", "bing", "bingbot"),
    search("bingpreview", "bing", "bingpreview"),
    search("applebot", "apple", "applebot"),
    ads("yandexdirect", "yandex", "yandexdirect"),
    ads("yandexadnet", "yandex", "yandexadnet"),
    search("yandeximages", "yandex", "yandeximages"),
    search("yandexbot", "yandex", "yandexbot"),
    search("yandex-other", "yandex", "yandex.com/bots"),
    search("duckduckbot", "duckduckgo", "duckduckbot"),
    search("duckassistbot", "duckduckgo", "duckassistbot"),
    ads("baiduspider-ads", "baidu", "baiduspider-ads"),
    search("baiduspider", "baidu", "baiduspider"),
    search("seznambot", "seznam", "seznambot"),
    search("petalbot", "petal", "petalbot"),
    search("qwantbot", "qwant", "qwantbot"),
    search("naver-yeti", "naver", "naver.me/spd"),
    search("amazonbot", "amazon", "amazonbot"),
    search("yahoo-slurp", "yahoo", "yahoo! slurp"),
];

const fn search(name: &'static str, operator: &'static str, token: &'static str) -> Crawler {
    Crawler { name, operator, is_ads: false, token }
}

const fn ads(name: &'static str, operator: &'static str, token: &'static str) -> Crawler {
    Crawler { name, operator, is_ads: true, token }
}

/// Every crawler that is known.
pub fn all() -> &'static [Crawler] {
    &CRAWLERS
}

/// Which crawler a client says it is.
pub fn named(user_agent: &[u8]) -> Option<&'static Crawler> {
    // All of them fit into this much, and nobody makes us look through kilobytes.
    let text = user_agent.get(..LONGEST).unwrap_or(user_agent).to_ascii_lowercase();
    CRAWLERS.iter().find(|crawler| {
        let token = crawler.token.as_bytes();
        text.windows(token.len()).any(|place| place == token)
    })
}

impl Crawler {
    /// Whether DNS can prove it.
    pub fn has_domains(&self) -> bool {
        !self.domains().is_empty()
    }

    /// Whether a host of this name is the operator's. The name must lead back to the address to mean anything.
    pub fn owns(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        self.domains().iter().any(|domain| {
            host.strip_suffix(domain)
                .and_then(|front| front.strip_suffix('.'))
                .is_some_and(|front| !front.is_empty())
        })
    }

    fn domains(&self) -> &'static [&'static str] {
        let found = DOMAINS.iter().find(|(operator, _)| *operator == self.operator);
        found.map_or(&[], |(_, domains)| domains)
    }
}

/// The name under which DNS knows the name of an address (RFC 1035 §3.5, RFC 3596 §2.5).
pub fn reverse_name(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let digits =
                address.octets().into_iter().rev().map(|octet| format!("{:x}.{:x}.", octet & 15, octet >> 4));
            digits.chain(["ip6.arpa".to_owned()]).collect()
        }
    }
}

/// Reads the networks an operator publishes: `{"prefixes": [{"ipv4Prefix": "..."}, {"ipv6Prefix": "..."}]}`.
///
/// # Errors
/// What is wrong with the text: a file without networks proves nothing, and is a mistake.
pub fn parse_ranges(text: &str) -> Result<Vec<IpNet>, String> {
    let json: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let prefixes = json.get("prefixes").and_then(serde_json::Value::as_array);
    let prefixes = prefixes.ok_or_else(|| "there is no list `prefixes`".to_owned())?;
    let mut networks = Vec::with_capacity(prefixes.len());
    for prefix in prefixes {
        let v4 = prefix.get("ipv4Prefix").and_then(serde_json::Value::as_str);
        let v6 = prefix.get("ipv6Prefix").and_then(serde_json::Value::as_str);
        let network = match (v4, v6) {
            (Some(text), _) => text.parse::<Ipv4Net>().map(IpNet::V4).map_err(|_| text),
            (None, Some(text)) => text.parse::<Ipv6Net>().map(IpNet::V6).map_err(|_| text),
            // Operators may add entries of other kinds.
            (None, None) => continue,
        };
        networks.push(network.map_err(|text| format!("`{text}` is no network"))?);
    }
    if networks.is_empty() { Err("there are no networks in `prefixes`".to_owned()) } else { Ok(networks) }
}

/// How much of a `User-Agent` is looked at.
const LONGEST: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use torwart_config::plan::Crawlers;

    fn name(user_agent: &str) -> &'static str {
        named(user_agent.as_bytes()).map_or("", |crawler| crawler.name)
    }

    #[test]
    fn crawlers_are_known_by_their_names() {
        assert_eq!(
            name("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
            "googlebot"
        );
        assert_eq!(name("Googlebot-Image/1.0"), "googlebot-image");
        assert_eq!(name("AdsBot-Google (+http://www.google.com/adsbot.html)"), "adsbot-google");
        let mobile = "Mozilla/5.0 (Linux; Android 10) Chrome/1 (compatible; AdsBot-Google-Mobile; +http://www.google.com/mobile/adsbot.html)";
        assert_eq!(name(mobile), "adsbot-google-mobile");
        assert_eq!(
            name("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
            "bingbot"
        );
        assert_eq!(name("DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)"), "duckduckbot");
        assert_eq!(name("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)"), "yandexbot");
        assert_eq!(name("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"), "");
        assert_eq!(name(""), "");
        assert!(named(mobile.as_bytes()).is_some_and(|crawler| crawler.is_ads));
    }

    #[test]
    fn a_name_belongs_to_an_operator_only_below_its_domain() {
        let google = named(b"Googlebot").expect("known");
        for host in ["crawl-66-249-66-1.googlebot.com", "rate-limited-proxy-1.google.com.", "A.GOOGLEBOT.COM"]
        {
            assert!(google.owns(host), "{host}");
        }
        for host in [
            "googlebot.com",
            "evilgooglebot.com",
            "googlebot.com.evil.example",
            "1.googleusercontent.com",
            "",
        ] {
            assert!(!google.owns(host), "{host}");
        }
    }

    #[test]
    fn every_operator_of_the_configuration_is_known_here() {
        let operators = DOMAINS.map(|(operator, _)| operator);
        assert_eq!(operators, Crawlers::OPERATORS);
        assert!(CRAWLERS.iter().all(|crawler| operators.contains(&crawler.operator)));
        let is_hidden = |(index, later): (usize, &Crawler)| {
            CRAWLERS[..index].iter().any(|earlier| later.token.contains(earlier.token))
        };
        assert!(!CRAWLERS.iter().enumerate().any(is_hidden), "a longer token stands behind a shorter one");
    }

    #[test]
    fn addresses_are_asked_for_backwards() {
        assert_eq!(reverse_name("66.249.66.1".parse().expect("an address")), "1.66.249.66.in-addr.arpa");
        assert_eq!(
            reverse_name("2001:db8::567:89ab".parse().expect("an address")),
            "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
        );
    }

    #[test]
    fn published_networks_are_read() {
        let text = r#"{"creationTime": "2026-11-01T00:00:00", "prefixes": [
            {"ipv6Prefix": "2001:4860:4801:10::/64"}, {"ipv4Prefix": "66.249.64.0/27"}, {"other": 1}]}"#;
        let networks = parse_ranges(text).expect("is right");
        assert_eq!(
            networks.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["2001:4860:4801:10::/64", "66.249.64.0/27"]
        );
        for wrong in ["", "[]", "{}", r#"{"prefixes": []}"#, r#"{"prefixes": [{"ipv4Prefix": "2001::/16"}]}"#]
        {
            assert!(parse_ranges(wrong).is_err(), "{wrong}");
        }
    }
}
