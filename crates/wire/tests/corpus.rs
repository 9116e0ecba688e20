//! Replays the fuzz corpus, and every input a fuzzer ever found, under plain `cargo test`.

#[path = "../../../fuzz/src/conversation.rs"]
mod conversation;
#[path = "../../../fuzz/src/laws.rs"]
mod laws;
#[path = "wire/outcome.rs"]
mod outcome;
#[path = "../../../fuzz/src/translate.rs"]
mod translate;

use std::path::Path;

/// Applies a law to every input of a target; there must be some.
fn replay(target: &str, law: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let entries = std::fs::read_dir(&folder).expect("the corpus is part of the repository");
    let mut count = 0;
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        let bytes = std::fs::read(&path).expect("a readable file");
        assert!(std::panic::catch_unwind(|| law(&bytes)).is_ok(), "{}", path.display());
        count += 1;
    }
    assert!(count > 5, "only {count} inputs in {}", folder.display());
}

#[test]
fn the_corpus_of_request_heads_keeps_its_laws() {
    replay("request_head", laws::request_head);
}

#[test]
fn the_corpus_of_response_heads_keeps_its_laws() {
    replay("response_head", laws::response_head);
}

#[test]
fn the_corpus_of_chunked_bodies_keeps_its_laws() {
    replay("chunked", laws::chunked);
}

#[test]
fn the_corpus_of_proxy_headers_keeps_its_laws() {
    replay("proxy_header", laws::proxy_header);
}

#[test]
fn the_corpus_of_fastcgi_answers_keeps_its_laws() {
    replay("fastcgi", laws::fastcgi);
}

#[test]
fn the_corpus_of_requests_on_a_connection_keeps_its_laws() {
    replay("request_conversation", conversation::requests);
}

#[test]
fn the_corpus_of_answers_on_a_link_keeps_its_laws() {
    replay("response_conversation", conversation::responses);
}

#[test]
fn the_corpus_of_field_lists_keeps_its_laws() {
    replay("request_fields", translate::request_fields);
}

#[test]
fn the_corpus_of_answers_on_a_stream_keeps_its_laws() {
    replay("response_reader", translate::response_reader);
}
