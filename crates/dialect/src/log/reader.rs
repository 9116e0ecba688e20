//! Which lines a log has, and reading them one by one.

use super::pattern::Pattern;
use super::{LogLine, access, apache, caddy, haproxy, nginx, traefik};
use crate::Product;
use crate::config::{LogFile, LogFormat, LogKind};

/// Reads the lines of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    product: Product,
    lines: Lines,
}

/// How lines are built.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Lines {
    /// A product's error log.
    Error,
    /// Text or JSON with variables.
    Pattern(Pattern),
    /// The product's own lines of both kinds, told apart line by line.
    Mixed,
}

impl Reader {
    /// The reader of a log that a configuration names.
    pub fn of(product: Product, log: &LogFile) -> Self {
        match &log.format {
            LogFormat::Own(format) if log.kind == LogKind::Access => {
                Reader::of_pattern(product, &format.value)
            }
            LogFormat::Named(name) if log.kind == LogKind::Access => Reader::named(product, name),
            LogFormat::Usual | LogFormat::Named(_) | LogFormat::Own(_) => Reader::usual(product, log.kind),
        }
    }

    /// The reader of the product's usual lines.
    pub fn usual(product: Product, kind: LogKind) -> Self {
        let lines = match (product, kind) {
            (Product::Nginx | Product::Apache, LogKind::Error) => Lines::Error,
            (Product::Nginx, LogKind::Access) => Lines::Pattern(Pattern::of_nginx(nginx::COMBINED)),
            (Product::Apache, LogKind::Access) => Lines::Pattern(Pattern::of_apache(apache::COMBINED)),
            (Product::Haproxy | Product::Caddy | Product::Traefik, _) => Lines::Mixed,
        };
        Reader { product, lines }
    }

    /// The reader of lines built by a pattern in the product's words (`log_format`, `LogFormat`); HAProxy, Caddy and
    /// Traefik are read by their own usual lines, whatever the pattern.
    pub fn of_pattern(product: Product, pattern: &str) -> Self {
        let lines = match product {
            Product::Nginx => Lines::Pattern(Pattern::of_nginx(pattern)),
            Product::Apache => Lines::Pattern(Pattern::of_apache(pattern)),
            Product::Haproxy | Product::Caddy | Product::Traefik => Lines::Mixed,
        };
        Reader { product, lines }
    }

    fn named(product: Product, name: &str) -> Self {
        match (product, name) {
            (Product::Apache, "common") => Reader::of_pattern(product, apache::COMMON),
            (Product::Apache, "vhost_combined") => Reader::of_pattern(product, apache::VHOST_COMBINED),
            _ => Reader::usual(product, LogKind::Access),
        }
    }

    /// The reader that understands most of these lines; nothing where none understands any.
    pub fn guess(sample: &str) -> Option<Self> {
        let mut candidates: Vec<Reader> = Product::ALL
            .into_iter()
            .flat_map(|product| [LogKind::Error, LogKind::Access].map(|kind| Reader::usual(product, kind)))
            .collect();
        candidates.extend(
            [apache::VHOST_COMBINED, apache::COMMON]
                .map(|pattern| Reader::of_pattern(Product::Apache, pattern)),
        );
        let lines: Vec<&str> = sample.lines().filter(|line| !line.trim().is_empty()).take(SAMPLE).collect();
        let mut best: Option<(usize, Reader)> = None;
        for reader in candidates {
            let count = lines.iter().filter(|line| reader.read(line.as_bytes()).is_some()).count();
            if count > best.as_ref().map_or(0, |(most, _)| *most) {
                best = Some((count, reader));
            }
        }
        best.map(|(_, reader)| reader)
    }

    /// Whose lines are read.
    pub fn product(&self) -> Product {
        self.product
    }

    /// What a line says; nothing where it is not one of this log's. What is longer than [`MAX_LINE`] is cut.
    pub fn read(&self, line: &[u8]) -> Option<LogLine> {
        let line = String::from_utf8_lossy(line.get(..MAX_LINE).unwrap_or(line));
        let line = line.trim_end_matches(['\r', '\n', '\0']);
        match (&self.lines, self.product) {
            (Lines::Pattern(pattern), product) => Some(access::line_of(product, &pattern.values(line)?))
                .filter(|line| line.answer.status.is_some()),
            (_, Product::Nginx) => nginx::read(line).or_else(|| nginx::read(after_collector(line)?)),
            (_, Product::Apache) => apache::read(line).or_else(|| apache::read(after_collector(line)?)),
            (_, Product::Haproxy) => haproxy::read(line),
            (_, Product::Caddy) => caddy::read(line),
            (_, Product::Traefik) => traefik::read(line),
        }
    }
}

/// The line behind what syslog (`host nginx: `) or a container's runtime (`stderr F `) put before it.
fn after_collector(line: &str) -> Option<&str> {
    let head = line.get(..line.floor_char_boundary(COLLECTOR))?;
    let (place, words) =
        HEADS.iter().filter_map(|words| Some((head.find(words)?, words))).min_by_key(|(place, _)| *place)?;
    line.get(place + words.len()..)
}

/// How the heads of collectors end.
const HEADS: [&str; 6] = ["nginx: ", "]: ", "apache2: ", "httpd: ", " stderr F ", " stdout F "];

/// How far into a line such a head may reach.
const COLLECTOR: usize = 160;

/// Bytes of a line that are looked at.
pub const MAX_LINE: usize = 64 * 1024;

/// Lines looked at for a guess.
const SAMPLE: usize = 200;
