//! Choosing the form of an answer from what the client says it can use.
//!
//! Quality values are honoured (RFC 9110 §12.4.2); the most specific range that fits decides about each form
//! (§12.5.1). A wildcard alone is no wish: `*/*` and a missing field get plain text, as curl and probes expect.

use super::Format;

/// The form for this client: `accept` and `sec_fetch_dest` are the fields' values, `path` is the request's path.
///
/// ```
/// use torwart_report::{answer::Format, choose_format};
/// assert_eq!(choose_format(Some(b"text/html,*/*;q=0.8"), b"/", None), Format::Html);
/// assert_eq!(choose_format(Some(b"*/*"), b"/", None), Format::Text);
/// assert_eq!(choose_format(Some(b"*/*"), b"/logo.png", Some(b"image")), Format::Empty);
/// ```
pub fn choose_format(accept: Option<&[u8]>, path: &[u8], sec_fetch_dest: Option<&[u8]>) -> Format {
    match sec_fetch_dest.map(<[u8]>::trim_ascii) {
        Some(b"document" | b"iframe" | b"frame" | b"fencedframe") => return Format::Html,
        Some(b"" | b"empty") | None => {}
        Some(_) => return Format::Empty,
    }
    let without_wish = || if is_asset(path) { Format::Empty } else { Format::Text };
    let Some(accept) = accept.and_then(|value| std::str::from_utf8(value).ok()) else {
        return without_wish();
    };
    let wishes: Vec<Wish<'_>> = wishes(accept).collect();
    let mut best: Option<(u16, Format)> = None;
    for (format, media_type) in OFFERS {
        let quality = quality(&wishes, media_type);
        if quality > 0 && best.is_none_or(|(highest, _)| quality > highest) {
            best = Some((quality, format));
        }
    }
    if let Some((_, format)) = best {
        return format;
    }
    // What remains named something we do not have: images, styles, event streams. A body would only be in the way.
    let is_named = wishes.iter().any(|wish| wish.range != "*/*" && wish.quality > 0);
    if is_named { Format::Empty } else { without_wish() }
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

/// `qvalue` of RFC 9110 §12.4.2; a range with anything else is passed over.
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
    let ending = name.get(dot + 1..).unwrap_or_default();
    ASSETS.iter().any(|asset| ending.eq_ignore_ascii_case(asset.as_bytes()))
}

/// What we can write, preferred first where the client likes two equally.
const OFFERS: [(Format, &str); 4] = [
    (Format::Html, "text/html"),
    (Format::Problem, "application/problem+json"),
    (Format::Problem, "application/json"),
    (Format::Text, "text/plain"),
];

/// More ranges than any client has a reason to send.
const MOST_WISHES: usize = 64;

const ASSETS: [&str; 22] = [
    "avif", "bmp", "css", "gif", "ico", "jpeg", "jpg", "js", "map", "mjs", "mp3", "mp4", "ogg", "otf", "png",
    "svg", "ttf", "wasm", "webm", "webp", "woff", "woff2",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(accept: &str, expected: Format) {
        assert_eq!(choose_format(Some(accept.as_bytes()), b"/", None), expected, "{accept}");
    }

    #[test]
    fn browsers_get_a_page() {
        check(
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
            Format::Html,
        );
        check("TEXT/HTML", Format::Html);
        check("text/*", Format::Html);
        assert_eq!(choose_format(None, b"/", Some(b"document")), Format::Html);
        assert_eq!(choose_format(Some(b"*/*"), b"/", Some(b"iframe")), Format::Html);
    }

    #[test]
    fn programs_get_problem_details() {
        check("application/json", Format::Problem);
        check("application/json, text/plain, */*", Format::Problem);
        check("application/problem+json", Format::Problem);
        check("application/*", Format::Problem);
        check("text/html;q=0.5, application/json", Format::Problem);
        check("application/json;q=0.5, text/html;q=0.51", Format::Html);
    }

    #[test]
    fn without_a_wish_there_is_plain_text() {
        check("*/*", Format::Text);
        check("", Format::Text);
        check("text/plain", Format::Text);
        check("*/*;q=0.1", Format::Text);
        assert_eq!(choose_format(None, b"/", None), Format::Text);
        assert_eq!(choose_format(Some(b"\xff\xfe"), b"/", None), Format::Text);
        assert_eq!(choose_format(Some(b"*/*"), b"/api", Some(b"empty")), Format::Text);
    }

    #[test]
    fn whoever_waits_for_a_file_gets_no_body() {
        check("image/avif,image/webp,image/*,*/*;q=0.8", Format::Empty);
        check("text/css,*/*;q=0.1", Format::Empty);
        check("text/event-stream", Format::Empty);
        assert_eq!(choose_format(Some(b"*/*"), b"/app.js", Some(b"script")), Format::Empty);
        assert_eq!(choose_format(Some(b"*/*"), b"/static/font.WOFF2", None), Format::Empty);
        assert_eq!(choose_format(None, b"/favicon.ico", None), Format::Empty);
        assert_eq!(choose_format(Some(b"text/html"), b"/logo.svg", None), Format::Html);
    }

    #[test]
    fn a_form_ruled_out_is_not_sent() {
        check("text/html;q=0, text/plain", Format::Text);
        check("text/html;q=0.0, text/*", Format::Text);
        check("application/json;q=0, */*", Format::Text);
    }

    #[test]
    fn broken_weights_are_passed_over() {
        check("text/html;q=2, application/json;q=0.1", Format::Problem);
        check("text/html;q=0.1234, text/plain;q=0.1", Format::Text);
        check("text/html;q=1.5", Format::Text);
        check("text/html; Q=0.4 ;x=1, text/plain;q=0.3", Format::Html);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            accept in proptest::collection::vec(any::<u8>(), 0..64),
            path in proptest::collection::vec(any::<u8>(), 0..32),
            dest in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..12)),
        ) {
            let _ = choose_format(Some(&accept), &path, dest.as_deref());
        }
    }
}
