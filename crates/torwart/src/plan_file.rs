//! Reading a configuration file: for `serve` at the start and at every reload, and for `check`.

use crate::Console;
use std::io;
use std::path::Path;
use torwart_config::{Checked, Complaint, Lang, Severity, Source};

/// A file that was read, and what checking it yielded.
pub(crate) struct Read {
    /// The file.
    pub(crate) source: Source,
    /// The outcome.
    pub(crate) checked: Checked,
}

/// Reads and checks a file.
///
/// # Errors
/// What the system says where the file cannot be read.
pub(crate) fn read(path: &Path) -> io::Result<Read> {
    let text = std::fs::read_to_string(path)?;
    let source = Source::new(path, text);
    let mut checked = torwart_config::check(&source, &|file| file.exists());
    // systemd names the folder of a service's state, or several with colons between them.
    if let (Some(plan), Ok(folders)) = (&mut checked.plan, std::env::var("STATE_DIRECTORY"))
        && let Some(folder) = folders.split(':').find(|folder| !folder.is_empty())
    {
        plan.keep_state_in(Path::new(folder));
    }
    Ok(Read { source, checked })
}

impl Read {
    /// All complaints as a compiler shows them, each followed by an empty line.
    pub(crate) fn render(&self, console: &Console, is_coloured: bool) -> String {
        let lang = language(console);
        let complaints = self.checked.complaints.iter();
        complaints.map(|complaint| complaint.render(&self.source, lang, is_coloured) + "\n\n").collect()
    }

    /// How many complaints are errors, and how many warnings.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let is_error = |complaint: &&Complaint| complaint.severity == Severity::Error;
        let errors = self.checked.complaints.iter().filter(is_error).count() as u64;
        (errors, self.checked.complaints.len() as u64 - errors)
    }
}

/// The same language in the words of the configuration.
pub(crate) fn language(console: &Console) -> Lang {
    Lang::from_tag(console.lang.tag()).unwrap_or_default()
}
