//! A site: the hosts that belong together, with their certificates and routes.

use std::{path::PathBuf, sync::Arc};

use super::{Answers, Route};

/// The hosts that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// The name in records and metrics: the host the table is named after.
    pub name: Arc<str>,
    /// The hosts it answers for, the one it is named after first.
    pub hosts: Vec<HostPattern>,
    /// Its certificates; the first is shown where no other fits the asked name.
    pub certificates: Vec<CertificateFiles>,
    /// Whether plain requests are sent to `https` with status 308.
    pub redirect_to_https: bool,
    /// What its answers look like.
    pub answers: Answers,
    /// Its routes in the order they are asked: exact paths, patterns in file order, prefixes from long to short,
    /// the route for everything; among equal paths the one with more conditions first.
    pub routes: Vec<Route>,
}

/// Which hosts a site answers for; in lower case, without port and final dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// This host.
    Exact(Arc<str>),
    /// Every host that ends in this, which begins with a dot: `.shop.example` for `*.shop.example`.
    Below(Arc<str>),
    /// Every host no other site answers for, and requests without one.
    Any,
}

/// A certificate with its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertificateFiles {
    /// The PEM file with the certificate and those that lead to its issuer.
    pub chain: PathBuf,
    /// The PEM file with the private key.
    pub key: PathBuf,
}
