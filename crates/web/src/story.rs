//! A failed exchange told to an operator: what was asked, what was answered, what each stage did, and who must act.

use crate::words::say;
use torwart_cause::{Actor, Attempt, Cause, Stage, Step, Verdict};
use torwart_record::OwnedRecord;
use torwart_report::{Lang, Page, sentence, sentence_at};

/// The exchange as plain text. Bytes of client and upstream are shown with everything escaped that is not plain ASCII.
pub fn story(record: &OwnedRecord, lang: Lang) -> String {
    let mut lines = Lines { text: String::new(), lang };
    lines.put(say("exchange", lang), &record.id.to_string());
    let took = format!("{}, {} {}", record.at, say("took", lang), millis(record.duration));
    lines.put(say("when", lang), &took);
    lines.put(say("client", lang), &record.client.to_string());
    let request = format!(
        "{} {}{} ({})",
        visible(&record.method),
        visible(&record.host),
        visible(&record.path),
        record.protocol.id()
    );
    lines.put(say("request", lang), &request);
    lines.put(say("answer", lang), &answer(record, lang));
    let place: Vec<_> = [&record.site, &record.route, &record.pool].map(|name| or_dash(name)).into();
    lines.put(say("place", lang), &place.join(", "));
    lines.verdict(&record.verdict);
    let (client, local) = (&record.evidence.client, &record.evidence.local);
    lines.text.push('\n');
    lines.step(Stage::Accept, &client.handshake);
    lines.step(Stage::Parse, &client.head);
    lines.step(Stage::Parse, &client.body);
    lines.step(Stage::Route, &local.route);
    lines.step(Stage::Guard, &local.guard);
    lines.step(Stage::Admit, &local.admit);
    lines.step(Stage::Pick, &local.pick);
    for (index, attempt) in record.evidence.attempts.iter().enumerate() {
        let cause = record.attempt_causes.get(index).copied().flatten();
        lines.attempt(index + 1, attempt, cause);
    }
    lines.text
}

struct Lines {
    text: String,
    lang: Lang,
}

impl Lines {
    fn put(&mut self, name: &str, value: &str) {
        // Padding counts characters, not bytes: German labels have umlauts.
        self.text.push_str(&format!("{name:<18} {value}\n"));
    }

    fn verdict(&mut self, verdict: &Verdict) {
        let lang = self.lang;
        let label = say("cause", lang);
        match verdict {
            Verdict::Named { cause, certainty, .. } => {
                let title = Page::of(*cause, lang).title;
                let certainty = sentence::certainty(*certainty, lang);
                self.put(label, &format!("{cause} ({certainty}): {title}"));
                if cause.actor() != Actor::Nobody {
                    self.put(say("acts", lang), &sentence::actor(cause.actor(), lang));
                }
                self.put(say("more", lang), &format!("torwart explain {cause}"));
            }
            Verdict::Open { candidates, missing } => {
                let ids: Vec<_> = candidates.iter().map(|cause| cause.id()).collect();
                let missing = sentence::observation(*missing, lang);
                self.put(label, &format!("{} ({missing}): {}", say("open", lang), ids.join(", ")));
            }
            Verdict::Well => self.put(label, "-"),
        }
    }

    fn attempt(&mut self, number: usize, attempt: &Attempt, cause: Option<Cause>) {
        let lang = self.lang;
        let address = attempt.address.as_ref().map(|address| format!(" ({address})")).unwrap_or_default();
        let link = if attempt.is_reused { format!(", {}", say("reused", lang)) } else { String::new() };
        let cause = cause.map_or(String::new(), |cause| format!(": {cause}"));
        let label = say("attempt", lang);
        self.text.push_str(&format!("\n{label} {number}: {}{address}{link}{cause}\n", attempt.upstream));
        self.step(Stage::Resolve, &attempt.resolve);
        self.step(Stage::Connect, &attempt.connect);
        self.step(Stage::Handshake, &attempt.handshake);
        self.step(Stage::Send, &attempt.send);
        self.step(Stage::Head, &attempt.head);
        self.step(Stage::Body, &attempt.body);
        if let Some(bytes) = &attempt.first_bytes {
            self.text.push_str(&format!("  {}: {}\n", say("first-bytes", lang), visible(bytes)));
        }
        if let Some(bytes) = &attempt.stderr {
            self.text.push_str(&format!("  {}: {}\n", say("stderr", lang), visible(bytes)));
        }
    }

    /// Stages that were not reached or not observed are left out.
    fn step(&mut self, stage: Stage, step: &Step) {
        let Some(took) = step.duration() else { return };
        let name = stage.id();
        match step.ending() {
            Some(ending) => {
                let told = sentence_at(stage, ending, self.lang);
                self.text.push_str(&format!("  {name:<10} {:>12}  {told}\n", millis(took)));
            }
            None => self.text.push_str(&format!("  {name:<10} {:>12}\n", millis(took))),
        }
    }
}

fn answer(record: &OwnedRecord, lang: Lang) -> String {
    let status = record.status.map_or_else(|| say("no-head", lang).to_owned(), |status| status.to_string());
    let whole = if record.is_complete { say("complete", lang) } else { say("incomplete", lang) };
    format!("{status} ({}, {whole})", record.served_by.id())
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

fn visible(bytes: &[u8]) -> String {
    if bytes.is_empty() { "-".to_owned() } else { bytes.escape_ascii().to_string() }
}

fn millis(duration: std::time::Duration) -> String {
    format!("{:.3} ms", duration.as_secs_f64() * 1000.0)
}
