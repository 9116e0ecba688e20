//! Politeness: how many connections and requests a run may make to any host, and how many it made.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// Connections and requests by host, with a limit on each.
#[derive(Debug)]
pub struct Budget {
    connections: u32,
    requests: u32,
    made: RefCell<BTreeMap<String, Made>>,
}

/// What was made to one host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Connections tried.
    pub connections: u32,
    /// Requests sent.
    pub requests: u32,
}

/// The budget of a host is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent;

impl Budget {
    /// At most so many connections and requests to any host.
    pub const fn new(connections: u32, requests: u32) -> Self {
        Self { connections, requests, made: RefCell::new(BTreeMap::new()) }
    }

    /// Takes one connection to this host (an address without port, a name, or the path of a socket).
    ///
    /// # Errors
    /// The budget for this host is spent: go without.
    pub fn connection(&self, host: &str) -> Result<(), Spent> {
        self.take(host, |made| &mut made.connections, self.connections)
    }

    /// Takes one request to this host.
    ///
    /// # Errors
    /// The budget for this host is spent: go without.
    pub fn request(&self, host: &str) -> Result<(), Spent> {
        self.take(host, |made| &mut made.requests, self.requests)
    }

    /// How many more connections this host may get.
    pub fn connections_left(&self, host: &str) -> u32 {
        self.connections - self.made.borrow().get(host).map_or(0, |made| made.connections)
    }

    /// What was made, by host.
    pub fn made(&self) -> BTreeMap<String, Made> {
        self.made.borrow().clone()
    }

    fn take(&self, host: &str, count: impl Fn(&mut Made) -> &mut u32, most: u32) -> Result<(), Spent> {
        let mut made = self.made.borrow_mut();
        let count = count(made.entry(host.to_owned()).or_default());
        if *count >= most {
            return Err(Spent);
        }
        *count += 1;
        Ok(())
    }
}

impl Default for Budget {
    /// 60 connections and 200 requests to any host.
    fn default() -> Self {
        Self::new(60, 200)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_a_budget_of_its_own() {
        let budget = Budget::new(2, 1);
        assert_eq!(budget.connection("a"), Ok(()));
        assert_eq!(budget.connection("a"), Ok(()));
        assert_eq!(budget.connection("a"), Err(Spent));
        assert_eq!(budget.connection("b"), Ok(()));
        assert_eq!(budget.request("a"), Ok(()));
        assert_eq!(budget.request("a"), Err(Spent));
        assert_eq!(budget.made()["a"], Made { connections: 2, requests: 1 });
        assert_eq!(budget.connections_left("b"), 1);
    }
}
