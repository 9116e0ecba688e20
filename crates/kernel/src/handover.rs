//! Handing sockets to another process: a pair of ends over which messages go, each with descriptors (`SCM_RIGHTS`).
//!
//! One end becomes the other process's standard input; so nothing has to be arranged before a program is started. Messages
//! keep their borders, and the end of the other process is the end of the messages.

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair, sockopt,
};
use socket2::Socket;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::time::Duration;

/// One end.
#[derive(Debug)]
pub struct End(OwnedFd);

/// A message with the sockets that came with it.
#[derive(Debug)]
pub struct Message {
    /// What it says.
    pub text: Vec<u8>,
    /// The sockets.
    pub sockets: Vec<Handed>,
}

/// A socket that was handed over.
#[derive(Debug)]
pub enum Handed {
    /// TCP, listening.
    Tcp(TcpListener),
    /// Unix, listening.
    Unix(UnixListener),
    /// UDP.
    Udp(UdpSocket),
}

impl End {
    /// Both ends.
    ///
    /// # Errors
    /// Where the system gives no descriptors.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        Ok((Self(one), Self(other)))
    }

    /// The end that whoever started this process has made its standard input, which is empty from then on.
    ///
    /// # Errors
    /// Where standard input is no such end.
    pub fn from_stdin() -> io::Result<Self> {
        let end = rustix::stdio::stdin().try_clone_to_owned()?;
        if sockopt::socket_type(&end)? != SocketType::SEQPACKET {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
        Ok(Self(end))
    }

    /// The descriptor, to become the standard input of another process.
    #[must_use]
    pub fn into_descriptor(self) -> OwnedFd {
        self.0
    }

    /// Waits no longer than this for a message, or for room for one.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn set_patience(&self, patience: Option<Duration>) -> io::Result<()> {
        sockopt::set_socket_timeout(&self.0, sockopt::Timeout::Recv, patience)?;
        Ok(sockopt::set_socket_timeout(&self.0, sockopt::Timeout::Send, patience)?)
    }

    /// Sends a message with these descriptors, at most [`MOST`].
    ///
    /// # Errors
    /// Where nobody is there to take it, or not in time.
    pub fn send(&self, text: &[u8], descriptors: &[OwnedFd]) -> io::Result<()> {
        let borrowed: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
        let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
        let mut ancillary = SendAncillaryBuffer::new(&mut room);
        if !borrowed.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(&borrowed)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        loop {
            match sendmsg(&self.0, &[IoSlice::new(text)], &mut ancillary, SendFlags::NOSIGNAL) {
                Err(Errno::INTR) => {}
                result => return Ok(result.map(drop)?),
            }
        }
    }

    /// The next message; none where the other end is gone.
    ///
    /// # Errors
    /// Where none comes in time, or one that is too large.
    pub fn receive(&self) -> io::Result<Option<Message>> {
        let mut text = vec![0; LONGEST];
        let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut room);
        let received = loop {
            let mut slices = [IoSliceMut::new(&mut text)];
            match recvmsg(&self.0, &mut slices, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
                Err(Errno::INTR) => {}
                result => break result?,
            }
        };
        let cut = ReturnFlags::TRUNC | ReturnFlags::CTRUNC;
        if received.flags.intersects(cut) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if received.bytes == 0 {
            return Ok(None);
        }
        text.truncate(received.bytes);
        let mut sockets = Vec::new();
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                for descriptor in descriptors {
                    sockets.push(Handed::of(descriptor)?);
                }
            }
        }
        Ok(Some(Message { text, sockets }))
    }
}

impl Handed {
    /// What a descriptor is.
    fn of(descriptor: OwnedFd) -> io::Result<Self> {
        let socket = Socket::from(descriptor);
        let is_unix = socket.local_addr()?.is_unix();
        match socket.r#type()? {
            socket2::Type::DGRAM if !is_unix => Ok(Self::Udp(socket.into())),
            socket2::Type::STREAM if is_unix => Ok(Self::Unix(socket.into())),
            socket2::Type::STREAM => Ok(Self::Tcp(socket.into())),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// Most descriptors of one message; the kernel takes 253.
pub const MOST: usize = 64;

/// Longer than any message.
const LONGEST: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_arrive_with_their_message_and_the_end_is_told() {
        let (one, other) = End::pair().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        one.send(b"two", &[listener.into(), udp.into()]).unwrap();
        one.send(b"none", &[]).unwrap();
        drop(one);
        let first = other.receive().unwrap().unwrap();
        assert_eq!(first.text, b"two");
        let [Handed::Tcp(listener), Handed::Udp(_)] = &*first.sockets else { panic!("{first:?}") };
        assert_eq!(listener.local_addr().unwrap(), address);
        assert_eq!(other.receive().unwrap().unwrap().text, b"none");
        assert!(other.receive().unwrap().is_none());
    }

    #[test]
    fn nobody_is_waited_for_for_ever() {
        let (one, _other) = End::pair().unwrap();
        one.set_patience(Some(Duration::from_millis(10))).unwrap();
        assert!(one.receive().is_err());
    }
}
