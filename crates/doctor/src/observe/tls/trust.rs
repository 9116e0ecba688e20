//! Whom a party believes: the visitor (and we), and the gateway toward its upstreams.

use crate::Case;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use torwart_dial::TlsConfigProblem;
use torwart_dial::tls::judge::Trust;

/// Whom a visitor believes who stands where we do: the file the user names, `SSL_CERT_FILE`, or the system's list.
///
/// # Errors
/// The named file cannot be used.
pub fn of_visitor(case: &Case) -> Result<Arc<Trust>, TlsConfigProblem> {
    let asked = case.question();
    let file = asked.ca_file.as_deref().or_else(|| asked.variable("SSL_CERT_FILE").map(Path::new));
    file.map_or_else(|| Ok(of_system()), of_file)
}

/// Whether the user said whom to believe, so that a private authority that is missing there is a fault. A variable that
/// leads to a list of hundreds is merely where this system keeps its own.
pub fn is_prescribed(case: &Case, trust: &Trust) -> bool {
    let is_named = case.question().ca_file.is_some() || case.question().variable("SSL_CERT_FILE").is_some();
    is_named && trust.facts().len() < LIST
}

/// The system's list.
pub fn of_system() -> Arc<Trust> {
    static SYSTEM: OnceLock<Arc<Trust>> = OnceLock::new();
    Arc::clone(SYSTEM.get_or_init(|| Arc::new(Trust::system())))
}

/// What stands in a file.
///
/// # Errors
/// The file cannot be read, or holds no certificate.
pub fn of_file(file: &Path) -> Result<Arc<Trust>, TlsConfigProblem> {
    Trust::file(file).map(Arc::new)
}

/// Nobody writes as many authorities by hand.
const LIST: usize = 40;
