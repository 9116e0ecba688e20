//! What is wrong on the way: ports, filters, routes.
//!
//! `connect.*` is about the port and whoever should accept there, `firewall.*` about boxes that refuse on purpose,
//! `network.*` about routes, loss and sizes.

use super::kinds;

kinds! {
    /// Nothing accepts connections on the port of the upstream.
    REFUSED_NOTHING_LISTENS "connect.refused_nothing_listens" Critical Upstream Root [ConnectRefused];
    /// The upstream accepts only on its own loopback address, not where the gateway asks.
    LOOPBACK_ONLY "connect.loopback_only" Critical Upstream Root [ConnectRefused];
    /// The gateway asks at a port where nothing listens, and a port nearly alike answers.
    WRONG_PORT "connect.wrong_port" Critical Gateway Root [ConnectRefused];
    /// The name means both ::1 and 127.0.0.1, and the upstream accepts on one of them only.
    LOCALHOST_ONE_FAMILY "connect.localhost_one_family" Info Gateway Root [ConnectRefused];
    /// The upstream's unix socket does not exist.
    SOCKET_MISSING "connect.socket_missing" Critical Upstream Root [SocketMissing];
    /// The unix socket's file is there, but nobody listens behind it.
    SOCKET_DEAD "connect.socket_dead" Critical Upstream Root [ConnectRefused];
    /// The path given as unix socket is something else.
    SOCKET_NOT_ONE "connect.socket_not_one" Critical Gateway Root [ConnectRefused, SocketMissing];
    /// The unix socket's queue is full: its process takes no more connections.
    SOCKET_QUEUE_FULL "connect.socket_queue_full" Critical Upstream Root [LocalResourcesSpent, ConnectTimedOut];
    /// This machine's own rules (SELinux, a prohibiting route) forbid the connection.
    DENIED_HERE "connect.denied_here" Critical Gateway Root [ConnectDenied];
    /// Connection attempts stay without any answer, and nothing tells why.
    SILENT "connect.silent" Critical Network Symptom [ConnectTimedOut];
    /// A filter throws connection attempts to this port away without a word.
    FIREWALL_DROP "firewall.drop" Critical Firewall Root [ConnectTimedOut];
    /// A filter refuses the connection, and says so by ICMP.
    FIREWALL_REJECT "firewall.reject" Critical Firewall Root [ConnectRefused, AddressUnroutable];
    /// A box on the way resets connections in the upstream's name.
    FIREWALL_RESET "firewall.reset" Critical Firewall Root [ConnectRefused];
    /// This machine's own packet filter lets the connection not out.
    FIREWALL_OWN_EGRESS "firewall.own_egress" Critical Firewall Root [ConnectTimedOut, ConnectRefused, ConnectDenied];
    /// Only connections from this source address are blocked.
    FIREWALL_SOURCE "firewall.source_blocked" Critical Firewall Root [ConnectTimedOut, ConnectRefused, AddressUnroutable];
    /// New connections are let through only at a certain rate.
    FIREWALL_RATE_LIMIT "firewall.rate_limit" Warning Firewall Root [ConnectTimedOut, ConnectRefused];
    /// A box on the way forgets idle connections: what is sent over them afterwards disappears.
    FIREWALL_IDLE_STATE_LOST "firewall.idle_state_lost" Warning Firewall Root [HeadTimedOut, SendTimedOut, DeadlineSpent];
    /// Idle connections end without a close: what is sent over them afterwards is answered by a reset.
    FIREWALL_IDLE_STATE_RESET "firewall.idle_state_reset" Warning Firewall Root [StaleLink, ResetBeforeHead, SendCut];
    /// Only a proxy gets out of this network; direct connections do not.
    EGRESS_NEEDS_PROXY "firewall.egress_needs_proxy" Info Firewall Root [];
    /// The upstream's host does not answer in its own network: it is off, or the address is nobody's.
    HOST_DOWN "network.host_down" Critical Upstream Root [AddressUnroutable, ConnectTimedOut];
    /// There is no route to the upstream's address.
    NO_ROUTE "network.no_route" Critical Network Root [AddressUnroutable];
    /// Packets to the upstream go round in circles between routers.
    ROUTING_LOOP "network.routing_loop" Critical Network Root [AddressUnroutable, ConnectTimedOut];
    /// Packets get lost on the way.
    LOSSY "network.lossy" Warning Network Root [ConnectTimedOut, HeadTimedOut, BodyStalled, SendTimedOut];
    /// The way to the upstream takes longer than the gateway waits for a connection.
    LATENCY_OVER_DEADLINE "network.latency_over_deadline" Critical Gateway Root [ConnectTimedOut];
    /// Large packets disappear on the way, and nobody says so.
    MTU_BLACK_HOLE "network.mtu_black_hole" Critical Network Root [HeadTimedOut, BodyStalled, TlsTimedOut, SendTimedOut];
    /// The upstream's name has IPv6 addresses that cannot be reached, while IPv4 works.
    IPV6_BROKEN "network.ipv6_broken" Warning Network Root [AddressUnroutable, ConnectTimedOut, ConnectRefused];
}
