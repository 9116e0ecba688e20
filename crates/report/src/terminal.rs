//! Generic pieces for lines and tables on a terminal: colour, width, durations, sizes.
//!
//! Whether colour is wanted is the caller's decision (`NO_COLOR`, a pipe); here it is an argument. Colour never
//! carries meaning alone.

use std::time::Duration;

/// How a terminal is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours may be used.
    pub is_coloured: bool,
    /// Whether only ASCII may be used.
    pub is_ascii: bool,
    /// Columns at which lines are broken.
    pub width: usize,
}

/// What a piece of text is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A heading or the one thing to read.
    Strong,
    /// Beside the point.
    Faint,
    /// As it should be.
    Good,
    /// Worth a look.
    Doubtful,
    /// Wrong.
    Bad,
    /// A command or an id to copy.
    Code,
}

impl Style {
    /// For a file, a pipe or a test: no colours, 100 columns.
    pub const PLAIN: Self = Self { is_coloured: false, is_ascii: false, width: 100 };

    /// Text in the colour of its tone.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        if !self.is_coloured {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Strong => "1",
            Tone::Faint => "2",
            Tone::Good => "32",
            Tone::Doubtful => "33",
            Tone::Bad => "31",
            Tone::Code => "36",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// A status in the colour of its class.
    pub fn status(self, status: u16) -> String {
        let tone = match status {
            ..400 => Tone::Good,
            400..500 => Tone::Doubtful,
            500.. => Tone::Bad,
        };
        self.paint(tone, &status.to_string())
    }

    /// A duration in three significant digits: `850 µs`, `12.3 ms`, `1.50 s`, `2 min 05 s`.
    pub fn duration(self, duration: Duration) -> String {
        let micros = duration.as_micros();
        let seconds = duration.as_secs();
        if micros < 1_000 {
            let unit = if self.is_ascii { "us" } else { "µs" };
            return format!("{micros} {unit}");
        }
        // Borders lie where rounding would make four digits.
        if micros < 999_500 {
            return three_digits(duration.as_secs_f64() * 1e3) + " ms";
        }
        if micros < 59_950_000 {
            return three_digits(duration.as_secs_f64()) + " s";
        }
        if seconds < 3600 {
            return format!("{} min {:02} s", seconds / 60, seconds % 60);
        }
        format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60)
    }

    /// The text as this terminal can show it: without control characters, and in ASCII where nothing else may be used.
    pub fn text(self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        for c in text.chars().filter(|c| !c.is_control() || *c == '\n') {
            match ascii(c).filter(|_| self.is_ascii) {
                Some(replacement) => shown.push_str(replacement),
                None => shown.push(c),
            }
        }
        shown
    }

    /// Breaks a paragraph into lines, all indented, the first one behind `lead`. Words and `code spans` stay whole.
    pub fn wrapped(self, lead: &str, indent: usize, text: &str) -> String {
        let mut lines = String::from(lead);
        let mut column = lead.chars().count();
        let mut is_first = true;
        for word in words(&self.text(text)) {
            // Marks of code are shown where colour cannot take their place.
            let length = word.chars().filter(|c| *c != '`' || !self.is_coloured).count();
            if !is_first && column + 1 + length > self.width {
                lines.push('\n');
                lines.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else if !is_first {
                lines.push(' ');
                column += 1;
            }
            lines.push_str(&self.code_spans(word));
            column += length;
            is_first = false;
        }
        lines.push('\n');
        lines
    }

    /// A table: every column as wide as its widest cell, the last one free. Cells are plain text.
    pub fn table<const N: usize>(self, rows: &[[String; N]]) -> String {
        let widths: [usize; N] = std::array::from_fn(|column| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        });
        let mut table = String::new();
        for row in rows {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            table.push_str(self.text(&cells.collect::<Vec<_>>().join("  ")).trim_end());
            table.push('\n');
        }
        table
    }

    /// Paints code spans; without colour the marks stay, so that it is clear where a command ends.
    fn code_spans(self, word: &str) -> String {
        if !self.is_coloured {
            return word.to_owned();
        }
        let parts = word.split('`').enumerate();
        parts
            .map(|(i, part)| if i % 2 == 1 { self.paint(Tone::Code, part) } else { part.to_owned() })
            .collect()
    }
}

/// A size with a binary unit: `512 B`, `16.0 KiB`.
pub fn bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
        if value < 999.5 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{} {unit}", three_digits(value)) }
}

/// Three significant digits for a number below a thousand.
fn three_digits(value: f64) -> String {
    match value {
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Words, where a code span with blanks inside is one word.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        let mut is_code = false;
        let end = rest.char_indices().find(|(_, c)| {
            is_code ^= *c == '`';
            c.is_whitespace() && !is_code
        });
        let (word, after) = match end {
            Some((at, _)) => rest.split_at(at),
            None => (rest, ""),
        };
        rest = after.trim_start();
        (!word.is_empty()).then_some(word)
    })
}

/// What stands for a character where only ASCII may be used.
const fn ascii(c: char) -> Option<&'static str> {
    match c {
        'ä' => Some("ae"),
        'ö' => Some("oe"),
        'ü' => Some("ue"),
        'Ä' => Some("Ae"),
        'Ö' => Some("Oe"),
        'Ü' => Some("Ue"),
        'ß' => Some("ss"),
        'µ' => Some("u"),
        '–' | '—' | '−' => Some("-"),
        '“' | '”' | '„' => Some("\""),
        '‘' | '’' => Some("'"),
        '…' => Some("..."),
        '→' => Some("->"),
        '·' | '•' => Some("-"),
        '≤' => Some("<="),
        '≥' => Some(">="),
        '×' => Some("x"),
        '≈' => Some("~"),
        '÷' => Some("/"),
        '§' => Some("section "),
        '\u{a0}' | '\u{202f}' => Some(" "),
        c if c.is_ascii() => None,
        _ => Some("?"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits() {
        let check = |micros, expected: &str| {
            assert_eq!(Style::PLAIN.duration(Duration::from_micros(micros)), expected);
        };
        check(0, "0 µs");
        check(850, "850 µs");
        check(1_000, "1.00 ms");
        check(12_345, "12.3 ms");
        check(999_499, "999 ms");
        check(999_500, "1.00 s");
        check(59_949_000, "59.9 s");
        check(125_000_000, "2 min 05 s");
        check(7_260_000_000, "2 h 01 min");
        assert_eq!(Style { is_ascii: true, ..Style::PLAIN }.duration(Duration::from_micros(7)), "7 us");
    }

    #[test]
    fn sizes_have_three_digits() {
        for (size, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "0.98 KiB"),
            (16_384, "16.0 KiB"),
            (1_023_900, "0.98 MiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(bytes(size), expected);
        }
    }

    #[test]
    fn lines_are_broken_between_words_but_not_in_code() {
        let style = Style { width: 24, ..Style::PLAIN };
        let text = style.wrapped("- ", 2, "Ask with `ss -ltnp | grep :3000` on the upstream.");
        assert_eq!(text, "- Ask with\n  `ss -ltnp | grep :3000`\n  on the upstream.\n");
    }

    #[test]
    fn colour_and_umlauts_appear_only_where_wanted() {
        let coloured = Style { is_coloured: true, ..Style::PLAIN };
        assert_eq!(coloured.status(502), "\u{1b}[31m502\u{1b}[0m");
        assert_eq!(Style::PLAIN.status(200), "200");
        assert_eq!(Style { is_ascii: true, ..Style::PLAIN }.text("„größer“ → 5 µs"), "\"groesser\" -> 5 us");
        assert_eq!(Style::PLAIN.text("\u{1b}[31mred"), "[31mred");
    }

    #[test]
    fn a_table_lines_up() {
        let rows = [["a".to_owned(), "long".to_owned()], ["wide".to_owned(), "x".to_owned()]];
        assert_eq!(Style::PLAIN.table(&rows), "a     long\nwide  x\n");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".*", lead in ".{0,5}", indent in 0_usize..9, width in 0_usize..50) {
            let style = Style { is_coloured: true, is_ascii: true, width };
            assert!(style.wrapped(&lead, indent, &text).ends_with('\n'));
        }
    }
}
