//! Who speaks for a name: from the zone cut above it down to the servers of its zone, and what each of them says.
//!
//! The first servers come from a recursive server that answers; from there on every question goes to the zone's own
//! servers, without the wish for recursion. Where the root, or the parent zone, cannot be reached from here, the walk
//! begins at the deepest zone cut the recursive server knows; where it knows none, there is nothing to walk.

use super::Names;
use crate::Case;
use crate::together::together;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;
use torwart_dial::dns::{self, Data, Failure, Kind, Question, Reply};

/// A zone, and what each of its servers says.
#[derive(Clone, Debug)]
pub struct Zone {
    /// The zone's name.
    pub name: String,
    /// The name the servers were asked for: the end of the aliases where they lead on.
    pub asked: String,
    /// The name servers as the parent zone has them; empty where it could not be asked.
    pub by_parent: Vec<String>,
    /// The name servers as a recursive server has them.
    pub by_resolver: Vec<String>,
    /// Name servers for whose names no address could be found.
    pub without_address: Vec<String>,
    /// Each address of each name server.
    pub servers: Vec<Authority>,
}

/// One server of a zone.
#[derive(Clone, Debug)]
pub struct Authority {
    /// Its name.
    pub name: String,
    /// Its address, with the port on which name servers listen.
    pub address: SocketAddr,
    /// What it says about the zone.
    pub soa: Rc<Result<Reply, Failure>>,
    /// IPv4 addresses of the name.
    pub v4: Rc<Result<Reply, Failure>>,
    /// IPv6 addresses of the name.
    pub v6: Rc<Result<Reply, Failure>>,
}

impl Authority {
    /// Whether it speaks for the zone.
    pub fn is_good(&self) -> bool {
        matches!(self.soa.as_ref(), Ok(reply) if reply.rcode == Reply::NO_ERROR && reply.is_authoritative)
    }

    /// Whether it answers without speaking for the zone.
    pub fn is_lame(&self) -> bool {
        self.soa.is_ok() && !self.is_good()
    }

    /// How it fails to answer at all.
    pub fn failure(&self) -> Option<Failure> {
        self.soa.as_ref().as_ref().err().copied()
    }

    /// The version of the zone it has.
    pub fn serial(&self) -> Option<u32> {
        self.soa.as_ref().as_ref().ok()?.zone().map(|(_, serial)| serial)
    }

    /// Its answers about the name.
    pub fn replies(&self) -> impl Iterator<Item = &Reply> {
        [&self.v4, &self.v6].into_iter().filter_map(|reply| reply.as_ref().as_ref().ok())
    }

    /// The addresses it gives the name, sorted.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let mut addresses: Vec<_> = self.replies().flat_map(Reply::addresses).collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }

    /// Whether it says that there is no such name.
    pub fn knows_no_such_name(&self) -> bool {
        self.is_good()
            && self.replies().any(|reply| reply.rcode == Reply::NO_SUCH_NAME && reply.answers.is_empty())
    }

    /// Where it listens.
    pub const fn socket(&self) -> SocketAddr {
        self.address
    }
}

impl Zone {
    /// The servers that speak for the zone.
    pub fn good(&self) -> impl Iterator<Item = &Authority> {
        self.servers.iter().filter(|server| server.is_good())
    }

    /// Whether somebody on the way answers in the name of all the servers: none of them speaks for the zone, yet all
    /// offer to ask others.
    pub fn is_intercepted(&self) -> bool {
        let mut answered =
            self.servers.iter().filter_map(|server| server.soa.as_ref().as_ref().ok()).peekable();
        answered.peek().is_some() && answered.all(|reply| !reply.is_authoritative && reply.offers_recursion)
    }
}

/// Finds the zone of the name, with the help of the recursive server `asker`.
pub(super) async fn walk(names: &Names, case: &Case, asker: SocketAddr) -> Option<Zone> {
    let walker = Walker { names, case, asker };
    let asked = walker.end_of_aliases().await;
    let cuts = walker.cuts(&asked).await;
    // One cut above the zone, so that the parent can say whom it points to.
    let above = cuts.get(1).or_else(|| cuts.first())?;
    let mut zone = above.0.clone();
    let mut servers = walker.located(&above.1, &BTreeMap::new()).await;
    let mut by_parent = Vec::new();
    for _ in 0..DEEPEST {
        let Some(referral) = walker.referral(&servers, &zone, &asked).await else { break };
        let glue = referral.servers.iter().map(|name| (name.clone(), referral.reply.glue(name))).collect();
        servers = walker.located(&referral.servers, &glue).await;
        (zone, by_parent) = (referral.zone, referral.servers);
    }
    // The parent's servers may be out of reach, or serve the zone below as well: then the recursive server's word counts.
    if let Some((deepest, _)) = cuts.first()
        && is_below(deepest, &zone)
    {
        (zone, by_parent) = (deepest.clone(), Vec::new());
        servers.clear();
    }
    let by_resolver =
        cuts.iter().find(|(cut, _)| *cut == zone).map(|(_, servers)| servers.clone()).unwrap_or_default();
    let mut all = by_parent.clone();
    all.extend(by_resolver.iter().filter(|server| !by_parent.contains(server)).cloned());
    let glue =
        servers.iter().fold(BTreeMap::new(), |mut glue: BTreeMap<String, Vec<IpAddr>>, (name, address)| {
            glue.entry(name.clone()).or_default().push(*address);
            glue
        });
    let located = walker.located(&all, &glue).await;
    let without_address: Vec<_> =
        all.into_iter().filter(|name| located.iter().all(|(known, _)| known != name)).collect();
    let servers =
        together(located.into_iter().map(|(name, address)| walker.authority(name, address, &zone, &asked)));
    Some(Zone {
        name: zone.clone(),
        asked: asked.clone(),
        by_parent,
        by_resolver,
        without_address,
        servers: servers.await,
    })
}

struct Walker<'w> {
    names: &'w Names,
    case: &'w Case,
    asker: SocketAddr,
}

struct Referral {
    zone: String,
    servers: Vec<String>,
    reply: Reply,
}

impl Walker<'_> {
    /// Where the aliases of the name lead, as far as the recursive server knows.
    async fn end_of_aliases(&self) -> String {
        let reply = self.recursive(&self.names.host, Kind::A).await;
        let last = reply.as_ref().as_ref().ok().and_then(|reply| reply.aliases(&self.names.host).pop());
        last.map_or_else(|| self.names.host.clone(), |(_, target)| target)
    }

    /// The zones at and above the name with their servers, the deepest first, as far as the recursive server knows.
    async fn cuts(&self, name: &str) -> Vec<(String, Vec<String>)> {
        let above = std::iter::successors(Some(name), |name| dns::parent(name)).take(MOST_LABELS);
        let asking = above.map(async |candidate| {
            let reply = self.recursive(candidate, Kind::Ns).await;
            let servers =
                reply.as_ref().as_ref().map(|reply| own_servers(reply, candidate)).unwrap_or_default();
            (candidate.to_owned(), servers)
        });
        together(asking).await.into_iter().filter(|(_, servers)| !servers.is_empty()).collect()
    }

    /// The addresses of these name servers, from what came along or from the recursive server.
    async fn located(
        &self,
        servers: &[String],
        glue: &BTreeMap<String, Vec<IpAddr>>,
    ) -> Vec<(String, IpAddr)> {
        let asking = servers.iter().take(MOST_SERVERS).map(async |server| {
            let known = glue.get(server).filter(|addresses| !addresses.is_empty()).cloned();
            let addresses = match known {
                Some(known) => known,
                None => {
                    let question = |kind| Question::recursive(server.clone(), kind);
                    let (v4, v6) = self.names.ask_families(self.case, self.asker, question).await;
                    let replies = [v4, v6];
                    let found = replies.iter().filter_map(|reply| reply.as_ref().as_ref().ok());
                    found.flat_map(Reply::addresses).collect()
                }
            };
            addresses.into_iter().take(2).map(|address| (server.clone(), address)).collect::<Vec<_>>()
        });
        together(asking).await.into_iter().flatten().collect()
    }

    /// Asks some servers of `zone` who serves the zone below, and takes the first one's word.
    async fn referral(&self, servers: &[(String, IpAddr)], zone: &str, name: &str) -> Option<Referral> {
        let asking = servers
            .iter()
            .take(TRIES)
            .map(async |(_, address)| self.direct(self.names.zone_server(*address), name, Kind::A).await);
        let replies = together(asking).await;
        let reply = replies.iter().find_map(|reply| reply.as_ref().as_ref().ok())?;
        if !reply.is_referral() {
            return None;
        }
        let below = reply.authorities.iter().find(|record| matches!(record.data, Data::NameServer(_)))?;
        let below = below.owner.clone();
        // A lame server points upwards, or to itself.
        if below == zone || !is_below(&below, zone) || !(is_below(name, &below) || name == below) {
            return None;
        }
        Some(Referral { servers: reply.name_servers(&below), zone: below, reply: reply.clone() })
    }

    async fn authority(&self, name: String, address: IpAddr, zone: &str, asked: &str) -> Authority {
        let address = self.names.zone_server(address);
        let server = address;
        let question = |kind| Question::direct(asked.to_owned(), kind);
        let (soa, (v4, v6)) = tokio::join!(
            self.direct(server, zone, Kind::Soa),
            self.names.ask_families(self.case, server, question),
        );
        Authority { name, address, soa, v4, v6 }
    }

    async fn recursive(&self, name: &str, kind: Kind) -> Rc<Result<Reply, Failure>> {
        self.names.ask(self.case, self.asker, Question::recursive(name, kind)).await
    }

    async fn direct(&self, server: SocketAddr, name: &str, kind: Kind) -> Rc<Result<Reply, Failure>> {
        self.names.ask_patiently(self.case, server, Question::direct(name, kind), PATIENCE).await
    }
}

/// The name servers an answer gives for exactly this name: what comes as an alias belongs to another zone.
fn own_servers(reply: &Reply, zone: &str) -> Vec<String> {
    let zone = dns::plain_name(zone);
    let servers = reply.answers.iter().filter_map(|record| match &record.data {
        Data::NameServer(server) if record.owner == zone => Some(server.clone()),
        _ => None,
    });
    servers.collect()
}

fn is_below(name: &str, zone: &str) -> bool {
    zone == "." || name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
}

/// Deeper delegations than this are a maze.
const DEEPEST: usize = 6;

/// More labels than this are no name of a site.
const MOST_LABELS: usize = 8;

/// As many servers of a zone as are asked.
const MOST_SERVERS: usize = 8;

/// As many servers of a zone are asked on the way down, at once.
const TRIES: usize = 3;

/// A server of a zone answers from its memory.
const PATIENCE: Duration = Duration::from_millis(1600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_is_told_by_whole_labels() {
        assert!(is_below("a.shop.example", "shop.example") && is_below("example", "."));
        assert!(!is_below("ashop.example", "shop.example") && !is_below("example", "shop.example"));
    }
}
