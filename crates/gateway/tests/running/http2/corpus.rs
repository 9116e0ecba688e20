//! Replays what a fuzzer tried on whole connections.

#[path = "../../../../../fuzz/src/connection.rs"]
mod connection;

use crate::gateway::Gateway;
use std::path::Path;

#[test]
fn whatever_a_client_sends_the_gateway_goes_on() {
    let gateway = Gateway::start(connection::CONFIG);
    let address = gateway.address();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/h2_connection");
    let entries = std::fs::read_dir(folder).expect("the corpus is part of the repository");
    let mut count = 0;
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        let bytes = std::fs::read(&path).expect("a readable file");
        let kept = std::panic::catch_unwind(|| connection::converse(address, &bytes));
        assert!(kept.is_ok(), "{}", path.display());
        count += 1;
    }
    assert!(count > 5, "only {count} inputs");
    let bugs = gateway.records().into_iter().filter(|record| record["cause"] == "gateway_bug").count();
    assert_eq!(bugs, 0);
}
