//! Do the certificates and keys in the gateway's files belong together?
//!
//! Proves it on the gateway's own host, by reading the files its configuration names; where they cannot be read, which
//! is as it should be for keys, the command for somebody who may is told.

use crate::observe::tls::moment;
use crate::{Case, Checked};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use torwart_cause::finding::{Finding, Fix, Hop, Where, said, tls};
use torwart_dial::TlsConfigProblem;
use torwart_dial::tls::facts::CertificateFacts;
use torwart_dial::tls::inspect::ClientPair;
use torwart_dial::tls::read_chain;
use torwart_dialect::Product;
use torwart_dialect::config::{Fact, GatewayConfig};

/// Do they?
pub async fn check(case: &Case) -> Checked {
    let gateway = case.gateway().await;
    let Some(config) = &gateway.config else { return Checked::not_applicable() };
    let mut checked = Checked::not_applicable();
    for (chain, key) in pairs(config).into_iter().take(MOST) {
        checked = checked.and(judge(config.product, &chain, &key));
    }
    checked
}

/// Every certificate with its key that the configuration names.
fn pairs(config: &GatewayConfig) -> Vec<(Fact<PathBuf>, PathBuf)> {
    let mut pairs: Vec<(Fact<PathBuf>, PathBuf)> = Vec::new();
    let mut add = |chain: &Fact<PathBuf>, key: &Path| {
        if pairs.iter().all(|(known, own)| known.value != chain.value || own != key) {
            pairs.push((chain.clone(), key.to_owned()));
        }
    };
    for listener in &config.listeners {
        if !listener.keys.is_empty() && listener.keys.len() != listener.certificates.len() {
            continue;
        }
        for (index, chain) in listener.certificates.iter().enumerate() {
            add(chain, listener.keys.get(index).map_or(&chain.value, |key| &key.value));
        }
    }
    for route in &config.routes {
        if let Some(chain) = &route.tls.client_certificate {
            add(chain, route.tls.client_key.as_ref().map_or(&chain.value, |key| &key.value));
        }
    }
    // Folders of certificates and names with variables are nothing to read here.
    pairs.retain(|(chain, key)| chain.value.is_file() || chain.value == *key || !has_variable(&chain.value));
    pairs
}

fn judge(product: Product, chain: &Fact<PathBuf>, key: &Path) -> Checked {
    let file = chain.value.as_path();
    if file.is_dir() || has_variable(file) || has_variable(key) {
        return Checked::not_applicable();
    }
    let command = format!(
        "openssl x509 -noout -pubkey -in {} | sha256sum; openssl pkey -pubout -in {} | sha256sum",
        file.display(),
        key.display()
    );
    match ClientPair::read(file, key) {
        Ok(_) => Checked::fine(),
        Err(TlsConfigProblem::KeyMismatch { .. }) => {
            let place = Where::hop(Hop::Gateway).name(file.display());
            let place = match &chain.at {
                Some(at) => place.file(at.file.display(), at.line),
                None => place.file(file.display(), 0),
            };
            let told = said("tls-key-of-another").with("key", key.display()).with("file", file.display());
            let finding = Finding::new(&tls::KEY_MISMATCH, 97, place).proof_by(told, command);
            Checked::found(vec![finding.fix(Fix {
                product: Some(product.to_string()),
                before: Some(chain.written.clone()),
                after: chain.written.clone(),
                ..Fix::default()
            })])
        }
        Err(TlsConfigProblem::Unreadable { error, .. }) if error.kind() == ErrorKind::PermissionDenied => {
            Checked::could_not(said("tls-key-unreadable").with("file", key.display()), Some(command))
        }
        // Files of another host, encrypted keys, formats we do not read.
        Err(_) => Checked::not_applicable(),
    }
}

/// A newer certificate in the gateway's files than the one it shows: it was not told to read it.
pub(super) struct Newer {
    product: Product,
    file: PathBuf,
    facts: CertificateFacts,
}

impl Newer {
    /// Tells it as part of a finding.
    pub(super) fn tell(self, finding: Finding) -> Finding {
        let told = said("tls-newer-on-disk")
            .with("file", self.file.display())
            .with("serial", &self.facts.serial)
            .with("until", moment::shown(self.facts.not_after));
        let command = format!("openssl x509 -noout -serial -dates -in {}", self.file.display());
        let after = reload(self.product).to_owned();
        finding.proof_by(told, command).fix(Fix {
            product: Some(self.product.to_string()),
            after,
            ..Fix::default()
        })
    }
}

/// Looks for one.
pub(super) async fn newer_on_disk(case: &Case, shown: &CertificateFacts) -> Option<Newer> {
    let gateway = case.gateway().await;
    let config = gateway.config.as_ref()?;
    let certificates = config.listeners.iter().flat_map(|listener| &listener.certificates);
    for file in certificates.take(MOST) {
        let facts = read_chain(&file.value).ok().and_then(|chain| CertificateFacts::of(chain.first()?));
        let is_newer = |facts: &CertificateFacts| {
            !facts.is_over(moment::now())
                && facts.not_before > shown.not_before
                && facts.names.iter().any(|name| shown.names.contains(name))
        };
        if let Some(facts) = facts.filter(is_newer) {
            return Some(Newer { product: config.product, file: file.value.clone(), facts });
        }
    }
    None
}

const fn reload(product: Product) -> &'static str {
    match product {
        Product::Nginx => "nginx -s reload",
        Product::Haproxy => "systemctl reload haproxy",
        Product::Apache => "apachectl graceful",
        Product::Caddy => "caddy reload",
        Product::Traefik => "systemctl restart traefik",
    }
}

fn has_variable(file: &Path) -> bool {
    file.to_string_lossy().contains(['$', '{', '%'])
}

/// More files than this are not read.
const MOST: usize = 40;
