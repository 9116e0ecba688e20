//! The picture of a request's way: `you - DNS - gateway - upstream - application`, the break marked.
//!
//! Where the terminal is wide the way lies, where it is narrow it hangs. Marks carry the meaning, colours repeat it.

use super::phrase;
use crate::Lang;
use crate::terminal::{Style, Tone};
use torwart_cause::finding::{Diagnosis, Hop, Station, StationState};

/// The picture as lines; nothing where nothing is known of the way.
pub(super) fn drawn(diagnosis: &Diagnosis, lang: Lang, style: Style) -> String {
    let nodes: Vec<&Station> = diagnosis.hops.iter().filter(|station| station.hop != Hop::Path).collect();
    if nodes.is_empty() {
        return String::new();
    }
    let drawing = Drawing { diagnosis, lang, style, marks: if style.is_ascii { &ASCII } else { &UNICODE } };
    let column = (style.width.min(WIDEST) - INDENT.min(style.width)) / nodes.len();
    let is_wide = nodes.iter().all(|node| drawing.label(node).chars().count() + 4 <= column);
    if is_wide { drawing.lying(&nodes, column) } else { drawing.hanging(&nodes) }
}

/// How the link that leads to a station is.
pub(super) fn link_to(station: &Station, diagnosis: &Diagnosis) -> StationState {
    let path = diagnosis.hops.iter().find(|other| other.hop == Hop::Path);
    match path.filter(|_| station.hop == Hop::Upstream) {
        Some(path) if path.state != StationState::Well => path.state,
        _ if station.state == StationState::Unknown => StationState::Unknown,
        _ => StationState::Well,
    }
}

struct Drawing<'d> {
    diagnosis: &'d Diagnosis,
    lang: Lang,
    style: Style,
    marks: &'static Marks,
}

struct Marks {
    line: char,
    dots: char,
    broken: &'static str,
    doubtful: &'static str,
    well: &'static str,
    unknown: &'static str,
    below: &'static str,
    hanging: &'static str,
}

const UNICODE: Marks = Marks {
    line: '─',
    dots: '┄',
    broken: "✗",
    doubtful: "!",
    well: "✓",
    unknown: "?",
    below: "▲",
    hanging: "│",
};

const ASCII: Marks = Marks {
    line: '-',
    dots: '.',
    broken: "x",
    doubtful: "!",
    well: "+",
    unknown: "?",
    below: "^",
    hanging: "|",
};

impl Drawing<'_> {
    fn label(&self, station: &Station) -> String {
        format!("{} {}", self.mark(station.state), self.style.text(&phrase::hop(station.hop, self.lang)))
    }

    const fn mark(&self, state: StationState) -> &'static str {
        match state {
            StationState::Well => self.marks.well,
            StationState::Doubtful => self.marks.doubtful,
            StationState::Broken => self.marks.broken,
            StationState::Unknown => self.marks.unknown,
        }
    }

    fn lying(&self, nodes: &[&Station], column: usize) -> String {
        let (mut way, mut names) = (" ".repeat(INDENT), " ".repeat(INDENT));
        let mut break_at = None;
        for (index, node) in nodes.iter().enumerate() {
            let label = self.label(node);
            if node.state == StationState::Broken {
                break_at = Some(INDENT + index * column);
            }
            way.push_str(&self.style.paint(tone(node.state), &label));
            let name = self.style.text(node.name.as_deref().unwrap_or_default());
            let name = shortened(&name, column - 2, self.style);
            names.push_str(&self.style.paint(Tone::Faint, &format!("  {name:width$}", width = column - 2)));
            let Some(next) = nodes.get(index + 1) else { continue };
            let state = link_to(next, self.diagnosis);
            let length = column.saturating_sub(label.chars().count() + 2);
            if state == StationState::Broken {
                break_at = Some(INDENT + index * column + label.chars().count() + 1 + length / 2);
            }
            way.push_str(&format!(" {} ", self.link(state, length)));
        }
        let mut text = format!("{}\n", way.trim_end());
        if nodes.iter().any(|node| node.name.is_some()) {
            text.push_str(names.trim_end());
            text.push('\n');
        }
        if let Some(at) = break_at {
            text.push_str(&self.pointer(at, column * nodes.len() + INDENT));
        }
        text
    }

    /// The line below the break that says so in words, on the side where there is room.
    fn pointer(&self, at: usize, width: usize) -> String {
        let said = self.style.text(&phrase::say(self.lang, "doctor-broken-here"));
        let length = said.chars().count() + 2;
        let (lead, line) = match at.checked_sub(length - 1).filter(|_| at + length > width) {
            Some(lead) => (lead, format!("{said} {}", self.marks.below)),
            None => (at, format!("{} {said}", self.marks.below)),
        };
        format!("{}{}\n", " ".repeat(lead), self.style.paint(Tone::Bad, &line))
    }

    fn hanging(&self, nodes: &[&Station]) -> String {
        let mut text = String::new();
        for (index, node) in nodes.iter().enumerate() {
            if index > 0 {
                let state = link_to(node, self.diagnosis);
                let line = match state {
                    StationState::Well => self.marks.hanging.to_owned(),
                    StationState::Unknown => ":".to_owned(),
                    _ => format!("{} {}", self.mark(state), phrase::hop(Hop::Path, self.lang)),
                };
                text.push_str(&format!("  {}\n", self.style.paint(tone(state), &self.style.text(&line))));
            }
            let name = node.name.as_ref().map(|name| format!("  {name}")).unwrap_or_default();
            let label = self.style.paint(tone(node.state), &self.label(node));
            text.push_str(&format!("  {label}{}\n", self.style.paint(Tone::Faint, &self.style.text(&name))));
        }
        text
    }

    fn link(&self, state: StationState, length: usize) -> String {
        let stroke = |mark: char, length: usize| mark.to_string().repeat(length);
        let before = length / 2;
        let behind = length.saturating_sub(before + 1);
        let line = match state {
            StationState::Well => stroke(self.marks.line, length),
            StationState::Unknown => stroke(self.marks.dots, length),
            StationState::Doubtful | StationState::Broken => format!(
                "{}{}{}",
                stroke(self.marks.line, before),
                self.mark(state),
                stroke(self.marks.dots, behind)
            ),
        };
        self.style.paint(tone(state), &line)
    }
}

const fn tone(state: StationState) -> Tone {
    match state {
        StationState::Well => Tone::Good,
        StationState::Doubtful => Tone::Doubtful,
        StationState::Broken => Tone::Bad,
        StationState::Unknown => Tone::Faint,
    }
}

fn shortened(text: &str, width: usize, style: Style) -> String {
    if text.chars().count() < width {
        return text.to_owned();
    }
    let end = if style.is_ascii { "." } else { "…" };
    let kept: String = text.chars().take(width.saturating_sub(2)).collect();
    format!("{kept}{end}")
}

const INDENT: usize = 2;
const WIDEST: usize = 110;
