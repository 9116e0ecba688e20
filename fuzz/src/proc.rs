//! What must hold for the kernel's tables as the doctor reads them: whatever a line says, nothing panics, and no row comes
//! from nowhere. Names of processes and sockets in them are chosen by whoever made those.

use super::host::{counters, memory, sockets};

/// Any text as each of the tables.
pub(crate) fn tables(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().count();
    let rows = sockets::tcp(&text);
    assert!(rows.len() <= lines);
    let counted: usize = sockets::by_destination(&rows).iter().map(|(_, count)| count).sum();
    assert!(counted <= rows.len(), "no connection counts twice");
    let listeners = sockets::unix_listeners(&text);
    assert!(listeners.len() <= lines);
    assert!(listeners.iter().all(|row| !row.path.is_empty()));
    let one = counters::Counters::read(&text, &text);
    let _ = one.since(&one);
    let _ = counters::keyed(&text, text.split_whitespace().next().unwrap_or_default());
    if let Some(memory) = memory::Memory::read(&text) {
        let _ = memory.is_short();
    }
    for controller in ["", "memory", "pids"] {
        let folders = memory::group_folders(&text, controller);
        assert!(folders.iter().all(|folder| folder.starts_with("/sys/fs/cgroup")));
    }
}
