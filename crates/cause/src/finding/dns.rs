//! What is wrong with names: in the zone, in its name servers, in the caches between, and in what the gateway remembers.

use super::kinds;

kinds! {
    /// The name of the site does not exist.
    NAME_UNKNOWN "dns.name_unknown" Critical Dns Root [NameUnknown];
    /// The name of the site exists and has no address.
    NO_ADDRESS "dns.no_address" Critical Dns Root [NameUnknown];
    /// The name servers that should resolve the name answer that they failed.
    SERVFAIL "dns.servfail" Critical Dns Symptom [NameServerFailed];
    /// The parent zone points to a name server that does not serve the zone.
    LAME "dns.lame" Warning Dns Root [NameServerFailed, NameTimedOut];
    /// A name server of the zone does not answer.
    AUTHORITY_DEAD "dns.authority_dead" Warning Dns Root [NameServerFailed, NameTimedOut];
    /// The name servers of the zone give different answers because not all have its newest version.
    AUTHORITIES_DISAGREE "dns.authorities_disagree" Warning Dns Root [ConnectRefused, ConnectTimedOut, NameUnknown];
    /// The name is an alias of a name that does not exist.
    DANGLING_CNAME "dns.dangling_cname" Critical Dns Root [NameUnknown];
    /// The name is, over other names, an alias of itself.
    CNAME_LOOP "dns.cname_loop" Critical Dns Root [NameServerFailed];
    /// A cache still gives an old address; the name servers of the zone have a new one.
    CACHE_STALE "dns.cache_stale" Critical Dns Root [ConnectRefused, ConnectTimedOut, AddressUnroutable];
    /// Caches keep the address for very long.
    TTL_LONG "dns.ttl_long" Info Dns Root [];
    /// Caches keep the address for hardly any time.
    TTL_SHORT "dns.ttl_short" Info Dns Root [];
    /// The signatures of the zone do not hold: resolvers that check them refuse the answer.
    DNSSEC_BOGUS "dns.dnssec_bogus" Critical Dns Root [NameServerFailed];
    /// A configured name server does not answer.
    RESOLVER_DEAD "dns.resolver_dead" Warning Dns Root [NameTimedOut, NameServerFailed];
    /// A configured name server refuses to resolve for this machine.
    RESOLVER_REFUSES "dns.resolver_refuses" Warning Dns Root [NameServerFailed];
    /// A configured name server needs seconds for its answers.
    RESOLVER_SLOW "dns.resolver_slow" Warning Dns Root [NameTimedOut];
    /// Long answers are cut over UDP, and TCP to the name server does not work.
    TCP_BLOCKED "dns.tcp_blocked" Warning Firewall Root [NameTimedOut, NameServerFailed];
    /// Different name servers give different addresses for the same name.
    SPLIT_HORIZON "dns.split_horizon" Info Dns Root [ConnectTimedOut, ConnectRefused, AddressUnroutable];
    /// The gateway uses an address that its upstream's name does not have any more.
    STALE_IN_PROXY "dns.stale_in_proxy" Critical Gateway Root [ConnectRefused, ConnectTimedOut, AddressUnroutable, TlsWrongName];
    /// A name in the gateway's configuration does not resolve.
    UPSTREAM_UNRESOLVABLE "dns.upstream_unresolvable" Critical Gateway Root [NameUnknown, NameServerFailed, NameTimedOut];
    /// A short name resolves only with a search list, which not every resolver applies.
    SEARCH_DOMAIN "dns.search_domain" Warning Gateway Root [NameUnknown];
    /// The name has an IPv6 address at which nothing answers, while IPv4 works.
    IPV6_DEAD "dns.ipv6_dead" Warning Dns Root [ConnectRefused, ConnectTimedOut, AddressUnroutable];
}
