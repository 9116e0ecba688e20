//! The verdict: findings best first, and what it rests on.

use crate::NotChecked;
use crate::budget::Made;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;
use torwart_cause::finding::{Finding, Role, Said, Severity};

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// Findings, best first.
    pub findings: Vec<Finding>,
    /// Every check that was made.
    pub checks: Vec<CheckMade>,
    /// What could not be told.
    pub not_checked: Vec<NotChecked>,
    /// Connections and requests made, by host.
    pub made: BTreeMap<String, Made>,
    /// How long it took.
    pub took: Duration,
}

/// A check that was made.
#[derive(Clone, Debug)]
pub struct CheckMade {
    /// Its name.
    pub name: &'static str,
    /// How it ended.
    pub state: CheckState,
    /// What was seen.
    pub said: Option<Said>,
    /// How long it took.
    pub took: Duration,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckState {
    /// All is well.
    Fine,
    /// It found something.
    Found,
    /// There was nothing to check.
    NotApplicable,
    /// It could not be told.
    CouldNot,
    /// Left out on request.
    Skipped,
}

impl Diagnosis {
    /// Whether nothing worse than an information was found.
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Info)
    }

    /// Whether what must be mended is as good as certain.
    pub fn is_plain(&self) -> bool {
        let is_plain = |finding: &Finding| {
            finding.severity == Severity::Critical
                && finding.kind.role == Role::Root
                && finding.confidence >= PLAIN
        };
        self.findings.iter().any(is_plain)
    }

    /// Puts the best finding first.
    pub fn rank(&mut self) {
        self.findings.sort_by_key(|finding| {
            (Reverse(finding.severity), finding.kind.role == Role::Symptom, Reverse(finding.confidence))
        });
    }
}

/// Confidence in percent from which a finding counts as plain.
const PLAIN: u8 = 90;
