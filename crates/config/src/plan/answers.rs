//! What answers of our own look like: language, links and templates of the operator.

use std::{path::PathBuf, sync::Arc};

use crate::Lang;

/// How answers present themselves, for one site or where no site is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Where a visitor finds help.
    pub support: Option<Arc<str>>,
    /// Where a visitor sees whether a fault is known.
    pub status_page: Option<Arc<str>>,
    /// The language for clients that state no preference we can meet.
    pub language: Lang,
    /// The operator's own pages; the first that fits the status wins, the most exact one stands first.
    pub templates: Vec<Template>,
}

/// A page of the operator's own, for one status or for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The status it is for; none means every status without its own template.
    pub status: Option<u16>,
    /// The file.
    pub file: PathBuf,
}
