//! The files of the working tree, as git sees them: tracked ones and new ones that are not ignored.

use anyhow::{Context as _, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's root and the paths of its files, relative to it and sorted.
pub(crate) struct Tree {
    root: PathBuf,
    files: Vec<String>,
}

impl Tree {
    /// Asks git for the files below the workspace's root.
    pub(crate) fn read() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent folder")?;
        let output = Command::new("git")
            .current_dir(root)
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .output()
            .context("git did not start")?;
        ensure!(output.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&output.stderr));
        let mut files: Vec<String> = output
            .stdout
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty())
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .filter(|name| root.join(name).is_file())
            .collect();
        files.sort();
        files.dedup();
        Ok(Self { root: root.to_owned(), files })
    }

    /// The full path of a file or folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Every file, relative to the root.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// The files with this ending.
    pub(crate) fn with_ending<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = &'a str> {
        self.files().filter(move |file| file.ends_with(ending))
    }

    /// The text of a file, or `None` where it is not text.
    pub(crate) fn text(&self, relative: &str) -> Result<Option<String>> {
        let bytes = std::fs::read(self.path(relative)).with_context(|| format!("cannot read {relative}"))?;
        Ok(String::from_utf8(bytes).ok())
    }
}
