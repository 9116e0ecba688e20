//! What an ending means, as a sentence: the key for a stage and a physical ending.
//!
//! This is what the product said, in our words; it is not a verdict.

use torwart_cause::finding::{Said, said};
use torwart_cause::{Attempt, By, Decision, Ending, Evidence, Malformation, NameFault, Stage, TlsFault};

/// The sentence for what ended the exchange; nothing where the evidence holds no ending.
pub(super) fn of(evidence: &Evidence) -> Option<Said> {
    let client = &evidence.client;
    for (step, key) in [
        (&client.handshake, "gateway-said-client-handshake"),
        (&client.head, "gateway-said-client-head"),
        (&client.body, "gateway-said-client-body"),
        (&client.answer, "gateway-said-client-gone"),
    ] {
        if let Some(ending) = step.ending() {
            return Some(said(client_key(ending, key)));
        }
    }
    let local = &evidence.local;
    if let Some(ending) =
        [&local.route, &local.guard, &local.admit, &local.pick].into_iter().find_map(|step| step.ending())
    {
        return Some(said(local_key(ending)));
    }
    evidence.attempts.last().and_then(of_attempt)
}

fn of_attempt(attempt: &Attempt) -> Option<Said> {
    let steps = [
        (&attempt.resolve, Stage::Resolve),
        (&attempt.connect, Stage::Connect),
        (&attempt.handshake, Stage::Handshake),
        (&attempt.send, Stage::Send),
        (&attempt.head, Stage::Head),
        (&attempt.body, Stage::Body),
    ];
    let upstream = attempt.upstream.as_ref();
    let (ending, stage) = steps.into_iter().find_map(|(step, stage)| Some((step.ending()?, stage)))?;
    let words = said(attempt_key(ending, stage)).with("upstream", upstream);
    Some(match ending {
        Ending::TlsAlert(number) => words.with("alert", number),
        Ending::Malformed(fault) => words.with("rule", fault.what.id()),
        Ending::Certificate(fault) => words.with("fault", format!("{fault:?}").to_ascii_lowercase()),
        _ => words,
    })
}

fn attempt_key(ending: &Ending, stage: Stage) -> &'static str {
    match (ending, stage) {
        (Ending::Cancelled(By::Client), _) => "gateway-said-client-left",
        (Ending::Decided(_), _) => local_key(ending),
        (Ending::ResourcesSpent, _) => "gateway-said-resources-spent",
        (Ending::TlsAlert(_), _) => "gateway-said-tls-alert",
        (Ending::Certificate(_), _) => "gateway-said-certificate",
        (Ending::StreamRefused, _) => "gateway-said-stream-refused",
        (Ending::StreamReset(_), _) => "gateway-said-stream-reset",
        (Ending::TimedOut(_), Stage::Resolve) => "gateway-said-name-timeout",
        (Ending::Name(NameFault::NxDomain), _) => "gateway-said-name-unknown",
        (_, Stage::Resolve) => "gateway-said-name-server",
        (Ending::Refused, Stage::Connect) => "gateway-said-refused",
        (Ending::Unroutable, Stage::Connect) => "gateway-said-unroutable",
        (Ending::TimedOut(_), Stage::Connect) => "gateway-said-connect-timeout",
        (Ending::Missing, Stage::Connect) => "gateway-said-socket-missing",
        (Ending::QueueFull, Stage::Connect) => "gateway-said-queue-full",
        (Ending::Forbidden, Stage::Connect) => "gateway-said-connect-forbidden",
        (_, Stage::Connect) => "gateway-said-connect-failed",
        (Ending::Tls(TlsFault::NotTls), _) => "gateway-said-not-tls",
        (Ending::TimedOut(_), Stage::Handshake) => "gateway-said-handshake-timeout",
        (_, Stage::Handshake) => "gateway-said-handshake-failed",
        (Ending::TimedOut(_), Stage::Send) => "gateway-said-send-timeout",
        (_, Stage::Send) => "gateway-said-send-cut",
        (Ending::TimedOut(_), Stage::Body) => "gateway-said-body-stalled",
        (Ending::Malformed(_), Stage::Body) => "gateway-said-body-broken",
        (_, Stage::Body) => "gateway-said-body-cut",
        (Ending::TimedOut(_), _) => "gateway-said-head-timeout",
        (Ending::TooLarge(_), _) => "gateway-said-head-too-large",
        (Ending::Malformed(fault), _) if fault.what == Malformation::NotHttp => "gateway-said-not-http",
        (Ending::Malformed(_), _) => "gateway-said-head-broken",
        (Ending::Reset, _) => "gateway-said-reset-before-head",
        _ => "gateway-said-closed-before-head",
    }
}

fn local_key(ending: &Ending) -> &'static str {
    match ending {
        Ending::Decided(Decision::AllDown) => "gateway-said-all-down",
        Ending::Decided(Decision::Deny) => "gateway-said-denied",
        Ending::Decided(Decision::RateLimit) => "gateway-said-rate-limited",
        Ending::Decided(Decision::NoRoute) => "gateway-said-no-route",
        Ending::Decided(Decision::GatewayFull | Decision::UpstreamFull) => "gateway-said-full",
        Ending::Decided(Decision::Draining) => "gateway-said-draining",
        Ending::Decided(_) => "gateway-said-misconfigured",
        Ending::TimedOut(_) => "gateway-said-queue-timeout",
        Ending::Cancelled(_) => "gateway-said-client-left",
        Ending::ResourcesSpent => "gateway-said-resources-spent",
        _ => "gateway-said-bug",
    }
}

fn client_key(ending: &Ending, key: &'static str) -> &'static str {
    match ending {
        Ending::TooLarge(_) => "gateway-said-request-too-large",
        Ending::Cancelled(By::Client) => "gateway-said-client-left",
        Ending::TimedOut(_) => "gateway-said-client-slow",
        _ => key,
    }
}
