//! What a finding says: the key of a sentence with its values, or raw text.

/// Something said in the reader's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A sentence of the text files, with its arguments.
    Key {
        /// The sentence's key.
        key: &'static str,
        /// Names and values of its arguments.
        args: Vec<(&'static str, String)>,
    },
    /// Text as it is: a log line, an answer, what another run has said.
    Text(String),
}

/// The sentence with this key.
pub const fn said(key: &'static str) -> Said {
    Said::Key { key, args: Vec::new() }
}

impl Said {
    /// With the value of an argument.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        if let Self::Key { args, .. } = &mut self {
            args.push((name, value.to_string()));
        }
        self
    }
}
