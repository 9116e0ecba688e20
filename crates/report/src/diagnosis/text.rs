//! The report for a terminal.

use super::phrase::{self, say};
use super::remedy::{self, Remedy};
use super::said::said;
use super::{Setting, picture};
use crate::finding::FindingPage;
use crate::markup::{self, Block};
use crate::terminal::{Style, Tone};
use crate::{Arg, Lang, words};
use torwart_cause::finding::{CheckState, Diagnosis, Finding, Outcome, Proof, Severity};

/// The whole page.
pub(super) fn page(diagnosis: &Diagnosis, lang: Lang, style: Style, setting: Setting<'_>) -> String {
    let mut page = Page { diagnosis, lang, style, setting, text: String::new() };
    page.verdict();
    if let Some(finding) = diagnosis.verdict() {
        page.evidence(finding);
        page.remedies(finding);
    }
    page.also_seen();
    page.seen_well();
    page.not_checked();
    page.effort();
    page.text
}

/// Blocks of a page's Markdown, broken and indented.
pub(crate) fn blocks(text: &str, indent: usize, style: Style) -> String {
    let mut shown = String::new();
    let lead = " ".repeat(indent);
    for block in markup::blocks(text) {
        shown.push_str(&match block {
            Block::Paragraph(text) => style.wrapped(&lead, indent, &markup::plain(&text)),
            Block::Item(mark, text) => {
                let mark = format!("{lead}{mark} ");
                style.wrapped(&mark, mark.chars().count(), &markup::plain(&text))
            }
            Block::Code(code) => {
                let line = |line: &str| format!("{lead}    {}\n", style.paint(Tone::Code, &style.text(line)));
                code.lines().map(line).collect()
            }
        });
    }
    shown
}

struct Page<'p> {
    diagnosis: &'p Diagnosis,
    lang: Lang,
    style: Style,
    setting: Setting<'p>,
    text: String,
}

impl Page<'_> {
    fn verdict(&mut self) {
        let line = phrase::verdict_line(self.diagnosis, self.lang);
        let tone = match (self.diagnosis.outcome, self.diagnosis.verdict().map(|finding| finding.severity)) {
            (Outcome::Healthy, _) => Tone::Good,
            (Outcome::Faulty, Some(Severity::Critical)) => Tone::Bad,
            _ => Tone::Doubtful,
        };
        let line = self.style.wrapped("", 2, &line);
        for line in line.lines() {
            self.line(&self.style.paint(tone, line));
        }
        let drawn = picture::drawn(self.diagnosis, self.lang, self.style);
        if let Some(finding) = self.diagnosis.verdict() {
            let summary = phrase::summary(finding, self.lang);
            self.wrapped("", 0, &markup::plain(&summary));
            self.text.push_str(&format!("\n{drawn}\n"));
            self.facts(finding);
        } else {
            let key = match self.diagnosis.outcome {
                Outcome::Healthy => "doctor-healthy-more",
                Outcome::Faulty | Outcome::Unclear => "doctor-unclear-more",
            };
            let more = say(self.lang, key);
            self.wrapped("", 0, &more);
            if !drawn.is_empty() {
                self.text.push_str(&format!("\n{drawn}"));
            }
        }
        for note in &self.diagnosis.notes {
            let lead = format!("{}: ", say(self.lang, "doctor-note"));
            let note = said(note, self.lang);
            self.wrapped(&lead, 2, &note);
        }
    }

    /// Where, who acts, how sure.
    fn facts(&mut self, finding: &Finding) {
        let mut rows = vec![("doctor-station", phrase::hop(finding.place.hop, self.lang))];
        rows.extend(phrase::place(&finding.place).map(|place| ("doctor-place", place)));
        rows.push(("label-actor", phrase::actor(finding, self.lang)));
        rows.push(("doctor-confidence", phrase::confidence(finding, self.lang)));
        if !finding.seen_from.is_empty() {
            rows.push(("doctor-seen-from", finding.seen_from.join(", ")));
        }
        let labels: Vec<String> = rows.iter().map(|(key, _)| self.style.text(&say(self.lang, key))).collect();
        let widest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
        for (label, (_, value)) in labels.iter().zip(&rows) {
            let lead = format!("  {}  ", self.style.paint(Tone::Faint, &format!("{label:widest$}")));
            // Colour has no width.
            let value = self.style.wrapped(&" ".repeat(widest + 4), widest + 4, value);
            self.text.push_str(&format!("{lead}{}", value.trim_start()));
        }
    }

    fn evidence(&mut self, finding: &Finding) {
        if finding.evidence.is_empty() {
            return;
        }
        self.heading("label-how-we-know");
        for proof in &finding.evidence {
            self.proof(proof);
        }
    }

    fn proof(&mut self, proof: &Proof) {
        let fact = said(&proof.said, self.lang);
        self.wrapped("  - ", 4, &fact);
        if let Some(command) = &proof.repeat {
            self.command(command);
        }
    }

    /// A command to copy: never broken.
    fn command(&mut self, command: &str) {
        for line in command.lines() {
            let line = self.style.paint(Tone::Code, &self.style.text(line));
            self.line(&format!("      $ {line}"));
        }
    }

    fn remedies(&mut self, finding: &Finding) {
        self.heading("label-what-to-do");
        let remedies = remedy::remedies(finding, self.diagnosis, self.lang);
        for (index, remedy) in remedies.iter().enumerate() {
            if index > 0 {
                self.text.push('\n');
            }
            self.remedy(remedy);
        }
        let more = remedy::more_products(finding, &remedies, self.lang);
        let (id, program) = (finding.kind.id, self.setting.program);
        self.text.push('\n');
        if !more.is_empty() {
            let products = more.join(", ");
            let args = [("products", Arg::Text(&products))];
            let told = words::say(self.lang, "doctor-more-products", &args);
            self.wrapped("  ", 2, &told);
        }
        self.line(&format!("      $ {}", self.style.paint(Tone::Code, &format!("{program} explain {id}"))));
    }

    fn remedy(&mut self, remedy: &Remedy) {
        let file = remedy.file.as_ref().map(|(path, line)| phrase::file(path, *line));
        let head: Vec<String> = [remedy.product.clone(), file].into_iter().flatten().collect();
        let has_head = !head.is_empty();
        if has_head {
            let head = self.style.paint(Tone::Strong, &self.style.text(&head.join("  ")));
            self.line(&format!("  {head}"));
        }
        let change = [("-", Tone::Bad, &remedy.before), ("+", Tone::Good, &remedy.after)];
        for (mark, tone, part) in change {
            for line in part.iter().flat_map(|part| part.lines()) {
                let line = self.style.text(&format!("{mark} {line}"));
                self.line(&format!("    {}", self.style.paint(tone, &line)));
            }
        }
        if let Some(text) = &remedy.text {
            let indent = if has_head { 4 } else { 2 };
            self.text.push_str(&blocks(text, indent, self.style));
        }
    }

    fn also_seen(&mut self) {
        let also = self.diagnosis.also_seen();
        if also.is_empty() {
            return;
        }
        self.heading("doctor-also-seen");
        for finding in also {
            let tone = match finding.severity {
                Severity::Critical => Tone::Bad,
                Severity::Warning => Tone::Doubtful,
                Severity::Info => Tone::Faint,
            };
            let label = phrase::severity(finding.severity, self.lang);
            let title = phrase::title(finding, self.lang);
            let place = phrase::place(&finding.place).map(|place| format!(" ({place})")).unwrap_or_default();
            let told =
                self.style.wrapped("  - ", 4, &format!("{label}: {title}{place} [{}]", finding.kind.id));
            self.text.push_str(&told.replacen(&label, &self.style.paint(tone, &label), 1));
            if let Some(root) = self.diagnosis.because_of(finding) {
                let args = [("title", Arg::Text(FindingPage::of(root, self.lang).title))];
                let told = words::say(self.lang, "doctor-because-of", &args);
                self.wrapped("    ", 4, &told);
            }
            // A note is told in short: nothing is wrong.
            let is_note = finding.severity == Severity::Info;
            let proofs = if is_note { 1 } else { finding.evidence.len() };
            for proof in finding.evidence.iter().take(proofs) {
                let fact = said(&proof.said, self.lang);
                self.wrapped("      ", 6, &fact);
                if let Some(command) = proof.repeat.as_ref().filter(|_| !is_note) {
                    self.command(command);
                }
            }
        }
    }

    /// On a healthy site: what the checks have seen.
    fn seen_well(&mut self) {
        let is_told = self.diagnosis.outcome != Outcome::Faulty;
        let told: Vec<String> = self
            .diagnosis
            .checks
            .iter()
            .filter(|check| is_told && check.state == CheckState::Fine)
            .filter_map(|check| check.said.as_ref())
            .map(|fact| said(fact, self.lang))
            .collect();
        if told.is_empty() {
            return;
        }
        self.heading("doctor-seen-well");
        for fact in told {
            self.wrapped("  - ", 4, &fact);
        }
    }

    fn not_checked(&mut self) {
        let late = phrase::late(self.diagnosis, self.lang);
        if self.diagnosis.not_checked.is_empty() && late.is_none() {
            return;
        }
        self.heading("doctor-not-checked");
        if let Some(late) = late {
            self.wrapped("  - ", 4, &late);
        }
        for missing in &self.diagnosis.not_checked {
            let why = said(&missing.why, self.lang);
            self.wrapped("  - ", 4, &why);
            if let Some(command) = &missing.command {
                self.command(command);
            }
        }
    }

    fn effort(&mut self) {
        self.text.push('\n');
        let mut told = phrase::effort(self.diagnosis, self.lang, self.style);
        let contacts = phrase::contacts(self.diagnosis, self.lang);
        if !contacts.is_empty() {
            told.push(' ');
            let contacts = contacts.join("; ");
            told.push_str(&words::say(self.lang, "doctor-contacts", &[("contacts", Arg::Text(&contacts))]));
        }
        if let Some(places) = phrase::places(self.diagnosis, self.lang) {
            told.push(' ');
            told.push_str(&places);
        }
        let told = self.style.wrapped("", 0, &told);
        for line in told.lines() {
            self.line(&self.style.paint(Tone::Faint, line));
        }
    }

    fn heading(&mut self, key: &str) {
        let heading = self.style.paint(Tone::Strong, &self.style.text(&say(self.lang, key)));
        self.text.push_str(&format!("\n{heading}\n"));
    }

    fn wrapped(&mut self, lead: &str, indent: usize, text: &str) {
        // Raw facts may hold line ends; each line is a paragraph of its own.
        for (index, line) in text.lines().filter(|line| !line.trim().is_empty()).enumerate() {
            let lead = if index == 0 { lead.to_owned() } else { " ".repeat(indent) };
            self.text.push_str(&self.style.wrapped(&lead, indent, line));
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}
