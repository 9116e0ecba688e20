//! What findings and checks say, in the reader's language.

use crate::terminal::Style;
use crate::{Arg, Lang, words};
use std::time::Duration;
use torwart_cause::finding::Said;

/// The sentence in a language.
pub fn said(said: &Said, lang: Lang) -> String {
    match said {
        Said::Key { key, args } => {
            let args: Vec<(&str, &str)> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
            sentence_of(key, &args, lang)
        }
        Said::Text(text) => text.clone(),
    }
}

/// The doctor's sentence with this key.
pub fn sentence_of(key: &str, args: &[(&str, &str)], lang: Lang) -> String {
    let values: Vec<String> = args.iter().map(|(_, value)| measure(value, lang)).collect();
    let args: Vec<(&str, Arg<'_>)> = args
        .iter()
        .zip(&values)
        .map(|((name, raw), value)| {
            // Only what a number looks like when printed: `007` and `+1` are names.
            let number = raw.parse::<u32>().ok().filter(|number| number.to_string() == *raw);
            (*name, number.map_or(Arg::Text(value), Arg::Number))
        })
        .collect();
    words::doctor().say(lang, key, &args)
}

/// A span of time in the digits of a language: `1.50 s`, `1,50 s`.
pub(super) fn duration(time: Duration, lang: Lang, style: Style) -> String {
    measure(&style.duration(time), lang)
}

/// A fraction with a unit gets the decimal sign of the language; versions, addresses and text stay as they are.
fn measure(text: &str, lang: Lang) -> String {
    let is_measure = || {
        let (number, unit) = text.split_once([' ', '\u{a0}'])?;
        let (whole, fraction) = number.split_once('.')?;
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = is_digits(whole.strip_prefix('-').unwrap_or(whole)) && is_digits(fraction);
        (is_number && UNITS.contains(&unit)).then_some(())
    };
    match lang {
        Lang::De if is_measure().is_some() => text.replacen('.', ",", 1),
        Lang::En | Lang::De => text.to_owned(),
    }
}

const UNITS: &[&str] = &[
    "µs", "us", "ms", "s", "min", "h", "d", "B", "KB", "MB", "GB", "KiB", "MiB", "GiB", "%", "Mbit/s",
    "kbit/s",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_measures_get_a_comma() {
        let check = |text: &str, expected: &str| assert_eq!(measure(text, Lang::De), expected);
        check("1.50 s", "1,50 s");
        check("nginx 1.22", "nginx 1.22");
        check("10.0 KiB", "10,0 KiB");
        check("10.0.0.1 ms", "10.0.0.1 ms");
        check("1.22 dev", "1.22 dev");
        assert_eq!(measure("1.50 s", Lang::En), "1.50 s");
    }

    #[test]
    fn raw_text_stays_raw() {
        assert_eq!(said(&Said::Text("502 \u{26a0}".into()), Lang::De), "502 \u{26a0}");
    }
}
