//! The one place where a cause is concluded from observations.
//!
//! The order of the questions is the order of blame: a fault of the gateway itself, then the client's request, then
//! the gateway's decisions, then the last attempt from its first stage to its last, then the client's leaving.
//! A step that is `Unknown` never fills a gap: it turns the verdict into an open one, or leaves alternatives.

use crate::{
    Address, Attempt, By, Cause, Certainty, CertificateFault, Deadline, Decision, Ending, Evidence, Fault,
    Limit, Malformation, NameFault, Observation, Stage, Step, TlsFault, Verdict,
};

/// Turns evidence into a verdict. Total: every evidence has exactly one.
pub fn diagnose(evidence: &Evidence) -> Verdict {
    if let Some(stage) = panicked(evidence) {
        return certain(Cause::GatewayBug, stage);
    }
    let Evidence { client, local, attempts } = evidence;
    if let Some(ending) = client.handshake.ending() {
        return certain(client_cause(ending, Cause::ClientHandshakeFailed), Stage::Accept);
    }
    if let Some(ending) = client.head.ending() {
        return certain(client_cause(ending, Cause::RequestMalformed), Stage::Parse);
    }
    for (step, stage) in
        [(&local.route, Stage::Route), (&local.guard, Stage::Guard), (&local.admit, Stage::Admit)]
    {
        if let Some(ending) = step.ending() {
            return certain(
                if stage == Stage::Guard { guard_cause(ending) } else { local_cause(ending) },
                stage,
            );
        }
    }
    if let Some(ending) = client.body.ending() {
        return certain(client_cause(ending, Cause::RequestMalformed), Stage::Parse);
    }
    // Where an attempt was made, its own cause is the exchange's, whatever became of the pool afterwards.
    let last = attempts.last().map_or(Verdict::Well, attempt_verdict);
    if last == Verdict::Well
        && let Some(ending) = local.pick.ending()
    {
        return certain(local_cause(ending), Stage::Pick);
    }
    let is_upstream_well =
        matches!(last, Verdict::Well | Verdict::Named { cause: Cause::UpstreamSaidSo, .. });
    match client.answer.ending() {
        Some(Ending::TimedOut(Deadline::Drain)) if is_upstream_well => certain(Cause::Draining, Stage::Body),
        Some(_) if is_upstream_well => certain(Cause::ClientLeft, Stage::Body),
        _ => last,
    }
}

/// The cause of one attempt alone, if it failed and the evidence names it.
pub fn attempt_cause(attempt: &Attempt) -> Option<Cause> {
    attempt_verdict(attempt).cause()
}

fn attempt_verdict(attempt: &Attempt) -> Verdict {
    let steps = [
        (&attempt.resolve, Stage::Resolve),
        (&attempt.connect, Stage::Connect),
        (&attempt.handshake, Stage::Handshake),
        (&attempt.head, Stage::Head),
        (&attempt.send, Stage::Send),
        (&attempt.body, Stage::Body),
    ];
    for (step, stage) in steps {
        // A response that came whole while the request was still going out is an early answer, not a failed send.
        if stage == Stage::Send && attempt.head.is_done() {
            continue;
        }
        if stage == Stage::Head && attempt.send.is_failed() && !head_says_more(&attempt.head) {
            continue;
        }
        match step.ending() {
            // It did not fail: it was not needed any more.
            Some(Ending::Cancelled(By::Faster)) => return Verdict::Well,
            Some(ending) => return judged(attempt, stage, ending),
            None => {}
        }
    }
    match attempt.status {
        Some(500..) => certain(Cause::UpstreamSaidSo, Stage::Head),
        Some(_) => Verdict::Well,
        None => first_gap(attempt),
    }
}

/// A failed head that holds bytes explains more than the failed send beside it.
fn head_says_more(head: &Step) -> bool {
    matches!(head.ending(), Some(Ending::Malformed(_) | Ending::TooLarge(_)))
}

/// Without status and without a failed step the source was sparse: name what would decide.
fn first_gap(attempt: &Attempt) -> Verdict {
    let steps = [
        (&attempt.resolve, Stage::Resolve),
        (&attempt.connect, Stage::Connect),
        (&attempt.handshake, Stage::Handshake),
        (&attempt.send, Stage::Send),
        (&attempt.head, Stage::Head),
    ];
    steps.into_iter().find(|(step, _)| **step == Step::Unknown).map_or(Verdict::Well, |(_, stage)| {
        Verdict::Open {
            candidates: Cause::ALL.iter().copied().filter(|cause| cause.stage() >= stage).collect(),
            missing: Observation::EndingOf(stage),
        }
    })
}

fn judged(attempt: &Attempt, stage: Stage, ending: &Ending) -> Verdict {
    let cause = upstream_cause(attempt, stage, ending);
    // A refusal below a stage that nobody watched leaves the earlier stage's causes possible.
    let unseen = stage == Stage::Head && attempt.connect == Step::Unknown && attempt.sent == 0;
    if unseen && matches!(ending, Ending::Closed | Ending::Reset) {
        return Verdict::Named {
            cause,
            certainty: Certainty::Likely,
            deciding: stage,
            alternatives: vec![Cause::StaleLink, Cause::SendCut, Cause::HandshakeCut],
        };
    }
    // Where the sign comes late, the stage is the one it speaks about: TLS 1.3 delivers alerts after the handshake.
    let deciding = match cause {
        Cause::TlsAlert | Cause::UpstreamFull => cause.stage(),
        _ => stage,
    };
    certain(cause, deciding)
}

fn upstream_cause(attempt: &Attempt, stage: Stage, ending: &Ending) -> Cause {
    match ending {
        Ending::Cancelled(By::Client) => return Cause::ClientLeft,
        Ending::TimedOut(Deadline::Total) => return Cause::DeadlineSpent,
        Ending::TimedOut(Deadline::Drain) => return Cause::Draining,
        Ending::Decided(_) => return local_cause(ending),
        Ending::StreamRefused => return Cause::StreamRefused,
        Ending::StreamReset(_) => return Cause::StreamReset,
        _ => {}
    }
    match stage {
        Stage::Resolve => resolve_cause(ending),
        Stage::Connect => connect_cause(attempt, ending),
        Stage::Handshake => handshake_cause(ending),
        Stage::Send => send_cause(attempt, ending),
        Stage::Head => head_cause(attempt, ending),
        Stage::Body => body_cause(ending),
        Stage::Accept
        | Stage::Parse
        | Stage::Route
        | Stage::Guard
        | Stage::Cache
        | Stage::Admit
        | Stage::Pick => Cause::GatewayBug,
    }
}

fn resolve_cause(ending: &Ending) -> Cause {
    match ending {
        Ending::Name(NameFault::NxDomain | NameFault::NoAddress) => Cause::NameUnknown,
        Ending::TimedOut(_) => Cause::NameTimedOut,
        Ending::ResourcesSpent => Cause::LocalResourcesSpent,
        _ => Cause::NameServerFailed,
    }
}

fn connect_cause(attempt: &Attempt, ending: &Ending) -> Cause {
    let is_unix = matches!(attempt.address, Some(Address::Unix(_)));
    match ending {
        Ending::Refused => Cause::ConnectRefused,
        Ending::Reset | Ending::Closed => Cause::ConnectReset,
        Ending::TimedOut(_) => Cause::ConnectTimedOut,
        Ending::Unroutable => Cause::AddressUnroutable,
        Ending::Missing => Cause::SocketMissing,
        Ending::Forbidden if is_unix => Cause::SocketDenied,
        Ending::QueueFull => Cause::UpstreamFull,
        Ending::ResourcesSpent => Cause::LocalResourcesSpent,
        _ => Cause::ConnectDenied,
    }
}

fn handshake_cause(ending: &Ending) -> Cause {
    match ending {
        Ending::Certificate(fault) => match fault {
            CertificateFault::Missing | CertificateFault::Untrusted | CertificateFault::Unusable => {
                Cause::TlsUntrusted
            }
            CertificateFault::Expired => Cause::TlsExpired,
            CertificateFault::NotYetValid => Cause::TlsNotYetValid,
            CertificateFault::WrongName => Cause::TlsWrongName,
            CertificateFault::Revoked => Cause::TlsRevoked,
        },
        Ending::TlsAlert(_) => Cause::TlsAlert,
        Ending::Tls(TlsFault::NotTls) => Cause::NotTls,
        Ending::Tls(TlsFault::NoAgreement | TlsFault::Broken) => Cause::TlsNoAgreement,
        Ending::TimedOut(_) => Cause::TlsTimedOut,
        _ => Cause::HandshakeCut,
    }
}

fn send_cause(attempt: &Attempt, ending: &Ending) -> Cause {
    match ending {
        Ending::TimedOut(_) => Cause::SendTimedOut,
        // A late alert: TLS 1.3 refuses a client certificate only after the client believes it is connected.
        Ending::TlsAlert(_) => Cause::TlsAlert,
        _ if attempt.is_reused && attempt.sent == 0 => Cause::StaleLink,
        _ => Cause::SendCut,
    }
}

fn head_cause(attempt: &Attempt, ending: &Ending) -> Cause {
    match ending {
        // Nobody took the connection: it waited in the upstream's queue all the time.
        Ending::TimedOut(Deadline::Queue) => Cause::UpstreamFull,
        Ending::TimedOut(_) => Cause::HeadTimedOut,
        Ending::TlsAlert(_) => Cause::TlsAlert,
        Ending::Malformed(fault) => malformed_head(*fault),
        Ending::TooLarge(Limit::InterimCount) => Cause::TooManyInterim,
        Ending::TooLarge(Limit::FieldBytes) => Cause::FieldTooLarge,
        Ending::TooLarge(_) => Cause::HeadTooLarge,
        // FastCGI: the application says that it is overloaded.
        Ending::QueueFull => Cause::UpstreamFull,
        _ if attempt.is_reused && attempt.sent == 0 => Cause::StaleLink,
        _ if attempt.received > 0 => Cause::HeadCut,
        Ending::Reset => Cause::ResetBeforeHead,
        _ => Cause::ClosedBeforeHead,
    }
}

fn malformed_head(fault: Fault) -> Cause {
    match fault.what {
        Malformation::NotHttp | Malformation::NotFastCgi | Malformation::NotHttp2 => Cause::NotHttp,
        Malformation::TlsRecord => Cause::WantsTls,
        Malformation::BadLength
        | Malformation::LengthsDiffer
        | Malformation::LengthAndCoding
        | Malformation::FramingForbidden => Cause::LengthConflict,
        Malformation::BadCoding | Malformation::UnknownCoding | Malformation::CodingInHttp10 => {
            Cause::CodingUnknown
        }
        Malformation::BadUpgrade => Cause::UpgradeWrong,
        Malformation::BareLf
        | Malformation::BareCr
        | Malformation::Nul
        | Malformation::ControlByte
        | Malformation::BadMethod
        | Malformation::BadTarget
        | Malformation::BadVersion
        | Malformation::UnknownVersion
        | Malformation::BadStatus
        | Malformation::BadStatusLine
        | Malformation::BadFieldName
        | Malformation::NoColon
        | Malformation::SpaceBeforeColon
        | Malformation::ObsFold
        | Malformation::HostMissing
        | Malformation::HostRepeated
        | Malformation::BadHost
        | Malformation::BadExpectation
        | Malformation::UnsupportedMethod
        | Malformation::BadChunkSize
        | Malformation::BadChunkExtension
        | Malformation::BadChunkEnd
        | Malformation::BadTrailer
        | Malformation::BadProxyHeader
        | Malformation::BadProxyChecksum
        | Malformation::BadRecord
        | Malformation::BadFrame => Cause::HeadMalformed,
    }
}

fn body_cause(ending: &Ending) -> Cause {
    match ending {
        Ending::TimedOut(_) => Cause::BodyStalled,
        // The stream or connection was given up in the middle; the body itself has no framing there.
        Ending::Malformed(Fault { what: Malformation::BadFrame, .. }) => Cause::BodyCut,
        Ending::Malformed(_) => Cause::ChunkMalformed,
        Ending::TooLarge(Limit::BodyBytes) => Cause::BodyTooLarge,
        Ending::TooLarge(Limit::Trailers) => Cause::TrailersTooLarge,
        Ending::TooLarge(_) => Cause::ChunkMalformed,
        _ => Cause::BodyCut,
    }
}

/// What a failing client means; `broken` is the cause where bytes broke the grammar.
fn client_cause(ending: &Ending, broken: Cause) -> Cause {
    match ending {
        Ending::Malformed(fault) => match fault.what {
            Malformation::UnknownCoding => Cause::CodingUnsupported,
            Malformation::UnknownVersion => Cause::VersionUnsupported,
            Malformation::BadExpectation => Cause::ExpectationFailed,
            Malformation::UnsupportedMethod => Cause::MethodUnsupported,
            _ => broken,
        },
        Ending::TooLarge(Limit::Target) => Cause::TargetTooLong,
        Ending::TooLarge(Limit::BodyBytes) => Cause::RequestBodyTooLarge,
        Ending::TooLarge(Limit::ChunkExtensions) => Cause::RequestMalformed,
        Ending::TooLarge(_) => Cause::RequestHeadTooLarge,
        Ending::Certificate(_) => Cause::ClientCertificateRefused,
        Ending::TimedOut(Deadline::ClientHandshake) => broken,
        Ending::TimedOut(_) => Cause::RequestTimedOut,
        Ending::Closed | Ending::ClosedWithoutNotify if broken == Cause::RequestMalformed => {
            Cause::RequestCut
        }
        Ending::Reset | Ending::Cancelled(By::Client) if broken == Cause::RequestMalformed => {
            Cause::ClientLeft
        }
        Ending::Decided(_) => local_cause(ending),
        _ => broken,
    }
}

/// What did not end well in the guard without being a decision is the question to the authoriser.
fn guard_cause(ending: &Ending) -> Cause {
    match ending {
        Ending::Decided(_) | Ending::TimedOut(Deadline::Total) | Ending::Cancelled(By::Client) => {
            local_cause(ending)
        }
        Ending::TimedOut(Deadline::Drain) => Cause::Draining,
        _ => Cause::AuthoriserFailed,
    }
}

fn local_cause(ending: &Ending) -> Cause {
    match ending {
        Ending::Decided(decision) => match decision {
            Decision::NoRoute => Cause::NoRoute,
            Decision::NoFile => Cause::FileMissing,
            Decision::FileForbidden => Cause::FileDenied,
            Decision::Deny => Cause::Denied,
            Decision::Misdirected => Cause::Misdirected,
            Decision::Unauthorised => Cause::Unauthorized,
            Decision::AuthoriserUnclear => Cause::AuthoriserFailed,
            Decision::RateLimit => Cause::RateLimited,
            Decision::Loop => Cause::LoopDetected,
            Decision::GatewayFull => Cause::GatewayFull,
            Decision::RouteFull => Cause::RouteFull,
            Decision::Wait => Cause::WaitingRoom,
            Decision::UpstreamFull => Cause::UpstreamFull,
            Decision::AllDown => Cause::UpstreamsDown,
            Decision::AddressForbidden => Cause::AddressForbidden,
            Decision::Misconfigured => Cause::Misconfigured,
            Decision::Draining => Cause::Draining,
        },
        Ending::TimedOut(Deadline::Queue) => Cause::QueueTimedOut,
        Ending::TimedOut(Deadline::Total) => Cause::DeadlineSpent,
        Ending::Cancelled(By::Client) => Cause::ClientLeft,
        Ending::ResourcesSpent => Cause::LocalResourcesSpent,
        _ => Cause::GatewayBug,
    }
}

fn panicked(evidence: &Evidence) -> Option<Stage> {
    let Evidence { client, local, attempts } = evidence;
    let mut steps = vec![
        (&client.handshake, Stage::Accept),
        (&client.head, Stage::Parse),
        (&client.body, Stage::Parse),
        (&client.answer, Stage::Body),
        (&local.route, Stage::Route),
        (&local.guard, Stage::Guard),
        (&local.admit, Stage::Admit),
        (&local.pick, Stage::Pick),
    ];
    if let Some(last) = attempts.last() {
        steps.extend([(&last.send, Stage::Send), (&last.head, Stage::Head), (&last.body, Stage::Body)]);
    }
    steps.into_iter().find(|(step, _)| step.ending() == Some(&Ending::Panicked)).map(|(_, stage)| stage)
}

fn certain(cause: Cause, deciding: Stage) -> Verdict {
    Verdict::Named { cause, certainty: Certainty::Certain, deciding, alternatives: Vec::new() }
}

#[cfg(test)]
mod tests;
