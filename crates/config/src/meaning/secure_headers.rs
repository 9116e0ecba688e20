//! The presets of `secure_headers`: fields that keep browsers from what few sites need and attackers like.
//!
//! They join where the upstream did not say anything itself, so an application that knows better is never overruled.
//! `Strict-Transport-Security` is not among them: it has a key of its own.

use super::shared;
use crate::plan::{HeaderRule, HeaderRules, Piece, ValueTemplate};

/// Adds the preset of this name.
pub(super) fn add(preset: Option<&str>, rules: &mut HeaderRules) {
    let fields: &[(&str, &str)] = match preset {
        Some("standard") => STANDARD,
        Some("strict") => STRICT,
        _ => return,
    };
    let is_named = |rules: &HeaderRules, name: &str| {
        rules.set.iter().chain(&rules.add).any(|rule| rule.name.eq_ignore_ascii_case(name))
            || rules.remove.iter().any(|removed| removed.eq_ignore_ascii_case(name))
    };
    for (name, value) in fields {
        if !is_named(rules, name) {
            let value = ValueTemplate { pieces: vec![Piece::Literal(shared(value))] };
            rules.fallback.push(HeaderRule { name: shared(name), value });
        }
    }
    if preset == Some("strict") {
        let telling = TELLING.iter().filter(|name| !is_named(rules, name)).map(|name| shared(name));
        let telling: Vec<_> = telling.collect();
        rules.remove.extend(telling);
    }
}

/// Breaks nothing but pages that other sites show in a frame.
const STANDARD: &[(&str, &str)] = &[
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
];

/// For sites that take everything from themselves.
const STRICT: &[(&str, &str)] = &[
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    (
        "Content-Security-Policy",
        "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
];

/// What tells strangers which software answers.
const TELLING: [&str; 4] = ["Server", "X-Powered-By", "X-AspNet-Version", "X-AspNetMvc-Version"];
