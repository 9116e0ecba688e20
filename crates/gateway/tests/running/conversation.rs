//! Conversations over HTTP/2 and HTTP/3: they end in time, and their answers come whole.

use http::HeaderMap;
use std::time::Duration;

/// Runs a conversation, and fails instead of hanging.
pub(crate) fn run(conversation: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let local = tokio::task::LocalSet::new();
    let bounded = async { tokio::time::timeout(crate::PATIENCE, conversation).await };
    runtime.block_on(local.run_until(bounded)).expect("it ends in time");
}

/// Waits until this holds, while the conversation goes on.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..4_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came to this: {what}");
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
}
