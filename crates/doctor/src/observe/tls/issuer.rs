//! The certificate of an issuer, fetched from where the issued certificate says it can be had (RFC 5280 §4.2.2.1).
//!
//! Browsers do the same; it turns "an intermediate certificate seems to be missing" into a proof. One plain request.

use crate::Case;
use crate::SiteUrl;
use crate::observe::exchange::{Way, exchange};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::net::SocketAddr;
use std::time::Duration;
use torwart_dial::ask::Question;
use torwart_dial::tls::facts::CertificateFacts;

/// Fetches it; `None` if it cannot be had.
pub async fn fetch(case: &Case, url: &str) -> Option<CertificateDer<'static>> {
    let url: SiteUrl = url.parse().ok().filter(|url: &SiteUrl| !url.is_https)?;
    let address = *case.addresses_of(&url.host, url.port).await.first()?;
    let way = Way::plain(SocketAddr::new(address, url.port));
    let question = Question::new("GET", &url.authority(), &url.target, &[]);
    let answer = exchange(case, &way, &question, PATIENCE.min(case.left())).await?;
    if answer.status() != Some(200) {
        return None;
    }
    let der = CertificateDer::from_pem_slice(&answer.body).unwrap_or_else(|_| answer.body.clone().into());
    CertificateFacts::of(&der).map(|_| der)
}

/// How long the authority's web server may take.
const PATIENCE: Duration = Duration::from_secs(4);
