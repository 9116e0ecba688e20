//! Another service says who may come in: it is asked with the head of every request, and its answer is obeyed.
//!
//! The question is a GET with the client's fields and `X-Forwarded-*`, as other gateways ask it, so that services made
//! for them can be used. 2xx lets the request pass, with chosen fields of the answer; 401, 403 and redirects go back to
//! the client. Anything else, and no answer, is a failure of its own: nobody is let in on a guess.

use super::wait;
use crate::clock::Moment;
use crate::exchange::Exchange;
use crate::per_core::Core;
use crate::route::{DONE, decided};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use torwart_cause::{Attempt, Decision, Ending, Step};
use torwart_config::plan::{ExchangeDeadlines, ForwardAuth, Scheme};
use torwart_dial::ask::{AnswerLimits, Question, Reply, ask};
use torwart_dial::{Deadlines, Stop, Stream, Target, TlsClient, TlsConfigProblem, open};
use torwart_wire::http1::{write_field, write_request_line};
use torwart_wire::{Field, Framing, Known};

/// The service, ready to be asked.
pub(super) struct Authoriser {
    plan: ForwardAuth,
    target: Target,
}

/// What goes back to the client instead of the page.
pub struct PassedBack {
    /// The service's status.
    pub status: u16,
    /// Its field lines, without those of the connection.
    pub fields: Vec<u8>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Authoriser {
    pub(super) fn new(plan: &ForwardAuth) -> Result<Self, TlsConfigProblem> {
        let tls = match plan.service.scheme {
            Scheme::Https => Some(Arc::new(TlsClient::build(&plan.tls)?)),
            _ => None,
        };
        Ok(Self { target: Target::new(&plan.service, tls), plan: plan.clone() })
    }

    /// Whether the service has the say about this field of the request.
    pub(super) fn says(&self, name: &[u8]) -> bool {
        // Applications that get fields as variables take underscores and hyphens for the same (RFC 3875 §4.1.18).
        let is_same = |have: &u8, want: &u8| {
            have.eq_ignore_ascii_case(want) || matches!((have, want), (b'_', b'-') | (b'-', b'_'))
        };
        let is_named = |said: &str| {
            said.len() == name.len()
                && name.iter().zip(said.as_bytes()).all(|(have, want)| is_same(have, want))
        };
        self.plan.headers.iter().any(|said| is_named(said))
    }

    /// Asks, and does what the answer says.
    pub(super) async fn ask(self: &Arc<Self>, x: &mut Exchange<'_>) -> Result<Option<PassedBack>, Stop> {
        let began = Moment::now();
        let question = self.question(x);
        let core = Rc::clone(x.core);
        let asking = Box::pin(self.put(&core, &question));
        let failed = |ending| Step::Failed { ending, after: began.elapsed() };
        match wait::until(x, began + self.plan.deadline, asking).await {
            Ok((_, Some(reply))) => Ok(self.obey(x, &reply)?),
            Ok((attempt, None)) => {
                x.desk.evidence.local.guard = failed(ending(&attempt));
                Err(Stop)
            }
            Err(ending) => {
                x.desk.evidence.local.guard = failed(ending);
                Err(Stop)
            }
        }
    }

    /// Asks over a connection that waits, or a new one. The attempt says how far it came.
    async fn put(self: &Arc<Self>, core: &Core, question: &Question) -> (Attempt, Option<Reply>) {
        // One deadline for all of it, which whoever waits for this keeps.
        let links = Deadlines { resolve: FOREVER, connect: FOREVER, handshake: FOREVER };
        let deadlines = ExchangeDeadlines {
            send: FOREVER,
            first_byte: FOREVER,
            between_bytes: FOREVER,
            ..ExchangeDeadlines::default()
        };
        let limits = AnswerLimits::default();
        if let Some(mut stream) = core.parked.take(self).await {
            let mut attempt = Attempt::default();
            let reply = ask(&mut stream, question, &deadlines, &limits, &mut attempt).await.ok();
            // Without a byte of an answer the service has closed it meanwhile; it is asked anew.
            if reply.is_some() || attempt.received > 0 {
                return self.heard(core, stream, attempt, reply);
            }
        }
        let mut attempt = Attempt::default();
        let opened = open(&self.target, &core.shared.resolver, &links, &mut attempt).await;
        let Ok(mut stream) = opened else { return (attempt, None) };
        let reply = ask(&mut stream, question, &deadlines, &limits, &mut attempt).await.ok();
        self.heard(core, stream, attempt, reply)
    }

    /// Keeps the connection where it can carry another question.
    fn heard(
        self: &Arc<Self>,
        core: &Core,
        stream: Stream,
        attempt: Attempt,
        reply: Option<Reply>,
    ) -> (Attempt, Option<Reply>) {
        let is_reusable = |reply: &Reply| {
            reply.response.keeps_alive
                && reply.head.buffer.unread().is_empty()
                && reply.response.framing != Framing::UntilClose
        };
        if reply.as_ref().is_some_and(is_reusable) {
            core.parked.put(self, stream);
        }
        (attempt, reply)
    }

    fn question(&self, x: &Exchange<'_>) -> Question {
        let head = &x.desk.request;
        let mut bytes = Vec::with_capacity(1024);
        write_request_line(&mut bytes, b"GET", self.plan.target.as_bytes());
        write_field(&mut bytes, b"Host", self.plan.service.authority.as_bytes());
        head.copy_fields(&mut bytes, |field| is_told(field) && !self.says(field.name));
        write_field(&mut bytes, b"X-Forwarded-Method", head.method());
        write_field(&mut bytes, b"X-Forwarded-Proto", if x.client.is_tls { b"https" } else { b"http" });
        write_field(&mut bytes, b"X-Forwarded-Host", head.authority());
        write_field(&mut bytes, b"X-Forwarded-Uri", head.path_and_query());
        match x.visitor_address() {
            Some(address) => write_field(&mut bytes, b"X-Forwarded-For", address.to_string().as_bytes()),
            None => write_field(&mut bytes, b"X-Forwarded-For", b"unknown"),
        }
        write_field(&mut bytes, b"Via", via(x).as_bytes());
        bytes.extend_from_slice(b"\r\n");
        Question::raw(bytes)
    }

    fn obey(&self, x: &mut Exchange<'_>, reply: &Reply) -> Result<Option<PassedBack>, Stop> {
        let status = reply.response.status;
        let guard = match status {
            200..=299 => {
                let lines = &mut x.notes().request_fields;
                reply.head.copy_fields(lines, |field| !field.is_hop_by_hop && self.says(field.name));
                return Ok(None);
            }
            301 | 302 | 303 | 307 | 308 => DONE,
            401 => decided(Decision::Unauthorised),
            403 => decided(Decision::Deny),
            _ => {
                x.desk.evidence.local.guard = decided(Decision::AuthoriserUnclear);
                return Err(Stop);
            }
        };
        x.desk.evidence.local.guard = guard;
        let mut fields = Vec::new();
        reply.head.copy_fields(&mut fields, |field| {
            let is_ours = matches!(
                field.known,
                Known::ContentLength | Known::TransferEncoding | Known::Trailer | Known::Date | Known::Server
            );
            !field.is_hop_by_hop && !is_ours
        });
        Ok(Some(PassedBack { status, fields, body: reply.body.clone() }))
    }
}

/// Which fields of the client's the service gets: all that say who asks for what, none about this connection, the body,
/// or what the client claims about those before it.
fn is_told(field: &Field<'_>) -> bool {
    let starts =
        |with: &[u8]| field.name.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    let is_other = matches!(
        field.known,
        Known::Host
            | Known::ContentLength
            | Known::TransferEncoding
            | Known::Trailer
            | Known::Expect
            | Known::Via
            | Known::Forwarded
            | Known::XRealIp
            | Known::MaxForwards
            | Known::Range
            | Known::IfNoneMatch
            | Known::IfModifiedSince
    );
    !field.is_hop_by_hop && !is_other && !starts(b"x-forwarded-") && !starts(b"x-original-")
}

fn via(x: &Exchange<'_>) -> String {
    format!("1.1 {}", x.view.snapshot.pseudonym)
}

/// How the attempt to ask ended.
fn ending(attempt: &Attempt) -> Ending {
    let steps =
        [&attempt.resolve, &attempt.connect, &attempt.handshake, &attempt.head, &attempt.send, &attempt.body];
    let failed = steps.into_iter().find_map(Step::ending).copied();
    failed.unwrap_or(Ending::Decided(Decision::AuthoriserUnclear))
}

/// Longer than anybody waits for the service.
const FOREVER: Duration = Duration::from_secs(2 * 86_400);
