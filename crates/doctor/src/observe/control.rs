//! How far the places come that the user names to compare the site with, and whether the router on the way is there.
//!
//! One connection for each family of a control's addresses, and one `HEAD` where it is a page. Nobody is asked whom the
//! user has not named.

use crate::observe::answer::ask;
use crate::observe::exchange::{PATIENCE as ANSWER, Tls, Way};
use crate::observe::names::ServerSaid;
use crate::observe::reach::{Attempted, Outcome, PATIENCE, attempt};
use crate::together::together;
use crate::{Case, Control, Family};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use torwart_dial::ask::Question;
use torwart_dial::connect::SocketPlan;

/// How far one control comes.
#[derive(Clone, Debug)]
pub struct ControlSeen {
    /// Which one.
    pub control: Control,
    /// One try for each family of its addresses.
    pub tries: Vec<Tried>,
    /// Where there was nothing to try: whether some name server answered, and knows no address.
    pub is_unknown: bool,
}

/// One try at one address.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The connection.
    pub attempted: Attempted,
    /// The status of its page, where it was asked and has answered.
    pub status: Option<u16>,
}

/// Tries all of them at once.
pub async fn observe(case: &Case) -> Vec<ControlSeen> {
    together(case.question().controls.named().iter().map(|control| see(case, control))).await
}

impl ControlSeen {
    /// The first try that came through, or at which somebody answered by refusing.
    pub fn reached(&self) -> Option<&Tried> {
        let answered = |tried: &&Tried| tried.attempted.outcome.is_answer();
        self.tries.iter().find(|tried| tried.is_connected()).or_else(|| self.tries.iter().find(answered))
    }

    /// The tries at addresses of this family.
    pub fn of_family(&self, is_v6: bool) -> impl Iterator<Item = &Tried> {
        let fits = move |tried: &&Tried| tried.attempted.address().is_some_and(|far| far.is_ipv6() == is_v6);
        self.tries.iter().filter(fits)
    }
}

impl Tried {
    /// Whether the connection was made.
    pub fn is_connected(&self) -> bool {
        self.attempted.outcome == Outcome::Connected
    }

    /// Whether the way there failed, as against somebody there who refuses and something this machine lacks.
    pub const fn has_no_way(&self) -> bool {
        matches!(
            self.attempted.outcome,
            Outcome::Silent
                | Outcome::HeldBack
                | Outcome::Rejected(_)
                | Outcome::HostDown(_)
                | Outcome::NoRoute(_)
                | Outcome::Loop(_)
                | Outcome::DeniedHere(_)
                | Outcome::NoSource
        )
    }
}

async fn see(case: &Case, control: &Control) -> ControlSeen {
    let addresses = case.addresses_of(control.host(), control.port()).await;
    let is_unknown =
        addresses.is_empty() && case.names_of(control.host()).await.servers(case).await.iter().any(is_heard);
    let of = |wanted: Family| {
        let is_asked = case.question().family.is_none_or(|only| only == wanted);
        addresses.iter().find(|ip| is_asked && ip.is_ipv6() == (wanted == Family::V6)).copied()
    };
    let chosen = [of(Family::V4), of(Family::V6)].into_iter().flatten();
    let tries = together(chosen.map(|ip| try_one(case, control, SocketAddr::new(ip, control.port())))).await;
    ControlSeen { control: control.clone(), tries: tries.into_iter().flatten().collect(), is_unknown }
}

async fn try_one(case: &Case, control: &Control, address: SocketAddr) -> Option<Tried> {
    let attempted = attempt(case, &SocketPlan::default(), address, PATIENCE).await?;
    let mut tried = Tried { attempted, status: None };
    if let Control::Page(url) = control
        && tried.is_connected()
    {
        let tls = url.is_https.then(|| Tls { name: Some(url.host.clone()), certificate: None });
        let question = Question::new("HEAD", &url.authority(), &url.target, &[]);
        let exchange = ask(case, &Way::plain(address).with_tls(tls), &question, ANSWER).await;
        tried.status = exchange.and_then(|exchange| exchange.status());
    }
    Some(tried)
}

/// Whether a name server speaks for others. One on this very machine says that it failed where it hears nothing itself.
pub fn is_heard(said: &ServerSaid) -> bool {
    said.is_alive() && !(said.server.ip().is_loopback() && said.failed())
}

/// Whether a neighbour answers in this machine's own network, as the kernel remembers; `None` where it does not say.
pub fn is_neighbour_there(neighbour: IpAddr) -> Option<bool> {
    let IpAddr::V4(neighbour) = neighbour else { return None };
    neighbour_in(&std::fs::read_to_string(NEIGHBOURS).ok()?, neighbour)
}

/// `IP address  HW type  Flags  HW address  Mask  Device`; without the flag 0x2 nobody has answered.
fn neighbour_in(table: &str, neighbour: Ipv4Addr) -> Option<bool> {
    let wanted = neighbour.to_string();
    let line = table.lines().skip(1).find(|line| line.split_ascii_whitespace().next() == Some(&wanted))?;
    let flags = line.split_ascii_whitespace().nth(2)?.strip_prefix("0x")?;
    Some(u32::from_str_radix(flags, 16).ok()? & COMPLETE != 0)
}

const NEIGHBOURS: &str = "/proc/thread-self/net/arp";

/// `ATF_COM` of `linux/if_arp.h`.
const COMPLETE: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbour_without_an_address_of_its_card_is_not_there() {
        let table = "IP address       HW type     Flags       HW address            Mask     Device
192.168.0.1      0x1         0x2         52:54:00:12:34:56     *        eth0
192.168.0.9      0x1         0x0         00:00:00:00:00:00     *        eth0
";
        let check = |last, expected| {
            assert_eq!(neighbour_in(table, Ipv4Addr::new(192, 168, 0, last)), expected, "{last}");
        };
        check(1, Some(true));
        check(9, Some(false));
        check(7, None);
    }
}
