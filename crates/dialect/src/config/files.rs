//! What the readers need from outside: the text of a file, the files behind a pattern, and where to begin.

use crate::Product;
use std::io;
use std::path::{Path, PathBuf};

/// Gives texts of files to the readers, which do no I/O themselves.
pub trait Files {
    /// The text of a file; bytes that are no UTF-8 are replaced, not refused.
    fn read(&self, path: &Path) -> io::Result<String>;

    /// The files that match a shell pattern (`*`, `?`, `[a-z]`; absolute), sorted by name; none if nothing matches.
    fn glob(&self, pattern: &str) -> Vec<PathBuf>;

    /// The files directly in a folder, sorted by name; empty if it is none.
    fn folder(&self, path: &Path) -> Vec<PathBuf> {
        self.glob(&format!("{}/*", path.display()))
    }
}

/// Where a gateway's configuration begins: what it was started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose configuration it is.
    pub product: Product,
    /// The entry files or folders, in order; more than one only where the product takes several (HAProxy).
    pub files: Vec<PathBuf>,
    /// The folder to which relative paths belong, where it was said (`nginx -p`, `apache2 -d`).
    pub root: Option<PathBuf>,
    /// Switches given at the start (`apache2 -D NAME`).
    pub defines: Vec<String>,
    /// The product's version where it is known (`1.22.1`); without it, the defaults are those most installed ones have.
    pub version: Option<(u32, u32, u32)>,
}

impl Entry {
    /// One entry file, everything else as usual.
    pub fn new(product: Product, file: &Path) -> Self {
        Entry { product, files: vec![file.to_path_buf()], root: None, defines: Vec::new(), version: None }
    }

    /// The version is known, and it is this one or later.
    pub fn is_at_least(&self, version: (u32, u32, u32)) -> bool {
        self.version.is_some_and(|own| own >= version)
    }

    /// The first entry file.
    pub fn file(&self) -> &Path {
        self.files.first().map_or(Path::new(""), PathBuf::as_path)
    }
}
