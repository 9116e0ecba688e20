//! One piece of work with the CA: a certificate, or its advice when to renew one.

use crate::courier::Courier;
use crate::failure::{Failure, Kind};
use crate::settings::{Settings, Wanted};
use crate::store::{self, Kept};
use crate::{Showcase, account, order};
use instant_acme::{Account, CertificateIdentifier};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;
use torwart_config::plan::Challenge;
use torwart_dial::Resolver;

/// The way to one CA under one plan, shared by all jobs.
pub(crate) struct Desk {
    /// The plan.
    pub(crate) settings: Settings,
    courier: Courier,
    /// Held while an account is made, so that there is only one.
    account: Mutex<Option<Account>>,
    showcase: Arc<dyn Showcase>,
}

/// When the CA would like a certificate to be renewed.
pub(crate) struct Advice {
    /// From when to when.
    pub(crate) window: (SystemTime, SystemTime),
    /// When to ask again.
    pub(crate) again: Duration,
}

impl Desk {
    pub(crate) fn new(
        settings: Settings,
        resolver: Arc<Resolver>,
        showcase: Arc<dyn Showcase>,
    ) -> Result<Self, Failure> {
        let courier = Courier::new(resolver, settings.plan.ca.as_deref()).map_err(|problem| {
            let file = settings.plan.ca.as_ref().map(|file| file.display().to_string());
            Failure::File { file: file.unwrap_or_default(), said: problem.to_string() }
        })?;
        Ok(Self { settings, courier, account: Mutex::new(None), showcase })
    }

    /// When the CA wants to be asked again, if its last refusal said so.
    pub(crate) fn take_later(&self) -> Option<SystemTime> {
        self.courier.take_later()
    }

    /// Orders a certificate and keeps it.
    pub(crate) async fn obtain(
        &self,
        wanted: &Wanted,
        challenge: Challenge,
        before: Option<&Kept>,
    ) -> Result<Kept, Failure> {
        store::rehearse(&wanted.file)?;
        let plan = &self.settings.plan;
        let replaces = before.filter(|kept| *kept.directory == *plan.directory).map(|kept| &kept.leaf);
        let mut account = self.account().await?;
        let mut tries = 0;
        let issued = loop {
            tries += 1;
            match order::obtain(&account, plan, wanted, challenge, replaces, &self.showcase).await {
                Err(failure) if failure.is_unknown_account() && tries < TRIES => {
                    account = self.new_account().await?;
                }
                // Says nothing about the order; requests are repeated already, and seldom that is not enough.
                Err(failure) if failure.names(Kind::BadNonce) && tries < TRIES => {}
                other => break other?,
            }
        };
        store::keep(&wanted.file, &plan.directory, &issued.key, &issued.chain)?;
        self.showcase.renewed();
        store::read(&wanted.file).ok_or_else(|| Failure::Garbled("the certificate cannot be read".to_owned()))
    }

    /// Asks the CA when to renew (RFC 9773); nothing, where it gives no advice.
    pub(crate) async fn advice(&self, kept: &Kept) -> Result<Option<Advice>, Failure> {
        let Ok(id) = CertificateIdentifier::try_from(&kept.leaf) else { return Ok(None) };
        let account = self.account().await?;
        let (info, again) = match account.renewal_info(&id).await {
            Ok(info) => info,
            Err(instant_acme::Error::Unsupported(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let window = info.suggested_window;
        let time = |seconds: i64| {
            SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
        };
        let window = (time(window.start.unix_timestamp()), time(window.end.unix_timestamp()));
        Ok(Some(Advice { window, again }))
    }

    async fn account(&self) -> Result<Account, Failure> {
        let mut held = self.account.lock().await;
        if let Some(account) = &*held {
            return Ok(account.clone());
        }
        let account = match account::open(&self.settings.plan, &self.courier).await {
            Err(failure) if failure.is_unknown_account() => {
                account::forget(&self.settings.plan);
                account::open(&self.settings.plan, &self.courier).await?
            }
            other => other?,
        };
        *held = Some(account.clone());
        Ok(account)
    }

    async fn new_account(&self) -> Result<Account, Failure> {
        let mut held = self.account.lock().await;
        account::forget(&self.settings.plan);
        let account = account::open(&self.settings.plan, &self.courier).await?;
        *held = Some(account.clone());
        Ok(account)
    }
}

/// For what a second attempt mends at once.
const TRIES: u32 = 3;
