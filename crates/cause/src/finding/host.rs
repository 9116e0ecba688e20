//! What is wrong with a machine.

use super::kinds;

kinds! {
    /// A process has as many files and connections open as it may.
    DESCRIPTORS_SPENT "host.descriptors_spent" Critical Upstream Root [LocalResourcesSpent, ClosedBeforeHead, ResetBeforeHead, ConnectTimedOut];
    /// The kernel has just killed a process for want of memory.
    OUT_OF_MEMORY "host.out_of_memory" Critical Upstream Root [ClosedBeforeHead, ResetBeforeHead, ConnectRefused, BodyCut];
    /// Nearly no memory is left.
    MEMORY_SHORT "host.memory_short" Warning Upstream Root [HeadTimedOut, ClosedBeforeHead];
    /// A process is held back by its CPU quota.
    CPU_THROTTLED "host.cpu_throttled" Warning Upstream Root [HeadTimedOut, ConnectTimedOut, TlsTimedOut];
    /// A file system the gateway writes to is full.
    DISK_FULL "host.disk_full" Critical Gateway Root [GatewayBug, BodyCut, LocalResourcesSpent];
    /// A file system the gateway writes to has no inodes left.
    INODES_SPENT "host.inodes_spent" Critical Gateway Root [GatewayBug, BodyCut, LocalResourcesSpent];
    /// A file system the gateway writes to can only be read.
    READ_ONLY "host.read_only" Critical Gateway Root [GatewayBug, BodyCut];
    /// The gateway's user may not write to a directory the gateway buffers in.
    NOT_WRITABLE "host.not_writable" Critical Gateway Root [GatewayBug, BodyCut];
    /// The gateway's user may not open the upstream's unix socket.
    SOCKET_DENIED "host.socket_denied" Critical Gateway Root [SocketDenied];
    /// SELinux forbids the gateway what it needs.
    SELINUX_DENIED "host.selinux_denied" Critical Gateway Root [ConnectDenied, SocketDenied];
    /// AppArmor forbids a process what it needs.
    APPARMOR_DENIED "host.apparmor_denied" Critical Gateway Root [ConnectDenied, SocketDenied];
    /// The table of connections of the packet filter is full, or nearly.
    CONNTRACK_FULL "host.conntrack_full" Critical Network Root [ConnectTimedOut];
    /// No source port is left for one destination.
    PORTS_SPENT "host.ports_spent" Critical Gateway Root [LocalResourcesSpent];
    /// This host's clock is wrong.
    CLOCK_WRONG "host.clock_wrong" Warning Gateway Root [TlsExpired, TlsNotYetValid, TlsUntrusted];
    /// A process has just crashed.
    PROCESS_CRASHED "host.process_crashed" Critical Application Root [ClosedBeforeHead, ResetBeforeHead, BodyCut, ConnectRefused];
}
