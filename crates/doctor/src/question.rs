//! What the doctor is asked: a site, and what is known of what stands behind it.

mod control;

pub use control::{Control, Controls};

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// What is asked, and how far the answer may go.
#[derive(Clone, Debug)]
pub struct Question {
    /// The page that does not work.
    pub url: SiteUrl,
    /// The upstreams the user names.
    pub upstreams: Vec<UpstreamAddress>,
    /// The gateway's configuration.
    pub config: Option<PathBuf>,
    /// Its logs.
    pub logs: Vec<PathBuf>,
    /// Name servers to ask besides those of the system.
    pub resolvers: Vec<SocketAddr>,
    /// Whether checks that take long may run.
    pub is_deep: bool,
    /// How long the whole may take.
    pub deadline: Duration,
    /// Checks to leave out, by name.
    pub skip: Vec<String>,
    /// The environment variables that matter here: proxies, trust.
    pub environment: Vec<(String, String)>,
    /// Addresses to use instead of what names resolve to: host, port, address.
    pub resolve: Vec<(String, u16, IpAddr)>,
    /// Connect elsewhere: host and port as asked, host and port to connect to.
    pub connect_to: Vec<((String, u16), (String, u16))>,
    /// Authorities to trust for the site's certificate, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Certificate and key to show to the site.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    /// Whether the site's certificate may be anything.
    pub is_insecure: bool,
    /// Only this family of addresses.
    pub family: Option<Family>,
    /// Fields to add to requests: name, value.
    pub fields: Vec<(String, String)>,
    /// The method of requests.
    pub method: String,
    /// What the site is compared with.
    pub controls: Controls,
}

/// A family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// A site's URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteUrl {
    /// Whether it is https.
    pub is_https: bool,
    /// The host, in lower case, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path and query, beginning with a slash.
    pub target: String,
}

/// How one talks to an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// HTTP/1.1 in the clear.
    Http,
    /// HTTP over TLS.
    Https,
    /// FastCGI.
    FastCgi,
    /// uwsgi.
    Uwsgi,
}

/// Where an upstream is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// An address.
    Ip(SocketAddr),
    /// A name.
    Name {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// A unix socket.
    Unix(PathBuf),
}

/// An upstream's address, as an operator would copy it from a gateway's configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UpstreamAddress {
    /// How one talks to it.
    pub scheme: Scheme,
    /// Where it is.
    pub place: Place,
}

impl Question {
    /// The usual question about a site.
    pub fn about(url: SiteUrl) -> Self {
        Self {
            url,
            upstreams: Vec::new(),
            config: None,
            logs: Vec::new(),
            resolvers: Vec::new(),
            is_deep: false,
            deadline: Duration::from_secs(30),
            skip: Vec::new(),
            environment: Vec::new(),
            resolve: Vec::new(),
            connect_to: Vec::new(),
            ca_file: None,
            client_certificate: None,
            is_insecure: false,
            family: None,
            fields: Vec::new(),
            method: "GET".into(),
            controls: Controls::default(),
        }
    }

    /// The value of an environment variable, if it was set to something.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let found = self.environment.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

impl SiteUrl {
    /// Host and port as `Host` carries them: the port only where it is not the scheme's own.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.is_https { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }

    /// The host as an address, where it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl fmt::Display for SiteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.target)
    }
}

impl FromStr for SiteUrl {
    type Err = BadAddress;

    /// A URL; without a scheme it is https, as for a browser.
    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let text = text.trim();
        let (is_https, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some(_) => return Err(BadAddress::Scheme),
            None => (true, text),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let (host, port) = split_port(authority)?;
        let target = match target {
            "" => "/".to_owned(),
            query if query.starts_with('?') => format!("/{query}"),
            path => path.to_owned(),
        };
        if target.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(BadAddress::Character);
        }
        let usual = if is_https { 443 } else { 80 };
        Ok(Self { is_https, host: host.to_ascii_lowercase(), port: port.unwrap_or(usual), target })
    }
}

impl UpstreamAddress {
    /// The name or address of its host, or the path of its socket: what the budget counts by.
    pub fn host(&self) -> String {
        match &self.place {
            Place::Ip(address) => address.ip().to_string(),
            Place::Name { host, .. } => host.clone(),
            Place::Unix(path) => path.display().to_string(),
        }
    }
}

impl fmt::Display for UpstreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http://",
            Scheme::Https => "https://",
            Scheme::FastCgi => "fastcgi://",
            Scheme::Uwsgi => "uwsgi://",
        };
        match &self.place {
            Place::Unix(path) if self.scheme == Scheme::Http => write!(f, "unix:{}", path.display()),
            Place::Unix(path) => write!(f, "{scheme}unix:{}", path.display()),
            Place::Ip(address) => write!(f, "{scheme}{address}"),
            Place::Name { host, port } => write!(f, "{scheme}{host}:{port}"),
        }
    }
}

impl FromStr for UpstreamAddress {
    type Err = BadAddress;

    /// `host:port`, `http://`, `https://`, `fastcgi://`, `uwsgi://`, or `unix:/path`, alone or behind a scheme.
    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let text = text.trim();
        let (scheme, rest) = match text.split_once("://") {
            None => (Scheme::Http, text),
            Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
                "http" => (Scheme::Http, rest),
                "https" => (Scheme::Https, rest),
                "fastcgi" | "fcgi" => (Scheme::FastCgi, rest),
                "uwsgi" => (Scheme::Uwsgi, rest),
                "unix" => (Scheme::Http, text),
                _ => return Err(BadAddress::Scheme),
            },
        };
        if let Some(path) = rest.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let path = path.trim_end_matches(':');
            return if path.starts_with('/') {
                Ok(Self { scheme, place: Place::Unix(path.into()) })
            } else {
                Err(BadAddress::Socket)
            };
        }
        if rest.starts_with('/') {
            return Ok(Self { scheme, place: Place::Unix(rest.into()) });
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let (host, port) = split_port(authority)?;
        let port = match (port, scheme) {
            (Some(port), _) => port,
            (None, Scheme::Http) => 80,
            (None, Scheme::Https) => 443,
            (None, Scheme::FastCgi | Scheme::Uwsgi) => return Err(BadAddress::NoPort),
        };
        let place = match host.parse() {
            Ok(ip) => Place::Ip(SocketAddr::new(ip, port)),
            Err(_) => Place::Name { host: host.to_ascii_lowercase(), port },
        };
        Ok(Self { scheme, place })
    }
}

/// What is wrong with an address as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadAddress {
    /// A scheme nobody can ask here.
    Scheme,
    /// There is no host.
    NoHost,
    /// There must be a port.
    NoPort,
    /// The port is no number from 1 to 65535.
    Port,
    /// The path of a unix socket must begin with a slash.
    Socket,
    /// A character that cannot stand there.
    Character,
}

/// Host without brackets, and the port if there is one.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), BadAddress> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or(BadAddress::Character)?;
        (host, rest.strip_prefix(':'))
    } else {
        match authority.rsplit_once(':') {
            // More than one colon without brackets: an IPv6 address.
            Some((host, _)) if host.contains(':') => (authority, None),
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:%".contains(&byte) || byte >= 0x80;
    if host.is_empty() {
        return Err(BadAddress::NoHost);
    }
    if !host.bytes().all(is_fit) {
        return Err(BadAddress::Character);
    }
    let port = port.filter(|port| !port.is_empty()).map(|port| match port.parse() {
        Ok(0) | Err(_) => Err(BadAddress::Port),
        Ok(port) => Ok(port),
    });
    Ok((host, port.transpose()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(text: &str) -> String {
        text.parse::<UpstreamAddress>().map_or_else(|bad| format!("{bad:?}"), |known| known.to_string())
    }

    #[test]
    fn upstreams_are_read_as_operators_write_them() {
        assert_eq!(upstream("10.0.0.1:3000"), "http://10.0.0.1:3000");
        assert_eq!(upstream("https://API.internal:8443/base"), "https://api.internal:8443");
        assert_eq!(upstream("http://[::1]:80"), "http://[::1]:80");
        assert_eq!(upstream("unix:/run/app.sock"), "unix:/run/app.sock");
        assert_eq!(upstream("http://unix:/run/app.sock:"), "unix:/run/app.sock");
        assert_eq!(upstream("fastcgi://unix:/run/php.sock"), "fastcgi://unix:/run/php.sock");
        assert_eq!(upstream("fastcgi://127.0.0.1:9000"), "fastcgi://127.0.0.1:9000");
        assert_eq!(upstream("app"), "http://app:80");
        assert_eq!(upstream("ftp://app"), "Scheme");
        assert_eq!(upstream("app:0"), "Port");
        assert_eq!(upstream("fastcgi://app"), "NoPort");
        assert_eq!(upstream(""), "NoHost");
    }

    #[test]
    fn urls_are_read_as_browsers_read_them() {
        let url = |text: &str| {
            text.parse::<SiteUrl>().map_or_else(|bad| format!("{bad:?}"), |known| known.to_string())
        };
        assert_eq!(url("shop.example"), "https://shop.example/");
        assert_eq!(url("HTTP://Shop.Example:8080?q=1#top"), "http://shop.example:8080/?q=1");
        assert_eq!(url("https://user:secret@shop.example/a"), "https://shop.example/a");
        assert_eq!(url("https://[2001:db8::1]:8443/"), "https://[2001:db8::1]:8443/");
        assert_eq!(url("gopher://shop.example"), "Scheme");
        assert_eq!(url("https:///path"), "NoHost");
    }
}
