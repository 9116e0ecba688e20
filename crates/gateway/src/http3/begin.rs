//! The beginning of an exchange: a request that came as a list of fields is laid on a desk as HTTP/1.1 has it.

use super::handshake::Handshake;
use super::room::Room;
use super::stream::{Incoming, On, Outgoing, Stream};
use super::transport::{Accepted, Transport};
use super::{BROKEN, Run, Served, tell};
use crate::accept::Place;
use crate::client::{Client, ClientStream};
use crate::clock::{Moment, in_turns};
use crate::flow::{self, After};
use crate::origin::Origin;
use crate::per_core::{Core, Desk};
use crate::streams;
use bytes::Bytes;
use h3::error::{Code, StreamError};
use h3::ext::Protocol;
use h3::quic::SendStream as _;
use h3::server::RequestResolver;
use http::{Method, Request, header};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use torwart_cause::{Deadline, Ending, Limit, Step};
use torwart_record::ClientState;
use torwart_wire::translate::Ask;

/// Runs the exchange of one stream, in a task of its own.
pub(super) fn exchange(
    connection: &Served,
    mut resolver: RequestResolver<Transport, Bytes>,
    accepted: Accepted,
) {
    let core = Rc::clone(&connection.core);
    let Some(place) = Place::take_unless_crowded(&core) else {
        // Nothing was done about it: the client may send it again (RFC 9114 §8.1).
        return resolver.frame_stream.reset(Code::H3_REQUEST_REJECTED.value());
    };
    let begun = Begun {
        client: connection.client.of_stream(&core, ClientStream::Lent, place),
        origin: connection.origin.clone(),
        handshake: Rc::clone(&connection.shaking.handshake),
        room: Rc::clone(&connection.room),
        running: connection.running.count.get(),
        run: Run::begin(&connection.running),
        started: Moment::now(),
        core: Rc::clone(&core),
    };
    core.tasks.spawn(in_turns(Box::pin(begun.run(resolver, accepted))));
}

/// A request whose head is still to be read.
struct Begun {
    core: Rc<Core>,
    client: Client,
    origin: Option<Rc<Origin>>,
    handshake: Rc<Handshake>,
    room: Rc<Room>,
    /// Requests of the connection that were under way before it.
    running: usize,
    run: Run,
    started: Moment,
}

impl Begun {
    async fn run(mut self, resolver: RequestResolver<Transport, Bytes>, accepted: Accepted) {
        let deadlines = self.core.view().snapshot.plan.deadlines.clone();
        let read = tokio::time::timeout(deadlines.head, self.read(resolver, accepted)).await;
        let mut desk = match read {
            Ok(Some(desk)) => desk,
            Ok(None) => return,
            Err(_) => {
                let ending = Ending::TimedOut(Deadline::ClientHead);
                let late = Step::Failed { ending, after: self.started.elapsed() };
                return tell(&self.core, self.client.peer, late, self.started);
            }
        };
        self.client.guard.set(ClientState::Active);
        let after = flow::run(&self.core, &mut self.client, &mut desk, self.started).await;
        streams::clear_away(&self.core, desk);
        let Self { client, mut run, room, .. } = self;
        let Client { stream, place, .. } = client;
        drop(place);
        if let ClientStream::Http3(stream) = stream {
            run.is_worth_it = !stream.is_given_up();
            stream.close(after != After::Cut, deadlines.send).await;
        }
        if run.is_last() {
            room.rest();
        }
        drop(run);
    }

    /// Reads the head and gives the client its stream; `None` where there is no request to be served.
    async fn read(
        &mut self,
        resolver: RequestResolver<Transport, Bytes>,
        accepted: Accepted,
    ) -> Option<Box<Desk>> {
        let Accepted { stopped, allowance } = accepted;
        let (request, mut stream) = match resolver.resolve_request().await {
            Ok(resolved) => resolved,
            Err(error) => {
                self.tell_refused(&error, allowance.is_spent());
                return None;
            }
        };
        if request.extensions().get::<Protocol>().is_some() {
            // Extended CONNECT was not offered (RFC 9220 §3).
            tell(&self.core, self.client.peer, BROKEN, self.started);
            stream.stop_stream(Code::H3_MESSAGE_ERROR);
            return None;
        }
        let (mut send, receive) = stream.split();
        let mut incoming = Incoming::new(receive, allowance);
        let ends = ends(&request, &mut incoming).await;
        if !(ends && is_safe(request.method())) {
            // What somebody else may be repeating must do nothing twice (RFC 8470 §3).
            self.handshake.completed().await;
        }
        let ask = Ask {
            method: request.method(),
            uri: request.uri(),
            protocol: None,
            fields: request.headers(),
            ends,
        };
        let Ok((desk, framing)) = streams::lay(&self.core, &ask, "", self.running) else {
            tell(&self.core, self.client.peer, BROKEN, self.started);
            send.stop_stream(Code::H3_MESSAGE_ERROR);
            return None;
        };
        let outgoing = Outgoing::new(send, request.method() == Method::HEAD);
        let connection = On {
            origin: self.origin.take(),
            handshake: Rc::clone(&self.handshake),
            room: Rc::clone(&self.room),
        };
        let stream = Stream::new(incoming.framed(framing), outgoing, stopped, connection, !ends);
        self.client.stream = ClientStream::Http3(Box::new(stream));
        Some(desk)
    }

    /// The layer below has refused the head, or never got it.
    fn tell_refused(&self, error: &StreamError, is_too_long: bool) {
        let step = match error {
            _ if is_too_long => TOO_LARGE,
            StreamError::HeaderTooBig { .. } => TOO_LARGE,
            StreamError::StreamError { .. } => BROKEN,
            // The client has given it up, or the connection's own record tells.
            _ => return,
        };
        tell(&self.core, self.client.peer, step, self.started);
    }
}

/// Whether a request is meant to change nothing (RFC 9110 §9.2.1); TRACE is no use to anybody in early data.
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a request ends with its head. Its end may come a moment later; it is waited for where there is mostly nothing
/// else to come, because a body of unknown length costs more and cannot be repeated.
async fn ends(request: &Request<()>, incoming: &mut Incoming) -> bool {
    if request.headers().contains_key(header::CONTENT_LENGTH) {
        return false;
    }
    let is_waited_for = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::DELETE | Method::OPTIONS | Method::TRACE
    );
    poll_fn(|cx| match incoming.poll_ahead(cx) {
        // Who reads the body is told of an error again.
        Poll::Ready(ends) => Poll::Ready(ends.unwrap_or(false)),
        Poll::Pending if is_waited_for => Poll::Pending,
        Poll::Pending => Poll::Ready(false),
    })
    .await
}

/// More than is kept of a head.
const TOO_LARGE: Step = Step::Failed { ending: Ending::TooLarge(Limit::HeadBytes), after: Duration::ZERO };
