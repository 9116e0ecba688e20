//! One order, from the names to the certificate (RFC 8555 §7.4).

use crate::Showcase;
use crate::failure::{Failure, Kind, Refusal};
use crate::proof::{Expected, Proofs};
use crate::settings::Wanted;
use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeType, Error, Identifier, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use std::time::Duration;
use torwart_config::plan::{AcmePlan, Challenge};

/// A certificate that was issued, and its key.
pub(crate) struct Issued {
    /// The key, as PEM.
    pub(crate) key: String,
    /// The certificate and those that lead to its issuer, as PEM.
    pub(crate) chain: String,
}

/// Orders a certificate, proving its names in this way. `replaces` is the one it follows, where the CA wants to know.
pub(crate) async fn obtain(
    account: &Account,
    plan: &AcmePlan,
    wanted: &Wanted,
    challenge: Challenge,
    replaces: Option<&CertificateDer<'static>>,
    showcase: &Arc<dyn Showcase>,
) -> Result<Issued, Failure> {
    let names: Vec<Identifier> = wanted.names.iter().cloned().map(Identifier::Dns).collect();
    let mut order = place(account, plan, &names, replaces).await?;
    let mut proofs = Proofs::new(Arc::clone(showcase), plan.dns_hook.clone());
    let proven = prove(&mut order, challenge, &mut proofs).await;
    proofs.remove_records().await;
    proven?;
    drop(proofs);
    let (key, request) = request(&wanted.names).map_err(|error| Failure::Garbled(error.to_string()))?;
    order.finalize_csr(&request).await?;
    let chain = order.poll_certificate(&patience()).await?;
    check(&chain, &key).map_err(Failure::Garbled)?;
    Ok(Issued { key, chain })
}

async fn place(
    account: &Account,
    plan: &AcmePlan,
    names: &[Identifier],
    replaces: Option<&CertificateDer<'static>>,
) -> Result<Order, Failure> {
    let mut order = NewOrder::new(names);
    if let Some(profile) = &plan.profile {
        order = order.profile(profile);
    }
    if let Some(replaced) = replaces.and_then(|leaf| CertificateIdentifier::try_from(leaf).ok()) {
        match account.new_order(&order.replaces(replaced)).await.map_err(Failure::from) {
            Ok(placed) => return Ok(placed),
            Err(failure @ Failure::Unreachable(_)) => return Err(failure),
            Err(failure) if failure.names(Kind::RateLimited) || failure.is_unknown_account() => {
                return Err(failure);
            }
            // A CA without ARI, or one that counts the old certificate as replaced already: an order like any other.
            Err(_) => {}
        }
        order = NewOrder::new(names);
        if let Some(profile) = &plan.profile {
            order = order.profile(profile);
        }
    }
    Ok(account.new_order(&order).await?)
}

/// Shows a proof for every name, and waits until the CA has looked.
async fn prove(order: &mut Order, challenge: Challenge, proofs: &mut Proofs) -> Result<(), Failure> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        // A name that was proven lately needs no new proof.
        if authorization.status != AuthorizationStatus::Pending {
            continue;
        }
        let name = authorization.identifier().to_string();
        let Some(handle) = authorization.challenge(kind(challenge)) else {
            return Err(Failure::NotOffered { name, challenge: challenge.name() });
        };
        let key = handle.key_authorization();
        let digest = key.digest();
        let expected = Expected {
            name: &name,
            token: &handle.token,
            text: key.as_str(),
            digest: digest.as_ref(),
            record: &key.dns_value(),
        };
        proofs.show(challenge, expected).await?;
    }
    proofs.settle().await;
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status != AuthorizationStatus::Pending {
            continue;
        }
        if let Some(mut handle) = authorization.challenge(kind(challenge)) {
            handle.set_ready().await?;
        }
    }
    match order.poll_ready(&patience()).await {
        Ok(OrderStatus::Ready) => Ok(()),
        Ok(_) => Err(what_was_seen(order).await.unwrap_or(Failure::Undecided)),
        Err(error @ Error::Api(_)) => {
            let failure = Failure::from(error);
            if failure.names(Kind::RateLimited) {
                Err(failure)
            } else {
                Err(what_was_seen(order).await.unwrap_or(failure))
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// What the CA saw, name by name, when it looked for the proofs.
async fn what_was_seen(order: &mut Order) -> Option<Failure> {
    let mut refusals = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.ok()?;
        let name = authorization.identifier().to_string();
        let state = authorization.refresh().await.ok()?;
        let problems = state.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
        refusals.extend(problems.map(|problem| Refusal::of(problem, Some(&name))));
    }
    (!refusals.is_empty()).then_some(Failure::Refused(refusals))
}

/// A fresh key, and the request for a certificate for it.
fn request(names: &[String]) -> Result<(String, Vec<u8>), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names.to_vec())?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key)?;
    Ok((key.serialize_pem(), request.der().to_vec()))
}

/// Whether this is a chain, and its first certificate is for this key.
fn check(chain: &str, key: &str) -> Result<(), String> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| error.to_string())?;
    if chain.is_empty() {
        return Err("no certificate in the answer".to_owned());
    }
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
        .map(drop)
        .map_err(|error| error.to_string())
}

fn kind(challenge: Challenge) -> ChallengeType {
    match challenge {
        Challenge::Http01 => ChallengeType::Http01,
        Challenge::TlsAlpn01 => ChallengeType::TlsAlpn01,
        Challenge::Dns01 => ChallengeType::Dns01,
    }
}

/// CAs look from several places and take a while.
fn patience() -> RetryPolicy {
    RetryPolicy::new()
        .initial_delay(Duration::from_millis(250))
        .backoff(1.5)
        .timeout(Duration::from_secs(180))
}
