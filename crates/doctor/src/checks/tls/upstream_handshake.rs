//! Does the upstream shake hands, and in good time?
//!
//! Proves an alert, a cut, a silence or slowness that no other check of TLS explains. Slowness is told from three
//! handshakes, and only what the way itself does not explain.

use super::words::failure;
use super::{bearing, client_certificate, server_name, tls_versions, upstream_scheme};
use crate::observe::tls::sight::{self, UpstreamSight};
use crate::observe::tls::{look, observe_by, openssl};
use crate::{Case, Checked};
use std::time::Duration;
use torwart_cause::finding::{Finding, FindingKind, Hop, Severity, Where, said, tls};
use torwart_cause::{Ending, TlsFault};
use torwart_dial::tls::inspect::Heard;

/// Does it?
pub async fn check(case: &Case) -> Checked {
    let sights = sight::upstreams(case).await;
    let mut checked = Checked::not_applicable();
    for sight in sights.iter().filter(|sight| sight.seen.is_tried()) {
        checked = checked.and(judge(case, sight).await);
    }
    checked
}

async fn judge(case: &Case, sight: &UpstreamSight) -> Checked {
    let Some(reason) = sight.seen.failure() else { return slow(case, sight).await };
    let kind: &'static FindingKind = match reason.ending {
        Ending::TlsAlert(_) => &tls::ALERT_RECEIVED,
        Ending::Closed | Ending::Reset => &tls::HANDSHAKE_CUT,
        Ending::TimedOut(_) => &tls::HANDSHAKE_TIMEOUT,
        Ending::Tls(TlsFault::NoAgreement | TlsFault::Broken) => &tls::ALERT_RECEIVED,
        _ => return Checked::fine(),
    };
    let is_explained = matches!(sight.seen.old, Some(Heard::Chose { .. }))
        || client_certificate::explains(sight)
        || upstream_scheme::not_tls(case, sight).await.is_some()
        || server_name::of(case, sight).await.is_some()
        || tls_versions::of(case, sight).await.is_some();
    let Some(told) = failure(&sight.seen, sight.address).filter(|_| !is_explained) else {
        return Checked::fine();
    };
    let place = Where::hop(Hop::Upstream).address(sight.address);
    let command = openssl(sight.address, sight.seen.name.as_deref(), "");
    let finding = Finding::new(kind, 88, place).proof_by(told, command);
    if !bearing::site_works(case).await {
        return Checked::found(vec![finding]);
    }
    // The gateway gets on with its only upstream, or with another one: the first says that we are the ones refused.
    let has_others = sight.meant.is_known() && case.upstreams().await.len() > 1;
    let severity = if has_others { Severity::Warning } else { Severity::Info };
    Checked::found(vec![finding.severity(severity)])
}

async fn slow(case: &Case, sight: &UpstreamSight) -> Checked {
    let Some(first) = sight.seen.shown.as_ref() else { return Checked::not_applicable() };
    let reach = case.reach(&sight.upstream.address).await;
    let round_trip = reach.connected().and_then(|attempt| attempt.round_trip).unwrap_or_default();
    let bound = SLOW + round_trip * 4;
    if first.took < bound {
        return Checked::fine().said(
            said("tls-upstream-agreed")
                .with("address", sight.address)
                .with("version", first.version.unwrap_or("TLS"))
                .with("millis", first.took.as_millis()),
        );
    }
    let mut times = vec![first.took];
    for _ in 0..2 {
        let again = observe_by(case, sight.address, &look(sight.seen.name.as_deref()), &[]).await;
        times.extend(again.shown.filter(|shown| shown.is_agreed()).map(|shown| shown.took));
    }
    if times.len() < 3 || times.iter().any(|took| *took < bound) {
        return Checked::fine();
    }
    let shown =
        times.iter().map(|took| format!("{:.1} s", took.as_secs_f64())).collect::<Vec<_>>().join(", ");
    let told = said("tls-handshake-took").with("address", sight.address).with("times", shown);
    let command = format!(
        "curl -sko /dev/null -w '%{{time_connect}} %{{time_appconnect}}\\n' https://{}/",
        sight.address
    );
    let place = Where::hop(Hop::Upstream).address(sight.address);
    Checked::found(vec![Finding::new(&tls::HANDSHAKE_SLOW, 90, place).proof_by(told, command)])
}

/// A handshake that computes needs milliseconds; this is a server without air.
const SLOW: Duration = Duration::from_millis(1500);
