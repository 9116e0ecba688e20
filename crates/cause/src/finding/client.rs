//! What is wrong on the visitor's side: what only those see who sit at this machine or in this network.

use super::kinds;

kinds! {
    /// Environment variables send requests through a proxy.
    PROXY_SET "client.proxy_set" Info Client Root [];
    /// The proxy of the environment variables fails; without it the site answers.
    PROXY_FAILS "client.proxy_fails" Critical Client Root [];
    /// The hosts file of this machine gives the name another address than the name servers.
    HOSTS_OVERRIDE "client.hosts_override" Critical Client Root [ConnectRefused, ConnectTimedOut, AddressUnroutable, TlsWrongName];
    /// This machine has no way into any network.
    NO_NETWORK "client.no_network" Critical Client Root [];
    /// Neither the site nor the places that should work can be reached from this machine.
    OFFLINE "client.offline" Critical Client Root [ConnectTimedOut, ConnectRefused, ConnectDenied, AddressUnroutable, NameTimedOut, NameServerFailed];
    /// Another place answered while the site did not: it is not the connection of this machine.
    ONLINE "client.online" Info Client Root [];
    /// A login page of the network stands before everything.
    CAPTIVE_PORTAL "client.captive_portal" Critical Client Root [];
    /// The site has IPv6 addresses only, and this machine has no IPv6.
    NO_IPV6 "client.no_ipv6" Critical Client Root [AddressUnroutable];
    /// The clock of this machine is wrong.
    CLOCK_OFF "client.clock_off" Warning Client Root [TlsExpired, TlsNotYetValid];
}
