//! No text panics, and what is checked can always be shown.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use torwart_config::{Lang, Source, check, schema};

const EXAMPLE: &str = include_str!("../../../examples/torwart.toml");

#[test]
fn the_example_is_a_valid_configuration() {
    let source = Source::new(Path::new("examples/torwart.toml"), EXAMPLE.to_owned());
    let checked = check(&source, &|_| true);
    let shown: Vec<_> = checked.complaints.iter().map(|one| one.render(&source, Lang::En, false)).collect();
    assert!(shown.is_empty(), "{}", shown.join("\n\n"));
    let plan = checked.plan.expect("nothing was complained about");
    assert_eq!(plan.sites.len(), 3);
}

#[test]
fn the_schema_knows_every_key_of_the_example() {
    let schema = schema();
    let table = toml_keys(EXAMPLE);
    let definitions = schema["$defs"].as_object().expect("there are definitions");
    let known = |key: &str| {
        std::iter::once(&schema)
            .chain(definitions.values())
            .any(|table| table["properties"].get(key).is_some())
    };
    for key in table {
        assert!(known(&key), "{key}");
    }
}

/// The plain keys at the beginning of lines.
fn toml_keys(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with(['#', '[']));
    lines.filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect()
}

fn try_all(text: String) {
    let source = Source { name: "x.toml".to_owned(), folder: PathBuf::new(), text };
    let checked = check(&source, &|_| true);
    for complaint in &checked.complaints {
        for lang in Lang::ALL {
            assert!(!complaint.render(&source, lang, lang == Lang::De).is_empty());
            assert_ne!(complaint.sentence(lang), complaint.id);
        }
    }
    assert_eq!(checked.plan.is_none(), checked.is_bad());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in "\\PC{0,80}") {
        try_all(text);
    }

    #[test]
    fn no_words_of_a_configuration_in_any_order_panic(
        words in proptest::collection::vec(prop_oneof![
            Just("[site.\"a\"]\n"), Just("[[site.a.route]]\n"), Just("[listen]\n"), Just("[pool.p]\n"),
            Just("http = "), Just("upstreams = "), Just("path = "), Just("pool = "), Just("tls = "), Just("\"/\""),
            Just("\"http://ü:1\""), Just("{"), Just("}"), Just("["), Just("]"), Just(","), Just("\n"), Just("true"),
            Just("5"), Just("deadline = { total = \"1s\" }\n"), Just("\"unix:\""), Just("'~('"), Just("\"[::]:1\""),
        ], 0..24)
    ) {
        try_all(words.concat());
    }

    #[test]
    fn no_damage_to_the_example_panics(
        at in 0..EXAMPLE.len(), length in 0..40_usize, with in "(\\PC|\\n|\"|\\[|\\]|=){0,6}"
    ) {
        let start = EXAMPLE.floor_char_boundary(at);
        let end = EXAMPLE.floor_char_boundary((at + length).min(EXAMPLE.len())).max(start);
        let mut text = EXAMPLE.to_owned();
        text.replace_range(start..end, &with);
        try_all(text);
    }
}
