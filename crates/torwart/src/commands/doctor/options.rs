//! The doctor's command line, and the question it asks.

use super::values;
use crate::cli::{self, values::duration};
use crate::{Console, Exit};
use clap::builder::PossibleValuesParser;
use clap::{ArgAction, ArgMatches, Command, value_parser};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use torwart_cause::finding::Said;
use torwart_doctor::{Control, Controls, Family, Question, SiteUrl, UpstreamAddress, checks};
use torwart_report::Form;

/// The command line.
pub(super) fn command(console: &Console) -> Command {
    let lang = console.lang;
    let option = |name| cli::option(NAME, name, lang);
    let many = |name| option(name).action(ArgAction::Append);
    let file = |name| option(name).value_parser(value_parser!(PathBuf));
    let switch = |name| cli::switch(NAME, name, lang);
    cli::with_argument(cli::command(NAME, console), "url", lang, |url| url.required_unless_present("schema"))
        .mut_arg("url", |url| url.value_parser(move |text: &str| values::url(text, lang)))
        .arg(many("upstream").short('u').value_parser(move |text: &str| values::upstream(text, lang)))
        .arg(file("config").short('c'))
        .arg(file("log").action(ArgAction::Append))
        .arg(many("resolver").value_parser(move |text: &str| values::resolver(text, lang)))
        .arg(many("control").value_parser(move |text: &str| values::control(text, lang)))
        .arg(switch("deep"))
        .arg(option("deadline").value_parser(move |text: &str| duration(text, lang)))
        .arg(
            many("skip")
                .value_delimiter(',')
                .value_parser(PossibleValuesParser::new(checks::all().map(|check| check.name)))
                .hide_possible_values(true),
        )
        .arg(file("follow-up").action(ArgAction::Append))
        .arg(many("resolve").value_parser(move |text: &str| values::resolve(text, lang)))
        .arg(many("connect-to").value_parser(move |text: &str| values::connect_to(text, lang)))
        .arg(file("cacert"))
        .arg(file("cert").requires("key"))
        .arg(file("key").requires("cert"))
        .arg(switch("insecure").short('k'))
        .arg(switch("ipv4").short('4').conflicts_with("ipv6"))
        .arg(switch("ipv6").short('6'))
        .arg(many("header").short('H').value_parser(move |text: &str| values::field(text, lang)))
        .arg(option("request").short('X').value_parser(move |text: &str| values::method(text, lang)))
        .arg(switch("short").conflicts_with("format"))
        .arg(switch("schema"))
        .arg(cli::format(lang, &["text", "json", "markdown", "html"]))
}

/// The question, or a complaint about what cannot be asked.
pub(super) fn question(matches: &ArgMatches, console: &Console) -> Result<Question, Exit> {
    // clap has seen to it that there is one.
    let url = matches.get_one::<SiteUrl>("url").ok_or(Exit::Usage)?;
    let environment: Vec<(String, String)> = VARIABLES
        .iter()
        .filter_map(|name| {
            Some(((*name).to_owned(), std::env::var(name).ok().filter(|value| !value.is_empty())?))
        })
        .collect();
    let mut question = Question {
        upstreams: many::<UpstreamAddress>(matches, "upstream"),
        config: matches.get_one::<PathBuf>("config").cloned(),
        logs: many::<PathBuf>(matches, "log"),
        resolvers: many::<SocketAddr>(matches, "resolver"),
        is_deep: matches.get_flag("deep"),
        skip: many::<String>(matches, "skip"),
        environment,
        resolve: many::<(String, u16, IpAddr)>(matches, "resolve"),
        connect_to: many::<values::ConnectTo>(matches, "connect-to"),
        ca_file: matches.get_one::<PathBuf>("cacert").cloned(),
        client_certificate: matches
            .get_one::<PathBuf>("cert")
            .cloned()
            .zip(matches.get_one::<PathBuf>("key").cloned()),
        is_insecure: matches.get_flag("insecure"),
        family: match (matches.get_flag("ipv4"), matches.get_flag("ipv6")) {
            (true, _) => Some(Family::V4),
            (false, true) => Some(Family::V6),
            (false, false) => None,
        },
        fields: many::<(String, String)>(matches, "header"),
        controls: controls(matches, console)?,
        ..Question::about(url.clone())
    };
    if let Some(deadline) = matches.get_one("deadline") {
        question.deadline = *deadline;
    } else if question.is_deep {
        question.deadline = DEEP_TIME;
    }
    if let Some(method) = matches.get_one::<String>("request") {
        question.method.clone_from(method);
    }
    for file in files(&question) {
        readable(file, console)?;
    }
    Ok(question)
}

/// What the site is compared with.
fn controls(matches: &ArgMatches, console: &Console) -> Result<Controls, Exit> {
    let named = many::<Option<Control>>(matches, "control");
    let count = named.len();
    let controls: Vec<Control> = named.into_iter().flatten().collect();
    if count > MOST_CONTROLS || (controls.len() < count && count > 1) {
        let most = MOST_CONTROLS.to_string();
        console.complain(&console.fill("doctor-controls", &[("most", &most)]), None);
        return Err(Exit::Usage);
    }
    Ok(match (count, controls.is_empty()) {
        (0, _) => Controls::AtHand,
        (_, true) => Controls::Nothing,
        (_, false) => Controls::Named(controls),
    })
}

/// The form of the report.
pub(super) fn form(matches: &ArgMatches, console: &Console) -> Form {
    match matches.get_one::<String>("format").map(String::as_str) {
        Some("json") => Form::Json,
        Some("markdown") => Form::Markdown,
        Some("html") => Form::Html,
        _ if matches.get_flag("short") => Form::Short(console.out),
        _ => Form::Text(console.out),
    }
}

/// What of the environment takes part in the answer: nobody should have to guess that.
pub(super) fn notes(question: &Question) -> Vec<Said> {
    let note = |(name, value): &(String, String)| Said::Text(format!("{name}={}", without_password(value)));
    question.environment.iter().map(note).collect()
}

fn many<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Vec<T> {
    matches.get_many::<T>(name).into_iter().flatten().cloned().collect()
}

fn files(question: &Question) -> impl Iterator<Item = &Path> {
    let pair = question.client_certificate.iter().flat_map(|(certificate, key)| [certificate, key]);
    question.config.iter().chain(&question.logs).chain(&question.ca_file).chain(pair).map(PathBuf::as_path)
}

/// A file that was named must be there: without it the question is another one.
fn readable(path: &Path, console: &Console) -> Result<(), Exit> {
    let Err(error) = std::fs::File::open(path) else { return Ok(()) };
    let texts = [("file", path.display().to_string()), ("error", error.to_string())];
    let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let hint = match error.kind() {
        std::io::ErrorKind::PermissionDenied => Some(console.say("doctor-file-denied-hint")),
        _ => None,
    };
    console.complain(&console.fill("file-unreadable", &texts), hint.as_deref());
    Err(Exit::CouldNotRun)
}

/// `http://user:secret@proxy:3128` without what nobody else should read.
fn without_password(value: &str) -> String {
    match value.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?))) {
        Some((scheme, (_, host))) => format!("{scheme}://***@{host}"),
        None => value.to_owned(),
    }
}

const NAME: &str = "doctor";

/// What the environment can say about proxies, trust and names.
const VARIABLES: &[&str] = &[
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "RES_OPTIONS",
    "LOCALDOMAIN",
    "HOSTALIASES",
];

/// Waiting for idle connections to be closed takes more than a minute.
const DEEP_TIME: std::time::Duration = std::time::Duration::from_secs(150);

/// More places than these tell nothing more.
const MOST_CONTROLS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_proxies_are_not_shown() {
        assert_eq!(without_password("http://a:b@proxy:3128"), "http://***@proxy:3128");
        assert_eq!(without_password("http://proxy:3128"), "http://proxy:3128");
        assert_eq!(without_password(".example,localhost"), ".example,localhost");
    }
}
