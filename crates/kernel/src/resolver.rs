//! The system's own resolver, `getaddrinfo(3)`: it honours nsswitch, mDNS and whatever else the host is set up with.
//!
//! The standard library calls it too, but hides its error code, which is what tells "no such name" from "try again".

use std::ffi::CString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr;

/// Resolves a name to its addresses in the system's order. **Blocks**, for as long as the system likes.
///
/// The error is an `EAI_` code; for `EAI_SYSTEM` the operating system's own error number follows it.
#[expect(unsafe_code, reason = "getaddrinfo(3): the standard library hides its error code")]
pub fn lookup(name: &str) -> Result<Vec<IpAddr>, LookupError> {
    let name = CString::new(name).map_err(|_| LookupError { code: libc::EAI_NONAME, os: None })?;
    // SAFETY: addrinfo is integers and pointers, for which zero is a valid value and means "no wish".
    let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
    hints.ai_socktype = libc::SOCK_STREAM;
    let mut list = ptr::null_mut();
    // SAFETY: the name ends in NUL, the hints live, and the list is freed below exactly when it was filled.
    let code = unsafe { libc::getaddrinfo(name.as_ptr(), ptr::null(), &raw const hints, &raw mut list) };
    if code != 0 {
        let os = (code == libc::EAI_SYSTEM).then(std::io::Error::last_os_error);
        return Err(LookupError { code, os: os.and_then(|error| error.raw_os_error()) });
    }
    let mut addresses = Vec::new();
    let mut entry = list;
    while !entry.is_null() {
        // SAFETY: getaddrinfo returned a list of valid entries ending in null.
        let info = unsafe { &*entry };
        // SAFETY: the entry's address is as its family says, and lives until the list is freed.
        if let Some(address) = unsafe { address_of(info.ai_addr) }
            && !addresses.contains(&address)
        {
            addresses.push(address);
        }
        entry = info.ai_next;
    }
    // SAFETY: the list came from getaddrinfo and nothing borrowed from it is left.
    unsafe { libc::freeaddrinfo(list) };
    Ok(addresses)
}

/// Why the system's resolver gave no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookupError {
    /// The `EAI_` code.
    pub code: i32,
    /// The operating system's error number where the code is `EAI_SYSTEM`.
    pub os: Option<i32>,
}

impl LookupError {
    /// The name does not exist, as far as the system can tell (`EAI_NONAME`).
    pub const fn is_unknown_name(self) -> bool {
        self.code == libc::EAI_NONAME
    }

    /// The name exists and has no address (`EAI_NODATA`).
    pub const fn is_without_address(self) -> bool {
        self.code == libc::EAI_NODATA
    }
}

/// The address behind a C `sockaddr`; `None` where it is null or of another family.
///
/// # Safety
/// `address` must be null or point to an address as large as its family says.
#[expect(unsafe_code, reason = "reads the C address that several system calls return")]
pub(crate) unsafe fn address_of(address: *const libc::sockaddr) -> Option<IpAddr> {
    if address.is_null() {
        return None;
    }
    // SAFETY: every sockaddr begins with its family; unaligned because nothing promises alignment.
    let family = unsafe { (&raw const (*address).sa_family).read_unaligned() };
    match i32::from(family) {
        libc::AF_INET => {
            // SAFETY: by the contract above it is a sockaddr_in.
            let address = unsafe { address.cast::<libc::sockaddr_in>().read_unaligned() };
            Some(IpAddr::V4(Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr))))
        }
        libc::AF_INET6 => {
            // SAFETY: by the contract above it is a sockaddr_in6.
            let address = unsafe { address.cast::<libc::sockaddr_in6>().read_unaligned() };
            Some(IpAddr::V6(Ipv6Addr::from(address.sin6_addr.s6_addr)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_known_everywhere() {
        let addresses = lookup("localhost").unwrap();
        assert!(addresses.iter().any(IpAddr::is_loopback), "{addresses:?}");
    }

    #[test]
    fn literals_are_read_without_asking() {
        assert_eq!(lookup("192.0.2.7").unwrap(), ["192.0.2.7".parse::<IpAddr>().unwrap()]);
        assert_eq!(lookup("2001:db8::7").unwrap(), ["2001:db8::7".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn an_impossible_name_is_unknown() {
        assert!(lookup("nul\0byte").unwrap_err().is_unknown_name());
    }
}
