//! A site, a gateway's configuration and an upstream, and what the checks of TLS say of them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use torwart_cause::finding::{Finding, Severity};
use torwart_doctor::checks::tls::CHECKS;
use torwart_doctor::{Case, Question};
use torwart_lab::{Ground, Script, Upstream};

/// The site's name; the lab's good certificate covers it.
pub const SITE: &str = "shop.lab.test";

/// A folder of its own, removed when dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("torwart-doctor-tls-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A script on a free port.
pub fn play(ground: &Ground, script: &str) -> Upstream {
    let script = Script::from_toml(script).expect("a script");
    Upstream::start(ground, script).expect("listens")
}

/// A plain site that answers everything with this status.
pub fn site(ground: &Ground, status: u16) -> Upstream {
    let answer = format!(r"HTTP/1.1 {status} Some\r\nContent-Length: 4\r\nConnection: close\r\n\r\nsite");
    play(ground, &format!("steps = [\"read_head\", {{ send = '{answer}' }}, \"close\"]"))
}

/// A question about the site on plain HTTP at this address.
pub fn about(address: SocketAddr) -> Question {
    asked(&format!("http://{SITE}:{}/", address.port()), address)
}

/// A question about the site on https at this address.
pub fn about_tls(address: SocketAddr) -> Question {
    asked(&format!("https://{SITE}:{}/", address.port()), address)
}

fn asked(url: &str, address: SocketAddr) -> Question {
    let mut question = Question::about(url.parse().expect("a URL"));
    question.resolve = vec![(SITE.to_owned(), address.port(), address.ip())];
    question.deadline = Duration::from_secs(20);
    question
}

/// Runs the checks of TLS; everything above info, the worst and surest first.
pub fn findings(question: Question) -> Vec<Finding> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let case = Case::new(question);
        let mut found = Vec::new();
        for check in CHECKS {
            found.extend((check.run)(&case).await.findings);
        }
        found.retain(|finding| finding.severity > Severity::Info);
        found.sort_by_key(|finding| std::cmp::Reverse((finding.severity, finding.confidence)));
        found
    })
}

/// Demands that the first finding is this one; none at all where `expected` is empty.
pub fn check(question: Question, expected: &str) -> Vec<Finding> {
    let found = findings(question);
    let first = found.first().map_or("", |finding| finding.kind.id);
    let told: Vec<_> =
        found.iter().map(|it| (it.kind.id, it.severity, it.confidence, &it.evidence)).collect();
    assert_eq!(first, expected, "{told:#?}");
    found
}
