//! What Apache's message numbers mean.

use torwart_cause::{CertificateFault, Decision, Ending, Fault, Limit, Malformation, Stage};

/// What a number says.
#[derive(Clone, Copy)]
pub(super) enum Meaning {
    /// The attempt ended so.
    Ended(Stage, Ending),
    /// The attempt ended at this stage, as the system's error before the number says.
    Failed(Stage),
    /// The gateway chose no upstream.
    Pick(Decision),
    /// The result of a certificate's verification, by its number.
    Verification,
    /// OpenSSL's words.
    OpenSsl,
    /// The message shown to the client.
    ToClient,
    /// No worker is free.
    LocalResources,
    /// Not about how an exchange ended.
    Remark(&'static str),
}

/// The meaning of `AH<number>`.
pub(super) fn meaning(number: u32) -> Option<Meaning> {
    Some(match number {
        957 | 2454 | 939 | 958 | 1114 | 1079 => Meaning::Failed(Stage::Connect),
        952 | 935 | 956 | 938 | 2453 => Meaning::Ended(Stage::Connect, Ending::ResourcesSpent),
        940 | 1167 | 1170 => Meaning::Pick(Decision::AllDown),
        961 | 1144 | 1171 | 1961 => Meaning::Pick(Decision::Misconfigured),
        934 | 941 => Meaning::Pick(Decision::UpstreamFull),
        959 | 1174 | 2460 => Meaning::Remark("gateway-said-server-left-out"),
        1102 | 1067 | 1075 | 10404 => Meaning::Failed(Stage::Head),
        1110 | 10293 => Meaning::Failed(Stage::Body),
        1084 | 1097 | 10154 | 1073 | 1074 => Meaning::Failed(Stage::Send),
        10124 => Meaning::Ended(Stage::Head, Ending::TooLarge(Limit::FieldBytes)),
        2475 => Meaning::Ended(Stage::Body, broken(Malformation::BadChunkSize)),
        2476 => Meaning::Ended(Stage::Head, broken(Malformation::UnknownCoding)),
        1068 | 1069 | 1072 => Meaning::Ended(Stage::Head, broken(Malformation::NotHttp)),
        1070 | 1106 => Meaning::Ended(Stage::Head, broken(Malformation::NoColon)),
        1107 => Meaning::Remark("gateway-said-length-and-coding"),
        1071 => Meaning::Remark("gateway-said-application-wrote"),
        2003 => Meaning::OpenSsl,
        2004 => Meaning::Ended(Stage::Handshake, Ending::Certificate(CertificateFault::Expired)),
        2005 | 2411 => Meaning::Ended(Stage::Handshake, Ending::Certificate(CertificateFault::WrongName)),
        2039 => Meaning::Verification,
        898 => Meaning::ToClient,
        484 | 161 | 485 | 286 | 288 | 3490 | 10159 => Meaning::LocalResources,
        _ => return None,
    })
}

/// A broken rule of the grammar.
pub(super) const fn broken(what: Malformation) -> Ending {
    Ending::Malformed(Fault { what, at: 0 })
}
