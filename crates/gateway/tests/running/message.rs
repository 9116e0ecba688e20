//! Messages as both sides of a test read them: head, then body by length or by chunks, nothing else.

use crate::PATIENCE;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

/// A byte stream with or without TLS.
pub(crate) trait Duplex: Read + Write + Send {}

impl<T: Read + Write + Send> Duplex for T {}

/// One side's end of a connection.
pub(crate) struct Wire {
    /// The socket below.
    pub(crate) tcp: TcpStream,
    reader: BufReader<Box<dyn Duplex>>,
}

/// A head: its first line and its fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    pub(crate) line: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Wire {
    pub(crate) fn plain(tcp: TcpStream) -> Self {
        let stream = tcp.try_clone().expect("a socket can be cloned");
        Self::over(tcp, Box::new(stream))
    }

    /// TLS as the server of this configuration.
    pub(crate) fn tls_server(tcp: TcpStream, config: Arc<rustls::ServerConfig>) -> Self {
        let session = rustls::ServerConnection::new(config).expect("the configuration is sound");
        let stream = tcp.try_clone().expect("a socket can be cloned");
        Self::over(tcp, Box::new(rustls::StreamOwned::new(session, stream)))
    }

    /// TLS as a client of `shop.example`.
    pub(crate) fn tls_client(tcp: TcpStream, config: Arc<rustls::ClientConfig>) -> Self {
        let name = "shop.example".try_into().expect("is a name");
        let session = rustls::ClientConnection::new(config, name).expect("the configuration is sound");
        let stream = tcp.try_clone().expect("a socket can be cloned");
        Self::over(tcp, Box::new(rustls::StreamOwned::new(session, stream)))
    }

    fn over(tcp: TcpStream, stream: Box<dyn Duplex>) -> Self {
        tcp.set_nodelay(true).expect("a socket has this option");
        tcp.set_read_timeout(Some(PATIENCE)).expect("a socket has this option");
        tcp.set_write_timeout(Some(PATIENCE)).expect("a socket has this option");
        Self { tcp, reader: BufReader::with_capacity(64 << 10, stream) }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.reader.get_mut();
        stream.write_all(bytes)?;
        stream.flush()
    }

    /// The next head; `None` when the connection ends before it begins.
    pub(crate) fn head(&mut self) -> io::Result<Option<Head>> {
        let mut head = Head::default();
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                let is_cut = !head.line.is_empty();
                return if is_cut { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(None) };
            }
            let line = line.trim_end_matches(['\r', '\n']);
            match line.split_once(": ") {
                _ if head.line.is_empty() => line.clone_into(&mut head.line),
                Some((name, value)) => head.fields.push((name.to_ascii_lowercase(), value.to_owned())),
                None => return Ok(Some(head)),
            }
        }
    }

    /// The body behind this head, piece by piece.
    pub(crate) fn body(&mut self, head: &Head, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        if head.field("transfer-encoding") == Some("chunked") {
            loop {
                let size = usize::from_str_radix(&self.line()?, 16).map_err(io::Error::other)?;
                self.exactly(size as u64, &mut take)?;
                if !self.line()?.is_empty() {
                    return Err(io::Error::other("a chunk is longer than it says, or there are trailers"));
                }
                if size == 0 {
                    return Ok(());
                }
            }
        }
        let length = head.field("content-length").map_or(Ok(0), str::parse).map_err(io::Error::other)?;
        self.exactly(length, &mut take)
    }

    /// Whatever comes next, at most as much as fits; 0 is the end.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.reader.read(into)
    }

    /// So many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Whether the other side ended the connection without another byte, in whatever way.
    pub(crate) fn has_ended(&mut self) -> bool {
        match self.reader.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    /// Ends our side only.
    pub(crate) fn end_sending(&self) {
        // Whoever has left already cannot be told.
        let _ = self.tcp.shutdown(Shutdown::Write);
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn exactly(&mut self, mut left: u64, take: &mut impl FnMut(&[u8])) -> io::Result<()> {
        while left > 0 {
            let found = self.reader.fill_buf()?;
            if found.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let taken = found.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            take(&found[..taken]);
            self.reader.consume(taken);
            left -= taken as u64;
        }
        Ok(())
    }
}

impl Head {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The second word of the first line: a target, or a status.
    pub(crate) fn word(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }
}
