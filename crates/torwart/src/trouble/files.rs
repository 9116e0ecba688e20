//! What is wrong with a file that the plan names, in the reader's language, and what to do about it.

use crate::words;
use torwart_dial::TlsConfigProblem;
use torwart_gateway::{BuildProblem, DoorProblem};
use torwart_report::Lang;

/// A sentence and the advice that goes with it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) sentence: String,
    pub(crate) hint: String,
}

/// Tells why a plan without complaints cannot be served.
pub(crate) fn told(problem: &BuildProblem, lang: Lang) -> Told {
    match problem {
        BuildProblem::Certificate(problem) => tls(problem, lang),
        BuildProblem::UpstreamTls { pool, problem } => {
            within("trouble-of-pool", pool, tls(problem, lang), lang)
        }
        BuildProblem::Door(DoorProblem::Tls { service, problem }) => {
            within("trouble-of-forward", service, tls(problem, lang), lang)
        }
        BuildProblem::Door(DoorProblem::File { file, problem }) => {
            of("trouble-door-file", &[("file", &file.display().to_string()), ("error", problem)], lang)
        }
        BuildProblem::CookieSecret { file, problem } => {
            of("trouble-cookie-secret", &[("file", &file.display().to_string()), ("error", problem)], lang)
        }
        BuildProblem::Folder { folder, problem } => {
            let (folder, error) = (folder.display().to_string(), problem.to_string());
            of("trouble-folder", &[("folder", &folder), ("error", &error)], lang)
        }
        BuildProblem::Template { file, problem } => {
            of("trouble-template", &[("file", &file.display().to_string()), ("error", problem)], lang)
        }
    }
}

fn tls(problem: &TlsConfigProblem, lang: Lang) -> Told {
    use TlsConfigProblem as P;
    let about = |key: &str, file: &std::path::Path| of(key, &[("file", &file.display().to_string())], lang);
    match problem {
        P::Unreadable { file, error } => {
            let (file, error) = (file.display().to_string(), error.to_string());
            of("trouble-unreadable", &[("file", &file), ("error", &error)], lang)
        }
        P::NotPem { file } => about("trouble-not-pem", file),
        P::NoCertificate { file } => about("trouble-no-certificate", file),
        P::NoKey { file } => about("trouble-no-key", file),
        P::NoRevocationList { file } => about("trouble-no-revocation-list", file),
        P::Unusable { file, error } => {
            of("trouble-unusable", &[("file", &file.display().to_string()), ("error", error)], lang)
        }
        P::KeyMismatch { chain, key } => {
            let (chain, key) = (chain.display().to_string(), key.display().to_string());
            of("trouble-key-mismatch", &[("chain", &chain), ("key", &key)], lang)
        }
        P::BadName { name } => of("trouble-bad-name", &[("name", name)], lang),
        P::Library(error) => of("trouble-tls-library", &[("error", error)], lang),
        P::NoRoots => of("trouble-no-roots", &[], lang),
    }
}

fn of(key: &str, blanks: &[(&str, &str)], lang: Lang) -> Told {
    let hint = words::fill(lang, &format!("{key}-hint"), blanks);
    Told { sentence: words::fill(lang, key, blanks), hint }
}

/// Says whose problem it is: a pool's, a service's.
fn within(key: &str, name: &str, told: Told, lang: Lang) -> Told {
    Told { sentence: words::fill(lang, key, &[("name", name), ("problem", &told.sentence)]), ..told }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_with_a_file_has_its_sentence_and_advice_in_both_languages() {
        let file = || "shop.pem".into();
        let gone = || std::io::Error::from(std::io::ErrorKind::NotFound);
        let of_pool = |problem| BuildProblem::UpstreamTls { pool: "shop".into(), problem };
        let problems = [
            BuildProblem::Certificate(TlsConfigProblem::Unreadable { file: file(), error: gone() }),
            BuildProblem::Certificate(TlsConfigProblem::NotPem { file: file() }),
            BuildProblem::Certificate(TlsConfigProblem::NoCertificate { file: file() }),
            BuildProblem::Certificate(TlsConfigProblem::NoKey { file: file() }),
            BuildProblem::Certificate(TlsConfigProblem::KeyMismatch { chain: file(), key: file() }),
            of_pool(TlsConfigProblem::NoRevocationList { file: file() }),
            of_pool(TlsConfigProblem::Unusable { file: file(), error: "shop".into() }),
            of_pool(TlsConfigProblem::BadName { name: "shop".into() }),
            of_pool(TlsConfigProblem::Library("shop".into())),
            of_pool(TlsConfigProblem::NoRoots),
            BuildProblem::Door(DoorProblem::File { file: file(), problem: "line 3".into() }),
            BuildProblem::Door(DoorProblem::Tls {
                service: "shop".into(),
                problem: TlsConfigProblem::NoRoots,
            }),
            BuildProblem::Folder { folder: file(), problem: gone() },
            BuildProblem::Template { file: file(), problem: "line 3".into() },
        ];
        for problem in &problems {
            let [english, german] = [Lang::En, Lang::De].map(|lang| told(problem, lang));
            assert_ne!(english, german, "{problem}");
            for Told { sentence, hint } in [english, german] {
                assert!(sentence.contains("shop"), "{problem}: {sentence}");
                assert!(!sentence.contains("trouble-") && !hint.contains("trouble-"), "{sentence} {hint}");
            }
        }
    }
}
