//! The servers of a service (SRV, RFC 2782): asked of the same name servers as addresses, remembered by whoever asks.

use super::Resolver;
use super::files::ResolvConf;
use crate::dns::{Data, Kind, Question, Reply, ask};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// One server of a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    /// The lower, the sooner it is used.
    pub priority: u16,
    /// Its share among those of the same priority.
    pub weight: u16,
    /// Its name.
    pub host: Arc<str>,
    /// Its port.
    pub port: u16,
}

/// The servers of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services {
    /// Sorted, each once; empty where the service has none.
    pub servers: Vec<Service>,
    /// How long that is true.
    pub ttl: Duration,
}

impl Resolver {
    /// The servers of a service such as `_shop._tcp.example`; `None` where no name server can say. Needs a runtime that
    /// does network I/O.
    pub async fn services(&self, name: &str) -> Option<Services> {
        let question = Question::recursive(name, Kind::Srv);
        for server in self.name_servers() {
            let Ok(reply) = ask(server, &question, PER_SERVER).await else { continue };
            match reply.rcode {
                Reply::NO_ERROR if !reply.is_referral() => return Some(read(&reply)),
                Reply::NO_SUCH_NAME => return Some(Services { servers: Vec::new(), ttl: NONE_LASTS }),
                _ => {}
            }
        }
        None
    }

    fn name_servers(&self) -> Vec<SocketAddr> {
        if !self.servers.is_empty() {
            return self.servers.clone();
        }
        let text = std::fs::read(&self.resolv_conf).unwrap_or_default();
        ResolvConf::parse(&String::from_utf8_lossy(&text)).servers
    }
}

fn read(reply: &Reply) -> Services {
    let servers = reply.answers.iter().filter_map(|record| match &record.data {
        // The root stands for: decidedly not here.
        Data::Service { host, port, .. } if host == "." || *port == 0 => None,
        Data::Service { priority, weight, port, host } => {
            Some(Service { priority: *priority, weight: *weight, host: host.as_str().into(), port: *port })
        }
        _ => None,
    });
    let mut servers: Vec<_> = servers.collect();
    servers.sort_unstable();
    servers.dedup_by(|one, other| one.host == other.host && one.port == other.port);
    let ttl = reply.ttl().map_or(NONE_LASTS, |seconds| Duration::from_secs(seconds.into()));
    Services { servers, ttl }
}

/// How long one name server may take.
const PER_SERVER: Duration = Duration::from_secs(2);

/// How long a service without servers is believed to have none.
const NONE_LASTS: Duration = Duration::from_secs(5);
