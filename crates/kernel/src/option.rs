//! The few socket options and requests that neither `socket2` nor `rustix` offers, behind safe signatures.

use crate::resolver::address_of;
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd};

/// Sets an option whose value is a C int.
#[expect(unsafe_code, reason = "setsockopt(2) for options that rustix and socket2 do not know")]
pub(crate) fn set_int(socket: impl AsFd, level: i32, name: i32, value: i32) -> io::Result<()> {
    // SAFETY: the descriptor lives as long as the borrow; the pointer and the length describe the local `value`.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            size_of::<i32>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The kernel's `struct tcp_info`. An older kernel fills less of it; the rest stays zero.
#[expect(unsafe_code, reason = "getsockopt(2) with TCP_INFO is in neither rustix nor socket2")]
pub(crate) fn tcp_info(socket: impl AsFd) -> io::Result<libc::tcp_info> {
    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes to `info`, which is exactly that large.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was zeroed before the kernel filled it, and it consists of integers only.
    Ok(unsafe { info.assume_init() })
}

/// Bytes in the send queue that the peer has not acknowledged yet (SIOCOUTQ, which has TIOCOUTQ's number).
#[expect(unsafe_code, reason = "ioctl(2) with SIOCOUTQ is in neither rustix nor socket2")]
pub(crate) fn output_queue(socket: impl AsFd) -> io::Result<usize> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: SIOCOUTQ writes one int to the address it is given.
    let result = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    if result == 0 { Ok(usize::try_from(bytes).unwrap_or(0)) } else { Err(io::Error::last_os_error()) }
}

/// The oldest entry of the socket's error queue with the address of whoever reported it.
///
/// `None` for an entry that is no extended error. An empty queue is `WouldBlock`.
#[expect(
    unsafe_code,
    reason = "recvmsg(2) with MSG_ERRQUEUE: neither rustix nor socket2 reads sock_extended_err"
)]
pub(crate) fn queued_error(
    socket: impl AsFd,
) -> io::Result<Option<(libc::sock_extended_err, Option<IpAddr>)>> {
    let mut control = ControlBuffer([0; CONTROL_SIZE]);
    // SAFETY: msghdr is integers and pointers, for which zero is a valid value.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = CONTROL_SIZE;
    let flags = libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT;
    // SAFETY: the message has no data parts, and its control buffer lives and is as large as it says.
    if unsafe { libc::recvmsg(socket.as_fd().as_raw_fd(), &raw mut message, flags) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel filled the control buffer and set its length; the macros stay inside it.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
    while !header.is_null() {
        // SAFETY: a header that the macros return lies whole inside the control buffer.
        let (level, kind, length) =
            unsafe { ((*header).cmsg_level, (*header).cmsg_type, (*header).cmsg_len) };
        let is_error = matches!(
            (level, kind),
            (libc::IPPROTO_IP, libc::IP_RECVERR) | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)
        );
        // SAFETY: plain arithmetic on lengths.
        let least = unsafe { libc::CMSG_LEN(size_of::<libc::sock_extended_err>() as u32) } as usize;
        if is_error && length >= least {
            // SAFETY: the data of this header is at least one sock_extended_err, as just checked.
            let error = unsafe { libc::CMSG_DATA(header).cast::<libc::sock_extended_err>().read_unaligned() };
            // SAFETY: the offender's address follows the error directly; only its place is computed here.
            let offender = unsafe { libc::CMSG_DATA(header).add(size_of::<libc::sock_extended_err>()) };
            let room = length - least;
            // SAFETY: the kernel writes a sockaddr of its family there; `room` says that it is whole.
            let offender = (room >= size_of::<libc::sockaddr_in>())
                .then(|| unsafe { offender_of(offender.cast(), room) })
                .flatten();
            return Ok(Some((error, offender)));
        }
        // SAFETY: both pointers are those of the loop; the macro checks the length itself.
        header = unsafe { libc::CMSG_NXTHDR(&raw const message, header) };
    }
    Ok(None)
}

/// # Safety
/// `address` must point to `room` readable bytes, at least the size of a `sockaddr_in`.
#[expect(unsafe_code, reason = "reads the family before the address, which may be larger than the room")]
unsafe fn offender_of(address: *const libc::sockaddr, room: usize) -> Option<IpAddr> {
    // SAFETY: the family is the first field and lies inside the room.
    let family = unsafe { (&raw const (*address).sa_family).read_unaligned() };
    if i32::from(family) == libc::AF_INET6 && room < size_of::<libc::sockaddr_in6>() {
        return None;
    }
    // SAFETY: the room is large enough for the family, as just checked.
    unsafe { address_of(address) }
}

/// Room for one extended error with an IPv6 offender and a time stamp beside it.
const CONTROL_SIZE: usize = 256;

/// Control messages are aligned like a header.
#[repr(align(8))]
struct ControlBuffer([u8; CONTROL_SIZE]);
