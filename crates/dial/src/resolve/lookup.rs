//! One name, asked of all servers in all its forms, until there is an answer or every way has failed.

use super::files::ResolvConf;
use super::question::ask;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::timeout;
use torwart_cause::{Deadline, Ending, NameFault};

/// A good answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Not empty.
    pub(super) addresses: Vec<IpAddr>,
    /// As the servers said; zero where one family is still missing.
    pub(super) ttl: Duration,
}

/// Asks for a name in all its forms; `preferred` is the server that answered last.
pub(super) async fn look_up(
    name: &str,
    conf: &ResolvConf,
    preferred: &Arc<AtomicUsize>,
) -> Result<Found, Ending> {
    let servers = Servers { conf, preferred };
    timeout(LONGEST, servers.look_up_forms(name)).await.unwrap_or(Err(Ending::TimedOut(Deadline::Resolve)))
}

struct Servers<'a> {
    conf: &'a ResolvConf,
    preferred: &'a AtomicUsize,
}

impl Servers<'_> {
    /// The search list, as resolv.conf(5) describes it.
    async fn look_up_forms(&self, name: &str) -> Result<Found, Ending> {
        let mut first_ending = None;
        let mut own_ending = None;
        for form in self.conf.forms(name) {
            // What cannot be written as a name cannot exist.
            let Ok(mut full) = Name::from_str_relaxed(&form) else { continue };
            full.set_fqdn(true);
            match self.look_up_families(&full).await {
                Ok(found) => return Ok(found),
                Err(ending @ Ending::Name(NameFault::NxDomain | NameFault::NoAddress)) => {
                    if form.trim_end_matches('.') == name.trim_end_matches('.') {
                        own_ending = Some(ending);
                    }
                    first_ending = first_ending.or(Some(ending));
                }
                // A server that fails may know the name: going on could find another host of a similar name.
                Err(ending) => return Err(ending),
            }
        }
        Err(own_ending.or(first_ending).unwrap_or(Ending::Name(NameFault::NxDomain)))
    }

    /// Both families at once. Once one has addresses, the other gets a moment only (RFC 8305 §3).
    async fn look_up_families(&self, name: &Name) -> Result<Found, Ending> {
        let mut six = pin!(self.look_up_family(name, RecordType::AAAA));
        let mut four = pin!(self.look_up_family(name, RecordType::A));
        let (six, four) = tokio::select! {
            six = &mut six => {
                let four = if six.is_ok() { timeout(FAMILY_DELAY, four).await.ok() } else { Some(four.await) };
                (Some(six), four)
            }
            four = &mut four => {
                let six = if four.is_ok() { timeout(FAMILY_DELAY, six).await.ok() } else { Some(six.await) };
                (six, Some(four))
            }
        };
        match (six, four) {
            (Some(Ok(six)), Some(Ok(four))) => {
                let addresses = six.addresses.into_iter().chain(four.addresses).collect();
                Ok(Found { addresses, ttl: six.ttl.min(four.ttl) })
            }
            // The other family does not exist: this answer is complete.
            (Some(Ok(found)), Some(Err(ending))) | (Some(Err(ending)), Some(Ok(found)))
                if is_final(ending) =>
            {
                Ok(found)
            }
            // The other family is unknown: ask again soon.
            (Some(Ok(found)), _) | (_, Some(Ok(found))) => Ok(Found { ttl: Duration::ZERO, ..found }),
            (Some(Err(six)), Some(Err(four))) => Err(more_telling(six, four)),
            (Some(Err(ending)), None) | (None, Some(Err(ending))) => Err(ending),
            (None, None) => Err(Ending::TimedOut(Deadline::Resolve)),
        }
    }

    /// Addresses of one family, following aliases.
    async fn look_up_family(&self, name: &Name, kind: RecordType) -> Result<Found, Ending> {
        let mut seen = vec![name.to_lowercase()];
        let mut ttl = u32::MAX;
        loop {
            let asked = seen.last().cloned().unwrap_or_default();
            let answer = self.ask_in_turn(&asked, kind).await?;
            if answer.metadata.response_code == ResponseCode::NXDomain && !has_alias(&answer) {
                return Err(Ending::Name(NameFault::NxDomain));
            }
            let before = seen.len();
            let addresses = follow(&answer, kind, &mut seen, &mut ttl)?;
            if !addresses.is_empty() {
                return Ok(Found { addresses, ttl: Duration::from_secs(ttl.into()) });
            }
            if answer.metadata.response_code == ResponseCode::NXDomain {
                return Err(Ending::Name(NameFault::NxDomain));
            }
            // A recursive server says with its SOA that the end of the chain has no address; one that merely knows
            // the alias leaves the rest to us.
            let is_complete = answer.authorities.iter().any(|record| matches!(record.data, RData::SOA(_)));
            if seen.len() == before || is_complete {
                return Err(Ending::Name(NameFault::NoAddress));
            }
        }
    }

    /// The first usable answer. Servers take turns, the last good one first; each is asked once per round.
    async fn ask_in_turn(&self, name: &Name, kind: RecordType) -> Result<Message, Ending> {
        let count = self.conf.servers.len();
        let first = self.preferred.load(Ordering::Relaxed) % count.max(1);
        let mut worst = None;
        for round in 0..self.conf.rounds {
            for step in 0..count {
                let position = (first + step) % count;
                let Some(server) = self.conf.servers.get(position) else { continue };
                let patience = self.conf.patience * u32::try_from(round + 1).unwrap_or(1);
                let ending = match ask(*server, name, kind, patience).await.and_then(usable) {
                    Ok(answer) => {
                        self.preferred.store(position, Ordering::Relaxed);
                        return Ok(answer);
                    }
                    Err(ending) => ending,
                };
                worst = Some(worst.map_or(ending, |so_far| more_telling(so_far, ending)));
                // A server that answers badly is asked again only where there is no other; silence is worth a round.
                let all_were_asked = round > 0 || (count > 1 && step + 1 == count);
                if all_were_asked && matches!(ending, Ending::Name(NameFault::Rcode(_))) {
                    return Err(worst.unwrap_or(ending));
                }
                if ending == Ending::ResourcesSpent {
                    return Err(ending);
                }
            }
        }
        Err(worst.unwrap_or(Ending::Name(NameFault::Unreachable)))
    }
}

/// Whether a message answers the question, be it by "no such name".
fn usable(answer: Message) -> Result<Message, Ending> {
    match answer.metadata.response_code {
        ResponseCode::NoError if is_referral(&answer) => Err(Ending::Name(NameFault::Garbled)),
        ResponseCode::NoError | ResponseCode::NXDomain => Ok(answer),
        other => Err(Ending::Name(NameFault::Rcode(other.into()))),
    }
}

/// A lame server sends us elsewhere instead of answering.
fn is_referral(answer: &Message) -> bool {
    let names_servers = answer.authorities.iter().any(|record| matches!(record.data, RData::NS(_)));
    let metadata = &answer.metadata;
    answer.answers.is_empty() && names_servers && !metadata.authoritative && !metadata.recursion_available
}

fn has_alias(answer: &Message) -> bool {
    answer.answers.iter().any(|record| matches!(record.data, RData::CNAME(_)))
}

/// Follows the aliases within one message from the last name of `seen`, and collects the addresses at their end.
fn follow(
    answer: &Message,
    kind: RecordType,
    seen: &mut Vec<Name>,
    ttl: &mut u32,
) -> Result<Vec<IpAddr>, Ending> {
    loop {
        let current = seen.last().cloned().unwrap_or_default();
        let mut addresses = Vec::new();
        let mut next = None;
        for record in answer.answers.iter().filter(|record| record.name.to_lowercase() == current) {
            let address = match &record.data {
                RData::A(address) if kind == RecordType::A => IpAddr::V4(address.0),
                RData::AAAA(address) if kind == RecordType::AAAA => IpAddr::V6(address.0),
                RData::CNAME(alias) => {
                    next = Some(alias.0.to_lowercase());
                    *ttl = record.ttl.min(*ttl);
                    continue;
                }
                _ => continue,
            };
            *ttl = record.ttl.min(*ttl);
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if !addresses.is_empty() {
            return Ok(addresses);
        }
        let Some(next) = next else { return Ok(addresses) };
        if seen.contains(&next) || seen.len() >= LONGEST_CHAIN {
            return Err(Ending::Name(NameFault::Loop));
        }
        seen.push(next);
    }
}

/// Whether asking another server could not change it.
fn is_final(ending: Ending) -> bool {
    matches!(ending, Ending::Name(NameFault::NxDomain | NameFault::NoAddress))
}

/// Of two failures the one that says more about what is wrong; of equals the later.
fn more_telling(earlier: Ending, later: Ending) -> Ending {
    if weight(later) >= weight(earlier) { later } else { earlier }
}

fn weight(ending: Ending) -> u8 {
    match ending {
        Ending::ResourcesSpent => 6,
        Ending::Name(NameFault::Loop) => 5,
        Ending::Name(NameFault::Rcode(_)) => 4,
        Ending::Name(NameFault::Garbled) => 3,
        Ending::TimedOut(_) => 2,
        Ending::Name(NameFault::NxDomain) => 1,
        _ => 0,
    }
}

/// Longer than any deadline a waiting exchange should have.
const LONGEST: Duration = Duration::from_secs(15);

/// RFC 8305 §3 says 50 ms for a single connection; the answer here serves many, so it may be twice as patient.
const FAMILY_DELAY: Duration = Duration::from_millis(100);

/// As many aliases in a row as the usual recursive servers follow.
const LONGEST_CHAIN: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, ndots: usize, expected: &[&str]) {
        let search = vec!["a.example".to_owned(), "b.example.".to_owned()];
        let conf = ResolvConf { search, ndots, ..ResolvConf::of_servers(Vec::new()) };
        assert_eq!(conf.forms(name), expected);
    }

    #[test]
    fn the_search_list_applies_by_dots() {
        check("web", 1, &["web.a.example", "web.b.example", "web"]);
        check("web.shop", 1, &["web.shop", "web.shop.a.example", "web.shop.b.example"]);
        check("web.shop", 5, &["web.shop.a.example", "web.shop.b.example", "web.shop"]);
        check("web.shop.", 5, &["web.shop."]);
    }
}
