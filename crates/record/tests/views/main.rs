//! The views of a record, seen from outside: log lines, documents, metrics, journal, kept failures.

mod exposition;
mod journal;
mod kept;
mod lines;
mod metrics;
mod sample;
