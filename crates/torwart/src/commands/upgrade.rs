//! `torwart upgrade`: the running gateway is replaced by a process of the program and the configuration as they are now.

use crate::cli::{self, values};
use crate::{Console, Exit, secret};
use clap::{ArgMatches, Command};
use std::net::SocketAddr;
use std::time::Duration;
use torwart_web::client::{Question, ask};

/// The command line.
pub(super) fn command(console: &Console) -> Command {
    let lang = console.lang;
    cli::command("upgrade", console)
        .arg(
            cli::option("upgrade", "admin", lang)
                .value_parser(move |text: &str| values::socket_address(text, lang)),
        )
        .arg(cli::format(lang, &["text", "json"]))
}

/// Runs it.
pub(super) fn run(matches: &ArgMatches, console: &Console) -> Exit {
    tell(matches, "/upgrade", true, ADMIN_TIME, console)
}

/// Asks the admin address, or orders something, and prints what it says.
pub(super) fn tell(
    matches: &ArgMatches,
    path: &str,
    is_order: bool,
    deadline: Duration,
    console: &Console,
) -> Exit {
    let address = matches.get_one::<SocketAddr>("admin").copied().unwrap_or(super::serve::ADMIN);
    let token = secret::admin_token();
    let question = Question {
        address,
        path,
        is_order,
        is_json_wanted: cli::is_format(matches, "json"),
        lang: console.lang,
        token: token.as_deref(),
        deadline,
    };
    match ask(question) {
        Ok(reply) if reply.status == 200 => {
            console.line(console.out.text(reply.body.trim_end()).as_str());
            Exit::Well
        }
        Ok(reply) => {
            console.complain(reply.body.trim_end(), None);
            Exit::Fault
        }
        Err(error) => {
            console.complain(&error.sentence(console.lang), Some(&console.say("explain-admin-hint")));
            Exit::CouldNotRun
        }
    }
}

/// A new process has a minute to get ready.
const ADMIN_TIME: Duration = Duration::from_secs(75);
