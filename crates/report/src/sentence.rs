//! Names and sentences for what the vocabulary knows: endings, stages, actors, faults.
//!
//! An ending is told as a half sentence without capital and full stop, so that it fits behind a colon, into a table
//! and into a log line. It names the data it carries: which deadline, which byte, which alert.

use crate::{Lang, registry, words, words::Arg};
use torwart_cause::{
    Actor, By, Certainty, CertificateFault, Deadline, Decision, Ending, Limit, Malformation, NameFault,
    Observation, Retry, Stage, TlsFault,
};

/// How it ended, told of the upstream: "the upstream reset the connection".
pub fn sentence(ending: &Ending, lang: Lang) -> String {
    told(ending, "upstream", lang)
}

/// How it ended, told of whoever the stage deals with: the client where it is accepted and read, the
/// authorisation service where the client is judged, else the upstream.
pub fn sentence_at(stage: Stage, ending: &Ending, lang: Lang) -> String {
    let party = match stage {
        Stage::Accept | Stage::Parse => "client",
        Stage::Guard => "authoriser",
        _ => "upstream",
    };
    told(ending, party, lang)
}

/// The name of a stage.
pub fn stage(stage: Stage, lang: Lang) -> String {
    name("stage", stage.id(), lang)
}

/// Who must act.
pub fn actor(actor: Actor, lang: Lang) -> String {
    name("actor", actor.id(), lang)
}

/// What a cause proves about repeating.
pub fn retry(retry: Retry, lang: Lang) -> String {
    name("retry", retry.id(), lang)
}

/// What a deadline waits for.
pub fn deadline(deadline: Deadline, lang: Lang) -> String {
    name("deadline", deadline.id(), lang)
}

/// What a limit bounds.
pub fn limit(limit: Limit, lang: Lang) -> String {
    name("limit", limit.id(), lang)
}

/// The rule that was broken.
pub fn malformation(what: Malformation, lang: Lang) -> String {
    name("malformation", what.id(), lang)
}

/// How sure a named cause is.
pub fn certainty(certainty: Certainty, lang: Lang) -> String {
    let id = match certainty {
        Certainty::Likely => "likely",
        Certainty::Certain => "certain",
    };
    name("certainty", id, lang)
}

/// The observation that is missing.
pub fn observation(missing: Observation, lang: Lang) -> String {
    match missing {
        Observation::EndingOf(of) => {
            words::say(lang, "observation-ending", &[("stage", Arg::Text(&stage(of, lang)))])
        }
        Observation::LinkReuse => words::say(lang, "observation-link-reuse", &[]),
        Observation::Attempts => words::say(lang, "observation-attempts", &[]),
    }
}

/// The registered name of a TLS alert (RFC 8446 §6): `handshake_failure`.
pub const fn alert_name(number: u8) -> &'static str {
    registry::tls_alert(number)
}

/// A span of time in words: "30 seconds".
pub fn seconds(count: u32, lang: Lang) -> String {
    words::say(lang, "seconds", &[("count", Arg::Number(count))])
}

/// The registered name of the response code a name server gave, as `Proxy-Status` wants it (RFC 9209 §2.3.2).
pub const fn rcode_name(fault: NameFault) -> Option<&'static str> {
    match fault {
        NameFault::NxDomain => Some(registry::rcode(3)),
        NameFault::NoAddress => Some(registry::rcode(0)),
        NameFault::Rcode(number) => Some(registry::rcode(number)),
        NameFault::Loop | NameFault::Garbled | NameFault::Unreachable | NameFault::SystemResolver(_) => None,
    }
}

fn told(ending: &Ending, party: &str, lang: Lang) -> String {
    let by = ("party", Arg::Text(party));
    match ending {
        Ending::Malformed(fault) => {
            let what = malformation(fault.what, lang);
            let at = fault.at.to_string();
            words::say(lang, "ending-malformed", &[by, ("at", Arg::Text(&at)), ("what", Arg::Text(&what))])
        }
        Ending::TooLarge(of) => {
            words::say(lang, "ending-too-large", &[by, ("what", Arg::Text(&limit(*of, lang)))])
        }
        Ending::TlsAlert(number) => {
            numbered(lang, "ending-tls-alert", party, number, registry::tls_alert(*number))
        }
        Ending::StreamReset(code) => {
            numbered(lang, "ending-stream-reset", party, code, registry::stream_error(*code))
        }
        Ending::Os(number) => numbered(lang, "ending-os", party, number, registry::os_error(*number)),
        Ending::Name(NameFault::Rcode(number)) => {
            numbered(lang, "ending-name-rcode", party, number, registry::rcode(*number))
        }
        Ending::Name(NameFault::SystemResolver(number)) => {
            numbered(lang, "ending-name-system", party, number, registry::resolver_error(*number))
        }
        _ => words::say(lang, &ending_key(ending), &[by]),
    }
}

fn numbered(lang: Lang, key: &str, party: &str, number: &dyn ToString, called: &str) -> String {
    let number = number.to_string();
    let args = [("party", Arg::Text(party)), ("number", Arg::Text(&number)), ("name", Arg::Text(called))];
    words::say(lang, key, &args)
}

fn ending_key(ending: &Ending) -> String {
    let id = match ending {
        Ending::Closed => "closed",
        Ending::ClosedWithoutNotify => "closed-without-notify",
        Ending::Reset => "reset",
        Ending::Refused => "refused",
        Ending::Unroutable => "unroutable",
        Ending::Missing => "missing",
        Ending::QueueFull => "queue-full",
        Ending::Forbidden => "forbidden",
        Ending::ResourcesSpent => "resources-spent",
        Ending::TimedOut(of) => return key("ending-timed-out", of.id()),
        Ending::Malformed(_) => "malformed",
        Ending::TooLarge(_) => "too-large",
        Ending::Name(fault) => name_key(*fault),
        Ending::TlsAlert(_) => "tls-alert",
        Ending::Certificate(fault) => certificate_key(*fault),
        Ending::Tls(TlsFault::NotTls) => "tls-not-tls",
        Ending::Tls(TlsFault::NoAgreement) => "tls-no-agreement",
        Ending::Tls(TlsFault::Broken) => "tls-broken",
        Ending::StreamRefused => "stream-refused",
        Ending::StreamReset(_) => "stream-reset",
        Ending::Os(_) => "os",
        Ending::Cancelled(By::Client) => "cancelled-client",
        Ending::Cancelled(By::Upstream) => "cancelled-upstream",
        Ending::Cancelled(By::Gateway) => "cancelled-gateway",
        Ending::Cancelled(By::Faster) => "cancelled-faster",
        Ending::Decided(decision) => decision_key(*decision),
        Ending::Panicked => "panicked",
    };
    key("ending", id)
}

const fn name_key(fault: NameFault) -> &'static str {
    match fault {
        NameFault::NxDomain => "name-nxdomain",
        NameFault::NoAddress => "name-no-address",
        NameFault::Rcode(_) => "name-rcode",
        NameFault::Loop => "name-loop",
        NameFault::Garbled => "name-garbled",
        NameFault::Unreachable => "name-unreachable",
        NameFault::SystemResolver(_) => "name-system",
    }
}

const fn certificate_key(fault: CertificateFault) -> &'static str {
    match fault {
        CertificateFault::Untrusted => "certificate-untrusted",
        CertificateFault::Expired => "certificate-expired",
        CertificateFault::NotYetValid => "certificate-not-yet-valid",
        CertificateFault::WrongName => "certificate-wrong-name",
        CertificateFault::Revoked => "certificate-revoked",
        CertificateFault::Missing => "certificate-missing",
        CertificateFault::Unusable => "certificate-unusable",
    }
}

const fn decision_key(decision: Decision) -> &'static str {
    match decision {
        Decision::NoRoute => "decided-no-route",
        Decision::NoFile => "decided-no-file",
        Decision::FileForbidden => "decided-file-forbidden",
        Decision::Deny => "decided-deny",
        Decision::Misdirected => "decided-misdirected",
        Decision::Unauthorised => "decided-unauthorised",
        Decision::AuthoriserUnclear => "decided-authoriser-unclear",
        Decision::RateLimit => "decided-rate-limit",
        Decision::Loop => "decided-loop",
        Decision::GatewayFull => "decided-gateway-full",
        Decision::RouteFull => "decided-route-full",
        Decision::Wait => "decided-wait",
        Decision::UpstreamFull => "decided-upstream-full",
        Decision::AllDown => "decided-all-down",
        Decision::AddressForbidden => "decided-address-forbidden",
        Decision::Misconfigured => "decided-misconfigured",
        Decision::Draining => "decided-draining",
    }
}

fn name(kind: &str, id: &str, lang: Lang) -> String {
    words::say(lang, &key(kind, id), &[])
}

fn key(kind: &str, id: &str) -> String {
    format!("{kind}-{}", id.replace('_', "-"))
}

#[cfg(test)]
mod tests;
