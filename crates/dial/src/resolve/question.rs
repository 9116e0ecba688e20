//! One question to one name server, as the resolver sees it: a usable message or an ending.

use crate::dns::exchange::{PAYLOAD, exchange};
use crate::dns::{FailureKind, exchange::Refusal};
use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::timeout;
use torwart_cause::{Deadline, Ending, NameFault};

/// Asks one server, within `patience`.
pub(super) async fn ask(
    server: SocketAddr,
    name: &Name,
    kind: RecordType,
    patience: Duration,
) -> Result<Message, Ending> {
    // Nothing is sent twice here: the resolver goes round its servers instead.
    let once = &[];
    let exchange = async {
        let answer = exchange(server, &question(name, kind, true), once).await?.message;
        if answer.metadata.response_code == ResponseCode::FormErr && answer.edns.is_none() {
            // Servers from before RFC 6891 do not understand the extension.
            return Ok(exchange(server, &question(name, kind, false), once).await?.message);
        }
        Ok(answer)
    };
    let answer = timeout(patience, exchange).await.unwrap_or(Err(Refusal::of(FailureKind::TimedOut)));
    answer.map_err(|refusal| server_ending(refusal.kind))
}

fn question(name: &Name, kind: RecordType, is_extended: bool) -> Message {
    // The number comes from the operating system's randomness, as does the source port.
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(name.clone(), kind));
    if is_extended {
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD);
        message.set_edns(edns);
    }
    message
}

/// Lacking descriptors is this host's fault, all else the server's.
fn server_ending(failure: FailureKind) -> Ending {
    match failure {
        FailureKind::ResourcesSpent => Ending::ResourcesSpent,
        FailureKind::TimedOut => Ending::TimedOut(Deadline::Resolve),
        FailureKind::Garbled => Ending::Name(NameFault::Garbled),
        FailureKind::Refused
        | FailureKind::Unreachable
        | FailureKind::Denied
        | FailureKind::OnlyCut
        | FailureKind::NotAName => Ending::Name(NameFault::Unreachable),
    }
}
