//! Lists of networks, long ones too, and whether an address is on them.
//!
//! Only membership is asked for, so a list is kept as sorted ranges that do not touch: eight bytes for each of IPv4,
//! found by halving. A million entries take 8 MB and twenty comparisons.

use ipnet::IpNet;
use std::net::IpAddr;

/// A set of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressList {
    v4: Box<[(u32, u32)]>,
    v6: Box<[(u128, u128)]>,
}

/// A line of a list that is no network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongLine {
    /// Its number, from 1.
    pub line: usize,
    /// What stands there, shortened.
    pub text: String,
}

impl AddressList {
    /// The list of these networks.
    #[must_use]
    pub fn new(networks: impl IntoIterator<Item = IpNet>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            match network {
                IpNet::V4(network) => v4.push((network.network().to_bits(), network.broadcast().to_bits())),
                // Addresses are compared in their IPv4 form where they have one.
                IpNet::V6(network) => match (network.network().to_ipv4_mapped(), network.prefix_len()) {
                    (Some(first), 96..) => {
                        let last = network.broadcast().to_ipv4_mapped().unwrap_or(first);
                        v4.push((first.to_bits(), last.to_bits()));
                    }
                    _ => v6.push((network.network().to_bits(), network.broadcast().to_bits())),
                },
            }
        }
        Self { v4: merged(v4, |end| end.checked_add(1)), v6: merged(v6, |end| end.checked_add(1)) }
    }

    /// Whether an address is on it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => holds(&self.v4, address.to_bits()),
            IpAddr::V6(address) => holds(&self.v6, address.to_bits()),
        }
    }

    /// Whether nobody is on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// How many separate ranges it has.
    #[must_use]
    pub fn ranges(&self) -> usize {
        self.v4.len() + self.v6.len()
    }
}

/// The networks of a file: one per line, as its first word; what follows `#` or `;` is a comment.
///
/// # Errors
/// The first lines that are none, at most [`MOST_TOLD`].
pub fn parse(text: &str) -> Result<Vec<IpNet>, Vec<WrongLine>> {
    let (mut networks, mut wrong) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let said = line.split(['#', ';']).next().unwrap_or_default();
        let Some(word) = said.split_whitespace().next() else { continue };
        let network =
            word.parse::<IpNet>().or_else(|fault| word.parse().map(IpAddr::into).map_err(|_| fault));
        match network {
            Ok(network) => networks.push(network),
            Err(_) if wrong.len() < MOST_TOLD => {
                let shown = word.chars().take(60).filter(|c| !c.is_control());
                wrong.push(WrongLine { line: index + 1, text: shown.collect() });
            }
            Err(_) => break,
        }
    }
    if wrong.is_empty() { Ok(networks) } else { Err(wrong) }
}

/// Sorts ranges and joins those that touch.
fn merged<T: Copy + Ord>(mut ranges: Vec<(T, T)>, next: impl Fn(T) -> Option<T>) -> Box<[(T, T)]> {
    ranges.sort_unstable();
    let mut joined: Vec<(T, T)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match joined.last_mut() {
            // Behind the last address of all there is nothing that does not touch.
            Some(last) if next(last.1).is_none_or(|after| start <= after) => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined.into()
}

fn holds<T: Copy + Ord>(ranges: &[(T, T)], address: T) -> bool {
    let behind = ranges.partition_point(|(start, _)| *start <= address);
    behind.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|(_, end)| address <= *end)
}

/// More wrong lines than this nobody reads.
pub const MOST_TOLD: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn list(text: &str) -> AddressList {
        AddressList::new(parse(text).expect("all lines are networks"))
    }

    fn check(list: &AddressList, inside: &[&str], outside: &[&str]) {
        for address in inside {
            assert!(list.contains(address.parse().expect("an address")), "{address}");
        }
        for address in outside {
            assert!(!list.contains(address.parse().expect("an address")), "{address}");
        }
    }

    #[test]
    fn comments_blank_lines_and_single_addresses_are_understood() {
        let list = list(
            "# bots\n\n192.0.2.0/25 ; SBL1\n192.0.2.128/25\n  198.51.100.7\n2001:db8::/32 # all\n::1\r\n",
        );
        assert_eq!(list.ranges(), 4, "neighbours are joined");
        let inside =
            ["192.0.2.0", "192.0.2.255", "198.51.100.7", "2001:db8:ffff::1", "::1", "::ffff:192.0.2.9"];
        check(&list, &inside, &["192.0.1.255", "192.0.3.0", "198.51.100.8", "2001:db9::", "::2"]);
    }

    #[test]
    fn the_edges_of_the_address_space_are_no_trap() {
        let all = list("0.0.0.0/0\n::/0\n255.255.255.255\nffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
        check(&all, &["0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], &[]);
        check(
            &list("255.255.255.255\n0.0.0.0"),
            &["255.255.255.255", "0.0.0.0"],
            &["255.255.255.254", "0.0.0.1"],
        );
        check(&list("::ffff:10.0.0.0/104"), &["10.1.2.3"], &["11.0.0.0", "::1"]);
        check(&AddressList::default(), &[], &["0.0.0.0", "::"]);
    }

    #[test]
    fn wrong_lines_are_told_by_number_and_not_without_end() {
        let wrong = parse("10.0.0.0/8\nhello\n10.0.0.0/33\n").expect_err("two lines are wrong");
        assert_eq!(wrong.iter().map(|wrong| wrong.line).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(parse(&"x\n".repeat(1000)).expect_err("all are wrong").len(), MOST_TOLD);
    }

    #[test]
    fn a_million_entries_are_no_burden() {
        let networks = (0..1_000_000u32).map(|number| {
            let address = Ipv4Addr::from_bits(number.wrapping_mul(0x9e37_79b1));
            IpNet::from(IpAddr::from(address))
        });
        let list = AddressList::new(networks);
        assert!(list.ranges() > 990_000);
        let found = (0..1_000_000u32)
            .filter(|number| list.contains(Ipv4Addr::from_bits(number.wrapping_mul(0x9e37_79b1)).into()));
        assert_eq!(found.count(), 1_000_000);
    }

    proptest! {
        #[test]
        fn the_list_says_what_the_networks_say(
            networks in proptest::collection::vec((any::<u32>(), 0u8..=32), 0..40),
            wide in proptest::collection::vec((any::<u128>(), 0u8..=128), 0..10),
            asked in proptest::collection::vec(any::<u32>(), 0..40),
        ) {
            let v4 = networks.iter().map(|(bits, len)| IpNet::new(Ipv4Addr::from_bits(*bits).into(), *len).expect("fits"));
            let v6 = wide.iter().map(|(bits, len)| IpNet::new(Ipv6Addr::from_bits(*bits).into(), *len).expect("fits"));
            let all: Vec<_> = v4.chain(v6).collect();
            let list = AddressList::new(all.iter().copied());
            let edges = all.iter().flat_map(|network| [network.network(), network.broadcast()]);
            let asked = asked.iter().map(|bits| IpAddr::from(Ipv4Addr::from_bits(*bits)));
            for address in edges.chain(asked) {
                // Addresses with an IPv4 form are compared in it.
                if address.to_canonical() == address {
                    prop_assert_eq!(list.contains(address), all.iter().any(|network| network.contains(&address)), "{}", address);
                }
            }
        }

        #[test]
        fn no_text_panics(text in "[0-9a-f.:/#; \n]{0,80}") {
            let _ = parse(&text).map(AddressList::new);
        }
    }
}
