//! A file that lies in memory alone: bytes go from it to a socket without being copied, by `sendfile(2)`.
//!
//! What is forgotten gives its memory back, and whatever of it is still on its way to a socket stays as it was: the kernel
//! lets go of the pages, and new ones take their place.

use rustix::fs::{FallocateFlags, MemfdFlags};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

/// The file. It takes memory only where something was written.
#[derive(Debug)]
pub struct MemoryFile(File);

impl MemoryFile {
    /// An empty one with room for so many bytes.
    ///
    /// # Errors
    /// Where the system gives none.
    pub fn new(size: u64) -> io::Result<Self> {
        let file = File::from(rustix::fs::memfd_create(c"torwart", MemfdFlags::CLOEXEC)?);
        file.set_len(size)?;
        Ok(Self(file))
    }

    /// Writes all of this at a place.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn write(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, at)
    }

    /// Reads as much as there is room for.
    ///
    /// # Errors
    /// Beyond the end.
    pub fn read(&self, room: &mut [u8], at: u64) -> io::Result<()> {
        self.0.read_exact_at(room, at)
    }

    /// Sends at most so many bytes from a place on to a socket; says how many it took.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn send(&self, socket: impl AsFd, at: u64, most: usize) -> io::Result<usize> {
        let mut offset = at;
        Ok(rustix::fs::sendfile(socket, &self.0, Some(&mut offset), most)?)
    }

    /// Gives back the memory of a part, in whole pages.
    ///
    /// # Errors
    /// What was there may still be there then.
    pub fn forget(&self, at: u64, len: u64) -> io::Result<()> {
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        Ok(rustix::fs::fallocate(&self.0, flags, at, len)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn what_is_on_its_way_stays_as_it_was_when_it_is_forgotten() {
        let file = MemoryFile::new(1 << 20).expect("there is memory");
        file.write(&[7; 32 << 10], 4096).expect("there is memory");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let to = TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
        let (mut from, _) = listener.accept().expect("somebody connects");
        let sent = file.send(&to, 4096, 32 << 10).expect("there is room");
        file.forget(4096, 32 << 10).expect("it can be forgotten");
        file.write(&[9; 32 << 10], 4096).expect("there is memory");
        let mut received = vec![0; sent];
        from.read_exact(&mut received).expect("it comes");
        assert!(sent > 0 && received.iter().all(|byte| *byte == 7));
        let mut now = [0; 4];
        file.read(&mut now, 4096).expect("it is there");
        assert_eq!(now, [9; 4]);
    }
}
