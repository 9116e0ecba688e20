//! A certificate nobody trusts, for a site that is still waiting for its first one: better a browser's warning, which
//! says what is the matter, than a handshake that breaks off.

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;
use std::sync::Arc;
use torwart_config::plan::{HostPattern, Site};
use torwart_dial::TlsConfigProblem;

/// A certificate for the names of this site, signed by itself.
pub(super) fn pair(site: &Site) -> Result<Arc<CertifiedKey>, TlsConfigProblem> {
    let names = site.hosts.iter().filter_map(|host| match host {
        HostPattern::Exact(name) => Some(name.to_string()),
        HostPattern::Below(suffix) => Some(format!("*{suffix}")),
        HostPattern::Any => None,
    });
    make(names.collect()).map_err(|error| TlsConfigProblem::Library(format!("{}: {error}", site.name)))
}

fn make(names: Vec<String>) -> Result<Arc<CertifiedKey>, Box<dyn std::error::Error>> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Torwart: waiting for a certificate");
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    let chain = vec![certificate.der().clone()];
    Ok(Arc::new(CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())?))
}
