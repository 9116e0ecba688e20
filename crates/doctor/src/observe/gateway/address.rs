//! An upstream's address as a configuration has it, in the doctor's words.

use crate::{Place, Scheme, UpstreamAddress};
use std::net::SocketAddr;
use torwart_dialect::config::{Place as TheirPlace, Scheme as TheirScheme, UpstreamAddress as Theirs};

/// The address in our words; `None` for what we cannot speak, and where only a request would tell.
pub fn ours(theirs: &Theirs) -> Option<UpstreamAddress> {
    let scheme = match theirs.scheme {
        TheirScheme::Http => Scheme::Http,
        TheirScheme::Https => Scheme::Https,
        TheirScheme::Fastcgi => Scheme::FastCgi,
        TheirScheme::Uwsgi => Scheme::Uwsgi,
        TheirScheme::Scgi
        | TheirScheme::Grpc
        | TheirScheme::Grpcs
        | TheirScheme::Ajp
        | TheirScheme::H2c
        | TheirScheme::Tcp => return None,
    };
    let place = match &theirs.place {
        TheirPlace::Unix(path) => Place::Unix(path.clone()),
        TheirPlace::Variable(_) => return None,
        TheirPlace::Tcp { host, port } => match host.parse() {
            Ok(ip) => Place::Ip(SocketAddr::new(ip, *port)),
            Err(_) => Place::Name { host: host.to_ascii_lowercase(), port: *port },
        },
    };
    Some(UpstreamAddress { scheme, place })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(scheme: TheirScheme, text: &str) -> String {
        let theirs = Theirs::parse(scheme, text).expect("an address");
        ours(&theirs).map_or("nothing".to_owned(), |address| address.to_string())
    }

    #[test]
    fn addresses_keep_their_meaning() {
        assert_eq!(read(TheirScheme::Http, "127.0.0.1:3000"), "http://127.0.0.1:3000");
        assert_eq!(read(TheirScheme::Https, "App:8443"), "https://app:8443");
        assert_eq!(read(TheirScheme::Fastcgi, "unix:/run/php.sock"), "fastcgi://unix:/run/php.sock");
        assert_eq!(read(TheirScheme::Http, "$target:80"), "nothing");
        assert_eq!(read(TheirScheme::Ajp, "app:8009"), "nothing");
    }
}
