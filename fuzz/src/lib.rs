//! The laws that the fuzz targets check, one function per target.

mod laws;
#[path = "../../crates/wire/tests/wire/outcome.rs"]
mod outcome;

/// Any bytes as a request head.
pub fn request_head(bytes: &[u8]) {
    laws::request_head(bytes);
}

/// Any bytes as a response head.
pub fn response_head(bytes: &[u8]) {
    laws::response_head(bytes);
}

/// Any bytes as a chunked body.
pub fn chunked(bytes: &[u8]) {
    laws::chunked(bytes);
}
