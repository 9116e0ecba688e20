//! Who the process is and what it may touch, and who may come through a Unix socket.

use std::sync::Arc;

use super::Plan;
use crate::defaults;

/// Who the process is, once its sockets are open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessPlan {
    /// The user it becomes; none means that it stays who it is.
    pub user: Option<Arc<str>>,
    /// The group, where it is not the user's own.
    pub group: Option<Arc<str>>,
    /// Whether it gives up reading and writing any files but those it needs.
    pub confine: bool,
}

impl Default for ProcessPlan {
    fn default() -> Self {
        Self { user: None, group: None, confine: true }
    }
}

impl Plan {
    /// Lets the process become this user once its sockets are open. Sockets that name no owner belong to the same user.
    pub fn run_as(&mut self, user: Option<Arc<str>>, group: Option<Arc<str>>) {
        for access in self.listeners.iter_mut().map(|listener| &mut listener.access) {
            if access.user.is_none() {
                access.user.clone_from(&user);
                access.group = access.group.take().or_else(|| group.clone());
            }
        }
        (self.process.user, self.process.group) = (user, group);
    }
}

/// Who may connect to a Unix socket: its file's mode and owner.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SocketAccess {
    /// The permission bits; connecting takes the right to write.
    pub mode: u32,
    /// The owner; none means the user the process runs as.
    pub user: Option<Arc<str>>,
    /// The group; none means that of the process.
    pub group: Option<Arc<str>>,
}

impl Default for SocketAccess {
    fn default() -> Self {
        Self { mode: defaults::SOCKET_MODE, user: None, group: None }
    }
}
