//! Where and how the program speaks: language, colours, width, and two streams that may be gone.
//!
//! Answers go to standard output, everything about how it went to standard error. A reader that has left (a pipe into
//! `head`) is no fault of ours.

use crate::words;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use torwart_report::Lang;
use torwart_report::terminal::{Style, Tone};

/// How to speak to whoever started the program.
#[derive(Clone, Debug)]
pub(crate) struct Console {
    /// The language.
    pub(crate) lang: Lang,
    /// How standard output is written to.
    pub(crate) out: Style,
    /// How standard error is written to.
    pub(crate) err: Style,
    /// What the program is called here, so that the commands it suggests work as they stand.
    pub(crate) program: String,
    /// Whether standard output is a terminal, where a line may be drawn again.
    pub(crate) is_live: bool,
    /// Whether standard error is one.
    pub(crate) is_err_live: bool,
    /// Whether whoever read standard output has left.
    pub(crate) is_alone: Arc<AtomicBool>,
    /// What went to standard error, while somebody else wants to hear it too.
    pub(crate) kept: Arc<Mutex<Option<String>>>,
}

impl Console {
    /// What the environment and the streams say. `lang` goes before the environment's language.
    pub(crate) fn from_environment(lang: Option<Lang>) -> Self {
        let locale = locale();
        let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let style = |is_terminal: bool| Style {
            is_coloured: is_terminal && !is_plain,
            is_ascii: !locale.is_utf8(),
            width: if is_terminal { width() } else { Style::PLAIN.width },
        };
        let (out, err) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        let lang = lang.or_else(|| Lang::from_tag(&locale.0)).unwrap_or_default();
        let is_dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let program = std::env::args_os().next();
        let program = program.map_or("torwart".to_owned(), |program| program.to_string_lossy().into_owned());
        Self {
            lang,
            out: style(out),
            err: style(err),
            program,
            is_live: out && !is_dumb,
            is_err_live: err && !is_dumb,
            is_alone: Arc::default(),
            kept: Arc::default(),
        }
    }

    /// Text for standard output, as it is.
    pub(crate) fn print(&self, text: &str) {
        let mut stdout = std::io::stdout().lock();
        if stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).is_err() {
            self.is_alone.store(true, Ordering::Relaxed);
        }
    }

    /// Whether anybody still reads standard output.
    pub(crate) fn is_heard(&self) -> bool {
        !self.is_alone.load(Ordering::Relaxed)
    }

    /// A line for standard output, in the characters the terminal can show.
    pub(crate) fn line(&self, text: &str) {
        self.print(&format!("{text}\n"));
    }

    /// A line for standard error.
    pub(crate) fn note(&self, text: &str) {
        let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
        if let Some(kept) = &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner) {
            kept.push_str(text);
            kept.push('\n');
        }
    }

    /// What goes to standard error from now on is kept as well.
    pub(crate) fn keep(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(String::new());
    }

    /// What was kept; nothing is kept from now on.
    pub(crate) fn kept(&self) -> String {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    /// What went wrong, and what to do.
    pub(crate) fn complain(&self, sentence: &str, hint: Option<&str>) {
        let style = self.err;
        let error = style.paint(Tone::Bad, &self.say("error"));
        self.note(style.wrapped(&format!("{error}: "), 2, sentence).trim_end());
        if let Some(hint) = hint {
            let lead = style.paint(Tone::Good, &self.say("hint"));
            self.note(style.wrapped(&format!("{lead}: "), 2, hint).trim_end());
        }
    }

    /// The sentence with this key.
    pub(crate) fn say(&self, key: &str) -> String {
        self.shown(words::say(self.lang, key))
    }

    /// The sentence with its blanks filled in.
    pub(crate) fn fill(&self, key: &str, texts: &[(&str, &str)]) -> String {
        self.shown(words::fill(self.lang, key, texts))
    }

    /// The sentence about a number.
    pub(crate) fn count(&self, key: &str, number: u64) -> String {
        self.shown(words::count(self.lang, key, number))
    }

    fn shown(&self, text: String) -> String {
        if self.out.is_ascii { self.out.text(&text) } else { text }
    }
}

/// What the environment says about language and characters (POSIX, "Environment Variables", 8.2).
struct Locale(String);

impl Locale {
    /// Where nothing is said, as in most containers, terminals understand UTF-8.
    fn is_utf8(&self) -> bool {
        let locale = self.0.to_ascii_lowercase();
        locale.is_empty() || locale.contains("utf-8") || locale.contains("utf8")
    }
}

fn locale() -> Locale {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    Locale(["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set).unwrap_or_default())
}

/// Columns of the terminal, within what can be read well.
fn width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| usize::from(size.ws_col));
    told.or_else(asked).filter(|columns| *columns > 0).unwrap_or(Style::PLAIN.width).clamp(NARROWEST, WIDEST)
}

const NARROWEST: usize = 40;
const WIDEST: usize = 120;
