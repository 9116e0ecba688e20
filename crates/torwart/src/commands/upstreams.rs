//! `torwart upstreams`: how the upstreams of the running gateway fare, and which of them are used.

use super::upgrade::tell;
use crate::cli::{self, values};
use crate::{Console, Exit};
use clap::{ArgMatches, Command};
use std::time::Duration;

/// The command line.
pub(super) fn command(console: &Console) -> Command {
    let lang = console.lang;
    cli::with_argument(cli::command("upstreams", console), "what", lang, |what| what.num_args(0..=3))
        .arg(
            cli::option("upstreams", "admin", lang)
                .value_parser(move |text: &str| values::socket_address(text, lang)),
        )
        .arg(cli::format(lang, &["text", "json"]))
}

/// Runs it.
pub(super) fn run(matches: &ArgMatches, console: &Console) -> Exit {
    let words: Vec<&str> =
        matches.get_many::<String>("what").into_iter().flatten().map(String::as_str).collect();
    match *words.as_slice() {
        [] | ["list"] => tell(matches, "/upstreams", false, ADMIN_TIME, console),
        [what @ ("drain" | "undrain" | "add" | "remove"), pool, upstream] => {
            let path = format!("/upstreams/{what}?pool={}&upstream={}", encoded(pool), encoded(upstream));
            tell(matches, &path, true, ADMIN_TIME, console)
        }
        _ => {
            let sentence = console.fill("upstreams-unclear", &[("what", &words.join(" "))]);
            console.complain(&sentence, Some(&console.say("upstreams-unclear-hint")));
            Exit::Usage
        }
    }
}

/// Percent-encoded (RFC 3986 §2.1), so that nothing in it is taken for a delimiter.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// The admin address answers from memory.
const ADMIN_TIME: Duration = Duration::from_secs(5);
