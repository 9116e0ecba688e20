//! What a doctor has found out, as one value: the verdict, what else was seen, what could not be looked at.
//!
//! The doctor makes it, and the crate `report` shows it and reads it again. The order of the findings is their rank:
//! the first one is the verdict.

use super::{Finding, FindingKind, Hop, Said, Severity, rank};
use std::time::Duration;

/// Everything a run has found out.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// What was asked about.
    pub url: String,
    /// Which machine asked.
    pub seen_from: String,
    /// The whole in one word.
    pub outcome: Outcome,
    /// What is wrong, best first.
    pub findings: Vec<Finding>,
    /// What was looked at, in the order of the walk.
    pub checks: Vec<CheckMade>,
    /// What could not be looked at from here.
    pub not_checked: Vec<NotChecked>,
    /// The stations of a request, in their order.
    pub hops: Vec<Station>,
    /// The products that were recognised, the gateway's first: their remedies are shown.
    pub products: Vec<String>,
    /// Whom the run has bothered, and how often.
    pub contacts: Vec<Contact>,
    /// What of the environment took part: proxy variables, a trust file, entries of the hosts file.
    pub notes: Vec<Said>,
    /// Other places whose runs were merged into this one.
    pub others: Vec<String>,
    /// How long it took.
    pub took: Duration,
    /// Whether it was ended before everything was looked at.
    pub is_cut_short: bool,
}

/// How it stands with the site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing above [`Severity::Info`] was found, and the site answers.
    Healthy,
    /// At least one fault was found.
    Faulty,
    /// The site does not work or could not be asked, and no fault was found that says why.
    #[default]
    Unclear,
}

/// A check that was made.
#[derive(Clone, Debug)]
pub struct CheckMade {
    /// Its name, which serves `--skip`.
    pub name: String,
    /// What became of it.
    pub state: CheckState,
    /// What it has to say when nothing is wrong.
    pub said: Option<Said>,
    /// How long it took.
    pub took: Duration,
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckState {
    /// Nothing wrong.
    Fine,
    /// It has findings.
    Found,
    /// There is nothing it could be about.
    NotApplicable,
    /// It could not look.
    CouldNot,
    /// It was skipped on request.
    Skipped,
    /// The deadline came first.
    OutOfTime,
}

/// Something that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotChecked {
    /// Why not.
    pub why: Said,
    /// What to run, and where that is said in `why`.
    pub command: Option<String>,
}

/// A station of a request and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Station {
    /// Which one.
    pub hop: Hop,
    /// What it is called here: an address, a product.
    pub name: Option<String>,
    /// How it is.
    pub state: StationState,
}

/// How it is with a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StationState {
    /// It does its part.
    Well,
    /// It works, with a warning.
    Doubtful,
    /// The chain breaks here.
    Broken,
    /// Nobody has looked, or nobody could behind the break.
    Unknown,
}

/// How often a host was bothered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Name or address.
    pub host: String,
    /// Connections opened to it.
    pub connections: u32,
    /// Requests sent to it.
    pub requests: u32,
}

impl Diagnosis {
    /// Puts the best finding first, and makes one of those that say the same.
    pub fn rank(&mut self) {
        self.findings = rank::ranked(std::mem::take(&mut self.findings));
    }

    /// The finding that is the verdict; nothing where nothing is wrong.
    pub fn verdict(&self) -> Option<&Finding> {
        self.findings.first().filter(|first| first.severity > Severity::Info)
    }

    /// What was seen besides the verdict.
    pub fn also_seen(&self) -> &[Finding] {
        match self.verdict() {
            Some(_) => self.findings.get(1..).unwrap_or_default(),
            None => &self.findings,
        }
    }

    /// The root among the findings that a symptom follows from.
    pub fn because_of(&self, symptom: &Finding) -> Option<&'static FindingKind> {
        rank::because_of(symptom, &self.findings).map(|root| root.kind)
    }

    /// Whether nothing worse than [`Severity::Info`] was found.
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Info)
    }
}

impl Outcome {
    /// The stable lower-case name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Faulty => "faulty",
            Self::Unclear => "unclear",
        }
    }
}

impl CheckState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Fine, Self::Found, Self::NotApplicable, Self::CouldNot, Self::Skipped, Self::OutOfTime];

    /// The stable lower-case name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Found => "found",
            Self::NotApplicable => "not_applicable",
            Self::CouldNot => "could_not",
            Self::Skipped => "skipped",
            Self::OutOfTime => "out_of_time",
        }
    }
}

impl StationState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Well, Self::Doubtful, Self::Broken, Self::Unknown];

    /// The stable lower-case name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Doubtful => "doubtful",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
        }
    }
}
