//! `torwart health`: whether the gateway on this machine is ready, for containers and scripts that have no client of their
//! own.

use crate::cli::{self, values};
use crate::{Console, Exit};
use clap::{ArgMatches, Command};
use std::net::SocketAddr;
use std::time::Duration;
use torwart_web::client::{Question, ask};

/// The command line.
pub(super) fn command(console: &Console) -> Command {
    let lang = console.lang;
    cli::command("health", console)
        .arg(
            cli::option("health", "admin", lang)
                .value_parser(move |text: &str| values::socket_address(text, lang)),
        )
        .arg(cli::format(lang, &["text", "json"]))
}

/// Runs it.
pub(super) fn run(matches: &ArgMatches, console: &Console) -> Exit {
    let address = matches.get_one::<SocketAddr>("admin").copied().unwrap_or(super::serve::ADMIN);
    let is_json_wanted = cli::is_format(matches, "json");
    let question = Question {
        address,
        path: "/readyz",
        is_order: false,
        is_json_wanted,
        lang: console.lang,
        token: None,
        deadline: ADMIN_TIME,
    };
    match ask(question) {
        Ok(reply) => {
            console.line(reply.body.trim_end());
            if reply.status == 200 { Exit::Well } else { Exit::Fault }
        }
        Err(error) => {
            console.complain(&error.sentence(console.lang), Some(&console.say("explain-admin-hint")));
            Exit::CouldNotRun
        }
    }
}

/// The admin address answers from memory; who asks often wants to know soon.
const ADMIN_TIME: Duration = Duration::from_secs(3);
