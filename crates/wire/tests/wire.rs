//! The codec seen from outside: bytes in, one line of text out.

#[path = "wire/against_httparse.rs"]
mod against_httparse;
#[path = "wire/against_hyper.rs"]
mod against_hyper;
#[path = "wire/chunks.rs"]
mod chunks;
#[path = "wire/fastcgi.rs"]
mod fastcgi;
#[path = "wire/heads.rs"]
mod heads;
#[path = "wire/outcome.rs"]
mod outcome;
#[path = "wire/properties.rs"]
mod properties;
#[path = "wire/proxy_protocol.rs"]
mod proxy_protocol;
#[path = "wire/requests.rs"]
mod requests;
#[path = "wire/responses.rs"]
mod responses;
#[path = "wire/translate.rs"]
mod translate;
