//! What the demonstration shows: a line for each fault and what became of it, and a tally.
//!
//! On a terminal the tally is the last line, drawn again and again; elsewhere it comes with every act.

use super::feed::Exchange;
use super::house::Scenery;
use crate::Console;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Instant;
use torwart_cause::Cause;
use torwart_lab::origin::Act;
use torwart_report::terminal::Tone;
use torwart_report::{Lang, Page};

/// The demonstration as seen by its audience.
pub(super) struct Show<'a> {
    scenery: Scenery,
    console: &'a Console,
    is_json: bool,
    began: Instant,
    tally: Tally,
    explained: BTreeSet<Cause>,
}

/// How many exchanges ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    well: u64,
    masked: u64,
    answered: u64,
    passed_on: u64,
    cut: u64,
}

/// How an exchange ended for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Nothing went wrong.
    Well,
    /// An attempt failed and the client noticed nothing.
    Masked,
    /// The gateway answered in the upstream's place.
    Answered,
    /// The upstream's own error was passed on.
    PassedOn,
    /// The answer broke off after it had begun.
    Cut,
}

impl Fate {
    fn of(exchange: &Exchange) -> Self {
        match exchange.cause {
            None if exchange.attempts.iter().any(|(_, cause)| cause.is_some()) => Self::Masked,
            None => Self::Well,
            Some(Cause::UpstreamSaidSo) => Self::PassedOn,
            Some(_) if exchange.is_own_answer => Self::Answered,
            Some(_) => Self::Cut,
        }
    }

    const fn id(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Masked => "masked",
            Self::Answered => "answered",
            Self::PassedOn => "passed_on",
            Self::Cut => "cut",
        }
    }

    const fn tone(self) -> Tone {
        match self {
            Self::Well | Self::Masked => Tone::Good,
            Self::PassedOn => Tone::Doubtful,
            Self::Answered | Self::Cut => Tone::Bad,
        }
    }
}

impl<'a> Show<'a> {
    /// Says what there is to be seen.
    pub(super) fn begin(scenery: Scenery, is_json: bool, console: &'a Console) -> Self {
        let show = Self {
            scenery,
            console,
            is_json,
            began: Instant::now(),
            tally: Tally::default(),
            explained: BTreeSet::new(),
        };
        if is_json {
            show.event(&json!({
                "schema": SCHEMA,
                "event": "started",
                "gateway": show.url(),
                "admin": format!("http://{}", show.scenery.admin),
            }));
        } else {
            show.introduce();
        }
        show
    }

    /// The flaky shop does something else now.
    pub(super) fn act(&mut self, act: &Act) {
        if self.is_json {
            return self.event(&json!({ "event": "act", "name": act.name, "en": act.en, "de": act.de }));
        }
        let told = if self.console.lang == Lang::De { &act.de } else { &act.en };
        if !self.console.is_live && self.tally != Tally::default() {
            self.line(&self.told_tally());
        }
        let told = format!("-- shop-3 {told}");
        self.line(&format!("{}  {}", self.clock(), self.console.out.paint(Tone::Strong, &told)));
    }

    /// An exchange has ended.
    pub(super) fn exchange(&mut self, exchange: &Exchange) {
        let fate = Fate::of(exchange);
        self.tally.count(fate);
        if self.is_json {
            return self.event(&self.described(exchange, fate));
        }
        if fate == Fate::Well {
            return self.draw_tally();
        }
        let console = self.console;
        let word = console.say(&format!("demo-fate-{}", fate.id().replace('_', "-")));
        let word = console.out.paint(fate.tone(), &format!("{word:13}"));
        let request = format!("{} {}", exchange.method, exchange.path);
        let status = exchange.status.map_or("---".to_owned(), |status| status.to_string());
        let why = self.why(exchange, fate);
        self.line(&format!("{}  {word} {request:18} {status}  {why}", self.clock()));
        let causes = exchange.attempts.iter().filter_map(|(_, cause)| *cause).chain(exchange.cause);
        for cause in causes {
            self.explain_once(cause);
        }
    }

    /// The last word.
    pub(super) fn end(self) {
        let Tally { well, masked, answered, passed_on, cut } = self.tally;
        if self.is_json {
            return self.event(&json!({
                "event": "summary",
                "well": well, "masked": masked, "answered": answered, "passed_on": passed_on, "cut": cut,
            }));
        }
        let console = self.console;
        let begin = if console.is_live { CLEAR_LINE } else { "" };
        let heading = console.out.paint(Tone::Strong, &console.say("demo-summary"));
        console.line(&format!("{begin}\n{heading}"));
        for (key, count) in [
            ("demo-sum-well", well),
            ("demo-sum-masked", masked),
            ("demo-sum-answered", answered),
            ("demo-sum-passed-on", passed_on),
            ("demo-sum-cut", cut),
        ] {
            if count > 0 || key == "demo-sum-masked" {
                console.line(&format!("  {count:>6}  {}", console.count(key, count)));
            }
        }
    }

    fn introduce(&self) {
        let console = self.console;
        let paint = |tone, text: &str| console.out.paint(tone, text);
        let title = console.fill("demo-title", &[("version", env!("CARGO_PKG_VERSION"))]);
        console.line(&paint(Tone::Strong, &title));
        console.print(&console.out.wrapped("", 0, &console.say("demo-intro")));
        if let Some(taken) = self.scenery.taken {
            let (taken, chosen) = (taken.to_string(), self.scenery.address.to_string());
            let told = console.fill("demo-taken", &[("address", &taken), ("chosen", &chosen)]);
            console.line(&paint(Tone::Doubtful, &told));
        }
        let (url, admin) = (self.url(), format!("http://{}", self.scenery.admin));
        console.line(&format!("\n{}", paint(Tone::Strong, &console.say("demo-open"))));
        console.print(&console.out.table(&[
            [format!("  {url}/"), console.say("demo-open-shop")],
            [format!("  {url}/alone/"), console.say("demo-open-alone")],
            [format!("  {admin}/metrics"), console.say("demo-open-metrics")],
            [format!("  {admin}/exchanges"), console.say("demo-open-exchanges")],
        ]));
        console.line(&format!("\n{}", paint(Tone::Strong, &console.say("demo-try"))));
        for command in [
            format!("curl -i {url}/alone/"),
            format!("curl -i -H 'Accept: application/problem+json' {url}/alone/"),
            format!("{} explain {}{}", console.program, console.say("demo-request-id"), self.admin_option()),
        ] {
            console.line(&format!("  {}", paint(Tone::Code, &command)));
        }
        console.line(&format!("\n{}\n", console.say("demo-goes")));
    }

    /// Which upstream failed, why, and what helped or why nothing could.
    fn why(&self, exchange: &Exchange, fate: Fate) -> String {
        let name =
            |upstream: &String| self.scenery.names.get(upstream).copied().unwrap_or(upstream).to_owned();
        // The same failure several times in a row is told once.
        let mut failures: Vec<(String, u32)> = Vec::new();
        for (upstream, cause) in &exchange.attempts {
            let Some(cause) = cause else { continue };
            let told = format!("{} {}", name(upstream), cause.id());
            match failures.last_mut() {
                Some((known, count)) if *known == told => *count += 1,
                _ => failures.push((told, 1)),
            }
        }
        let times = |(told, count)| if count > 1 { format!("{count}x {told}") } else { told };
        let failed = failures.into_iter().map(times).collect::<Vec<_>>().join(", ");
        let last = exchange.attempts.last().map(|(upstream, _)| name(upstream)).unwrap_or_default();
        let key = match fate {
            Fate::Well => return String::new(),
            Fate::Masked => "demo-why-masked",
            Fate::PassedOn => "demo-why-passed-on",
            Fate::Cut => "demo-why-cut",
            Fate::Answered if exchange.method == "POST" => "demo-why-post",
            Fate::Answered if exchange.path.starts_with("/alone/") => "demo-why-alone",
            Fate::Answered => "demo-why-answered",
        };
        let failed = if failed.is_empty() { exchange.cause.map_or("-", Cause::id) } else { &failed };
        let mut why = self.console.fill(key, &[("failed", failed), ("last", &last)]);
        if matches!(fate, Fate::Answered | Fate::Cut) {
            let command = format!("{} explain {}{}", self.console.program, exchange.id, self.admin_option());
            why.push_str(&format!("; {}", self.console.out.paint(Tone::Code, &command)));
        }
        why
    }

    /// The first time a cause is seen, what it means.
    fn explain_once(&mut self, cause: Cause) {
        if self.explained.insert(cause) {
            let told = format!("{}: {}", cause.id(), Page::of(cause, self.console.lang).title);
            let told = self.console.out.paint(Tone::Faint, &self.console.out.text(&told));
            self.line(&format!("       {told}"));
        }
    }

    fn described(&self, exchange: &Exchange, fate: Fate) -> Value {
        let attempts: Vec<Value> = exchange
            .attempts
            .iter()
            .map(|(upstream, cause)| json!({ "upstream": upstream, "cause": cause.map(Cause::id) }))
            .collect();
        json!({
            "event": "exchange",
            "fate": fate.id(),
            "id": exchange.id,
            "method": exchange.method,
            "path": exchange.path,
            "status": exchange.status,
            "complete": exchange.is_complete,
            "cause": exchange.cause.map(Cause::id),
            "attempts": attempts,
        })
    }

    fn told_tally(&self) -> String {
        let Tally { well, masked, answered, passed_on, cut } = self.tally;
        let numbers = [well, masked, answered, passed_on, cut].map(|number| number.to_string());
        let names = ["well", "masked", "answered", "passed", "cut"];
        let texts: Vec<(&str, &str)> = names.into_iter().zip(numbers.iter().map(String::as_str)).collect();
        let told = self.console.fill("demo-tally", &texts);
        // A line that is drawn again must not be broken by the terminal.
        let room =
            if self.console.is_live { self.console.out.width.saturating_sub(CLOCK) } else { usize::MAX };
        let told: String = told.chars().take(room).collect();
        format!("{}  {}", self.clock(), self.console.out.paint(Tone::Faint, &told))
    }

    /// A line above the tally.
    fn line(&self, text: &str) {
        if self.console.is_live {
            self.console.print(&format!("{CLEAR_LINE}{text}\n"));
            self.draw_tally();
        } else {
            self.console.line(text);
        }
    }

    fn draw_tally(&self) {
        if self.console.is_live {
            self.console.print(&format!("{CLEAR_LINE}{}", self.told_tally()));
        }
    }

    fn event(&self, event: &Value) {
        self.console.line(&event.to_string());
    }

    fn url(&self) -> String {
        format!("http://{}", self.scenery.address)
    }

    /// What `explain` needs to know where the admin address is not the usual one.
    fn admin_option(&self) -> String {
        if self.scenery.admin == crate::commands::serve::ADMIN {
            return String::new();
        }
        format!(" --admin {}", self.scenery.admin)
    }

    /// Minutes and seconds since the beginning.
    fn clock(&self) -> String {
        let seconds = self.began.elapsed().as_secs();
        format!("{:02}:{:02}", seconds / 60, seconds % 60)
    }
}

impl Tally {
    fn count(&mut self, fate: Fate) {
        let number = match fate {
            Fate::Well => &mut self.well,
            Fate::Masked => &mut self.masked,
            Fate::Answered => &mut self.answered,
            Fate::PassedOn => &mut self.passed_on,
            Fate::Cut => &mut self.cut,
        };
        *number += 1;
    }
}

/// To the beginning of the line, and clear it.
const CLEAR_LINE: &str = "\r\u{1b}[2K";

/// Columns for the time, the gap behind it, and the last one, which stays free.
const CLOCK: usize = 8;

const SCHEMA: u32 = 1;
