//! Do gateway and upstream agree on whether TLS is spoken at all?
//!
//! Proves both mistakes by doing the right thing: a plain request that is answered where the gateway speaks TLS, a
//! handshake that comes about where the gateway speaks plain HTTP.

use super::front_handshake::wants_tls;
use super::repair;
use super::words::{failure, first_line, protocol_of, with_certificate};
use crate::observe::answer::question;
use crate::observe::exchange::{PATIENCE, Way, exchange};
use crate::observe::tls::meant::{self, Meant};
use crate::observe::tls::openssl;
use crate::observe::tls::sight::{self, UpstreamSight};
use crate::{Case, Checked, Scheme, Upstream};
use std::time::Duration;
use torwart_cause::finding::{Finding, Hop, Where, said, tls};
use torwart_cause::{Cause, Ending, TlsFault};

/// Do they?
pub async fn check(case: &Case) -> Checked {
    let mut checked = Checked::not_applicable();
    for sight in sight::upstreams(case).await {
        checked = checked.and(Checked::found(not_tls(case, &sight).await.into_iter().collect()));
    }
    for upstream in case.upstreams().await.iter().filter(|upstream| upstream.address.scheme == Scheme::Http) {
        checked = checked.and(Checked::found(plain(case, upstream).await.into_iter().collect()));
    }
    checked
}

/// TLS is spoken to a port that does not speak it.
pub(super) async fn not_tls(case: &Case, sight: &UpstreamSight) -> Option<Finding> {
    let reason = sight.seen.failure()?;
    if !sight.seen.chain().is_empty() {
        return None;
    }
    let place = placed(Where::hop(Hop::Gateway).address(sight.address), &sight.meant);
    let command = openssl(sight.address, sight.seen.name.as_deref(), "");
    if reason.ending == Ending::Tls(TlsFault::NotTls) {
        let bytes = reason.first_bytes.as_deref().unwrap_or_default();
        let protocol = protocol_of(bytes);
        let spoke = said("tls-spoke-instead")
            .with("address", sight.address)
            .with("protocol", protocol.unwrap_or("?"))
            .with("line", first_line(bytes));
        let kind = if protocol == Some("HTTP") {
            &tls::UPSTREAM_SPEAKS_PLAIN
        } else {
            &tls::UPSTREAM_OTHER_PROTOCOL
        };
        return Some(with_scheme(
            Finding::new(kind, 97, place).proof_by(spoke, command),
            &sight.meant,
            false,
        ));
    }
    if !matches!(reason.ending, Ending::Closed | Ending::Reset | Ending::TimedOut(_)) {
        return None;
    }
    let way = Way::plain(sight.address);
    let host = sight.seen.name.clone().unwrap_or_else(|| case.question().url.authority());
    let answer = exchange(case, &way, &question(case, &host, &[]), PLAIN.min(PATIENCE)).await?;
    let status = answer.status().filter(|_| !wants_tls(&answer))?;
    let told = said("tls-plain-answered").with("address", sight.address).with("status", status);
    let mut finding = Finding::new(&tls::UPSTREAM_SPEAKS_PLAIN, 96, place)
        .proof_by(told, format!("curl -si http://{}/ -H 'Host: {host}' | head -1", sight.address));
    if let Some(failed) = failure(&sight.seen, sight.address) {
        finding = finding.proof_by(failed, command);
    }
    Some(with_scheme(finding, &sight.meant, false))
}

/// Plain HTTP is spoken to a port that wants TLS.
async fn plain(case: &Case, upstream: &Upstream) -> Option<Finding> {
    let answer = case.answer(&upstream.address).await;
    let exchange = answer.exchange.as_ref().filter(|exchange| wants_tls(exchange))?;
    let address = case.socket_address(&upstream.address).await?;
    let name = meant::own_name(&upstream.address).unwrap_or(&case.question().url.host).to_owned();
    let mut seen = case.tls_of(address, Some(&name)).await;
    if seen.chain().is_empty() {
        seen = case.tls_of(address, None).await;
    }
    let confidence = match (seen.chain().is_empty(), exchange.status()) {
        (false, _) => 97,
        // It answered plain HTTP with a record of TLS; that no handshake comes about now is another matter.
        (true, None) if exchange.cause() == Some(Cause::WantsTls) => 80,
        (true, None | Some(_)) => return None,
    };
    let meant = meant::of(case, &*case.gateway().await, &upstream.address);
    let place = placed(Where::hop(Hop::Gateway).address(address), &meant);
    let finding = Finding::new(&tls::UPSTREAM_WANTS_TLS, confidence, place);
    let command = format!("curl -si http://{address}/ | head -1");
    let finding = match exchange.status() {
        Some(status) => finding
            .proof_by(said("tls-plain-refused").with("address", address).with("status", status), command),
        None => finding.proof_by(said("tls-plain-unanswered").with("address", address), command),
    };
    Some(with_scheme(with_certificate(finding, &seen, address), &meant, true))
}

fn placed(place: Where, meant: &Meant) -> Where {
    match meant.line.as_ref().and_then(|line| line.at.as_ref()) {
        Some(at) => place.file(at.file.display(), at.line),
        None => place,
    }
}

fn with_scheme(finding: Finding, meant: &Meant, to_tls: bool) -> Finding {
    let fix = meant
        .line
        .as_ref()
        .zip(meant.product)
        .and_then(|(line, product)| repair::scheme(&line.written, product, line.at.as_ref(), to_tls));
    match fix {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

/// How long a plain answer is waited for.
const PLAIN: Duration = Duration::from_secs(4);
