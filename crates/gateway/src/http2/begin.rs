//! The beginning of an exchange: a request that came as a list of fields is laid on a desk as HTTP/1.1 has it.

use super::stream::Stream;
use super::{BROKEN, Served};
use crate::accept::Place;
use crate::client::ClientStream;
use crate::clock::Moment;
use crate::flow::{self, After};
use crate::per_core::{Core, Desk};
use crate::streams;
use h2::ext::Protocol;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::Request;
use std::rc::Rc;
use torwart_cause::Step;
use torwart_record::ClientState;
use torwart_wire::Framing;
use torwart_wire::translate::{Ask, Untold};

/// Runs the exchange of one stream.
pub(super) fn exchange(
    connection: &Served,
    request: Request<RecvStream>,
    mut respond: SendResponse<bytes::Bytes>,
) -> impl Future<Output = ()> + 'static {
    let core = Rc::clone(&connection.core);
    let gate = Rc::clone(&connection.gate);
    let started = Moment::now();
    let laid = lay(&core, &request, connection.exchanges.len());
    let place = Place::take_unless_crowded(&core);
    let client = match (&laid, place) {
        (Ok((_, framing)), Some(place)) => {
            let is_head = request.method() == http::Method::HEAD;
            let is_tunnel = request.extensions().get::<Protocol>().is_some();
            let stream = Stream::new(request.into_body(), respond, *framing, is_head, is_tunnel, connection);
            Some(connection.client.of_stream(&core, ClientStream::Http2(Box::new(stream)), place))
        }
        (Ok(_), None) => {
            respond.send_reset(Reason::REFUSED_STREAM);
            None
        }
        (Err(_), _) => {
            connection.gate.malformed();
            connection.tell(BROKEN, Step::default());
            respond.send_reset(Reason::PROTOCOL_ERROR);
            None
        }
    };
    async move {
        let (Ok((mut desk, _)), Some(mut client)) = (laid, client) else { return };
        client.guard.set(ClientState::Active);
        let after = flow::run(&core, &mut client, &mut desk, started).await;
        streams::clear_away(&core, desk);
        if let ClientStream::Http2(stream) = &mut client.stream {
            match after {
                After::Cut => stream.abort(),
                After::Next | After::Close | After::Linger => {
                    gate.toll.borrow_mut().answered();
                    stream.finish();
                }
            }
        }
    }
}

/// Writes the head on a desk.
fn lay(core: &Core, request: &Request<RecvStream>, running: usize) -> Result<(Box<Desk>, Framing), Untold> {
    let mut key = [0; KEY];
    let protocol = request.extensions().get::<Protocol>();
    if protocol.is_some() {
        write_key(&core.new_id().text(), &mut key);
    }
    let ask = Ask {
        method: request.method(),
        uri: request.uri(),
        protocol: protocol.map(Protocol::as_str),
        fields: request.headers(),
        ends: request.body().is_end_stream(),
    };
    streams::lay(core, &ask, std::str::from_utf8(&key).unwrap_or_default(), running)
}

/// A `Sec-WebSocket-Key`: base64 of 16 bytes (RFC 6455 §4.1). It guards nothing here, because the client's own protocol
/// has no such handshake; it only has to differ.
fn write_key(id: &[u8], key: &mut [u8; KEY]) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (index, place) in key.iter_mut().enumerate() {
        let byte = id.get(index % id.len().max(1)).copied().unwrap_or_default();
        *place = DIGITS[usize::from(byte.wrapping_add(index as u8) & 63)];
    }
    // 16 bytes are 21 digits, one of 2 bits, and two signs for what is missing.
    key[21] = b'A';
    key[22..].copy_from_slice(b"==");
}

const KEY: usize = 24;
