//! The few socket options and requests that neither `socket2` nor `rustix` offers, behind safe signatures.

use std::io;
use std::mem::{MaybeUninit, size_of};
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
