//! How the walk goes, on standard error: one line drawn again and again on a terminal, else a line for each check.

use crate::Console;
use std::io::Write;
use std::time::Instant;
use torwart_cause::finding::{CheckMade, CheckState};
use torwart_doctor::{Event, Question};
use torwart_report::Form;
use torwart_report::diagnosis::said;
use torwart_report::terminal::Tone;

/// The checks that run, and those that are done.
pub(super) struct Checklist<'c> {
    console: &'c Console,
    manner: Manner,
    running: Vec<&'static str>,
    done: usize,
    found: usize,
    begun: Instant,
    url: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// One line, drawn again.
    Live,
    /// A line for each check that has something to say.
    Lines,
    /// Nothing: a program reads the report, and nobody watches.
    Silent,
}

impl<'c> Checklist<'c> {
    pub(super) fn new(console: &'c Console, form: Form, question: &Question) -> Self {
        let manner = match form {
            _ if console.is_err_live => Manner::Live,
            Form::Text(_) => Manner::Lines,
            Form::Short(_) | Form::Json | Form::Markdown | Form::Html => Manner::Silent,
        };
        let url = question.url.to_string();
        Self { console, manner, running: Vec::new(), done: 0, found: 0, begun: Instant::now(), url }
    }

    /// A check has begun or ended.
    pub(super) fn note(&mut self, event: Event<'_>) {
        match event {
            Event::Began(name) => self.running.push(name),
            Event::Ended(made) => {
                self.running.retain(|name| *name != made.name);
                self.done += 1;
                self.found += usize::from(made.state == CheckState::Found);
                if self.manner == Manner::Lines && made.state != CheckState::NotApplicable {
                    self.console.note(&self.line_of(made));
                }
            }
        }
    }

    /// Draws the line anew.
    pub(super) fn draw(&self) {
        if self.manner != Manner::Live {
            return;
        }
        let style = self.console.err;
        let all = self.done + self.running.len();
        let took = style.duration(self.begun.elapsed());
        let mut line = format!("[{}/{all}] {}  {took}  {}", self.done, self.url, self.running.join(" "));
        let room = style.width.saturating_sub(1);
        if line.chars().count() > room {
            line = line.chars().take(room.saturating_sub(3)).collect::<String>() + "...";
        }
        let tone = if self.found > 0 { Tone::Doubtful } else { Tone::Faint };
        write(&format!("\r\u{1b}[2K{}", style.paint(tone, &style.text(&line))));
    }

    /// Takes the line away.
    pub(super) fn clear(&self) {
        if self.manner == Manner::Live {
            write("\r\u{1b}[2K");
        }
    }

    fn line_of(&self, made: &CheckMade) -> String {
        let (key, tone) = match made.state {
            CheckState::Fine => ("doctor-made-fine", Tone::Good),
            CheckState::Found => ("doctor-made-found", Tone::Bad),
            CheckState::CouldNot => ("doctor-made-could-not", Tone::Doubtful),
            CheckState::OutOfTime => ("doctor-made-out-of-time", Tone::Doubtful),
            CheckState::NotApplicable | CheckState::Skipped => ("doctor-made-skipped", Tone::Faint),
        };
        let style = self.console.err;
        let state = format!("{:10}", self.console.say(key));
        let fact = made.said.as_ref().map(|fact| said(fact, self.console.lang));
        let fact = fact.map(|fact| format!(": {}", style.text(&fact))).unwrap_or_default();
        format!("  {} {}{}", style.paint(tone, &state), made.name, fact.replace('\n', " "))
    }
}

/// Who watches may have left.
fn write(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
