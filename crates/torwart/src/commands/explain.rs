//! `torwart explain`: what a cause or a finding means, or what happened to one request of the running gateway.
//!
//! Causes and findings are explained from the pages in the program; a request id is looked up through the admin address; a status
//! names the causes that lead to it; without anything there is an overview.

use crate::cli::{self, values};
use crate::{Console, Exit, secret};
use clap::{ArgMatches, Command};
use std::net::SocketAddr;
use std::time::Duration;
use torwart_cause::Cause;
use torwart_cause::finding::FindingKind;
use torwart_record::RequestId;
use torwart_report::explain::{Format, is_known_product};
use torwart_report::terminal::Tone;
use torwart_report::{
    Page, explain, explain_all, explain_finding, explain_findings, nearest, nearest_findings,
};
use torwart_web::client::{Question, ask};

/// The command line.
pub(super) fn command(console: &Console) -> Command {
    let lang = console.lang;
    cli::with_argument(cli::command("explain", console), "what", lang, |what| what.num_args(0..=3))
        .arg(
            cli::option("explain", "admin", lang)
                .value_parser(move |text: &str| values::socket_address(text, lang)),
        )
        .arg(cli::switch("explain", "findings", lang).conflicts_with("what"))
        .arg(cli::option("explain", "product", lang))
        .arg(cli::format(lang, &["text", "json", "markdown"]))
}

/// Runs it.
pub(super) fn run(matches: &ArgMatches, console: &Console) -> Exit {
    let words: Vec<&str> =
        matches.get_many::<String>("what").into_iter().flatten().map(String::as_str).collect();
    let what = words.join(" ");
    let format = if cli::is_format(matches, "json") {
        Format::Json
    } else if cli::is_format(matches, "markdown") {
        Format::Markdown
    } else {
        Format::Text(console.out)
    };
    let product = matches.get_one::<String>("product").map(String::as_str);
    if let Some(product) = product.filter(|name| !is_known_product(name)) {
        let sentence = console.fill("explain-unknown-product", &[("product", product)]);
        console.complain(&sentence, Some(&console.say("explain-unknown-product-hint")));
        return Exit::Usage;
    }
    if matches.get_flag("findings") {
        console.print(&explain_findings(console.lang, format));
        return Exit::Well;
    }
    if what.is_empty() {
        console.print(&explain_all(console.lang, format));
        return Exit::Well;
    }
    if let Some(cause) = Cause::from_id(&what.to_lowercase().replace(['-', ' '], "_")) {
        console.print(&explain(cause, console.lang, format));
        return Exit::Well;
    }
    if let Some(kind) = FindingKind::from_id(&what.to_lowercase().replace(['-', ' '], "_")) {
        console.print(&explain_finding(kind, console.lang, format, product));
        return Exit::Well;
    }
    if let Ok(id) = what.parse::<RequestId>() {
        let admin = matches.get_one::<SocketAddr>("admin").copied().unwrap_or(super::serve::ADMIN);
        return tell_exchange(id, admin, format, console);
    }
    match what.parse::<u16>() {
        Ok(status @ 100..=599) => tell_status(status, format, console),
        _ => tell_unknown(&what, console),
    }
}

fn tell_exchange(id: RequestId, address: SocketAddr, format: Format, console: &Console) -> Exit {
    let path = format!("/exchanges/{id}");
    let is_json_wanted = format == Format::Json;
    let token = secret::admin_token();
    let question = Question {
        address,
        path: &path,
        is_order: false,
        is_json_wanted,
        lang: console.lang,
        token: token.as_deref(),
        deadline: ADMIN_TIME,
    };
    match ask(question) {
        Ok(reply) if reply.status == 200 => {
            let body = if is_json_wanted { reply.body } else { console.out.text(&reply.body) };
            match format {
                Format::Markdown => console.print(&format!("# {id}\n\n```text\n{body}```\n")),
                Format::Text(_) | Format::Json => console.print(&body),
            }
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

/// The causes that lead to a status.
fn tell_status(status: u16, format: Format, console: &Console) -> Exit {
    let causes: Vec<Cause> =
        Cause::ALL.iter().copied().filter(|cause| cause.status() == Some(status)).collect();
    if format == Format::Json {
        let ids: Vec<_> = causes.iter().map(|cause| cause.id()).collect();
        let document = serde_json::json!({ "schema": 1, "status": status, "causes": ids });
        console.line(&format!("{document:#}"));
        return Exit::Well;
    }
    let status = status.to_string();
    if causes.is_empty() {
        console.complain(&console.fill("explain-no-status", &[("status", &status)]), None);
        return Exit::Usage;
    }
    let heading = console.fill("explain-status", &[("status", &status)]);
    console.line(&console.out.paint(Tone::Strong, &heading));
    let row = |cause: &Cause| [format!("  {}", cause.id()), Page::of(*cause, console.lang).title.to_owned()];
    console.print(&console.out.table(&causes.iter().map(row).collect::<Vec<_>>()));
    console.line(&format!("\n{}", console.say("explain-status-more")));
    Exit::Well
}

fn tell_unknown(what: &str, console: &Console) -> Exit {
    let sentence = console.fill("explain-unknown", &[("what", what)]);
    let causes = nearest(what);
    let findings = nearest_findings(what);
    let causes = causes.iter().map(|cause| cause.id());
    let findings = findings.iter().map(|kind| kind.id);
    // Ids of findings have a dot.
    let near: Vec<&str> = if what.contains('.') {
        findings.chain(causes).take(3).collect()
    } else {
        causes.chain(findings).take(3).collect()
    };
    let hint = match near.split_last() {
        None => console.say("explain-unknown-hint"),
        Some((last, [])) => console.fill("wrong-near", &[("near", last)]),
        Some((last, others)) => {
            let near = format!("{} {} {last}", others.join(", "), console.say("or"));
            console.fill("wrong-near", &[("near", &near)])
        }
    };
    console.complain(&sentence, Some(&hint));
    Exit::Usage
}

/// The admin address answers from memory.
const ADMIN_TIME: Duration = Duration::from_secs(5);
