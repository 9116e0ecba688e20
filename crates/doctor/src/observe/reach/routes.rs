//! Which way this machine would send a packet, as its routing tables say.
//!
//! Reads the main tables from `route` and `ipv6_route` below `/proc/thread-self/net`; rules of policy routing are not seen, so the
//! answer is a hint for other evidence, never a proof.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use torwart_kernel::interfaces;

/// The way to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The address is this machine's own.
    Own,
    /// The host is in a network this machine is in.
    OnLink,
    /// Over this router.
    Via(IpAddr),
    /// No route leads there.
    None,
    /// The tables could not be read.
    Unknown,
}

/// This machine's routes.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    own: Vec<IpAddr>,
    lines: Option<Vec<Line>>,
}

/// One route: a network, and over whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    network: IpAddr,
    length: u8,
    router: Option<IpAddr>,
    metric: u32,
}

impl Routes {
    /// Reads them from the kernel.
    pub fn read() -> Self {
        let own = interfaces::addresses().unwrap_or_default().into_iter().map(|local| local.address);
        let four = std::fs::read_to_string("/proc/thread-self/net/route");
        let six = std::fs::read_to_string("/proc/thread-self/net/ipv6_route").unwrap_or_default();
        let lines = four.ok().map(|four| parse(&four, &six));
        Self { own: own.collect(), lines }
    }

    /// The way to an address.
    pub fn way(&self, to: IpAddr) -> Way {
        if to.is_loopback() || self.own.contains(&to) {
            return Way::Own;
        }
        let Some(lines) = &self.lines else { return Way::Unknown };
        let fitting = lines.iter().filter(|line| line.holds(to));
        let best = fitting.max_by_key(|line| (line.length, std::cmp::Reverse(line.metric)));
        match best {
            None => Way::None,
            Some(Line { router: Some(router), .. }) => Way::Via(*router),
            Some(_) => Way::OnLink,
        }
    }

    /// Whether a route leads beyond the networks it names, of whichever family; `None` where the tables could not be read.
    pub fn leads_anywhere(&self) -> Option<bool> {
        Some(self.lines.as_ref()?.iter().any(Line::is_default))
    }

    /// The routers that take packets to anywhere.
    pub fn routers(&self) -> impl Iterator<Item = IpAddr> {
        self.lines.iter().flatten().filter(|line| line.is_default()).filter_map(|line| line.router)
    }

    /// Whether an address is this machine's own.
    pub fn is_own(&self, address: IpAddr) -> bool {
        self.way(address) == Way::Own
    }
}

impl Line {
    /// Tunnels split the default route in two halves.
    const fn is_default(&self) -> bool {
        self.length <= 1
    }

    fn holds(&self, address: IpAddr) -> bool {
        let mask = |bits: u128, width: u32| {
            bits.checked_shr(width.saturating_sub(u32::from(self.length))).unwrap_or(0)
        };
        match (self.network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                mask(u32::from(network).into(), 32) == mask(u32::from(address).into(), 32)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                mask(u128::from(network), 128) == mask(u128::from(address), 128)
            }
            _ => false,
        }
    }
}

fn parse(four: &str, six: &str) -> Vec<Line> {
    let four = four.lines().skip(1).filter_map(line_v4);
    four.chain(six.lines().filter_map(line_v6)).collect()
}

/// `Iface Destination Gateway Flags RefCnt Use Metric Mask ...`, addresses in the machine's byte order.
fn line_v4(line: &str) -> Option<Line> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let number = |index: usize| u32::from_str_radix(words.get(index)?, 16).ok();
    let address = |index: usize| Some(Ipv4Addr::from(number(index)?.to_ne_bytes()));
    let flags = number(3)?;
    if flags & UP == 0 || flags & REJECT != 0 {
        return None;
    }
    let router = address(2).filter(|_| flags & GATEWAY != 0);
    let length = u32::from(address(7)?).leading_ones();
    Some(Line {
        network: address(1)?.into(),
        length: u8::try_from(length).ok()?,
        router: router.map(IpAddr::V4),
        metric: words.get(6)?.parse().ok()?,
    })
}

/// `destination length source length next-hop metric refcount use flags interface`, all in hexadecimal.
fn line_v6(line: &str) -> Option<Line> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let address = |index: usize| Some(Ipv6Addr::from(u128::from_str_radix(words.get(index)?, 16).ok()?));
    let flags = u32::from_str_radix(words.get(8)?, 16).ok()?;
    if flags & UP == 0 || flags & REJECT != 0 || *words.get(9)? == "lo" {
        return None;
    }
    let router = address(4).filter(|_| flags & GATEWAY != 0);
    Some(Line {
        network: address(0)?.into(),
        length: u8::from_str_radix(words.get(1)?, 16).ok()?,
        router: router.map(IpAddr::V6),
        metric: u32::from_str_radix(words.get(5)?, 16).ok()?,
    })
}

/// `RTF_UP`, `RTF_GATEWAY` and `RTF_REJECT` of `linux/route.h`.
const UP: u32 = 1;
const GATEWAY: u32 = 2;
const REJECT: u32 = 0x200;

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
eth1\t0000010A\t0200A8C0\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
";
    const SIX: &str = "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
";

    fn check(to: &str, expected: Way) {
        let routes = Routes { own: Vec::new(), lines: Some(parse(FOUR, SIX)) };
        assert_eq!(routes.way(to.parse().expect("an address")), expected);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn the_longest_prefix_wins() {
        check("192.168.0.9", Way::OnLink);
        check("10.1.2.3", Way::Via("192.168.0.2".parse().expect("an address")));
        check("8.8.8.8", Way::Via("192.168.0.1".parse().expect("an address")));
        check("127.0.0.1", Way::Own);
        check("fd00::7", Way::OnLink);
        check("2001:db8::1", Way::None);
    }

    #[test]
    fn without_tables_nothing_is_claimed() {
        let to = "192.0.2.1".parse().expect("an address");
        assert_eq!(Routes::default().way(to), Way::Unknown);
        assert_eq!(Routes::default().leads_anywhere(), None);
    }

    #[test]
    fn a_default_route_leads_anywhere() {
        let leads = |four: &str| Routes { own: Vec::new(), lines: Some(parse(four, "")) }.leads_anywhere();
        assert_eq!(leads(FOUR), Some(true));
        let without_default: Vec<&str> =
            FOUR.lines().filter(|line| !line.contains("\t00000000\t0100A8C0")).collect();
        assert_eq!(leads(&without_default.join("\n")), Some(false));
    }
}
