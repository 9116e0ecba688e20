//! Proofs that names are ours, shown while the CA looks and taken away afterwards.

use crate::Showcase;
use crate::failure::Failure;
use crate::hook::{self, Action};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls_pki_types::PrivateKeyDer;
use std::sync::Arc;
use torwart_config::plan::{Challenge, DnsHook};

/// The proofs of one order. Dropping it takes away what is shown on our own side.
pub(crate) struct Proofs {
    showcase: Arc<dyn Showcase>,
    hook: Option<DnsHook>,
    shown: Vec<Shown>,
}

enum Shown {
    Answer { token: String },
    Certificate { name: String },
    Record { name: String, value: String },
}

/// What the CA expects for one name.
pub(crate) struct Expected<'a> {
    /// The name; a wildcard with its asterisk.
    pub(crate) name: &'a str,
    /// The challenge's token.
    pub(crate) token: &'a str,
    /// Token and account key (RFC 8555 §8.1).
    pub(crate) text: &'a str,
    /// Its SHA-256.
    pub(crate) digest: &'a [u8],
    /// The same as a record says it.
    pub(crate) record: &'a str,
}

impl Proofs {
    pub(crate) fn new(showcase: Arc<dyn Showcase>, hook: Option<DnsHook>) -> Self {
        Self { showcase, hook, shown: Vec::new() }
    }

    /// Shows what the CA expects.
    pub(crate) async fn show(&mut self, challenge: Challenge, expected: Expected<'_>) -> Result<(), Failure> {
        match challenge {
            Challenge::Http01 => {
                self.showcase.answer(expected.token, expected.text);
                self.shown.push(Shown::Answer { token: expected.token.to_owned() });
            }
            Challenge::TlsAlpn01 => {
                let (certificate, key) = certificate(&expected)
                    .map_err(|error| Failure::Garbled(format!("{}: {error}", expected.name)))?;
                self.showcase.show(expected.name, certificate, key);
                self.shown.push(Shown::Certificate { name: expected.name.to_owned() });
            }
            Challenge::Dns01 => {
                let (name, value) = (expected.name.to_owned(), expected.record.to_owned());
                // Also removed where setting it failed half way.
                self.shown.push(Shown::Record { name: name.clone(), value: value.clone() });
                self.call(Action::Set, &name, &value).await?;
            }
        }
        Ok(())
    }

    /// How long a record takes to be seen everywhere; nothing where none was set.
    pub(crate) async fn settle(&self) {
        let has_records = self.shown.iter().any(|shown| matches!(shown, Shown::Record { .. }));
        if let Some(hook) = self.hook.as_ref().filter(|_| has_records) {
            tokio::time::sleep(hook.wait).await;
        }
    }

    /// Removes the records; what cannot be removed is told and left.
    pub(crate) async fn remove_records(&mut self) {
        for shown in std::mem::take(&mut self.shown) {
            match shown {
                Shown::Record { name, value } => {
                    if let Err(failure) = self.call(Action::Remove, &name, &value).await {
                        let told = failure.tell(torwart_report::Lang::En);
                        tracing::warn!(%name, told, "a record of a proof stays behind in DNS");
                    }
                }
                other => self.shown.push(other),
            }
        }
    }

    async fn call(&self, action: Action, name: &str, value: &str) -> Result<(), Failure> {
        let Some(hook) = &self.hook else {
            return Err(Failure::NotOffered { name: name.to_owned(), challenge: Challenge::Dns01.name() });
        };
        hook::call(hook, action, name, value).await.map_err(|fault| {
            let program = hook.command.first().map(ToString::to_string).unwrap_or_default();
            Failure::Hook { name: name.to_owned(), program, fault }
        })
    }
}

impl Drop for Proofs {
    fn drop(&mut self) {
        for shown in &self.shown {
            match shown {
                Shown::Answer { token } => self.showcase.withdraw_answer(token),
                Shown::Certificate { name } => self.showcase.withdraw(name),
                Shown::Record { .. } => {}
            }
        }
    }
}

type Pair = (rustls_pki_types::CertificateDer<'static>, PrivateKeyDer<'static>);

/// The certificate that is a proof itself: for this name, signed by nobody, with the digest in it (RFC 8737 §3).
fn certificate(expected: &Expected<'_>) -> Result<Pair, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![expected.name.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(expected.digest)];
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
    Ok((certificate.der().clone(), key))
}
