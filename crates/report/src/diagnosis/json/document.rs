//! The report as written. What is documented here is what the published schema says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What `torwart doctor --format json` prints.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Report of torwart doctor")]
pub(super) struct Document {
    /// The version of this form.
    #[schemars(extend("const" = "torwart.doctor/1"))]
    pub(super) schema: String,
    /// The version of Torwart.
    pub(super) version: String,
    /// The language of the texts.
    #[schemars(extend("enum" = ["en", "de"]))]
    pub(super) lang: String,
    /// When the run began (RFC 3339, UTC).
    pub(super) at: String,
    /// What was asked about.
    pub(super) url: String,
    /// The machine that looked.
    pub(super) seen_from: String,
    /// Machines whose reports were merged into this one with `--follow-up`.
    #[serde(default)]
    pub(super) others: Vec<String>,
    /// Whether the site answers and no finding is above `info`.
    pub(super) healthy: bool,
    /// The whole in one word. `unclear`: the site does not work or could not be asked, and nothing found says why.
    #[schemars(extend("enum" = ["healthy", "faulty", "unclear"]))]
    pub(super) outcome: String,
    /// The verdict, which is the first of the findings; `null` where nothing is wrong or nothing can be told.
    pub(super) verdict: Option<Verdict>,
    /// What is wrong, best first. On a healthy site none is above `info`.
    pub(super) findings: Vec<Found>,
    /// What was looked at.
    pub(super) checks: Vec<Made>,
    /// What could not be looked at from here.
    pub(super) not_checked: Vec<Missing>,
    /// The stations of a request, in their order.
    pub(super) hops: Vec<Stop>,
    /// The products that were recognised, the gateway's first.
    pub(super) products: Vec<String>,
    /// What of the environment took part, such as proxy variables.
    #[serde(default)]
    pub(super) notes: Vec<Evidence>,
    /// How many connections were opened and requests sent, by host.
    pub(super) contacts: Vec<Asked>,
    /// How long the run took, in milliseconds.
    pub(super) took_ms: u64,
    /// Whether the run was ended before everything was looked at.
    pub(super) cut_short: bool,
}

/// The verdict in one line.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Verdict {
    /// The id of the first finding.
    pub(super) id: String,
    /// The line.
    pub(super) text: String,
}

/// Something wrong.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Found {
    /// The stable id; `torwart explain <id>` shows its page.
    pub(super) id: String,
    /// What it is, in a few words.
    pub(super) title: String,
    /// What it is, in a sentence.
    pub(super) summary: String,
    /// `critical`: requests fail. `warning`: they fail at times or will. `info`: nothing is wrong.
    #[schemars(extend("enum" = ["critical", "warning", "info"]))]
    pub(super) severity: String,
    /// Who must act.
    #[schemars(extend("enum" = ["dns", "network", "firewall", "tls", "gateway", "upstream", "application", "client", "nobody"]))]
    pub(super) who: String,
    /// The station it is at; `path` is the way from the gateway to the upstream.
    #[schemars(extend("enum" = ["you", "dns", "gateway", "path", "upstream", "application"]))]
    pub(super) component: String,
    /// Where exactly.
    #[serde(rename = "where")]
    pub(super) place: Whereabouts,
    /// How sure it is, in percent.
    #[schemars(range(max = 100))]
    pub(super) confidence: u8,
    /// The id of the finding it follows from; mending that one mends this one.
    pub(super) because_of: Option<String>,
    /// The causes (`torwart explain <cause>`) of failed requests it explains.
    pub(super) causes: Vec<String>,
    /// The machines that saw it, where reports were merged.
    #[serde(default)]
    pub(super) seen_from: Vec<String>,
    /// How it is known.
    pub(super) evidence: Vec<Evidence>,
    /// What to do, most exact first.
    pub(super) fix: Vec<Remedied>,
}

/// A place; what is not known is `null`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Whereabouts {
    /// Address and port, or the path of a unix socket.
    pub(super) address: Option<String>,
    /// A file of configuration or log.
    pub(super) file: Option<String>,
    /// The line in it, from 1; `null` where the whole file is meant.
    pub(super) line: Option<u32>,
    /// The name of a host, certificate, process or directive.
    pub(super) name: Option<String>,
}

/// A fact.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Evidence {
    /// The fact, as a sentence.
    pub(super) fact: String,
    /// A command of an ordinary tool that shows it again.
    pub(super) repeat: Option<String>,
    /// The stable key of the sentence, where it is one of ours.
    pub(super) key: Option<String>,
    /// The raw values in the sentence.
    #[serde(default)]
    pub(super) values: BTreeMap<String, String>,
}

/// Something to do: an exact change (`before`, `after`), or advice (`text`).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Remedied {
    /// The product it is for; `null` where it is for every one.
    pub(super) product: Option<String>,
    /// The file to change.
    pub(super) file: Option<String>,
    /// The line in it, from 1.
    pub(super) line: Option<u32>,
    /// What stands there.
    pub(super) before: Option<String>,
    /// What should stand there.
    pub(super) after: Option<String>,
    /// Advice, in Markdown.
    pub(super) text: Option<String>,
}

/// A check that was made.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Made {
    /// Its name, as `--skip` takes it.
    pub(super) name: String,
    /// What became of it.
    #[schemars(extend("enum" = ["fine", "found", "not_applicable", "could_not", "skipped", "out_of_time"]))]
    pub(super) state: String,
    /// What it has seen.
    pub(super) said: Option<String>,
    /// When it was done, in milliseconds from the start of the run.
    pub(super) took_ms: u64,
}

/// Something that could not be looked at.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Missing {
    /// Why, and where it could be.
    pub(super) why: String,
    /// What to run there.
    pub(super) command: Option<String>,
    /// The stable key of the sentence, where it is one of ours.
    #[serde(default)]
    pub(super) key: Option<String>,
    /// The raw values in the sentence.
    #[serde(default)]
    pub(super) values: BTreeMap<String, String>,
}

/// A station on a request's way.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Stop {
    /// Which one.
    #[schemars(extend("enum" = ["you", "dns", "gateway", "path", "upstream", "application"]))]
    pub(super) hop: String,
    /// What it is called here: an address, a product.
    pub(super) name: Option<String>,
    /// `broken`: the chain breaks here. `unknown`: nobody looked, or nobody could behind the break.
    #[schemars(extend("enum" = ["well", "doubtful", "broken", "unknown"]))]
    pub(super) state: String,
}

/// How often a host was bothered.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Asked {
    /// Its name or address.
    pub(super) host: String,
    /// Connections opened to it.
    pub(super) connections: u32,
    /// Requests sent to it.
    pub(super) requests: u32,
}
