//! A strict reader of the exposition formats: what it accepts, every scraper accepts.

use std::collections::{BTreeMap, HashSet};

/// A scraped page.
#[derive(Debug, Default)]
pub(crate) struct Scraped {
    /// Family name to its type.
    pub(crate) families: BTreeMap<String, String>,
    samples: BTreeMap<String, f64>,
}

impl Scraped {
    /// The value of a sample, given as `name{label="value"}` with labels in alphabetical order.
    pub(crate) fn value(&self, sample: &str) -> Option<f64> {
        self.samples.get(sample).copied()
    }

    /// How many samples have this name.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.samples.keys().filter(|key| key.split('{').next() == Some(name)).count()
    }
}

/// Reads a page, or says at which line it breaks which rule.
pub(crate) fn read(page: &str, is_open_metrics: bool) -> Result<Scraped, String> {
    let mut scraped = Scraped::default();
    let mut current: Option<String> = None;
    let mut done = HashSet::new();
    let text = page.strip_suffix('\n').ok_or("the page does not end in a line end")?;
    let mut lines = text.split('\n').peekable();
    while let Some(line) = lines.next() {
        if is_open_metrics && line == "# EOF" {
            return if lines.peek().is_none() { checked(scraped) } else { Err("text after # EOF".into()) };
        }
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').ok_or(format!("no help: {line}"))?;
            if help.contains(['\\', '"']) || !is_name(name) {
                return Err(format!("odd help: {line}"));
            }
            if !done.insert(name.to_owned()) {
                return Err(format!("family twice: {name}"));
            }
            current = Some(name.to_owned());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or(format!("no type: {line}"))?;
            if current.as_deref() != Some(name) || !matches!(kind, "counter" | "gauge" | "histogram") {
                return Err(format!("odd type: {line}"));
            }
            scraped.families.insert(name.to_owned(), kind.to_owned());
        } else {
            let family = current.as_deref().ok_or(format!("sample before a family: {line}"))?;
            let kind = scraped.families.get(family).ok_or(format!("sample before its type: {line}"))?;
            let (name, labels, value) = sample(line).ok_or(format!("no sample: {line}"))?;
            let suffix = name.strip_prefix(family).ok_or(format!("sample of another family: {line}"))?;
            let fits = match (kind.as_str(), is_open_metrics) {
                ("counter", true) => suffix == "_total",
                ("counter", false) => suffix.is_empty() && name.ends_with("_total"),
                ("histogram", _) => matches!(suffix, "_bucket" | "_sum" | "_count"),
                _ => suffix.is_empty(),
            };
            if !fits {
                return Err(format!("suffix does not fit {kind}: {line}"));
            }
            let names: HashSet<_> = labels.iter().map(|(name, _)| name).collect();
            if names.len() != labels.len() {
                return Err(format!("label twice: {line}"));
            }
            let labels: BTreeMap<_, _> = labels.into_iter().collect();
            let texts: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
            let key = if texts.is_empty() { name } else { format!("{name}{{{}}}", texts.join(",")) };
            if scraped.samples.insert(key, value).is_some() {
                return Err(format!("sample twice: {line}"));
            }
        }
    }
    if is_open_metrics { Err("no # EOF".into()) } else { checked(scraped) }
}

/// Buckets grow, end in `+Inf`, and agree with the count.
fn checked(scraped: Scraped) -> Result<Scraped, String> {
    let histograms = scraped.families.iter().filter(|(_, kind)| *kind == "histogram").map(|(name, _)| name);
    for name in histograms {
        let mut groups: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        for (key, value) in &scraped.samples {
            let Some(labels) = key.strip_prefix(&format!("{name}_bucket{{")) else { continue };
            let start = labels.find("le=\"").ok_or(format!("bucket without bound: {key}"))?;
            let bound = labels[start + 4..].split('"').next().unwrap();
            let rest = labels.replace(&format!("le=\"{bound}\""), "").replace([',', '}'], "");
            let bound =
                if bound == "+Inf" { f64::INFINITY } else { bound.parse().map_err(|_| key.clone())? };
            groups.entry(rest).or_default().push((bound, *value));
        }
        for (labels, mut buckets) in groups {
            buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
            let grows = buckets.is_sorted_by(|one, other| one.1 <= other.1);
            let last = buckets.last().copied().unwrap();
            let labels = if labels.is_empty() { labels } else { format!("{{{labels}}}") };
            let count = scraped.value(&format!("{name}_count{labels}"));
            let has_sum = scraped.value(&format!("{name}_sum{labels}")).is_some();
            if !grows || last.0 != f64::INFINITY || count != Some(last.1) || !has_sum {
                return Err(format!("broken histogram {name}{labels}"));
            }
        }
    }
    Ok(scraped)
}

type Labels = Vec<(String, String)>;

fn sample(line: &str) -> Option<(String, Labels, f64)> {
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Vec::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"")?;
            let mut value = String::new();
            let mut characters = after.char_indices();
            let end = loop {
                match characters.next()? {
                    (index, '"') => break index,
                    (_, '\\') => value.push(match characters.next()?.1 {
                        'n' => '\n',
                        escaped @ ('\\' | '"') => escaped,
                        _ => return None,
                    }),
                    (_, character) => value.push(character),
                }
            };
            if !is_name(label) || label.contains(':') {
                return None;
            }
            labels.push((label.to_owned(), value));
            rest = &after[end + 1..];
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None => break,
            }
        }
        rest = rest.strip_prefix('}')?;
    }
    let value = rest.strip_prefix(' ')?;
    is_name(name).then_some(())?;
    Some((name.to_owned(), labels, value.parse().ok()?))
}

fn is_name(text: &str) -> bool {
    let is_start = |character: char| character.is_ascii_alphabetic() || matches!(character, '_' | ':');
    text.starts_with(is_start)
        && text.chars().all(|character| is_start(character) || character.is_ascii_digit())
}
