//! Addresses a name should never lead to: link-local ones and those of the clouds' metadata services.
//!
//! Whoever can change a name (or the zone it is in) could otherwise have the gateway fetch a machine's credentials for
//! him. Loopback and private networks are not among them: that is where upstreams are. An operator who really has an
//! upstream there writes its address, or says so.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is link-local or belongs to a metadata service.
#[must_use]
pub fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_v4(address),
        IpAddr::V6(address) => is_v6(address),
    }
}

fn is_v4(address: Ipv4Addr) -> bool {
    // 169.254.169.254 and its neighbours are in the link-local network; these are not.
    const METADATA: [Ipv4Addr; 3] = [
        // Alibaba Cloud.
        Ipv4Addr::new(100, 100, 100, 200),
        // Azure, from every virtual machine.
        Ipv4Addr::new(168, 63, 129, 16),
        // Oracle Cloud, old instances.
        Ipv4Addr::new(192, 0, 0, 192),
    ];
    address.is_link_local() || METADATA.contains(&address)
}

fn is_v6(address: Ipv6Addr) -> bool {
    // Networks that translate to IPv4 lead where the address in them does.
    let inside = match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some((high, low)),
        [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    if let Some((high, low)) = inside {
        return is_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    }
    match address.segments() {
        [first, ..] if first & 0xffc0 == 0xfe80 => true,
        // Amazon's services for instances.
        [0xfd00, 0x0ec2, ..] => true,
        // Google Cloud.
        [0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_services_are_known_however_they_are_written() {
        for text in [
            "169.254.169.254",
            "169.254.0.1",
            "169.254.170.2",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            "::ffff:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::1",
            "::169.254.169.254",
        ] {
            assert!(is_link_local(text.parse().expect("an address")), "{text}");
        }
    }

    #[test]
    fn usual_places_of_upstreams_are_none() {
        for text in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "169.253.255.255",
            "169.255.0.0",
            "::1",
            "fd00::1",
            "fd00:ec3::1",
            "fec0::1",
            "2001:db8::1",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
        ] {
            assert!(!is_link_local(text.parse().expect("an address")), "{text}");
        }
    }
}
