//! `Vary` (RFC 9111 §4.1): which fields of a request decide, and whether two requests say the same in them.

use torwart_wire::{Head, Known, fields::list::tokens};

/// The names that decide, in lower case and each once; `None` for `*`, which no request fits.
#[must_use]
pub fn names(head: &Head) -> Option<Vec<Box<[u8]>>> {
    let mut names: Vec<Box<[u8]>> = Vec::new();
    for name in head.all(Known::Vary).flat_map(tokens) {
        if name == b"*" {
            return None;
        }
        let name: Box<[u8]> = name.to_ascii_lowercase().into();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.sort();
    Some(names)
}

/// What a request says in these fields, in a form that is the same for all that mean the same.
#[must_use]
pub fn values(names: &[Box<[u8]>], request: &Head) -> Vec<u8> {
    let mut out = Vec::new();
    for name in names {
        write(name, request, &mut out);
        out.push(b'\n');
    }
    out
}

/// Whether a request says just this in these fields.
#[must_use]
pub fn fits(names: &[Box<[u8]>], values: &[u8], request: &Head) -> bool {
    names.is_empty() || self::values(names, request) == values
}

/// Lines are joined, and space that means nothing is left out; a missing field differs from an empty one.
fn write(name: &[u8], request: &Head, out: &mut Vec<u8>) {
    let lines = request.fields().filter(|field| field.name.eq_ignore_ascii_case(name));
    if name == b"accept-encoding" {
        return write_codings(lines.map(|field| field.value), out);
    }
    let is_about_language = name == b"accept-language";
    for field in lines {
        out.push(b',');
        for byte in field.value.iter().filter(|byte| !matches!(byte, b' ' | b'\t')) {
            out.push(if is_about_language { byte.to_ascii_lowercase() } else { *byte });
        }
    }
}

/// Which codings a client takes at all: browsers word the same in many ways.
fn write_codings<'a>(lines: impl Iterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    let mut codings: Vec<Vec<u8>> = Vec::new();
    for member in lines.flat_map(tokens) {
        let mut parts = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let is_refused = parts.any(|part| {
            let weight = part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q="));
            weight.is_some_and(|weight| weight.iter().all(|byte| matches!(byte, b'0' | b'.')))
        });
        let coding = if is_refused { [b"-", name.as_slice()].concat() } else { name };
        if !codings.contains(&coding) {
            codings.push(coding);
        }
    }
    codings.sort();
    for coding in codings {
        out.push(b',');
        out.extend_from_slice(&coding);
    }
}
