//! The laws that the fuzz targets check, one function per target.

#[cfg(feature = "gateway")]
mod connection;
mod conversation;
mod host;
mod laws;
mod others;
#[path = "../../crates/wire/tests/wire/outcome.rs"]
mod outcome;
mod proc;
mod translate;

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

/// Everything a client sends on a connection.
pub fn request_conversation(bytes: &[u8]) {
    conversation::requests(bytes);
}

/// Everything an upstream sends for a request.
pub fn response_conversation(bytes: &[u8]) {
    conversation::responses(bytes);
}

/// Any bytes as the value of a field.
pub fn fields(bytes: &[u8]) {
    others::fields(bytes);
}

/// Any bytes as the first ones of a connection.
pub fn tls_record(bytes: &[u8]) {
    others::tls_record(bytes);
}

/// Any text as a configuration of another product.
pub fn dialect_config(bytes: &[u8]) {
    others::dialect_config(bytes);
}

/// Any bytes as lines of a log of another product.
pub fn dialect_log(bytes: &[u8]) {
    others::dialect_log(bytes);
}

/// Any text as a list of fields of HTTP/2 or HTTP/3, with a body.
pub fn request_fields(bytes: &[u8]) {
    translate::request_fields(bytes);
}

/// Any bytes as what the engine answers on a stream.
pub fn response_reader(bytes: &[u8]) {
    translate::response_reader(bytes);
}

/// What a client sends behind the preface of HTTP/2, on a connection to a gateway in this process.
///
/// # Panics
///
/// The gateway cannot be started, or keeps one of the laws not.
#[cfg(feature = "gateway")]
pub fn h2_connection(bytes: &[u8]) {
    use std::net::SocketAddr;
    use std::path::Path;
    use std::sync::OnceLock;
    use torwart_config::{Source, check};
    use torwart_gateway::{Bound, Options};

    static GATEWAY: OnceLock<(torwart_gateway::Gateway, SocketAddr)> = OnceLock::new();
    let (_, address) = GATEWAY.get_or_init(|| {
        let source = Source::new(Path::new("/fuzz/torwart.toml"), connection::CONFIG.to_owned());
        let plan = check(&source, &|_| true).plan.expect("the configuration is right");
        let options = Options { version: "fuzz".to_owned(), is_coloured: false };
        let gateway = torwart_gateway::Gateway::start(plan, &options).expect("it starts");
        let address = gateway.addresses().iter().find_map(Bound::ip).expect("it listens");
        (gateway, address)
    });
    connection::converse(*address, bytes);
}

/// Any text as a table of the kernel.
pub fn kernel_tables(bytes: &[u8]) {
    proc::tables(bytes);
}
