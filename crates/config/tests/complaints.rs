//! Complaints as people read them: each file in `tests/complaints` has its expected texts beside it.
//!
//! With `TORWART_BLESS=1` in the environment the expected texts are written instead of compared.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use torwart_config::{Lang, Source, check};

#[test]
fn complaints_read_as_expected_in_both_languages() {
    for (path, source) in cases() {
        let checked = check(&source, &|file| !file.to_string_lossy().contains("missing"));
        for lang in Lang::ALL {
            let shown: Vec<String> =
                checked.complaints.iter().map(|complaint| complaint.render(&source, lang, false)).collect();
            compare(&path.with_extension(format!("{lang}.txt")), &(shown.join("\n\n") + "\n"));
        }
    }
}

#[test]
fn every_complaint_has_a_case_and_every_case_a_text() {
    let mut met = BTreeSet::new();
    for (path, source) in cases() {
        for complaint in check(&source, &|file| !file.to_string_lossy().contains("missing")).complaints {
            assert_ne!(complaint.sentence(Lang::En), complaint.id, "{} in {}", complaint.id, path.display());
            met.insert(complaint.id.to_owned());
        }
    }
    let texts = include_str!("../text/en/complaints.txt");
    let known = texts.lines().filter_map(|line| line.strip_prefix("complaint.")?.split_once(" = "));
    let known: BTreeSet<_> = known.map(|(id, _)| id.trim_end_matches(".hint").to_owned()).collect();
    let unmet: Vec<_> = known.difference(&met).collect();
    assert!(unmet.is_empty(), "no case for {unmet:?}");
}

#[test]
fn places_are_counted_in_lines_and_characters() {
    let source =
        Source {
            name: String::new(), folder: PathBuf::new(), text: "a = 1\n\"ü\" = { b = 2 }\n".to_owned()
        };
    let checked = check(&source, &|_| true);
    let places: Vec<_> =
        checked.complaints.iter().map(|complaint| source.line_and_column(complaint.place)).collect();
    assert_eq!(places, [(1, 1), (2, 1)]);
}

fn cases() -> Vec<(PathBuf, Source)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/complaints");
    let mut cases: Vec<_> = fs::read_dir(folder)
        .expect("the folder is part of the crate")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    cases.sort();
    let source = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("the file was just listed");
        let name = path.file_name().expect("a listed file has a name").to_string_lossy().into_owned();
        Source { name, folder: PathBuf::from("/etc/torwart"), text }
    };
    cases.iter().map(|path| (path.clone(), source(path))).collect()
}

fn compare(path: &Path, found: &str) {
    if std::env::var_os("TORWART_BLESS").is_some() {
        return fs::write(path, found).expect("the folder can be written");
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(found, expected, "{} differs; TORWART_BLESS=1 accepts the new text", path.display());
}
