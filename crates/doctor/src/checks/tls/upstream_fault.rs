//! A fault of an upstream's certificate as a finding: which kind, where, with which facts, and what to change.

use super::front_certificate::since;
use super::repair;
use super::words::with_certificate;
use crate::observe::tls::sight::UpstreamSight;
use crate::observe::tls::{moment, openssl};
use torwart_cause::finding::{Finding, FindingKind, Fix, Hop, Where, said, tls};
use torwart_dial::tls::facts::CertificateFacts;
use torwart_dial::tls::judge::ChainFault;

/// Tells faults of one upstream's certificate.
pub(super) struct UpstreamFault<'s> {
    sight: &'s UpstreamSight,
    leaf: &'s CertificateFacts,
    /// The gateway's trust file.
    file: Option<String>,
}

impl<'s> UpstreamFault<'s> {
    pub(super) fn new(sight: &'s UpstreamSight, leaf: &'s CertificateFacts) -> Self {
        let file = sight.meant.trust_file().map(|file| file.value.display().to_string());
        Self { sight, leaf, file }
    }

    /// The finding for a fault; `None` where there is nothing to say.
    pub(super) fn told(&self, fault: &ChainFault) -> Option<Finding> {
        Some(match fault {
            ChainFault::Expired(0) => self.by(&tls::UPSTREAM_EXPIRED, 98, Hop::Upstream).proof(since(
                "tls-over-since",
                self.leaf.not_after,
                moment::now(),
            )),
            ChainFault::Expired(_) => {
                self.by(&tls::UPSTREAM_EXPIRED, 92, Hop::Upstream).proof(said("tls-intermediate-over"))
            }
            ChainFault::NotYetValid(_) => self
                .by(&tls::UPSTREAM_NOT_YET_VALID, 96, Hop::Upstream)
                .proof(said("tls-begins-at").with("moment", moment::shown(self.leaf.not_before))),
            ChainFault::WrongName { .. } => self.wrong_name(),
            ChainFault::SelfSigned => self.self_signed(),
            ChainFault::UnknownIssuer { issuer, .. } => self.unknown_issuer(issuer),
            ChainFault::MissingIntermediate { issuer, is_proven, .. } => {
                self.missing_intermediate(issuer, *is_proven)
            }
            ChainFault::TrustExpired(authority) => self.trust_expired(authority),
            ChainFault::NotForServers => {
                self.by(&tls::NOT_FOR_SERVERS, 90, Hop::Upstream).proof(said("tls-not-for-servers"))
            }
            ChainFault::Weak(index, what) => self
                .by(&tls::WEAK_CERTIFICATE, 85, Hop::Upstream)
                .proof(said("tls-weak").with("what", what).with("place", index + 1)),
            ChainFault::Unreadable => return None,
        })
    }

    fn by(&self, kind: &'static FindingKind, confidence: u8, hop: Hop) -> Finding {
        let place = Where::hop(hop).address(self.sight.address).name(self.leaf.names_line());
        with_certificate(Finding::new(kind, confidence, place), &self.sight.seen, self.sight.address)
    }

    fn wrong_name(&self) -> Finding {
        let meant = &self.sight.meant;
        let expected = meant.expected.as_deref().unwrap_or("-");
        let told = said("tls-name-expected").with("name", expected).with("names", self.leaf.names_line());
        let mut finding = self.by(&tls::UPSTREAM_WRONG_NAME, 96, Hop::Gateway).proof(told);
        finding.place = repair::placed(finding.place, meant.tls.as_ref().and_then(|tls| tls.name.as_ref()));
        let mut names = self.leaf.names.iter().filter(|name| !name.starts_with('*'));
        with_fix(finding, names.next().and_then(|name| repair::expect_name(meant, name)))
    }

    fn self_signed(&self) -> Finding {
        let told = said("tls-signed-by-itself").with("subject", &self.leaf.subject);
        let finding = self.by(&tls::UPSTREAM_SELF_SIGNED, 95, Hop::Gateway);
        self.with_trust(self.at_trust_file(finding.proof_by(told, self.verify_command())))
    }

    fn unknown_issuer(&self, issuer: &str) -> Finding {
        let trusted = self.file.as_deref().unwrap_or("-");
        let told = said("tls-issuer-unknown").with("issuer", issuer).with("trust", trusted);
        let count = said("tls-chain-length").with("count", self.sight.seen.chain().len());
        let finding = self.by(&tls::UPSTREAM_UNKNOWN_ISSUER, 94, Hop::Gateway);
        self.with_trust(self.at_trust_file(finding.proof_by(told, self.verify_command())).proof(count))
    }

    fn missing_intermediate(&self, issuer: &str, is_proven: bool) -> Finding {
        let count = self.sight.seen.chain().len();
        let told = said("tls-issuer-not-sent").with("issuer", issuer).with("count", count);
        let command = openssl(self.sight.address, self.sight.seen.name.as_deref(), " -showcerts");
        let confidence = if is_proven { 97 } else { 75 };
        let finding = self.by(&tls::UPSTREAM_INCOMPLETE_CHAIN, confidence, Hop::Upstream);
        let finding = finding.proof_by(told, command);
        if is_proven { finding.proof(said("tls-issuer-completes")) } else { finding }
    }

    fn trust_expired(&self, authority: &CertificateFacts) -> Finding {
        let told = said("tls-authority-over")
            .with("subject", &authority.subject)
            .with("moment", moment::shown(authority.not_after))
            .with("file", self.file.as_deref().unwrap_or("-"));
        self.at_trust_file(self.by(&tls::TRUST_EXPIRED, 95, Hop::Gateway)).proof(told)
    }

    /// The command that repeats the gateway's verification.
    fn verify_command(&self) -> String {
        let trust = self.file.as_ref().map_or_else(String::new, |file| format!(" -CAfile {file}"));
        let more = format!("{trust} -verify_return_error");
        openssl(self.sight.address, self.sight.seen.name.as_deref(), &more)
    }

    /// At the line of the configuration that names the trust file.
    fn at_trust_file(&self, mut finding: Finding) -> Finding {
        let meant = &self.sight.meant;
        finding.place = repair::placed(finding.place, meant.trust_file());
        match (meant.product, meant.trust_file()) {
            (Some(product), Some(file)) => {
                finding.proof(said("tls-setting").with("product", product).with("written", &file.written))
            }
            _ => finding,
        }
    }

    fn with_trust(&self, finding: Finding) -> Finding {
        with_fix(finding, repair::trust(&self.sight.meant, "/etc/ssl/upstream-ca.pem"))
    }
}

fn with_fix(finding: Finding, fix: Option<Fix>) -> Finding {
    match fix {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}
