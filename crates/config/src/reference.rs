//! The reference page of the configuration, made from the table of keys.

use std::fmt::Write;

use crate::{
    Lang,
    file::duration,
    keys::{Form, Key, Kind, Part, Preset, ROOT, Table},
    text,
};

/// The reference page as Markdown.
#[must_use]
pub fn reference_page(lang: Lang) -> String {
    let mut page =
        Page { lang, text: String::new(), tables: vec![(&ROOT, String::new())], parts: Vec::new() };
    page.line(&format!("# {}\n\n<!-- {} -->\n", page.word("page.title"), page.word("page.generated")));
    page.line(&format!("{}\n", page.word("page.intro")));
    page.line(&format!("## {}\n\n```toml\n{FIRST}```\n", page.word("page.first")));
    for topic in ["page.order", "page.inherit"] {
        page.line(&format!("## {}\n\n{}\n", page.word(topic), page.word(&format!("{topic}.text"))));
    }
    page.forms();
    page.line(&format!("## {}\n", page.word("page.keys")));
    let mut at = 0;
    while let Some((table, path)) = page.tables.get(at).cloned() {
        page.table(table, &path);
        at += 1;
    }
    while page.text.ends_with("\n\n") {
        page.text.pop();
    }
    page.text
}

struct Page {
    lang: Lang,
    text: String,
    /// The tables met so far, each with the way it was first met by.
    tables: Vec<(&'static Table, String)>,
    /// The shared parts written so far.
    parts: Vec<&'static str>,
}

impl Page {
    fn word(&self, key: &str) -> &'static str {
        text::find(key, self.lang).unwrap_or_default()
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn forms(&mut self) {
        self.line(&format!("## {}\n", self.word("page.values")));
        for id in ["duration", "size"].into_iter().chain(FORMS.iter().map(|form| form.id())) {
            let (name, description) =
                (self.word(&format!("form.{id}")), self.word(&format!("form.{id}.text")));
            self.line(&format!("- <a id=\"form-{id}\"></a>**{name}**: {description}"));
        }
        self.line("");
    }

    fn table(&mut self, table: &'static Table, path: &str) {
        let title = self.word(&format!("table.{}", table.id));
        let shown = if path.is_empty() { String::new() } else { format!(": `{path}`") };
        self.line(&format!("### <a id=\"{}\"></a>{title}{shown}\n", table.id));
        for part in table.parts {
            let name = self.word(&format!("part.{}", part.id));
            if self.parts.contains(&part.id) {
                let shared = self.word("page.shared");
                self.line(&format!("{} [{name}](#part-{}).\n", capitalised(shared), part.id));
                continue;
            }
            self.parts.push(part.id);
            if table.parts.len() > 1 {
                self.line(&format!("#### <a id=\"part-{}\"></a>{name}\n", part.id));
            }
            self.rows(part, path);
        }
    }

    fn rows(&mut self, part: &'static Part, path: &str) {
        let heads = ["page.key", "page.value", "page.preset", "page.meaning"].map(|key| self.word(key));
        self.line(&format!("| {} |\n| --- | --- | --- | --- |", heads.join(" | ")));
        for key in part.keys {
            let value = self.value(&key.kind, key.name, path);
            let preset = self.preset(&key.preset);
            let meaning = self.word(&format!("key.{}.{}", part.id, key.name));
            let example = self.example(key);
            self.line(&format!("| `{}` | {value} | {preset} | {meaning}{example} |", key.name));
        }
        self.line("");
    }

    fn example(&self, key: &Key) -> String {
        match key.kind {
            Kind::Switch | Kind::Count(..) => String::new(),
            _ => format!(" {}: `{} = {}`", self.word("page.example"), key.name, key.example),
        }
    }

    fn preset(&self, preset: &Preset) -> String {
        match preset {
            Preset::Nothing => self.word("preset.nothing").to_owned(),
            Preset::Required => self.word("preset.required").to_owned(),
            Preset::Sentence(id) => self.word(&format!("preset.{id}")).to_owned(),
            Preset::Duration(_)
            | Preset::Size(_)
            | Preset::Count(_)
            | Preset::Switch(_)
            | Preset::Word(_) => preset.value().map(|value| format!("`{value}`")).unwrap_or_default(),
        }
    }

    fn value(&mut self, kind: &'static Kind, name: &str, path: &str) -> String {
        let bounds = |text: &str, least: String, most: String| {
            text.replace("<least>", &least).replace("<most>", &most)
        };
        match kind {
            Kind::Duration(least, most) => {
                bounds(self.word("value.duration"), duration::show(*least), duration::show(*most))
            }
            Kind::Size(least, most) => bounds(self.word("value.size"), least.to_string(), most.to_string()),
            Kind::Count(least, most) => bounds(self.word("value.count"), least.to_string(), most.to_string()),
            Kind::Switch => self.word("value.switch").to_owned(),
            Kind::Choice(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
                format!("{} {}", self.word("value.one_of"), words.join(", "))
            }
            Kind::Text(form) => self.form(*form),
            Kind::List(inner) => {
                let known = self.tables.len();
                let value = self.value(inner, name, path);
                // A table that stands in a list has double brackets.
                for (_, way) in self.tables.iter_mut().skip(known) {
                    *way = format!("[{way}]");
                }
                format!("{} {value}", self.word("value.list"))
            }
            Kind::OneOrMany(inner) => {
                format!("{} {}", self.value(inner, name, path), self.word("value.one_or_many"))
            }
            Kind::Either(kinds) => {
                let kinds: Vec<_> = kinds.iter().map(|kind| self.value(kind, name, path)).collect();
                kinds.join(&format!(" {} ", self.word("value.or")))
            }
            Kind::Table(table) => {
                if !self.tables.iter().any(|(known, _)| known.id == table.id) {
                    self.tables.push((table, way(path, name)));
                }
                format!("[{}](#{})", self.word("value.table"), table.id)
            }
            Kind::Map(form, inner) => {
                let names = self.form(*form);
                let inside = if *form == Form::Host { "\"HOST\"" } else { "NAME" };
                format!("{} {names}: {}", self.word("value.map"), self.value(inner, inside, &way(path, name)))
            }
        }
    }

    fn form(&self, form: Form) -> String {
        format!("[{}](#form-{})", self.word(&format!("form.{}", form.id())), form.id())
    }
}

/// The way to a key of a table: `site."HOST".route`.
fn way(path: &str, name: &str) -> String {
    let mut way = path.trim_matches(['[', ']']).to_owned();
    if !way.is_empty() {
        way.push('.');
    }
    // Writing into a text cannot fail.
    let _ = write!(way, "{name}");
    format!("[{way}]")
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The forms in the order of the page; one that is missing here is found by a test.
const FORMS: [Form; 26] = [
    Form::Any,
    Form::Name,
    Form::File,
    Form::Listen,
    Form::Address,
    Form::Network,
    Form::Networks,
    Form::Rate,
    Form::LimitBy,
    Form::HashKey,
    Form::Service,
    Form::Host,
    Form::Upstream,
    Form::PathRule,
    Form::UrlPath,
    Form::Replacement,
    Form::Method,
    Form::Mode,
    Form::HeaderName,
    Form::Who,
    Form::HeaderLine,
    Form::Value,
    Form::Location,
    Form::Link,
    Form::Status,
    Form::Statuses,
];

const FIRST: &str = r#"[listen]
http = "0.0.0.0:80"

[site."shop.example"]
upstreams = ["http://127.0.0.1:3000"]
"#;
