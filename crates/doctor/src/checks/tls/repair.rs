//! The exact line to change, in the words of the gateway's product.

use crate::observe::tls::meant::Meant;
use torwart_cause::finding::{Fix, Where};
use torwart_dialect::Product;
use torwart_dialect::config::{At, Fact};

/// Sends this name in the handshake.
pub(super) fn send_name(meant: &Meant, name: &str) -> Option<Fix> {
    let after = match meant.product? {
        Product::Nginx if meant.mentioned.first().is_some_and(|named| named == name) => {
            "proxy_ssl_server_name on;".to_owned()
        }
        Product::Nginx => format!("proxy_ssl_server_name on; proxy_ssl_name {name};"),
        Product::Haproxy => format!("{} sni str({name})", line(meant)?),
        Product::Caddy => format!("tls_server_name {name}"),
        Product::Traefik => format!("serverName: {name}"),
        Product::Apache => return None,
    };
    Some(at(meant, Some(&meant.tls.as_ref()?.sni), after))
}

/// Trusts what stands in this file.
pub(super) fn trust(meant: &Meant, file: &str) -> Option<Fix> {
    let tls = meant.tls.as_ref()?;
    let after = match meant.product? {
        Product::Nginx => format!("proxy_ssl_trusted_certificate {file};"),
        Product::Haproxy => format!("{} ca-file {file}", line(meant)?),
        Product::Apache => format!("SSLProxyCACertificateFile {file}"),
        Product::Caddy => format!("tls_trust_pool file {file}"),
        Product::Traefik => format!("rootCAs: [\"{file}\"]"),
    };
    let before = tls.trust.as_ref().map(|fact| (fact.at.clone(), fact.written.clone()));
    Some(match before {
        Some((place, written)) => fix(meant, place.as_ref(), Some(written), after),
        None => fix(meant, tls.verify.at.as_ref(), None, after),
    })
}

/// Expects this name in the certificate.
pub(super) fn expect_name(meant: &Meant, name: &str) -> Option<Fix> {
    let tls = meant.tls.as_ref()?;
    let after = match meant.product? {
        Product::Nginx => format!("proxy_ssl_name {name};"),
        Product::Haproxy => format!("{} verifyhost {name}", line(meant)?),
        Product::Caddy => format!("tls_server_name {name}"),
        Product::Traefik => format!("serverName: {name}"),
        Product::Apache => return None,
    };
    Some(match &tls.name {
        Some(fact) => at(meant, Some(fact), after),
        None => fix(meant, tls.verify.at.as_ref(), None, after),
    })
}

/// Shows a client certificate.
pub(super) fn show_certificate(meant: &Meant) -> Option<Fix> {
    let after = match meant.product? {
        Product::Nginx => {
            "proxy_ssl_certificate /etc/nginx/client.pem; proxy_ssl_certificate_key /etc/nginx/client.key;"
                .to_owned()
        }
        Product::Haproxy => format!("{} crt /etc/haproxy/client.pem", line(meant)?),
        Product::Apache => "SSLProxyMachineCertificateFile /etc/apache2/client.pem".to_owned(),
        Product::Caddy => "tls_client_auth /etc/caddy/client.pem /etc/caddy/client.key".to_owned(),
        Product::Traefik => "certificates: [{certFile: /client.pem, keyFile: /client.key}]".to_owned(),
    };
    Some(fix(meant, own_place(meant), None, after))
}

/// Offers this version too.
pub(super) fn offer_version(meant: &Meant, version: &str) -> Option<Fix> {
    let tls = meant.tls.as_ref()?;
    let versions = tls.versions.as_ref()?;
    let after = match meant.product? {
        Product::Nginx => format!("proxy_ssl_protocols {} {version};", versions.value),
        Product::Haproxy if version == "TLSv1" => format!("{} ssl-min-ver TLSv1.0", line(meant)?),
        Product::Haproxy => format!("{} ssl-min-ver {version}", line(meant)?),
        Product::Apache => format!("SSLProxyProtocol +{version}"),
        Product::Caddy | Product::Traefik => return None,
    };
    Some(at(meant, Some(versions), after))
}

/// Speaks the other scheme to the upstream.
pub(super) fn scheme(meant_line: &str, product: Product, place: Option<&At>, to_tls: bool) -> Option<Fix> {
    let (from, to) = if to_tls { ("http://", "https://") } else { ("https://", "http://") };
    let after = match product {
        Product::Haproxy if to_tls => format!("{meant_line} ssl verify required ca-file @system-ca"),
        Product::Haproxy => {
            meant_line.split_whitespace().filter(|word| *word != "ssl").collect::<Vec<_>>().join(" ")
        }
        _ if meant_line.contains(from) => meant_line.replacen(from, to, 1),
        _ => return None,
    };
    let file = place.map(|at| (at.file.display().to_string(), at.line));
    Some(Fix { product: Some(product.to_string()), file, before: Some(meant_line.to_owned()), after })
}

/// The place with the line of the configuration, where it is known.
pub(super) fn placed<T>(place: Where, fact: Option<&Fact<T>>) -> Where {
    match fact.and_then(|fact| fact.at.as_ref()) {
        Some(at) => place.file(at.file.display(), at.line),
        None => place,
    }
}

fn line(meant: &Meant) -> Option<&str> {
    Some(meant.line.as_ref()?.written.as_str())
}

fn own_place(meant: &Meant) -> Option<&At> {
    meant.line.as_ref()?.at.as_ref()
}

fn at<T>(meant: &Meant, fact: Option<&Fact<T>>, after: String) -> Fix {
    let is_line = meant.product == Some(Product::Haproxy);
    let place = fact.and_then(|fact| fact.at.as_ref()).filter(|_| !is_line).or_else(|| own_place(meant));
    // What holds by default stands nowhere.
    let written = fact.filter(|fact| !fact.is_default).map(|fact| fact.written.clone());
    let before = if is_line { line(meant).map(str::to_owned) } else { written };
    fix(meant, place, before, after)
}

fn fix(meant: &Meant, place: Option<&At>, before: Option<String>, after: String) -> Fix {
    let place = place.or_else(|| own_place(meant));
    let file = place.map(|at| (at.file.display().to_string(), at.line));
    let before =
        if meant.product == Some(Product::Haproxy) { line(meant).map(str::to_owned) } else { before };
    Fix { product: meant.product.map(|product| product.to_string()), file, before, after }
}
