//! FastCGI 1.0, the responder role: one request at a time on a connection, always with the request id 1.
//!
//! A request is written as records ([`write_begin`], [`Params`], [`stdin_header`]); what comes back is read as records
//! ([`Records`]) and translated into an HTTP/1.1 answer ([`Answer`]), so that everything above sees one kind of
//! message. The end of an answer stays what it was: an answer is whole only if the record that ends the request came.

mod answer;
mod params;
mod records;

pub use answer::{Answer, Told};
pub use params::{Params, read_params};
pub use records::{Piece, Protocol, Records};

/// The bytes before the content of every record.
pub const HEADER_BYTES: usize = 8;

/// Most bytes of content in one record.
pub const MOST_CONTENT: usize = 0xffff;

/// What a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A request begins.
    BeginRequest = 1,
    /// The request is given up.
    AbortRequest = 2,
    /// The application is done with the request.
    EndRequest = 3,
    /// Variables.
    Params = 4,
    /// The request's body.
    Stdin = 5,
    /// The answer.
    Stdout = 6,
    /// What the application complains about.
    Stderr = 7,
    /// Asks the application for its own variables.
    GetValues = 9,
    /// Its own variables.
    GetValuesResult = 10,
}

/// The header of a record.
pub fn header(kind: Kind, content: u16) -> [u8; HEADER_BYTES] {
    let [high, low] = content.to_be_bytes();
    // Management records belong to no request (§3.3).
    let id = if matches!(kind, Kind::GetValues | Kind::GetValuesResult) { 0 } else { REQUEST };
    [VERSION, kind as u8, 0, id, high, low, 0, 0]
}

/// The header of a piece of the request's body; an empty piece ends it.
pub fn stdin_header(content: u16) -> [u8; HEADER_BYTES] {
    header(Kind::Stdin, content)
}

/// Appends the record that begins a request in the responder role. `keeps` asks the application to leave the
/// connection open afterwards.
pub fn write_begin(out: &mut Vec<u8>, keeps: bool) {
    out.extend_from_slice(&header(Kind::BeginRequest, 8));
    out.extend_from_slice(&[0, RESPONDER, u8::from(keeps), 0, 0, 0, 0, 0]);
}

/// Appends the question for the application's own variables: whoever answers has a worker to spare.
pub fn write_get_values(out: &mut Vec<u8>) {
    const QUESTION: &[u8] = b"\x0f\x00FCGI_MPXS_CONNS";
    out.extend_from_slice(&header(Kind::GetValues, QUESTION.len() as u16));
    out.extend_from_slice(QUESTION);
}

const VERSION: u8 = 1;
const RESPONDER: u8 = 1;
/// The id of our only request on a connection.
const REQUEST: u8 = 1;
