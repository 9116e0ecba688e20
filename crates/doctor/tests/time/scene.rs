//! A site, what stands behind it, and what a set of checks finds there.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;
use torwart_cause::finding::{Finding, Severity};
use torwart_doctor::{Case, Check, Question, UpstreamAddress};

/// A folder that goes with the test.
pub struct Folder(PathBuf);

impl Folder {
    /// An empty folder that everybody may enter.
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("torwart-doctor-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it.
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

/// A question about a site, with its upstreams and its gateway's configuration.
pub fn question(site: SocketAddr, upstreams: &[SocketAddr], config: &Path) -> Question {
    let mut question = Question::about(format!("http://{site}/").parse().expect("a URL"));
    question.upstreams =
        upstreams.iter().map(|it| it.to_string().parse::<UpstreamAddress>().expect("an address")).collect();
    question.config = Some(config.to_path_buf());
    question.deadline = Duration::from_secs(40);
    question
}

/// What these checks find.
pub fn examine(question: Question, checks: &[Check]) -> Vec<Finding> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let case = Case::new(question);
        let mut running: Vec<_> = checks.iter().map(|check| Some((check.run)(&case))).collect();
        let mut findings = Vec::new();
        std::future::poll_fn(|context| {
            for slot in &mut running {
                let Some(future) = slot else { continue };
                if let std::task::Poll::Ready(checked) = future.as_mut().poll(context) {
                    findings.extend(checked.findings);
                    *slot = None;
                }
            }
            if running.iter().all(Option::is_none) {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
        findings
    })
}

/// The ids of what is worse than information.
pub fn bad(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().filter(|it| it.severity > Severity::Info).map(|it| it.kind.id).collect()
}

/// The finding with this id.
#[track_caller]
pub fn found<'f>(findings: &'f [Finding], id: &str) -> &'f Finding {
    let all: Vec<_> = findings.iter().map(|it| it.kind.id).collect();
    findings.iter().find(|it| it.kind.id == id).unwrap_or_else(|| panic!("no {id} among {all:?}"))
}

/// An address of the loopback interface that nobody listens on just now.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address")
}
