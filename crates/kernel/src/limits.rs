//! How many descriptors this process may open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;

/// The descriptor limit in force and the highest one this process may set itself. `None` is unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DescriptorLimit {
    /// In force now.
    pub current: Option<u64>,
    /// As high as it can be raised without privilege.
    pub maximum: Option<u64>,
}

/// Reads the descriptor limit.
pub fn descriptors() -> DescriptorLimit {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    DescriptorLimit { current, maximum }
}

/// Raises the descriptor limit as high as it goes and returns the one in force then.
pub fn raise_descriptors() -> io::Result<DescriptorLimit> {
    let DescriptorLimit { current, maximum } = descriptors();
    if current != maximum {
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    }
    Ok(descriptors())
}

/// How many descriptors are open now, as `/proc` counts them.
pub fn open_descriptors() -> io::Result<usize> {
    // The directory handle that counts is itself one of the entries.
    Ok(std::fs::read_dir("/proc/self/fd")?.count().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raising_reaches_the_maximum() {
        let before = descriptors();
        let after = raise_descriptors().unwrap();
        assert_eq!(after.current, before.maximum);
    }

    #[test]
    fn open_descriptors_are_counted() {
        assert!(open_descriptors().unwrap() >= 3);
    }
}
