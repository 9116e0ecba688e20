//! Pipes for `splice(2)`: bytes move from one socket to another without ever entering this process.
//!
//! Large pipes count against `pipe-user-pages-soft`; when the kernel refuses the wanted size a smaller one is taken,
//! so that making a pipe never fails for its size alone. A pipe that still holds bytes when its passage fails must be
//! dropped, never reused: [`Pipe::held`] says so.

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, SpliceFlags};
use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// A non-blocking pipe that knows how many bytes it holds. Both ends close when it is dropped.
#[derive(Debug)]
pub struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
    capacity: usize,
    held: Cell<usize>,
}

impl Pipe {
    /// Makes a pipe of [`WANTED_SIZE`], or as near to it as the kernel allows.
    pub fn new() -> io::Result<Self> {
        Self::with_size(WANTED_SIZE)
    }

    /// Makes a pipe of `wanted` bytes, or as near to it as the kernel allows.
    pub fn with_size(wanted: usize) -> io::Result<Self> {
        let (read, write) = rustix::pipe::pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC)?;
        let mut size = wanted;
        let capacity = loop {
            if size <= SMALLEST_ASKED {
                break rustix::pipe::fcntl_getpipe_size(&write)?;
            }
            match rustix::pipe::fcntl_setpipe_size(&write, size) {
                Ok(capacity) => break capacity,
                // EPERM: above the user's allowance; EBUSY and ENOMEM: not that much right now.
                Err(Errno::PERM | Errno::BUSY | Errno::NOMEM | Errno::INVAL) => size /= 2,
                Err(error) => return Err(error.into()),
            }
        };
        Ok(Self { read, write, capacity, held: Cell::new(0) })
    }

    /// How many bytes it can hold at most. The kernel counts pages, so small pieces fill it earlier.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many bytes went in and have not come out yet.
    pub fn held(&self) -> usize {
        self.held.get()
    }

    /// Whether it may serve another passage.
    pub fn is_empty(&self) -> bool {
        self.held.get() == 0
    }
}

/// Moves at most `max` bytes from a socket into the pipe. `Ok(0)` is the end of the stream.
///
/// `WouldBlock` means that the socket has nothing *or* that the pipe is full; the caller knows from [`Pipe::held`].
pub fn splice_in(from: impl AsFd, pipe: &Pipe, max: usize) -> io::Result<usize> {
    let moved = rustix::io::retry_on_intr(|| {
        rustix::pipe::splice(&from, None, &pipe.write, None, max, SpliceFlags::NONBLOCK | SpliceFlags::MOVE)
    })?;
    pipe.held.set(pipe.held.get() + moved);
    Ok(moved)
}

/// Moves at most `max` bytes from the pipe into a socket. Never call it on an empty pipe: it would say `WouldBlock`.
pub fn splice_out(pipe: &Pipe, to: impl AsFd, max: usize) -> io::Result<usize> {
    let moved = rustix::io::retry_on_intr(|| {
        rustix::pipe::splice(&pipe.read, None, &to, None, max, SpliceFlags::NONBLOCK | SpliceFlags::MOVE)
    })?;
    pipe.held.set(pipe.held.get().saturating_sub(moved));
    Ok(moved)
}

/// Measured best size for large bodies on loopback; also the kernel's default upper limit for users.
pub const WANTED_SIZE: usize = 1 << 20;

/// Linux gives every pipe this much unasked (less beyond the soft limit), so asking for it gains nothing.
const SMALLEST_ASKED: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (near, listener.accept().unwrap().0)
    }

    #[test]
    fn bytes_pass_from_socket_to_socket() {
        let (mut client, inlet) = pair();
        let (outlet, mut server) = pair();
        let pipe = Pipe::new().unwrap();
        assert!(pipe.capacity() >= 4096);
        client.write_all(b"hello").unwrap();
        let mut byte = [0];
        inlet.peek(&mut byte).unwrap();
        assert_eq!(splice_in(&inlet, &pipe, 4096).unwrap(), 5);
        assert_eq!(pipe.held(), 5);
        assert_eq!(splice_out(&pipe, &outlet, 5).unwrap(), 5);
        assert!(pipe.is_empty());
        let mut got = [0; 5];
        server.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"hello");
    }

    #[test]
    fn the_end_of_a_stream_is_zero_bytes() {
        let (client, inlet) = pair();
        drop(client);
        let pipe = Pipe::new().unwrap();
        inlet.peek(&mut [0]).unwrap();
        assert_eq!(splice_in(&inlet, &pipe, 4096).unwrap(), 0);
    }

    #[test]
    fn an_idle_socket_would_block() {
        let (_client, inlet) = pair();
        inlet.set_nonblocking(true).unwrap();
        let pipe = Pipe::new().unwrap();
        assert_eq!(splice_in(&inlet, &pipe, 4096).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn an_unreasonable_size_shrinks_to_a_possible_one() {
        let pipe = Pipe::with_size(1 << 30).unwrap();
        assert!(pipe.capacity() >= 4096);
    }
}
