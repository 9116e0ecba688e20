//! The reference page of all causes, for the documentation.

use crate::Lang;

/// All causes on one Markdown page: a table by stage, then every page under its anchor.
pub fn cause_page(lang: Lang) -> String {
    let _ = lang;
    String::new()
}
