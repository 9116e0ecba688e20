//! The command line: built at run time in the user's language, parsed by clap, complained about in our own words.

mod complain;
pub(crate) mod values;

use crate::words::{attribute, say};
use crate::{Console, Exit, commands};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::ffi::OsString;
use torwart_report::Lang;

/// Understands the arguments, or prints what was asked for or is wrong and says how to end.
pub(crate) fn parse(arguments: Vec<OsString>, console: &Console) -> Result<ArgMatches, Exit> {
    let arguments = with_help_option(arguments);
    match tree(console).try_get_matches_from(arguments) {
        Ok(matches) => Ok(matches),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                console.print(&shown(&error.render().to_string(), console));
                Err(Exit::Well)
            }
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                console.note(shown(&error.render().to_string(), console).trim_end());
                Err(Exit::Usage)
            }
            _ => {
                let (sentence, hint) = complain::about(&error, console);
                console.complain(&sentence, Some(&hint));
                Err(Exit::Usage)
            }
        },
    }
}

/// The language asked for by `--lang`, before the command line is understood: errors are told in it too.
pub(crate) fn wanted_language(arguments: &[OsString]) -> Option<Lang> {
    let mut arguments = arguments.iter().skip(1).map(|argument| argument.to_string_lossy());
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix("--lang") {
            Some("") => return Lang::from_tag(&arguments.next()?),
            Some(value) => return Lang::from_tag(value.strip_prefix('=')?),
            None if argument == "--" => return None,
            None => {}
        }
    }
    None
}

/// A command of this name: its sentences stand under `<name>-about`, `-usage`, `-more`.
pub(crate) fn command(name: &'static str, console: &Console) -> Command {
    let lang = console.lang;
    Command::new(name)
        .about(say(lang, &format!("{name}-about")))
        // Further forms stand below the first one.
        .override_usage(say(lang, &format!("{name}-usage")).replace('\n', "\n  "))
        .after_help(say(lang, &format!("{name}-more")))
        .help_template(template(lang, ""))
        .term_width(console.out.width)
        .disable_help_flag(true)
        .arg(help(lang))
}

/// The same command with an argument that needs no option: its sentence stands under `<command>-<name>`.
pub(crate) fn with_argument(
    command: Command,
    name: &'static str,
    lang: Lang,
    change: fn(Arg) -> Arg,
) -> Command {
    let key = format!("{}-{name}", command.get_name());
    let argument = Arg::new(name).help(say(lang, &key)).value_name(attribute(lang, &key, "value"));
    let arguments = format!("{}\n{{positionals}}\n\n", say(lang, "heading-arguments"));
    command.help_template(template(lang, &arguments)).arg(change(argument))
}

/// An option with a value: its sentence stands under `<command>-<name>`, the value's name is its attribute `value`.
pub(crate) fn option(command: &str, name: &'static str, lang: Lang) -> Arg {
    let key = format!("{command}-{name}");
    Arg::new(name).long(name).help(say(lang, &key)).value_name(attribute(lang, &key, "value"))
}

/// An option without a value.
pub(crate) fn switch(command: &str, name: &'static str, lang: Lang) -> Arg {
    Arg::new(name).long(name).help(say(lang, &format!("{command}-{name}"))).action(ArgAction::SetTrue)
}

/// The option `--format`.
pub(crate) fn format(lang: Lang, formats: &'static [&'static str]) -> Arg {
    let names = formats.join("|");
    Arg::new("format")
        .long("format")
        .value_name(names)
        .help(say(lang, "option-format"))
        .value_parser(clap::builder::PossibleValuesParser::new(formats))
        .hide_possible_values(true)
}

/// Whether `--format` asks for this.
pub(crate) fn is_format(matches: &ArgMatches, format: &str) -> bool {
    matches.get_one::<String>("format").is_some_and(|wanted| wanted == format)
}

/// All of the command line.
pub(crate) fn tree(console: &Console) -> Command {
    let lang = console.lang;
    Command::new("torwart")
        .version(env!("CARGO_PKG_VERSION"))
        .about(say(lang, "torwart-about"))
        .after_help(say(lang, "torwart-more"))
        .override_usage(say(lang, "torwart-usage"))
        .help_template(format!(
            "{{about}}\n\n{}\n  {{usage}}\n\n{}\n{{subcommands}}\n\n{}\n{{options}}{{after-help}}\n",
            say(lang, "heading-usage"),
            say(lang, "heading-commands"),
            say(lang, "heading-options"),
        ))
        .term_width(console.out.width)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(
            Arg::new("lang")
                .long("lang")
                .value_name("en|de")
                .help(say(lang, "option-lang"))
                .global(true)
                .display_order(LAST - 1)
                .value_parser(["en", "de"])
                .hide_possible_values(true),
        )
        .arg(help(lang))
        .arg(
            Arg::new("version")
                .short('V')
                .long("version")
                .help(say(lang, "option-version"))
                .display_order(LAST + 1)
                .action(ArgAction::Version),
        )
        .subcommands(commands::all(console))
}

fn template(lang: Lang, arguments: &str) -> String {
    let (usage, options) = (say(lang, "heading-usage"), say(lang, "heading-options"));
    format!("{{about}}\n\n{usage}\n  {{usage}}\n\n{arguments}{options}\n{{options}}{{after-help}}\n")
}

fn help(lang: Lang) -> Arg {
    Arg::new("help")
        .short('h')
        .long("help")
        .help(say(lang, "option-help"))
        .action(ArgAction::Help)
        .display_order(LAST)
}

/// `torwart help serve` means `torwart serve --help`.
fn with_help_option(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if let Some(at) = arguments.iter().take(4).position(|argument| argument == "help")
        && !arguments
            .iter()
            .take(at)
            .skip(1)
            .any(|argument| !argument.to_string_lossy().starts_with("--lang"))
    {
        arguments.remove(at);
        arguments.push("--help".into());
    }
    arguments
}

fn shown(text: &str, console: &Console) -> String {
    if console.out.is_ascii { console.out.text(text) } else { text.to_owned() }
}

/// What every command has stands behind what only one has.
const LAST: usize = 900;

#[cfg(test)]
mod tests;
