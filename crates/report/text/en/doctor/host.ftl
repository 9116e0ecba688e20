# What the checks of a machine say. de/doctor/host.ftl holds the same keys in the same order.

host-needs-root = Open files, the kernel's messages and the sockets of other users' processes on this machine are shown to root only.
host-descriptors = { $process } ({ $pid }) has { $open } files and connections open and may have { $limit }.
host-memory-kill = The kernel killed { $process } for want of memory { $minutes } min ago.
host-kills-growing = While we watched, the kernel killed { $kills } processes for want of memory.
host-memory-short = { $available } MiB of { $total } MiB of memory are still available, and there is no swap to speak of.
host-crash = { $process } crashed { $minutes } min ago.
host-throttled = The CPU quota of { $process } ({ $pid }) ran out in { $share } % of its periods while we watched.
host-disk = The file system of { $folder } is { $used } % full; { $free } MiB are left.
host-inodes = The file system of { $folder } has used all of its { $inodes } inodes: no new file can be made.
host-read-only = The file system of { $folder } can only be read.
host-not-writable = The gateway's workers run as user { $uid } and may not write to { $folder }: { $barred } belongs to user { $owner } and has mode { $mode }.
host-socket-denied = { $process } runs as user { $uid } and may not open { $socket }: { $barred } belongs to user { $owner } and group { $group } and has mode { $mode }.
host-denied = { $process } was denied “{ $wanted }” { $minutes } min ago.
host-selinux-policy = { $process } runs confined as httpd_t, SELinux is enforcing, httpd_can_network_connect is off, and the port of { $upstream } is none of http_port_t.
host-conntrack = The table of connections holds { $count } entries and may hold { $limit }.
host-ports = { $count } sockets lead to { $destination }, { $waiting } of them in TIME_WAIT; there are { $range } source ports.
host-clock = This machine's clock is { $seconds } s ahead of { $hosts } other machines that agree with each other.
