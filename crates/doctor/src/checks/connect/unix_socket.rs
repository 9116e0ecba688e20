//! Is the upstream's unix socket there, and does somebody listen behind it?
//!
//! A missing file, a file that is no socket, one left behind by a dead process and one with a full queue are each proven by
//! the call's error number. Whether this user may open it says nothing about the gateway's user: the host's checks do.

use super::judged::{Failed, Judgement, cases_of};
use crate::observe::reach::Outcome;
use crate::{Case, Checked};
use std::path::Path;
use torwart_cause::finding::connect::{SOCKET_DEAD, SOCKET_MISSING, SOCKET_NOT_ONE, SOCKET_QUEUE_FULL};
use torwart_cause::finding::{Finding, Fix, Hop, said};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let mut checked = Checked::default();
    for failed in cases_of(case, Judgement::Unix).await {
        let path = path(&failed);
        checked = checked.and(match failed.attempted.outcome {
            Outcome::SocketDenied => {
                let why = said("connect-socket-denied").with("path", &path);
                Checked::could_not(
                    why,
                    Some(format!("namei -l {path}; sudo -u www-data test -w {path}; echo $?")),
                )
            }
            _ => Checked::found(finding(&failed, &path).into_iter().collect()),
        });
    }
    checked
}

fn path(failed: &Failed) -> String {
    failed.attempted.far.to_string().trim_start_matches("unix:").to_owned()
}

fn finding(failed: &Failed, path: &str) -> Option<Finding> {
    let (kind, key, command) = match failed.attempted.outcome {
        Outcome::SocketMissing => (&SOCKET_MISSING, "connect-socket-missing", format!("ls -l {path}")),
        Outcome::SocketDead => (&SOCKET_DEAD, "connect-socket-dead", format!("ss -xlp | grep {path}")),
        Outcome::NotASocket => (&SOCKET_NOT_ONE, "connect-socket-not-one", format!("stat {path}")),
        Outcome::SocketFull => (&SOCKET_QUEUE_FULL, "connect-socket-full", format!("ss -xl | grep {path}")),
        _ => return None,
    };
    let finding = failed.finding(kind, 97, Hop::Upstream).proof_by(said(key).with("path", path), command);
    if failed.attempted.outcome != Outcome::SocketMissing {
        return Some(finding);
    }
    let siblings = siblings(Path::new(path));
    let Some(likely) = siblings.first() else {
        return Some(finding);
    };
    let told = said("connect-socket-siblings").with("paths", siblings.join(", "));
    let finding = finding.proof_by(told, "ss -xlp");
    let file = finding.place.file.clone();
    let fix = Fix { product: None, file, before: Some(path.to_owned()), after: likely.clone() };
    Some(if siblings.len() == 1 { finding.fix(fix) } else { finding })
}

/// Other sockets with the same ending in the same folder: after an upgrade the version in the name has changed.
fn siblings(path: &Path) -> Vec<String> {
    let Some(entries) = path.parent().and_then(|folder| std::fs::read_dir(folder).ok()) else {
        return Vec::new();
    };
    let is_socket = |entry: &std::fs::DirEntry| {
        use std::os::unix::fs::FileTypeExt;
        entry.file_type().is_ok_and(|kind| kind.is_socket())
    };
    let found = entries.flatten().take(MOST_ENTRIES).filter(is_socket).map(|entry| entry.path());
    let mut found: Vec<String> = found.map(|path| path.display().to_string()).collect();
    found.sort();
    found.truncate(4);
    found
}

/// Folders of sockets are small; a large one is something else.
const MOST_ENTRIES: usize = 500;
