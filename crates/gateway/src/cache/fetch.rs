//! A fetch: an exchange of the cache's own, in a task that no client's leaving ends. It takes the path that the client's
//! request would have taken behind the cache; what was observed on it goes to whoever waits.

use super::fill::Fill;
use super::intake::Intake;
use super::job::Job;
use crate::accept::Place;
use crate::client::{Client, ClientStream};
use crate::clock::{Moment, in_turns};
use crate::exchange::Exchange;
use crate::flow;
use crate::guard::Notes;
use crate::per_core::Core;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use torwart_cause::{Ending, Step};

/// Begins to fetch what a client's request asks for.
pub fn begin(x: &Exchange<'_>, job: Job, fill: &Arc<Fill>) {
    let core = Rc::clone(x.core);
    let job = Rc::new(job);
    let stream = ClientStream::Fetch(Box::new(Intake::new(&core, &job, fill)));
    let client = x.client.of_stream(&core, stream, Place::of_ours(&core));
    let notes = x.notes.as_ref().map(|notes| notes.handed_on());
    let fetch = run(Rc::clone(&core), job, client, notes);
    core.tasks.spawn(in_turns(Box::pin(fetch)));
}

async fn run(core: Rc<Core>, job: Rc<Job>, mut client: Client, notes: Option<Notes>) {
    let mut desk = core.take_desk();
    let buffer = &mut desk.request.buffer;
    buffer.grow(job.text.len() + LEAST_SPARE);
    if let Some(room) = buffer.spare().get_mut(..job.text.len()) {
        room.copy_from_slice(&job.text);
        buffer.commit(job.text.len());
    }
    let (is_complete, evidence) = {
        let mut x = Exchange::begin(&core, &mut client, &mut desk, Moment::now());
        // It is part of the exchanges of those who wait for it, and theirs are recorded.
        x.is_recorded = true;
        x.notes = notes.map(Box::new);
        let mut stages = Box::pin(flow::stages(&mut x));
        let ended = poll_fn(|cx| flow::caught(|| stages.as_mut().poll(cx))).await;
        drop(stages);
        if ended.is_none() {
            x.desk.evidence.client.answer = Step::Failed { ending: Ending::Panicked, after: x.elapsed() };
        }
        (x.is_complete && x.status.is_some(), std::mem::take(&mut x.desk.evidence))
    };
    core.give_desk(desk);
    if let ClientStream::Fetch(intake) = &mut client.stream {
        intake.finish(is_complete, evidence);
    }
}

/// As without room to read into, nobody would look whether anybody still waits.
const LEAST_SPARE: usize = 16;
