//! Do both sides of TLS agree?

mod addresses_agree;
mod bearing;
mod client_certificate;
mod clock_fits_certificates;
mod expiry;
mod front_certificate;
mod front_handshake;
mod key_files;
mod repair;
mod rotation;
mod server_name;
mod stranger;
mod tls_versions;
mod upstream_certificate;
mod upstream_fault;
mod upstream_handshake;
mod upstream_scheme;
mod words;

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[
    Check::new("front_certificate", |case| Box::pin(front_certificate::check(case))),
    Check::new("front_handshake", |case| Box::pin(front_handshake::check(case))),
    Check::new("addresses_agree", |case| Box::pin(addresses_agree::check(case))),
    Check::new("expiry", |case| Box::pin(expiry::check(case))),
    Check::new("clock_fits_certificates", |case| Box::pin(clock_fits_certificates::check(case))),
    Check::new("upstream_scheme", |case| Box::pin(upstream_scheme::check(case))),
    Check::new("upstream_handshake", |case| Box::pin(upstream_handshake::check(case))),
    Check::new("server_name", |case| Box::pin(server_name::check(case))),
    Check::new("client_certificate", |case| Box::pin(client_certificate::check(case))),
    Check::new("tls_versions", |case| Box::pin(tls_versions::check(case))),
    Check::new("upstream_certificate", |case| Box::pin(upstream_certificate::check(case))),
    Check::new("rotation", |case| Box::pin(rotation::check(case))),
    Check::new("stranger", |case| Box::pin(stranger::check(case))),
    Check::new("key_files", |case| Box::pin(key_files::check(case))),
];
