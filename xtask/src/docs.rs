//! The generated pages under `docs/`: each is what a crate says about itself, written to a file.
//!
//! Nobody edits these pages. `cargo xtask docs` writes them, `cargo xtask tidy` complains where one is stale.

use crate::say;
use crate::tree::Tree;
use anyhow::{Context as _, Result};
use torwart_config::{reference_page, schema};
use torwart_report::{Lang, cause_page, diagnosis, finding_pages};

/// Every generated page: its path and its text.
pub(crate) fn pages() -> Result<Vec<(String, String)>> {
    let mut pages: Vec<(String, String)> = [
        ("docs/en/causes.md", cause_page(Lang::En)),
        ("docs/de/causes.md", cause_page(Lang::De)),
        ("docs/en/configuration.md", reference_page(torwart_config::Lang::En)),
        ("docs/de/configuration.md", reference_page(torwart_config::Lang::De)),
        ("docs/torwart.schema.json", serde_json::to_string_pretty(&schema())? + "\n"),
        ("docs/doctor.schema.json", serde_json::to_string_pretty(&diagnosis::schema())? + "\n"),
    ]
    .map(|(file, text)| (file.to_owned(), text))
    .into();
    for lang in Lang::ALL {
        let below = |(file, text)| (format!("docs/{lang}/{file}"), text);
        pages.extend(finding_pages(lang).into_iter().map(below));
    }
    Ok(pages)
}

/// Writes the pages that are not what they should be.
pub(crate) fn write() -> Result<bool> {
    let tree = Tree::read()?;
    for (file, text) in pages()? {
        let path = tree.path(&file);
        if std::fs::read_to_string(&path).is_ok_and(|found| found == text) {
            continue;
        }
        let folder = path.parent().context("a page stands in a folder")?;
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create the folder of {file}"))?;
        std::fs::write(&path, text).with_context(|| format!("cannot write {file}"))?;
        say(&format!("written: {file}"));
    }
    Ok(true)
}
