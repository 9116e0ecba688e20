//! Which of our languages a client gets, by its `Accept-Language` (RFC 9110, section 12.5.4).

use torwart_config::Lang;

/// The language the client likes best among ours. A client that names none of ours gets `default`, unless it rules
/// that one out. Speakers of languages close to German (Low German, Swiss German, Luxembourgish, ...) get German.
#[must_use]
pub fn choose<'a>(accept: impl IntoIterator<Item = &'a [u8]>, default: Lang) -> Lang {
    let mut best: Option<(u16, Lang)> = None;
    let mut ruled_out: Option<Lang> = None;
    for range in accept.into_iter().flat_map(|value| value.split(|byte| *byte == b',')) {
        let Some((lang, weight)) = read(range, default) else { continue };
        if weight == 0 {
            ruled_out = ruled_out.or(Some(lang));
        } else if best.is_none_or(|(most, _)| weight > most) {
            best = Some((weight, lang));
        }
    }
    match (best, ruled_out) {
        (Some((_, lang)), _) => lang,
        (None, Some(lang)) if lang == default => {
            Lang::ALL.into_iter().find(|other| *other != lang).unwrap_or(default)
        }
        (None, _) => default,
    }
}

/// The language a range such as ` de-AT;q=0.8` stands for, and its weight in thousandths.
fn read(range: &[u8], default: Lang) -> Option<(Lang, u16)> {
    let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let tag = parts.next()?;
    let mut weight = 1000;
    for part in parts {
        let (b"q" | b"Q", value) = part.split_at_checked(1)? else { continue };
        weight = thousandths(value.trim_ascii_start().strip_prefix(b"=")?.trim_ascii())?;
    }
    let primary = tag.split(|byte| matches!(byte, b'-' | b'_')).next()?;
    let is = |name: &str| primary.eq_ignore_ascii_case(name.as_bytes());
    let lang = match primary {
        // "Anything" is no wish; refused, it leaves us no choice either.
        b"*" if weight > 0 => default,
        b"*" => return None,
        _ if is("en") => Lang::En,
        _ if CLOSE_TO_GERMAN.iter().any(|name| is(name)) => Lang::De,
        _ => return None,
    };
    Some((lang, weight))
}

/// A weight: `0`, `0.8`, `1.000`.
fn thousandths(value: &[u8]) -> Option<u16> {
    let (whole, fraction) = match value {
        [whole, b'.', fraction @ ..] if fraction.len() <= 3 => (whole, fraction),
        [whole] => (whole, [].as_slice()),
        _ => return None,
    };
    let mut digits = [*whole, b'0', b'0', b'0'];
    for (digit, given) in digits.iter_mut().skip(1).zip(fraction) {
        *digit = *given;
    }
    let number: u16 = std::str::from_utf8(&digits).ok()?.parse().ok()?;
    (number <= 1000).then_some(number)
}

/// German and the languages whose speakers read it better than English.
const CLOSE_TO_GERMAN: [&str; 7] = ["de", "gsw", "nds", "bar", "lb", "ksh", "pfl"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(accept: &str, default: Lang, expected: Lang) {
        assert_eq!(choose([accept.as_bytes()], default), expected, "{accept}");
    }

    #[test]
    fn the_best_liked_language_wins() {
        check("de", Lang::En, Lang::De);
        check("de-AT,de;q=0.9,en;q=0.8", Lang::En, Lang::De);
        check("en-GB, de;q=0.9", Lang::De, Lang::En);
        check("de;q=0.3, en;q=0.31", Lang::De, Lang::En);
        check("fr, DE;Q=0.1", Lang::En, Lang::De);
        assert_eq!(choose([b"en;q=0.5".as_slice(), b"de"], Lang::En), Lang::De);
    }

    #[test]
    fn without_a_wish_we_can_meet_the_default_holds() {
        check("", Lang::De, Lang::De);
        check("fr, es;q=0.5", Lang::De, Lang::De);
        check("fr, *;q=0.5", Lang::De, Lang::De);
        check("*", Lang::En, Lang::En);
        assert_eq!(choose([], Lang::De), Lang::De);
    }

    #[test]
    fn speakers_of_languages_close_to_german_get_german() {
        check("gsw-CH, fr;q=0.5", Lang::En, Lang::De);
        check("nds, en;q=0.9", Lang::En, Lang::De);
        check("lb;q=0.5, en;q=0.9", Lang::En, Lang::En);
    }

    #[test]
    fn a_language_ruled_out_is_not_chosen() {
        check("de;q=0", Lang::De, Lang::En);
        check("en;q=0, fr", Lang::En, Lang::De);
        check("de;q=0.0, en;q=0.1", Lang::De, Lang::En);
    }

    #[test]
    fn nonsense_is_passed_over() {
        check("de;q=2, en;q=0.1", Lang::De, Lang::En);
        check("de;q=0.1234, en;q=0.1", Lang::De, Lang::En);
        check(";;;,,q=1, en", Lang::De, Lang::En);
        check("deutsch, en;q=0.2", Lang::De, Lang::En);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(value in proptest::collection::vec(any::<u8>(), 0..48)) {
            let _ = choose([value.as_slice()], Lang::En);
        }
    }
}
