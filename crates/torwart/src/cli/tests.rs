//! The command line is complete in both languages, and understands what people type.

use super::*;
use torwart_report::terminal::Style;

fn console(lang: Lang) -> Console {
    Console {
        lang,
        out: Style::PLAIN,
        err: Style::PLAIN,
        program: "torwart".to_owned(),
        is_live: false,
        is_err_live: false,
        is_alone: Default::default(),
        kept: Default::default(),
    }
}

#[test]
fn the_command_line_is_built_without_contradiction() {
    for lang in Lang::ALL {
        tree(&console(lang)).debug_assert();
    }
}

#[test]
fn every_text_of_the_help_exists_and_fits() {
    for lang in Lang::ALL {
        for command in tree(&console(lang)).get_subcommands_mut() {
            let name = command.get_name().to_owned();
            let help = command.render_help().to_string();
            assert!(!help.contains(&format!("{name}-")), "{lang} {name}: a sentence is missing\n{help}");
            for line in help.lines() {
                assert!(line.chars().count() <= 100, "{lang} {name}: too wide: {line}");
            }
        }
    }
}

#[test]
fn the_language_is_found_wherever_it_stands() {
    let check = |line: &str, expected| {
        let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        assert_eq!(wanted_language(&arguments), expected, "{line}");
    };
    check("torwart --lang de check", Some(Lang::De));
    check("torwart check --lang=en", Some(Lang::En));
    check("torwart check --lang", None);
    check("torwart check -- --lang de", None);
    check("torwart --lang fr", None);
}

#[test]
fn help_is_a_command_too() {
    let check = |line: &str, expected: &str| {
        let arguments = line.split(' ').map(OsString::from).collect();
        assert_eq!(with_help_option(arguments).join(" ".as_ref()), *expected, "{line}");
    };
    check("torwart help", "torwart --help");
    check("torwart help serve", "torwart serve --help");
    check("torwart explain help", "torwart explain help");
    check("torwart --lang=de help serve", "torwart --lang=de serve --help");
}
