//! The sentences of the admin address, from `text/<lang>.txt`: one `key = sentence` per line.

use torwart_report::Lang;

/// The sentence for a key. A key without sentence shows itself; a test sees to it that there is none.
pub(crate) fn say(key: &'static str, lang: Lang) -> &'static str {
    let text = match lang {
        Lang::En => EN,
        Lang::De => DE,
    };
    entries(text).find(|(known, _)| *known == key).map_or(key, |(_, sentence)| sentence)
}

/// The sentence with `{name}` replaced by what it stands for.
pub(crate) fn fill(key: &'static str, lang: Lang, arguments: &[(&str, &str)]) -> String {
    arguments
        .iter()
        .fold(say(key, lang).to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

fn entries(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = "))
}

const EN: &str = include_str!("../text/en.txt");
const DE: &str = include_str!("../text/de.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_keys() {
        let keys = |text| entries(text).map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys(EN), keys(DE));
    }

    #[test]
    fn every_key_that_is_used_has_a_sentence() {
        let sources = [
            include_str!("client.rs"),
            include_str!("host.rs"),
            include_str!("pages.rs"),
            include_str!("purge.rs"),
            include_str!("reply.rs"),
            include_str!("steering.rs"),
            include_str!("story.rs"),
        ];
        let known: Vec<_> = entries(EN).map(|(key, _)| key).collect();
        // Without blanks, a call broken into lines looks like any other.
        let sources: String = sources.concat().split_whitespace().collect();
        let mut used = Vec::new();
        for call in ["say(\"", "fill(\""] {
            used.extend(sources.split(call).skip(1).filter_map(|rest| rest.split('"').next()));
        }
        for key in &used {
            assert!(known.contains(key), "{key} has no sentence");
        }
        for key in &known {
            assert!(used.contains(key), "{key} is not used");
        }
    }
}
