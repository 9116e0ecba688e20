//! Our account with the CA: made once, then read from the store.

use crate::courier::Courier;
use crate::failure::Failure;
use crate::store;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use instant_acme::{Account, AccountCredentials, ExternalAccountKey, NewAccount};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use torwart_config::plan::{AcmePlan, ExternalAccount};

/// What is kept of an account.
#[derive(Deserialize, Serialize)]
struct Kept {
    emails: Vec<String>,
    credentials: AccountCredentials,
}

/// The account of the store, or a new one.
pub(crate) async fn open(plan: &AcmePlan, courier: &Courier) -> Result<Account, Failure> {
    let file = file(plan);
    let builder = Account::builder_with_http(Box::new(courier.clone()));
    let contacts: Vec<String> = plan.emails.iter().map(|email| format!("mailto:{email}")).collect();
    let contacts: Vec<&str> = contacts.iter().map(String::as_str).collect();
    if let Some(kept) = read(&file) {
        let is_changed = !kept.emails.iter().map(String::as_str).eq(plan.emails.iter().map(|email| &**email));
        let account = builder.from_credentials(kept.credentials).await?;
        if is_changed {
            account.update_contacts(&contacts).await?;
            // Read again, because the credentials went into the account.
            if let Some(Kept { credentials, .. }) = read(&file) {
                keep(&file, plan, credentials)?;
            }
        }
        return Ok(account);
    }
    store::rehearse(&file)?;
    let external = plan.external_account.as_ref().map(external_key).transpose()?;
    let new = NewAccount {
        contact: &contacts,
        terms_of_service_agreed: plan.agrees_to_terms,
        only_return_existing: false,
    };
    let (account, credentials) = builder.create(&new, plan.directory.to_string(), external.as_ref()).await?;
    keep(&file, plan, credentials)?;
    tracing::info!(directory = %plan.directory, "an account with the CA is made");
    Ok(account)
}

/// Puts an account away that the CA does not know any more.
pub(crate) fn forget(plan: &AcmePlan) {
    let file = file(plan);
    // Where it cannot be moved, the next attempt fails as this one did, and says so.
    let _ = std::fs::rename(&file, file.with_extension("gone"));
}

fn read(file: &Path) -> Option<Kept> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

fn keep(file: &Path, plan: &AcmePlan, credentials: AccountCredentials) -> Result<(), Failure> {
    let kept = Kept { emails: plan.emails.iter().map(|email| email.to_string()).collect(), credentials };
    let text = serde_json::to_vec_pretty(&kept).map_err(|error| Failure::Garbled(error.to_string()))?;
    Ok(store::keep_secret(file, &text)?)
}

/// One account for each CA, and for each external account with it.
fn file(plan: &AcmePlan) -> PathBuf {
    let external = plan.external_account.as_ref().map(|account| Arc::clone(&account.id)).unwrap_or_default();
    let place = plan.directory.split_once("://").map_or(&*plan.directory, |(_, place)| place);
    let mut name = String::from("account");
    let parts = place.split(['/', ':', '?']).chain([&*external]).filter(|part| !part.is_empty());
    for part in parts {
        name.push('-');
        name.extend(part.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' }));
    }
    plan.store.join(name + ".json")
}

fn external_key(account: &ExternalAccount) -> Result<ExternalAccountKey, Failure> {
    let file = || account.key_file.display().to_string();
    let text = std::fs::read_to_string(&account.key_file)
        .map_err(|error| Failure::File { file: file(), said: error.to_string() })?;
    let key = base64url(text.trim())
        .ok_or_else(|| Failure::File { file: file(), said: "not base64url".to_owned() })?;
    Ok(ExternalAccountKey::new(account.id.to_string(), &key))
}

/// Base64 in all the forms in which CAs hand keys out: either alphabet, with or without padding.
fn base64url(text: &str) -> Option<Vec<u8>> {
    let text: String = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    let key = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    (!key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_external_accounts_come_in_any_base64() {
        assert_eq!(base64url("-_8"), Some(vec![0xfb, 0xff]));
        assert_eq!(base64url("+/8="), Some(vec![0xfb, 0xff]));
        assert_eq!(base64url(""), None);
        assert_eq!(base64url("no key at all"), None);
    }
}
