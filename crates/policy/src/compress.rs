//! Whether an answer is compressed on its way to the client, with which coding, and what its header says then.
//!
//! Only the representation changes, never its meaning: a strong entity tag becomes a weak one, because the bytes differ
//! (RFC 9110 §8.8.1), `Vary` says what it depends on, and nothing stays that speaks of the bytes as they were. Answers
//! whose bytes were promised (`no-transform`, digests), parts of them and those that are coded already pass unchanged.
//!
//! Compressing a page that holds a secret beside text of somebody else's choice makes the secret guessable by its length
//! (BREACH). So it is off unless asked for, and requests that another site made a visitor's browser send with the visitor's
//! cookies are answered without compression: those are what the attack consists of.

use torwart_config::plan::{Compress, Compression};
use torwart_wire::{Field, Head, Known};

/// What happens to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It stays as it is, but others would get it compressed.
    Varies,
    /// It says that what the client has in compressed form has not changed.
    NotModified,
    /// It is compressed so.
    Coded(Compression),
}

/// What an answer says, as far as it counts here.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// Its header.
    pub head: &'a Head,
    /// How many bytes its body has, if that is known.
    pub length: Option<u64>,
}

/// What happens to an answer; `None` leaves it alone.
pub fn judge(plan: &Compress, request: &Head, answer: Answer<'_>) -> Option<Change> {
    let head = answer.head;
    if answer.status == 304 {
        return is_weak_match(request, head).then_some(Change::NotModified);
    }
    let is_right_kind = has_content(answer.status)
        && answer.length.is_none_or(|length| length >= plan.least.bytes().max(1))
        && is_worth_it(plan, head.get(Known::ContentType)?);
    if !is_right_kind || is_promised(head) {
        return None;
    }
    let chosen = choose(plan, request);
    let is_wanted = !is_at_risk(request) && !forbids_changes(request.all(Known::CacheControl));
    Some(chosen.filter(|_| is_wanted).map_or(Change::Varies, Change::Coded))
}

/// The coding the client likes best of those that are offered; none where it likes the plain form better.
pub fn choose(plan: &Compress, request: &Head) -> Option<Compression> {
    let quality = |coding: &str| quality(request.all(Known::AcceptEncoding), coding);
    let plain = quality("identity").unwrap_or(0);
    let mut best = None;
    for coding in &plan.codings {
        let Some(quality) = quality(coding.coding()) else { continue };
        if quality > 0 && quality >= plain && best.is_none_or(|(_, most)| quality > most) {
            best = Some((*coding, quality));
        }
    }
    best.map(|(coding, _)| coding)
}

/// How much a coding is liked by its name, in thousandths (RFC 9110 §12.4.2, §12.5.3); `None` where it is not named.
///
/// `*` is not enough for us: who can decode a coding says so.
pub fn quality<'f>(accept: impl Iterator<Item = &'f [u8]>, coding: &str) -> Option<u16> {
    let entries = accept.flat_map(|field| field.split(|byte| *byte == b','));
    entries
        .filter_map(|entry| {
            let mut parts = entry.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let name = parts.next()?;
            let name = if name.eq_ignore_ascii_case(b"x-gzip") { b"gzip" } else { name };
            if !name.eq_ignore_ascii_case(coding.as_bytes()) {
                return None;
            }
            let weight = parts.find_map(|part| match part {
                [b'q' | b'Q', b'=', value @ ..] => Some(thousandths(value)),
                _ => None,
            });
            Some(weight.unwrap_or(1000))
        })
        .max()
}

/// `0`, `1`, `0.5`, `0.125`; what is no such number counts as 0.
fn thousandths(text: &[u8]) -> u16 {
    let (whole, rest) = match text {
        [digit @ (b'0' | b'1')] => (*digit, &[][..]),
        [digit @ (b'0' | b'1'), b'.', rest @ ..] if rest.len() <= 3 => (*digit, rest),
        _ => return 0,
    };
    if !rest.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    let mut value = u16::from(whole - b'0') * 1000;
    for (digit, worth) in rest.iter().zip([100, 10, 1]) {
        value += u16::from(digit - b'0') * worth;
    }
    value.min(1000)
}

fn has_content(status: u16) -> bool {
    // What is part of something, or builds upon something, is that only in its own bytes.
    status >= 200 && !matches!(status, 204..=206 | 226 | 304)
}

/// Whether a media type is worth it.
fn is_worth_it(plan: &Compress, content_type: &[u8]) -> bool {
    let kind = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if starts_with(kind, b"application/grpc") {
        return false;
    }
    let is_named = |wanted: &[u8]| kind.eq_ignore_ascii_case(wanted);
    if is_named(b"text/event-stream") {
        return plan.types.iter().any(|wanted| is_named(wanted.as_bytes()));
    }
    plan.types.iter().any(|wanted| match wanted.as_bytes() {
        [front @ .., b'*'] => starts_with(kind, front),
        ending @ [b'+', ..] => {
            let start = kind.len().saturating_sub(ending.len());
            kind.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(ending))
        }
        whole => is_named(whole),
    })
}

fn starts_with(text: &[u8], front: &[u8]) -> bool {
    text.get(..front.len()).is_some_and(|start| start.eq_ignore_ascii_case(front))
}

/// Whether the bytes are coded already, or somebody counts on them.
fn is_promised(head: &Head) -> bool {
    const DIGESTS: [&str; 4] = ["content-digest", "repr-digest", "digest", "content-md5"];
    head.has(Known::ContentEncoding)
        || head.has(Known::ContentRange)
        || forbids_changes(head.all(Known::CacheControl))
        || DIGESTS.into_iter().any(|name| head.find(name).is_some())
}

/// `no-transform` (RFC 9111 §5.2.1.6, §5.2.2.6).
fn forbids_changes<'f>(mut cache_control: impl Iterator<Item = &'f [u8]>) -> bool {
    cache_control.any(|field| has_member(field, b"no-transform"))
}

fn has_member(list: &[u8], wanted: &[u8]) -> bool {
    list.split(|byte| *byte == b',').any(|member| member.trim_ascii().eq_ignore_ascii_case(wanted))
}

/// Whether another site made the visitor's browser ask, with the visitor's credentials and without the visitor's doing.
fn is_at_risk(request: &Head) -> bool {
    (request.has(Known::Cookie) || request.has(Known::Authorization))
        && request.find("sec-fetch-site").is_some_and(|site| site.eq_ignore_ascii_case(b"cross-site"))
        && request.find("sec-fetch-user").is_none()
}

/// Whether the client asked about the weak form of this strong tag: the one that a compressed answer gave it.
fn is_weak_match(request: &Head, head: &Head) -> bool {
    let Some(tag) = head.find("etag").filter(|tag| tag.starts_with(b"\"") && tag.len() >= 2) else {
        return false;
    };
    request.all(Known::IfNoneMatch).any(|field| {
        let mut places = field.windows(tag.len() + 2);
        places.any(|place| place.strip_prefix(b"W/") == Some(tag))
    })
}

impl Change {
    /// Whether a field of the answer as it was does not stay.
    pub fn overrules(self, field: &Field<'_>) -> bool {
        let is_named = |name: &[u8]| field.name.eq_ignore_ascii_case(name);
        match self {
            Self::Varies => field.known == Known::Vary,
            Self::NotModified => field.known == Known::Vary || is_named(b"etag"),
            Self::Coded(_) => {
                matches!(field.known, Known::Vary | Known::ContentLength)
                    || is_named(b"etag")
                    || is_named(b"accept-ranges")
            }
        }
    }

    /// Appends the field lines that take their place, of the answer whose head is given.
    pub fn write(self, head: &Head, out: &mut Vec<u8>) {
        if let Self::Coded(coding) = self {
            write_line(out, b"Content-Encoding", &[coding.coding().as_bytes()]);
        }
        if self != Self::Varies
            && let Some(tag) = head.find("etag")
        {
            write_line(out, b"ETag", &[if tag.starts_with(b"W/") { b"" } else { b"W/" }, tag]);
        }
        write_vary(head, out);
    }
}

/// One line that says all the answer depends on.
fn write_vary(head: &Head, out: &mut Vec<u8>) {
    out.extend_from_slice(b"Vary: ");
    let mut is_said = false;
    for field in head.all(Known::Vary).filter(|field| !field.is_empty()) {
        is_said |= has_member(field, b"accept-encoding") || has_member(field, b"*");
        out.extend_from_slice(field);
        out.extend_from_slice(b", ");
    }
    if is_said {
        out.truncate(out.len() - 2);
    } else {
        out.extend_from_slice(b"Accept-Encoding");
    }
    out.extend_from_slice(b"\r\n");
}

fn write_line(out: &mut Vec<u8>, name: &[u8], value: &[&[u8]]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    value.iter().for_each(|part| out.extend_from_slice(part));
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
