//! The floor: copies bytes between paired sockets with one epoll loop and knows no HTTP.
//!
//! Every proxy must at least receive and send each message once per side; this does nothing else, so its CPU time per
//! request is what the machine's TCP costs. Connections to the upstream are kept and used again, as the proxies do.

use anyhow::Result;
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, epoll, poll};
use rustix::fd::OwnedFd;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// Arguments of `floor`.
#[derive(clap::Args)]
pub(crate) struct Floor {
    /// Address to listen on.
    #[arg(long)]
    listen: SocketAddr,
    /// The upstream's address.
    #[arg(long)]
    to: SocketAddr,
}

/// Both ends of the pairs, client at the even place, its upstream at the odd one behind it.
struct Relay {
    poll: OwnedFd,
    to: SocketAddr,
    ends: Vec<Option<TcpStream>>,
    /// Pairs that lost their client and keep their upstream.
    free: Vec<usize>,
}

impl Floor {
    pub(crate) fn run(self) -> Result<()> {
        let listener = TcpListener::bind(self.listen)?;
        listener.set_nonblocking(true)?;
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&poll, &listener, epoll::EventData::new_u64(LISTENER), epoll::EventFlags::IN)?;
        let mut relay = Relay { poll, to: self.to, ends: Vec::new(), free: Vec::new() };
        let mut events = Vec::with_capacity(256);
        let mut buffer = vec![0; 64 << 10];
        crate::say("ready")?;
        loop {
            events.clear();
            epoll::wait(&relay.poll, spare_capacity(&mut events), None)?;
            for event in &events {
                match event.data.u64() {
                    LISTENER => relay.accept(&listener)?,
                    end => relay.copy(usize::try_from(end)?, &mut buffer)?,
                }
            }
        }
    }
}

impl Relay {
    fn accept(&mut self, listener: &TcpListener) -> Result<()> {
        let client = match listener.accept() {
            Ok((client, _)) => client,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        client.set_nonblocking(true)?;
        client.set_nodelay(true)?;
        let pair = match self.free.pop() {
            Some(pair) => pair,
            None => {
                let upstream = TcpStream::connect(self.to)?;
                upstream.set_nonblocking(true)?;
                upstream.set_nodelay(true)?;
                self.ends.extend([None, None]);
                self.watch(self.ends.len() - 1, upstream)?;
                self.ends.len() - 2
            }
        };
        self.watch(pair, client)
    }

    fn watch(&mut self, end: usize, stream: TcpStream) -> Result<()> {
        epoll::add(&self.poll, &stream, epoll::EventData::new_u64(end as u64), epoll::EventFlags::IN)?;
        self.ends[end] = Some(stream);
        Ok(())
    }

    /// Passes on what one end has to say; a short read means that it has said all for now.
    fn copy(&mut self, end: usize, buffer: &mut [u8]) -> Result<()> {
        let Some(mut from) = self.ends[end].as_ref() else { return Ok(()) };
        let count = match from.read(buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(_) => 0,
        };
        let is_client = end.is_multiple_of(2);
        if count == 0 {
            anyhow::ensure!(is_client, "the upstream closed a connection");
            self.ends[end] = None;
            self.free.push(end);
            return Ok(());
        }
        let Some(to) = self.ends[end ^ 1].as_ref() else { return Ok(()) };
        write_all(to, &buffer[..count])
    }
}

/// Writes everything, waiting in place where the peer is slow: both peers of the floor always read on.
fn write_all(mut stream: &TcpStream, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                poll(&mut [PollFd::new(&stream, PollFlags::OUT)], None)?;
            }
            // The client left in the middle: its end is noticed by the next read.
            Err(_) => return Ok(()),
        }
    }
    Ok(())
}

const LISTENER: u64 = u64::MAX;
