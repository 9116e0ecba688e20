//! The address of an upstream as another product writes it.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

/// What is spoken to an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP/1.
    Http,
    /// HTTP over TLS.
    Https,
    /// FastCGI, as php-fpm speaks it.
    Fastcgi,
    /// The protocol of uWSGI.
    Uwsgi,
    /// SCGI.
    Scgi,
    /// gRPC over plain HTTP/2.
    Grpc,
    /// gRPC over TLS.
    Grpcs,
    /// AJP, as Tomcat speaks it.
    Ajp,
    /// HTTP/2 without TLS.
    H2c,
    /// Bytes without HTTP.
    Tcp,
}

impl Scheme {
    /// The scheme as it stands before `://`.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Fastcgi => "fastcgi",
            Scheme::Uwsgi => "uwsgi",
            Scheme::Scgi => "scgi",
            Scheme::Grpc => "grpc",
            Scheme::Grpcs => "grpcs",
            Scheme::Ajp => "ajp",
            Scheme::H2c => "h2c",
            Scheme::Tcp => "tcp",
        }
    }

    /// The scheme of this name, in any letter case; also Apache's (`fcgi`, `h2`, `ws`, `wss`).
    pub fn by_name(name: &str) -> Option<Scheme> {
        Some(match name.to_ascii_lowercase().as_str() {
            "http" | "ws" => Scheme::Http,
            "https" | "wss" | "h2" => Scheme::Https,
            "fastcgi" | "fcgi" => Scheme::Fastcgi,
            "uwsgi" => Scheme::Uwsgi,
            "scgi" => Scheme::Scgi,
            "grpc" => Scheme::Grpc,
            "grpcs" => Scheme::Grpcs,
            "ajp" => Scheme::Ajp,
            "h2c" => Scheme::H2c,
            "tcp" => Scheme::Tcp,
            _ => return None,
        })
    }

    /// The port where none is written; nothing where the scheme has no usual one.
    pub fn usual_port(self) -> Option<u16> {
        match self {
            Scheme::Http | Scheme::Grpc | Scheme::H2c => Some(80),
            Scheme::Https | Scheme::Grpcs => Some(443),
            Scheme::Ajp => Some(8009),
            Scheme::Fastcgi => Some(8000),
            Scheme::Scgi => Some(4000),
            Scheme::Uwsgi | Scheme::Tcp => None,
        }
    }

    /// TLS is spoken.
    pub fn is_tls(self) -> bool {
        matches!(self, Scheme::Https | Scheme::Grpcs)
    }

    /// What is spoken is HTTP, of whatever version.
    pub fn is_http(self) -> bool {
        matches!(self, Scheme::Http | Scheme::Https | Scheme::Grpc | Scheme::Grpcs | Scheme::H2c)
    }
}

/// Where an upstream is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// A port of a host.
    Tcp {
        /// The name or address, IPv6 without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
    /// Known only when a request comes: the text with its variables.
    Variable(String),
}

/// What is spoken, and where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UpstreamAddress {
    /// What is spoken.
    pub scheme: Scheme,
    /// Where.
    pub place: Place,
}

impl UpstreamAddress {
    /// A port of a host.
    pub fn tcp(scheme: Scheme, host: impl Into<String>, port: u16) -> Self {
        UpstreamAddress { scheme, place: Place::Tcp { host: host.into(), port } }
    }

    /// A Unix socket.
    pub fn unix(scheme: Scheme, path: impl Into<PathBuf>) -> Self {
        UpstreamAddress { scheme, place: Place::Unix(path.into()) }
    }

    /// Reads `host`, `host:port`, `[v6]:port` or `unix:/path`; nothing where no port is written and none is usual.
    pub fn parse(scheme: Scheme, text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").map_or(path, |rest| rest);
            return (!path.is_empty()).then(|| UpstreamAddress::unix(scheme, path));
        }
        let (host, port) = split_port(text)?;
        if host.contains('$')
            || host.contains("%{")
            || host.contains('{')
            || port.is_some_and(|p| p.contains('$'))
        {
            return Some(UpstreamAddress { scheme, place: Place::Variable(text.to_owned()) });
        }
        let port = match port {
            Some(port) => port.parse().ok()?,
            None => scheme.usual_port()?,
        };
        (!host.is_empty()).then(|| UpstreamAddress::tcp(scheme, host, port))
    }

    /// The name to be looked up; nothing for an address, a Unix socket or a variable.
    pub fn name(&self) -> Option<&str> {
        match &self.place {
            Place::Tcp { host, .. } if host.parse::<IpAddr>().is_err() => Some(host),
            _ => None,
        }
    }
}

impl fmt::Display for UpstreamAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme.as_str();
        match &self.place {
            Place::Tcp { host, port } if host.contains(':') => {
                write!(formatter, "{scheme}://[{host}]:{port}")
            }
            Place::Tcp { host, port } => write!(formatter, "{scheme}://{host}:{port}"),
            Place::Unix(path) => write!(formatter, "{scheme}://unix:{}", path.display()),
            Place::Variable(text) => write!(formatter, "{scheme}://{text}"),
        }
    }
}

/// Splits `host:port`, `[v6]:port`, `[v6]`, a bare v6 or a bare host; nothing if brackets do not close.
pub(crate) fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None if rest.is_empty() => Some((host, None)),
            None => None,
        };
    }
    match text.rsplit_once(':') {
        Some((host, _)) if host.contains(':') && text.parse::<IpAddr>().is_ok() => Some((text, None)),
        Some((host, port)) => Some((host, Some(port))),
        None => Some((text, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let shown = UpstreamAddress::parse(Scheme::Http, text).map(|address| address.to_string());
        assert_eq!(shown.as_deref().unwrap_or("nothing"), expected, "{text}");
    }

    #[test]
    fn addresses_are_read_in_all_their_forms() {
        check("app", "http://app:80");
        check("app:8080", "http://app:8080");
        check("10.0.0.1:99", "http://10.0.0.1:99");
        check("[::1]:8080", "http://[::1]:8080");
        check("::1", "http://[::1]:80");
        check("unix:/run/app.sock", "http://unix:/run/app.sock");
        check("$name:80", "http://$name:80");
        check("app:http", "nothing");
        check("[::1", "nothing");
        check(":80", "nothing");
    }
}
