//! Endings tell their data in both languages, and nothing in the vocabulary is nameless.

use super::*;
use torwart_cause::Fault;

fn check(ending: Ending, english: &str, german: &str) {
    assert_eq!(sentence(&ending, Lang::En), english);
    assert_eq!(sentence(&ending, Lang::De), german);
}

#[test]
fn an_ending_tells_its_data() {
    check(
        Ending::Reset,
        "the upstream reset the connection",
        "der Upstream hat die Verbindung zurückgesetzt",
    );
    check(
        Ending::TimedOut(Deadline::FirstByte),
        "the upstream's head was not complete in time (deadline first_byte)",
        "der Antwortkopf des Upstreams war nicht rechtzeitig vollständig (Frist first_byte)",
    );
    check(
        Ending::Malformed(Fault { what: Malformation::BareLf, at: 12_345_678 }),
        "the upstream broke the rules of HTTP at byte 12345678: a line ends in LF without CR",
        "der Upstream hat bei Byte 12345678 die Regeln von HTTP verletzt: eine Zeile endet mit LF ohne CR",
    );
    check(
        Ending::TlsAlert(112),
        "the upstream sent TLS alert 112 (unrecognized_name)",
        "der Upstream hat den TLS-Alarm 112 gesendet (unrecognized_name)",
    );
    check(
        Ending::Name(NameFault::Rcode(2)),
        "the name server answered with SERVFAIL (rcode 2)",
        "der Nameserver hat mit SERVFAIL geantwortet (RCODE 2)",
    );
    check(
        Ending::TooLarge(Limit::HeadBytes),
        "the upstream exceeded a limit: the size of the header section",
        "der Upstream hat eine Grenze überschritten: die Größe des Kopfes",
    );
}

#[test]
fn the_client_is_named_where_the_client_is_dealt_with() {
    let said = |lang| sentence_at(Stage::Parse, &Ending::Reset, lang);
    assert_eq!(said(Lang::En), "the client reset the connection");
    assert_eq!(said(Lang::De), "der Client hat die Verbindung zurückgesetzt");
    let expired = Ending::Certificate(CertificateFault::Expired);
    assert_eq!(sentence_at(Stage::Accept, &expired, Lang::De), "das Zertifikat des Clients ist abgelaufen");
}

#[test]
fn everything_in_the_vocabulary_has_a_name() {
    for lang in Lang::ALL {
        let mut names = Vec::new();
        names.extend(Stage::ALL.map(|it| stage(it, lang)));
        names.extend(Malformation::ALL.iter().map(|it| malformation(*it, lang)));
        names.extend(
            torwart_cause::Cause::ALL
                .iter()
                .flat_map(|it| [actor(it.actor(), lang), retry(it.retry(), lang)]),
        );
        names.extend(every_ending().iter().map(|it| sentence(it, lang)));
        names.extend(DEADLINES.map(|it| deadline(it, lang)));
        names.extend(LIMITS.map(|it| limit(it, lang)));
        names.extend([certainty(Certainty::Likely, lang), certainty(Certainty::Certain, lang)]);
        names.extend(
            [Observation::LinkReuse, Observation::Attempts, Observation::EndingOf(Stage::Head)]
                .map(|it| observation(it, lang)),
        );
        for name in names {
            // A missing sentence shows as its key, which is one word with dashes in it.
            assert!(name.contains(' ') || !name.contains('-'), "{lang}: {name}");
        }
    }
}

fn every_ending() -> Vec<Ending> {
    let mut endings = vec![
        Ending::Closed,
        Ending::ClosedWithoutNotify,
        Ending::Reset,
        Ending::Refused,
        Ending::Unroutable,
        Ending::Missing,
        Ending::QueueFull,
        Ending::Forbidden,
        Ending::ResourcesSpent,
        Ending::TlsAlert(40),
        Ending::StreamRefused,
        Ending::StreamReset(0x10b),
        Ending::Os(32),
        Ending::Panicked,
    ];
    endings.extend(DEADLINES.map(Ending::TimedOut));
    endings.extend(LIMITS.map(Ending::TooLarge));
    endings.extend([By::Client, By::Upstream, By::Gateway, By::Faster].map(Ending::Cancelled));
    endings.extend([TlsFault::NotTls, TlsFault::NoAgreement, TlsFault::Broken].map(Ending::Tls));
    let names = [
        NameFault::NxDomain,
        NameFault::NoAddress,
        NameFault::Rcode(5),
        NameFault::Loop,
        NameFault::Garbled,
        NameFault::Unreachable,
        NameFault::SystemResolver(-3),
    ];
    endings.extend(names.map(Ending::Name));
    let certificates = [
        CertificateFault::Untrusted,
        CertificateFault::Expired,
        CertificateFault::NotYetValid,
        CertificateFault::WrongName,
        CertificateFault::Revoked,
        CertificateFault::Missing,
        CertificateFault::Unusable,
    ];
    endings.extend(certificates.map(Ending::Certificate));
    let decisions = [
        Decision::NoRoute,
        Decision::NoFile,
        Decision::FileForbidden,
        Decision::Deny,
        Decision::Misdirected,
        Decision::Unauthorised,
        Decision::AuthoriserUnclear,
        Decision::RateLimit,
        Decision::Loop,
        Decision::GatewayFull,
        Decision::RouteFull,
        Decision::Wait,
        Decision::UpstreamFull,
        Decision::AllDown,
        Decision::AddressForbidden,
        Decision::Misconfigured,
        Decision::Draining,
    ];
    endings.extend(decisions.map(Ending::Decided));
    endings
}

const DEADLINES: [Deadline; 15] = [
    Deadline::ClientHead,
    Deadline::ClientBody,
    Deadline::ClientHandshake,
    Deadline::ClientWrite,
    Deadline::Resolve,
    Deadline::Connect,
    Deadline::Authorise,
    Deadline::Handshake,
    Deadline::Send,
    Deadline::FirstByte,
    Deadline::BetweenBytes,
    Deadline::PerTry,
    Deadline::Total,
    Deadline::Queue,
    Deadline::Drain,
];

const LIMITS: [Limit; 8] = [
    Limit::Target,
    Limit::HeadBytes,
    Limit::FieldCount,
    Limit::FieldBytes,
    Limit::BodyBytes,
    Limit::Trailers,
    Limit::ChunkExtensions,
    Limit::InterimCount,
];
