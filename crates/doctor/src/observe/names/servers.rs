//! What each recursive name server says about a name.

use super::Names;
use crate::Case;
use crate::together::together;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;
use torwart_dial::dns::{Failure, FailureKind, Question, Reply};

/// What one name server says.
#[derive(Clone, Debug)]
pub struct ServerSaid {
    /// Which one.
    pub server: SocketAddr,
    /// Who named it.
    pub by: By,
    /// Its IPv4 addresses.
    pub v4: Rc<Result<Reply, Failure>>,
    /// Its IPv6 addresses.
    pub v6: Rc<Result<Reply, Failure>>,
}

/// Who named a name server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// This machine's `resolv.conf`.
    System,
    /// The user.
    Argument,
}

/// Asks all of them at once.
pub(super) async fn ask_all(names: &Names, case: &Case) -> Vec<ServerSaid> {
    let mut asked: Vec<(SocketAddr, By)> = Vec::new();
    let of_system = names.setup.servers.iter().map(|server| (*server, By::System));
    for (server, by) in of_system.chain(names.given.iter().map(|server| (*server, By::Argument))) {
        if asked.iter().all(|(known, _)| *known != server) {
            asked.push((server, by));
        }
    }
    if names.literal.is_some() {
        return Vec::new();
    }
    let asking = asked.into_iter().map(async |(server, by)| {
        let question = |kind| Question::recursive(names.host.clone(), kind);
        let (v4, v6) = names.ask_families(case, server, question).await;
        ServerSaid { server, by, v4, v6 }
    });
    together(asking).await
}

/// The addresses of whichever server has some; none once all have spoken.
pub(super) async fn first_addresses(names: &Names, case: &Case) -> Vec<IpAddr> {
    let servers = names.servers(case).await;
    let of_system = servers.iter().filter(|said| said.by == By::System);
    of_system.map(ServerSaid::addresses).find(|addresses| !addresses.is_empty()).unwrap_or_default()
}

impl ServerSaid {
    /// All addresses, IPv4 first.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let replies = [&self.v4, &self.v6];
        replies.iter().filter_map(|reply| reply.as_ref().as_ref().ok()).flat_map(Reply::addresses).collect()
    }

    /// The answers there are.
    pub fn replies(&self) -> impl Iterator<Item = &Reply> {
        [&self.v4, &self.v6].into_iter().filter_map(|reply| reply.as_ref().as_ref().ok())
    }

    /// Whether it answers at all, be it with an error.
    pub fn is_alive(&self) -> bool {
        self.replies().next().is_some()
    }

    /// How it fails, if it answers neither question.
    pub fn failure(&self) -> Option<Failure> {
        match (self.v4.as_ref(), self.v6.as_ref()) {
            (Err(first), Err(second)) => {
                Some(if first.kind == FailureKind::TimedOut { *second } else { *first })
            }
            _ => None,
        }
    }

    /// Whether an answer has this code.
    pub fn has_code(&self, rcode: u16) -> bool {
        self.replies().any(|reply| reply.rcode == rcode)
    }

    /// Whether it says that there is no such name.
    pub fn knows_no_such_name(&self) -> bool {
        self.has_code(Reply::NO_SUCH_NAME) && self.addresses().is_empty()
    }

    /// Whether it says that the name exists, and has no address of either family.
    pub fn knows_no_address(&self) -> bool {
        let is_empty = |reply: &Reply| reply.rcode == Reply::NO_ERROR && reply.addresses().is_empty();
        matches!((self.v4.as_ref(), self.v6.as_ref()), (Ok(v4), Ok(v6)) if is_empty(v4) && is_empty(v6))
    }

    /// Whether it failed for the name (SERVFAIL), and has no address for it.
    pub fn failed(&self) -> bool {
        self.has_code(Reply::FAILED) && self.addresses().is_empty()
    }

    /// How long its slower answer took.
    pub fn took(&self) -> Option<Duration> {
        self.replies().map(|reply| reply.took).max()
    }
}
