//! Text ids of endings, for logs and JSON: `refused`, `timed_out:connect`, `malformed:bare_lf@17`, `os:113`.
//!
//! A word, where it matters a colon and what exactly, and for broken bytes the offset. Machines split at the colon,
//! people read it as it is.

use crate::json::write_unsigned;
use torwart_cause::{By, CertificateFault, Decision, Ending, NameFault, TlsFault};

/// Appends the text id of an ending. Always lower-case ASCII without quotes or blanks.
pub fn write_ending(ending: &Ending, out: &mut Vec<u8>) {
    let (word, detail) = words(ending);
    out.extend_from_slice(word.as_bytes());
    match detail {
        Detail::None => {}
        Detail::Id(id) => {
            out.push(b':');
            out.extend_from_slice(id.as_bytes());
        }
        Detail::Fault(id, at) => {
            out.push(b':');
            out.extend_from_slice(id.as_bytes());
            out.push(b'@');
            write_unsigned(at, out);
        }
        Detail::Number(id, number) => {
            out.push(b':');
            out.extend_from_slice(id.as_bytes());
            if number < 0 {
                out.push(b'-');
            }
            write_unsigned(number.unsigned_abs(), out);
        }
    }
}

enum Detail {
    None,
    Id(&'static str),
    Fault(&'static str, u64),
    Number(&'static str, i64),
}

fn words(ending: &Ending) -> (&'static str, Detail) {
    match ending {
        Ending::Closed => ("closed", Detail::None),
        Ending::ClosedWithoutNotify => ("closed_without_notify", Detail::None),
        Ending::Reset => ("reset", Detail::None),
        Ending::Refused => ("refused", Detail::None),
        Ending::Unroutable => ("unroutable", Detail::None),
        Ending::Missing => ("missing", Detail::None),
        Ending::QueueFull => ("queue_full", Detail::None),
        Ending::Forbidden => ("forbidden", Detail::None),
        Ending::ResourcesSpent => ("resources_spent", Detail::None),
        Ending::TimedOut(deadline) => ("timed_out", Detail::Id(deadline.id())),
        Ending::Malformed(fault) => ("malformed", Detail::Fault(fault.what.id(), fault.at)),
        Ending::TooLarge(limit) => ("too_large", Detail::Id(limit.id())),
        Ending::Name(fault) => ("name", name_fault(*fault)),
        Ending::TlsAlert(number) => ("tls_alert", Detail::Number("", i64::from(*number))),
        Ending::Certificate(fault) => ("certificate", Detail::Id(certificate_fault(*fault))),
        Ending::Tls(fault) => ("tls", Detail::Id(tls_fault(*fault))),
        Ending::StreamRefused => ("stream_refused", Detail::None),
        Ending::StreamReset(code) => ("stream_reset", Detail::Number("", *code as i64)),
        Ending::Os(number) => ("os", Detail::Number("", i64::from(*number))),
        Ending::Cancelled(by) => ("cancelled", Detail::Id(cancelled_by(*by))),
        Ending::Decided(decision) => ("decided", Detail::Id(decided(*decision))),
        Ending::Panicked => ("panicked", Detail::None),
    }
}

const fn name_fault(fault: NameFault) -> Detail {
    match fault {
        NameFault::NxDomain => Detail::Id("nxdomain"),
        NameFault::NoAddress => Detail::Id("no_address"),
        NameFault::Rcode(code) => Detail::Number("rcode_", code as i64),
        NameFault::Loop => Detail::Id("loop"),
        NameFault::Garbled => Detail::Id("garbled"),
        NameFault::Unreachable => Detail::Id("unreachable"),
        NameFault::SystemResolver(code) => Detail::Number("getaddrinfo_", code as i64),
    }
}

const fn certificate_fault(fault: CertificateFault) -> &'static str {
    match fault {
        CertificateFault::Untrusted => "untrusted",
        CertificateFault::Expired => "expired",
        CertificateFault::NotYetValid => "not_yet_valid",
        CertificateFault::WrongName => "wrong_name",
        CertificateFault::Revoked => "revoked",
        CertificateFault::Missing => "missing",
        CertificateFault::Unusable => "unusable",
    }
}

const fn tls_fault(fault: TlsFault) -> &'static str {
    match fault {
        TlsFault::NotTls => "not_tls",
        TlsFault::NoAgreement => "no_agreement",
        TlsFault::Broken => "broken",
    }
}

const fn cancelled_by(by: By) -> &'static str {
    match by {
        By::Client => "client",
        By::Upstream => "upstream",
        By::Gateway => "gateway",
        By::Faster => "faster",
    }
}

const fn decided(decision: Decision) -> &'static str {
    match decision {
        Decision::NoRoute => "no_route",
        Decision::NoFile => "no_file",
        Decision::FileForbidden => "file_forbidden",
        Decision::Deny => "deny",
        Decision::Misdirected => "misdirected",
        Decision::Unauthorised => "unauthorised",
        Decision::AuthoriserUnclear => "authoriser_unclear",
        Decision::RateLimit => "rate_limit",
        Decision::Loop => "loop",
        Decision::GatewayFull => "gateway_full",
        Decision::RouteFull => "route_full",
        Decision::Wait => "wait",
        Decision::UpstreamFull => "upstream_full",
        Decision::AllDown => "all_down",
        Decision::AddressForbidden => "address_forbidden",
        Decision::Misconfigured => "misconfigured",
        Decision::Draining => "draining",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use torwart_cause::{Deadline, Fault, Limit, Malformation};

    #[test]
    fn endings_have_readable_ids() {
        for (ending, text) in [
            (Ending::Refused, "refused"),
            (Ending::TimedOut(Deadline::FirstByte), "timed_out:first_byte"),
            (Ending::Malformed(Fault { what: Malformation::BareLf, at: 17 }), "malformed:bare_lf@17"),
            (Ending::TooLarge(Limit::HeadBytes), "too_large:head_bytes"),
            (Ending::Name(NameFault::Rcode(2)), "name:rcode_2"),
            (Ending::Name(NameFault::SystemResolver(-3)), "name:getaddrinfo_-3"),
            (Ending::TlsAlert(112), "tls_alert:112"),
            (Ending::Os(113), "os:113"),
            (Ending::Cancelled(By::Client), "cancelled:client"),
            (Ending::Decided(Decision::AllDown), "decided:all_down"),
        ] {
            let mut out = Vec::new();
            write_ending(&ending, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
