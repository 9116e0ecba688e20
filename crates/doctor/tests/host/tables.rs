//! Replays what a fuzzer tried on the kernel's tables.

#[path = "../../../../fuzz/src/proc.rs"]
mod proc;

use std::path::Path;
use torwart_doctor::observe::host;

#[test]
fn whatever_a_table_says_it_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/kernel_tables");
    let entries = std::fs::read_dir(folder).expect("the corpus is part of the repository");
    let count = entries.map(|entry| entry.expect("a readable folder").path()).inspect(|path| {
        let bytes = std::fs::read(path).expect("a readable file");
        assert!(std::panic::catch_unwind(|| proc::tables(&bytes)).is_ok(), "{}", path.display());
    });
    assert!(count.count() > 5);
}
