//! The findings as a page for a terminal.

use super::Findings;
use super::certificate::{self, Facts};
use super::ladder::Ladder;
use super::probe::Probe;
use crate::{Console, trouble};
use std::time::Duration;
use torwart_cause::{Actor, Attempt, Ending, Stage, Step};
use torwart_config::show_duration;
use torwart_report::terminal::Tone;
use torwart_report::{Page, sentence, sentence_at};

/// The whole page.
pub(super) fn page(findings: &Findings, console: &Console) -> String {
    let mut text = findings.read.render(console, console.out.is_coloured);
    let name = &findings.read.source.name;
    let (errors, warnings) = findings.read.counts();
    let tone = if errors > 0 { Tone::Bad } else { Tone::Strong };
    let told = match (errors, warnings) {
        (0, 0) => console.fill("check-no-complaints", &[("file", name)]),
        _ => {
            let counts = format!(
                "{}, {}",
                console.count("check-errors", errors),
                console.count("check-warnings", warnings)
            );
            format!("{name}: {counts}")
        }
    };
    text.push_str(&format!("{}\n", console.out.paint(tone, &told)));
    if findings.read.checked.is_bad() {
        text.push_str(&format!("{}\n", console.say("check-not-dialled")));
        return text;
    }
    for problem in &findings.problems {
        let label = console.out.paint(Tone::Bad, &console.say("error"));
        let told = trouble::files::told(problem, console.lang);
        text.push_str(&console.out.wrapped(&format!("{label}: "), 2, &told.sentence));
        text.push_str(&console.out.wrapped("  ", 2, &told.hint));
    }
    certificates(findings, console, &mut text);
    match &findings.probes {
        Some(probes) => upstreams(probes, console, &mut text),
        None => heading("check-upstreams-unasked", console, &mut text),
    }
    ladders(&findings.ladders, console, &mut text);
    if let Some(process) = &findings.process {
        heading("check-process", console, &mut text);
        text.push_str(&console.out.wrapped("  ", 4, &process.describe(console)));
    }
    if !findings.loosened.is_empty() {
        heading("check-loosened", console, &mut text);
        for loosened in &findings.loosened {
            let lead = format!("  {}: ", console.out.paint(Tone::Doubtful, &loosened.key));
            text.push_str(&console.out.wrapped(&lead, 4, &console.say(&loosened.text)));
        }
    }
    let key = if findings.is_well() { "check-well" } else { "check-faulty" };
    let tone = if findings.is_well() { Tone::Good } else { Tone::Bad };
    text.push_str(&format!("\n{}\n", console.out.paint(tone, &console.say(key))));
    text
}

fn heading(key: &str, console: &Console, text: &mut String) {
    text.push_str(&format!("\n{}\n", console.out.paint(Tone::Strong, &console.say(key))));
}

fn certificates(findings: &Findings, console: &Console, text: &mut String) {
    let waiting = findings.read.checked.plan.as_ref().map(certificate::waiting).unwrap_or_default();
    if findings.certificates.is_empty() && waiting.is_empty() {
        return;
    }
    heading("check-certificates", console, text);
    for site in waiting {
        let told = console.out.paint(Tone::Doubtful, &console.say("check-certificate-waiting"));
        text.push_str(&console.out.wrapped(&format!("  {site}: "), 4, &told));
    }
    for shown in &findings.certificates {
        text.push_str(&format!("  {}: {}\n", shown.site, validity(&shown.facts, console)));
        if !shown.uncovered.is_empty() {
            let hosts = shown.uncovered.join(", ");
            let told = console.fill("check-uncovered", &[("hosts", &hosts)]);
            text.push_str(&console.out.wrapped("    ", 4, &console.out.paint(Tone::Doubtful, &told)));
        }
    }
}

/// For which names, until when; in the colour of how soon that is.
fn validity(facts: &Facts, console: &Console) -> String {
    let names = if facts.names.is_empty() { "-".to_owned() } else { facts.names.join(", ") };
    let (key, tone) = match facts.days_left {
        ..0 => ("check-expired", Tone::Bad),
        _ if facts.ends_soon() => ("check-ends-soon", Tone::Doubtful),
        _ => ("check-valid", Tone::Good),
    };
    let days = console.count("days", facts.days_left.unsigned_abs());
    let told = console.fill(key, &[("day", &facts.last_day()), ("days", &days)]);
    format!("{names}; {}", console.out.paint(tone, &told))
}

fn upstreams(probes: &[Probe], console: &Console, text: &mut String) {
    heading("check-upstreams", console, text);
    let head = [
        "check-upstream",
        "check-found",
        "check-resolve",
        "check-connect",
        "check-tls",
        "check-head",
        "check-status",
    ]
    .map(|key| console.say(key));
    let mut rows = vec![head];
    rows.extend(probes.iter().map(|probe| row(probe, console)));
    for row in &mut rows {
        row[0].insert_str(0, "  ");
    }
    let table = console.out.table(&rows);
    for (index, line) in table.lines().enumerate() {
        let tone = match index.checked_sub(1).and_then(|index| probes.get(index)) {
            None => Tone::Faint,
            Some(probe) if !probe.is_well() => Tone::Bad,
            Some(probe) if probe.cause.is_some() || probe.lets_anybody_in => Tone::Doubtful,
            Some(_) => Tone::Good,
        };
        text.push_str(&format!("{}\n", console.out.paint(tone, line)));
    }
    for probe in probes {
        details(probe, console, text);
    }
}

fn row(probe: &Probe, console: &Console) -> [String; 7] {
    let attempt = &probe.attempt;
    let time = |step: &Step| match step {
        Step::Done { took } => console.out.duration(*took),
        Step::Failed { after, .. } => format!("{}!", console.out.duration(*after)),
        Step::NotReached | Step::Unknown => "-".to_owned(),
    };
    let found = match probe.cause {
        None => console.say("check-answers"),
        Some(cause) => cause.id().to_owned(),
    };
    [
        probe.upstream.to_string(),
        found,
        time(&attempt.resolve),
        time(&attempt.connect),
        time(&attempt.handshake),
        time(&attempt.head),
        attempt.status.map_or("-".to_owned(), |status| status.to_string()),
    ]
}

/// What is worth more words than the table has: a fault with its cause, a certificate that ends soon.
fn details(probe: &Probe, console: &Console, text: &mut String) {
    let is_certificate_doubtful = probe.certificate.as_ref().is_some_and(Facts::ends_soon);
    if probe.cause.is_none() && !is_certificate_doubtful && !probe.lets_anybody_in {
        return;
    }
    text.push_str(&format!("\n  {} ({})\n", probe.upstream, probe.pool));
    let mut say = |told: &str| text.push_str(&console.out.wrapped("    ", 4, told));
    if let Some(cause) = probe.cause {
        say(&format!("{}: {}", cause.id(), Page::of(cause, console.lang).title));
    }
    if probe.lets_anybody_in {
        say(&console.say("check-lets-anybody-in"));
    }
    if let Some((stage, ending, after)) = failed_step(&probe.attempt) {
        let told = sentence_at(stage, &ending, console.lang);
        let address = probe.attempt.address.as_ref().map(ToString::to_string).unwrap_or_default();
        let after = console.out.duration(after);
        let texts = [("stage", stage.id()), ("ending", &told), ("after", &after), ("address", &address)];
        say(&console.fill(if address.is_empty() { "check-observed" } else { "check-observed-at" }, &texts));
    }
    if let Some(bytes) = &probe.attempt.first_bytes {
        let bytes = bytes.get(..SHOWN_BYTES).unwrap_or(bytes).escape_ascii().to_string();
        say(&console.fill("check-first-bytes", &[("bytes", &bytes)]));
    }
    if let Some(facts) = &probe.certificate {
        let told = validity(facts, console);
        say(&console.fill("check-certificate", &[("validity", &told), ("issuer", &facts.issuer)]));
    }
    if let Some(cause) = probe.cause {
        if cause.actor() != Actor::Nobody {
            let actor = sentence::actor(cause.actor(), console.lang);
            say(&console.fill("check-acts", &[("actor", &actor)]));
        }
        say(&format!("{} explain {}", console.program, cause.id()));
    }
}

/// The first step of an attempt that failed.
pub(super) fn failed_step(attempt: &Attempt) -> Option<(Stage, Ending, Duration)> {
    let steps = [
        (Stage::Resolve, &attempt.resolve),
        (Stage::Connect, &attempt.connect),
        (Stage::Handshake, &attempt.handshake),
        (Stage::Head, &attempt.head),
        (Stage::Send, &attempt.send),
        (Stage::Body, &attempt.body),
    ];
    steps.into_iter().find_map(|(stage, step)| match step {
        Step::Failed { ending, after } => Some((stage, *ending, *after)),
        _ => None,
    })
}

fn ladders(ladders: &[Ladder], console: &Console, text: &mut String) {
    heading("check-deadlines", console, text);
    for ladder in ladders {
        let routes: Vec<String> =
            ladder.routes.iter().map(|(site, route)| format!("{site} {route}")).collect();
        text.push_str(&console.out.wrapped("  ", 2, &routes.join(", ")));
        let rows: Vec<[String; 3]> = ladder
            .steps
            .iter()
            .map(|step| {
                let within = step.within.map_or_else(|| console.say("check-no-deadline"), show_duration);
                [format!("    {}", step.told(console)), within, step.key.to_owned()]
            })
            .collect();
        text.push_str(&console.out.table(&rows));
        if let Some(longest) = ladder.longest {
            let key = if longest.is_cut { "check-longest-total" } else { "check-longest" };
            let texts = [
                ("attempts", longest.attempts.to_string()),
                ("each", show_duration(longest.each)),
                ("all", show_duration(longest.all)),
            ];
            let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
            text.push_str(&console.out.wrapped("    ", 4, &console.fill(key, &texts)));
        }
    }
}

/// Enough to recognise what speaks there.
const SHOWN_BYTES: usize = 80;
