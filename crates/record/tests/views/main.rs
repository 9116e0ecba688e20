//! The views of a record, seen from outside: log lines, documents, metrics, journal, kept failures.

#[cfg(test)]
mod exposition;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod lines;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod sample;
