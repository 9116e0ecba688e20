//! Choosing form and language of an answer from what the client says it can use.
//!
//! Quality values are honoured (RFC 9110 §12.4.2); the most specific range that fits decides about each form
//! (§12.5.1). A wildcard alone is no wish: `*/*` and a missing field get plain text, as curl and probes expect.

use super::Format;
use crate::Lang;

/// The form for this client: `accept` and `sec_fetch_dest` are the fields' values, `path` is the request's path.
///
/// ```
/// use torwart_report::{answer::Format, choose_format};
/// assert_eq!(choose_format(Some(b"text/html,*/*;q=0.8"), b"/", None), Format::Html);
/// assert_eq!(choose_format(Some(b"*/*"), b"/", None), Format::Text);
/// assert_eq!(choose_format(Some(b"*/*"), b"/logo.png", Some(b"image")), Format::Empty);
/// ```
pub fn choose_format(accept: Option<&[u8]>, path: &[u8], sec_fetch_dest: Option<&[u8]>) -> Format {
    match sec_fetch_dest.and_then(|value| std::str::from_utf8(value).ok()).map(str::trim) {
        Some("document" | "iframe" | "frame") => return Format::Html,
        Some("" | "empty") | None => {}
        Some(_) => return Format::Empty,
    }
    let Some(accept) = accept.and_then(|value| std::str::from_utf8(value).ok()) else {
        return if is_asset(path) { Format::Empty } else { Format::Text };
    };
    let wishes: Vec<Wish<'_>> = wishes(accept).collect();
    let candidates = [
        (Format::Html, "text/html"),
        (Format::Html, "application/xhtml+xml"),
        (Format::Problem, "application/problem+json"),
        (Format::Problem, "application/json"),
        (Format::Text, "text/plain"),
    ];
    let mut best: Option<(u16, Format)> = None;
    for (format, media_type) in candidates {
        let quality = quality(&wishes, media_type);
        if quality > 0 && best.is_none_or(|(highest, _)| quality > highest) {
            best = Some((quality, format));
        }
    }
    match best {
        Some((_, format)) => format,
        None if wishes.is_empty() || wishes.iter().any(|wish| wish.range == "*/*" && wish.quality > 0) => {
            if is_asset(path) {
                Format::Empty
            } else {
                Format::Text
            }
        }
        None if wishes
            .iter()
            .any(|wish| wish.range.ends_with("+json") || wish.range.starts_with("text/event")) =>
        {
            Format::Problem
        }
        None => Format::Empty,
    }
}

/// The language for this client, `default` where it names none of ours.
///
/// ```
/// use torwart_report::{Lang, choose_lang};
/// assert_eq!(choose_lang(Some(b"fr, de-AT;q=0.8, en;q=0.5"), Lang::En), Lang::De);
/// ```
pub fn choose_lang(accept_language: Option<&[u8]>, default: Lang) -> Lang {
    let Some(value) = accept_language.and_then(|value| std::str::from_utf8(value).ok()) else {
        return default;
    };
    let mut best: Option<(u16, Lang)> = None;
    for wish in wishes(value) {
        let lang = if wish.range == "*" { Some(default) } else { Lang::from_tag(wish.range) };
        if let Some(lang) = lang
            && wish.quality > 0
            && best.is_none_or(|(highest, _)| wish.quality > highest)
        {
            best = Some((wish.quality, lang));
        }
    }
    best.map_or(default, |(_, lang)| lang)
}

/// One range of the field, with its quality in thousandths.
struct Wish<'a> {
    range: &'a str,
    quality: u16,
}

fn wishes(value: &str) -> impl Iterator<Item = Wish<'_>> {
    value.split(',').take(MOST_WISHES).filter_map(|item| {
        let mut parts = item.split(';').map(str::trim);
        let range = parts.next().filter(|range| !range.is_empty())?;
        let quality = parts
            .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
            .map_or(Some(1000), thousandths)?;
        Some(Wish { range, quality })
    })
}

/// `qvalue` of RFC 9110 §12.4.2; anything else is no wish at all.
fn thousandths(value: &str) -> Option<u16> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction = format!("{fraction:0<3}").parse::<u16>().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

/// The quality the client gives this type by name or by `type/*`, in thousandths; 0 where it does not ask for it.
fn quality(wishes: &[Wish<'_>], media_type: &str) -> u16 {
    let exact = wishes.iter().find(|wish| wish.range.eq_ignore_ascii_case(media_type));
    let main = media_type.split('/').next().unwrap_or_default();
    let ranged = || {
        wishes
            .iter()
            .find(|wish| wish.range.strip_suffix("/*").is_some_and(|range| range.eq_ignore_ascii_case(main)))
    };
    exact.or_else(ranged).map_or(0, |wish| wish.quality)
}

fn is_asset(path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let Some(dot) = name.iter().rposition(|byte| *byte == b'.') else { return false };
    name.get(dot + 1..).is_some_and(|ending| ASSETS.iter().any(|asset| ending.eq_ignore_ascii_case(asset)))
}

/// More ranges than any client has a reason to send.
const MOST_WISHES: usize = 64;

const ASSETS: &[&[u8]] = &[
    b"avif", b"bmp", b"css", b"gif", b"ico", b"jpeg", b"jpg", b"js", b"map", b"mjs", b"mp3", b"mp4", b"ogg",
    b"otf", b"png", b"svg", b"ttf", b"wasm", b"webm", b"webp", b"woff", b"woff2",
];
