//! Log lines as other gateways write them, read into observations; and what follows from them.

#[path = "logs/apache.rs"]
mod apache;
#[path = "logs/caddy.rs"]
mod caddy;
#[path = "logs/garbage.rs"]
mod garbage;
#[path = "logs/haproxy.rs"]
mod haproxy;
#[path = "logs/join.rs"]
mod join;
#[path = "logs/nginx.rs"]
mod nginx;
#[path = "logs/traefik.rs"]
mod traefik;

use torwart_cause::finding::Said;
use torwart_cause::{Certainty, Verdict};
use torwart_dialect::log::{LogLine, Reader};

/// Reads a line that must be one of the reader's.
#[track_caller]
fn read(reader: &Reader, line: &str) -> LogLine {
    reader.read(line.as_bytes()).unwrap_or_else(|| panic!("not read: {line}"))
}

/// A verdict in one word: `well`, `nothing` where the line is not about an exchange, a cause, `cause?` where it is only
/// likely, or `open:stage` with the stage whose ending is missing.
fn short(verdict: Option<Verdict>) -> String {
    match verdict {
        None => "nothing".to_owned(),
        Some(Verdict::Well) => "well".to_owned(),
        Some(Verdict::Named { cause, certainty: Certainty::Certain, .. }) => cause.id().to_owned(),
        Some(Verdict::Named { cause, certainty: Certainty::Likely, .. }) => format!("{}?", cause.id()),
        Some(Verdict::Open { missing: torwart_cause::Observation::EndingOf(stage), .. }) => {
            format!("open:{stage}")
        }
        Some(Verdict::Open { .. }) => "open".to_owned(),
    }
}

/// The key of what a line says.
fn key(line: &LogLine) -> &str {
    match &line.words.said {
        Some(Said::Key { key, .. }) => key,
        Some(Said::Text(text)) => text,
        None => "",
    }
}
