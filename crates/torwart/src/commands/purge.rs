//! `torwart purge`: the running gateway gives up stored answers.

use super::upgrade::tell;
use super::upstreams::encoded;
use crate::cli::{self, values};
use crate::{Console, Exit};
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::time::Duration;

/// The command line.
pub(super) fn command(console: &Console) -> Command {
    let lang = console.lang;
    let option = |name| cli::option("purge", name, lang);
    let rest = ["prefix", "tag", "all"];
    cli::with_argument(cli::command("purge", console), "url", lang, |url| url.num_args(0..=1))
        .mut_arg("url", |url| url.conflicts_with_all(rest).required_unless_present_any(rest))
        .arg(option("prefix").conflicts_with_all(["tag", "all"]))
        .arg(option("tag").conflicts_with("all"))
        .arg(flag(option("all")))
        .arg(option("admin").value_parser(move |text: &str| values::socket_address(text, lang)))
        .arg(cli::format(lang, &["text", "json"]))
}

/// Runs it.
pub(super) fn run(matches: &ArgMatches, console: &Console) -> Exit {
    let what = ["url", "prefix", "tag"].into_iter().find_map(|name| {
        let text = matches.get_one::<String>(name)?;
        Some(format!("{name}={}", encoded(text)))
    });
    let what = what.unwrap_or_else(|| "all=yes".to_owned());
    tell(matches, &format!("/cache/purge?{what}"), true, ADMIN_TIME, console)
}

fn flag(option: Arg) -> Arg {
    option.action(ArgAction::SetTrue)
}

/// A large cache is looked through for as long.
const ADMIN_TIME: Duration = Duration::from_secs(30);
