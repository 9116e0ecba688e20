//! HAProxy's `global` sections: what all proxies share.

use super::scope::size;
use super::syntax::{Line, Section};
use crate::config::Fact;
use std::path::PathBuf;

/// What all proxies share.
#[derive(Debug, Clone)]
pub(super) struct Global<'a> {
    /// The largest head of an answer: a buffer without the room kept for rewriting.
    pub(super) header_buffer: Fact<u64>,
    /// Certificates of upstreams are checked where their line says nothing.
    pub(super) verifies: Fact<bool>,
    /// Where authorities lie.
    pub(super) ca_base: PathBuf,
    /// Where certificates lie.
    pub(super) crt_base: PathBuf,
    /// Where logs go.
    pub(super) logs: Vec<&'a Line>,
}

/// Reads all `global` sections as one.
pub(super) fn read(sections: &[Section]) -> Global<'_> {
    let lines = || sections.iter().filter(|one| one.kind() == "global").flat_map(|one| &one.lines);
    let last = |word: &str| lines().rev().find(|line| line.word(0) == word);
    let folder = |word: &str| PathBuf::from(last(word).map_or("", |line| line.word(1)));
    Global {
        header_buffer: header_buffer(last("tune.bufsize"), last("tune.maxrewrite")),
        verifies: match last("ssl-server-verify") {
            Some(line) => line.fact(line.word(1) != "none"),
            None => Fact::by_default(true, "verify required"),
        },
        ca_base: folder("ca-base"),
        crt_base: folder("crt-base"),
        logs: lines().filter(|line| line.word(0) == "log").collect(),
    }
}

fn header_buffer(buffer: Option<&Line>, room: Option<&Line>) -> Fact<u64> {
    let value = |line: Option<&Line>| line.and_then(|line| size(line.word(1)));
    let whole = value(buffer).unwrap_or(USUAL_BUFFER);
    // More than half of the buffer is never kept for rewriting.
    let kept = value(room).unwrap_or(USUAL_ROOM).min(whole / 2);
    match buffer.or(room) {
        Some(line) => line.fact(whole - kept),
        None => Fact::by_default(whole - kept, "tune.bufsize 16384"),
    }
}

const USUAL_BUFFER: u64 = 16_384;
const USUAL_ROOM: u64 = 1024;
