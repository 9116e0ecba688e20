//! Errors of the operating system as products write them: the number, or only its sentence.

use torwart_cause::{Deadline, Ending, NameFault, Stage};

/// What an error number of Linux means at a stage.
pub(super) fn ending_of(number: i32, stage: Stage) -> Ending {
    match number {
        111 => Ending::Refused,
        104 | 32 | 103 => Ending::Reset,
        101 | 113 => Ending::Unroutable,
        110 => Ending::TimedOut(deadline_of(stage)),
        1 | 13 => Ending::Forbidden,
        2 if stage == Stage::Connect => Ending::Missing,
        11 if stage == Stage::Connect => Ending::QueueFull,
        12 | 23 | 24 | 28 | 99 | 105 => Ending::ResourcesSpent,
        number => Ending::Os(number),
    }
}

/// What the sentence of an error says (`Connection refused`), in any letter case.
pub(super) fn ending_of_sentence(text: &str, stage: Stage) -> Option<Ending> {
    let text = text.to_ascii_lowercase();
    let (_, number) = SENTENCES.iter().find(|(sentence, _)| text.contains(sentence))?;
    Some(ending_of(*number, stage))
}

/// The deadline that ends a stage with an upstream.
pub(super) fn deadline_of(stage: Stage) -> Deadline {
    match stage {
        Stage::Resolve => Deadline::Resolve,
        Stage::Connect => Deadline::Connect,
        Stage::Handshake => Deadline::Handshake,
        Stage::Send => Deadline::Send,
        Stage::Body => Deadline::BetweenBytes,
        Stage::Pick | Stage::Admit => Deadline::Queue,
        _ => Deadline::FirstByte,
    }
}

/// What an answer code of DNS means.
pub(super) fn name_fault(rcode: u16) -> NameFault {
    match rcode {
        3 => NameFault::NxDomain,
        rcode => NameFault::Rcode(rcode),
    }
}

/// The number in `(111: Connection refused)` or `(111)Connection refused`.
pub(super) fn number_in(text: &str) -> Option<i32> {
    text.match_indices('(').find_map(|(place, _)| {
        let rest = text.get(place + 1..)?;
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, after) = (rest.get(..length)?, rest.get(length..)?);
        (after.starts_with(':') || after.starts_with(')')).then(|| digits.parse().ok()).flatten()
    })
}

const SENTENCES: &[(&str, i32)] = &[
    ("connection refused", 111),
    ("connection reset by peer", 104),
    ("broken pipe", 32),
    ("network is unreachable", 101),
    ("no route to host", 113),
    ("host is unreachable", 113),
    ("connection timed out", 110),
    ("operation timed out", 110),
    ("permission denied", 13),
    ("operation not permitted", 1),
    ("no such file or directory", 2),
    ("resource temporarily unavailable", 11),
    ("too many open files", 24),
    ("cannot assign requested address", 99),
    ("cannot allocate memory", 12),
    ("no buffer space available", 105),
    ("no space left on device", 28),
];
