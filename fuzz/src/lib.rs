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

/// Any bytes as the beginning of a connection that should have a PROXY protocol header.
pub fn proxy_header(bytes: &[u8]) {
    laws::proxy_header(bytes);
}

/// Any bytes as the answer of a FastCGI application.
pub fn fastcgi(bytes: &[u8]) {
    laws::fastcgi(bytes);
}
