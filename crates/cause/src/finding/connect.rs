//! What is wrong on the way: ports, filters, routes.

use super::kinds;

kinds! {
    /// Nothing accepts connections on the port of the upstream.
    REFUSED_NOTHING_LISTENS "connect.refused_nothing_listens" Critical Upstream Root [ConnectRefused];
}
