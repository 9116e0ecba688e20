//! What becomes of a finished exchange: one [`Record`], and everything derived from it.
//!
//! A core of the gateway makes one borrowed [`Record`] per exchange and hands it to its [`Recorder`]: counters are
//! raised, a log line is written into the core's batch, and a failed exchange is kept in the [`Ring`] with its evidence.
//! The good case allocates nothing, locks nothing and makes no system call; one writer thread owns the log file.
//! Log line, metrics, incidents and JSON are views of the Record, never a second account of what happened.

mod certificate;
mod document;
mod ending;
mod human;
mod incident;
mod journal;
mod json;
mod log;
mod metrics;
mod owned;
mod record;
mod recorder;
mod request_id;
mod ring;
mod series;
mod status;
mod timestamp;

pub use certificate::{AutomaticCertificate, CertificateTrouble, write_certificates};
pub use document::{SCHEMA, write_document, write_incident, write_summary};
pub use ending::write_ending;
pub use human::HumanLog;
pub use incident::{Incident, Incidents};
pub use journal::{Journal, JournalError, JournalFormat, JournalOptions, JournalWriter, Report, Sink};
pub use log::JsonLog;
pub use metrics::{
    CacheCounters, ClientGuard, ClientState, CoreMetrics, Exposition, LinkGuard, LinkState, Lookup, Metrics,
    UpstreamGauge,
};
pub use owned::OwnedRecord;
pub use record::{Client, Crawler, Protocol, Record, ServedBy};
pub use recorder::{Failures, Recorder};
pub use request_id::{ParseRequestIdError, RequestId, RequestIds};
pub use ring::Ring;
pub use series::{Labels, PoolLabels, RouteLabels, Series};
pub use status::Status;
pub use timestamp::Timestamp;
