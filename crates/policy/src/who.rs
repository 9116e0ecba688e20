//! Who is counted together: addresses and field values as keys of one size.
//!
//! Keys are hashed with a key of the caller's choosing that nobody outside knows, so that nobody can choose values that
//! collide. An IPv6 client owns at least a /64 and can use a new address for every request, so the /64 is the client.

use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv6Addr};

/// The key of an address.
pub fn by_address(address: IpAddr, hasher: &impl BuildHasher) -> u64 {
    hasher.hash_one((0u8, client_network(address)))
}

/// The key of the value of a field.
pub fn by_value(value: &[u8], hasher: &impl BuildHasher) -> u64 {
    hasher.hash_one((1u8, value))
}

/// The key of all who have no address, and of everybody where everybody counts together.
pub fn everybody(hasher: &impl BuildHasher) -> u64 {
    hasher.hash_one(2u8)
}

/// The address without what its owner can change at will.
#[must_use]
pub fn client_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::{BuildHasherDefault, DefaultHasher};

    #[test]
    fn an_ipv6_client_is_its_network() {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let key = |text: &str| by_address(text.parse().expect("an address"), &hasher);
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_ne!(by_value(b"a", &hasher), by_value(b"b", &hasher));
    }
}
