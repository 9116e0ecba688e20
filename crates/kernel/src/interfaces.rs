//! The addresses this host owns, from which a connection could start.

use crate::resolver::address_of;
use std::io;
use std::net::IpAddr;
use std::ptr;

/// One address of one network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalAddress {
    /// The interface's name, such as `eth0`.
    pub interface: String,
    /// The address.
    pub address: IpAddr,
    /// Whether the interface is up.
    pub is_up: bool,
}

/// Every address of every interface, in the kernel's order.
#[expect(unsafe_code, reason = "getifaddrs(3) is in neither rustix nor socket2")]
pub fn addresses() -> io::Result<Vec<LocalAddress>> {
    let mut list: *mut libc::ifaddrs = ptr::null_mut();
    // SAFETY: the call fills `list` with a list that is freed below exactly when it succeeded.
    if unsafe { libc::getifaddrs(&raw mut list) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut found = Vec::new();
    let mut entry = list;
    while !entry.is_null() {
        // SAFETY: getifaddrs returned a list of valid entries ending in null.
        let info = unsafe { &*entry };
        // SAFETY: the entry's address is null or as its family says, and its name ends in NUL; both live until freed.
        let (address, name) = unsafe { (address_of(info.ifa_addr), std::ffi::CStr::from_ptr(info.ifa_name)) };
        if let Some(address) = address {
            let is_up = info.ifa_flags & libc::IFF_UP as u32 != 0;
            found.push(LocalAddress { interface: name.to_string_lossy().into_owned(), address, is_up });
        }
        entry = info.ifa_next;
    }
    // SAFETY: the list came from getifaddrs and nothing borrowed from it is left.
    unsafe { libc::freeifaddrs(list) };
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_address_is_listed() {
        let all = addresses().unwrap();
        assert!(all.iter().any(|local| local.address.is_loopback() && local.is_up), "{all:?}");
    }
}
