//! Upstreams whose behaviour is a function of the test: one thread per connection.

use crate::message::{Head, Wire};
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A listening upstream. Dropping it cuts its connections and waits for its threads.
pub(crate) struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    accepted: AtomicUsize,
    open: Mutex<Vec<TcpStream>>,
    requests: Mutex<Vec<String>>,
}

/// One connection of an upstream.
pub(crate) struct Link {
    pub(crate) wire: Wire,
    shared: Arc<Shared>,
}

impl Upstream {
    /// Serves every connection so, on a free port.
    pub(crate) fn start(serve: impl Fn(&mut Link) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), serve)
    }

    pub(crate) fn start_at(
        address: SocketAddr,
        serve: impl Fn(&mut Link) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::listen(address, serve, Wire::plain)
    }

    /// As [`Upstream::start`], over TLS.
    pub(crate) fn start_tls(
        config: Arc<rustls::ServerConfig>,
        serve: impl Fn(&mut Link) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::start_tls_at(SocketAddr::from(([127, 0, 0, 1], 0)), config, serve)
    }

    pub(crate) fn start_tls_at(
        address: SocketAddr,
        config: Arc<rustls::ServerConfig>,
        serve: impl Fn(&mut Link) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::listen(address, serve, move |tcp| Wire::tls_server(tcp, Arc::clone(&config)))
    }

    /// An upstream that answers every request with this text.
    pub(crate) fn saying(text: &'static str) -> Self {
        Self::start(move |link| {
            while link.request()?.is_some() {
                link.answer(text)?;
            }
            Ok(())
        })
    }

    fn listen(
        address: SocketAddr,
        serve: impl Fn(&mut Link) -> io::Result<()> + Send + Sync + 'static,
        wire: impl Fn(TcpStream) -> Wire + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).expect("the address is free");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared::default());
        let its = Arc::clone(&shared);
        let serve = Arc::new(serve);
        let thread = std::thread::spawn(move || {
            let mut threads = Vec::new();
            for tcp in listener.incoming() {
                let Ok(tcp) = tcp else { continue };
                if its.is_over.load(Ordering::SeqCst) {
                    break;
                }
                its.accepted.fetch_add(1, Ordering::SeqCst);
                its.open.lock().expect("nobody panics here").push(tcp.try_clone().expect("can be cloned"));
                let mut link = Link { wire: wire(tcp), shared: Arc::clone(&its) };
                let serve = Arc::clone(&serve);
                threads.push(std::thread::spawn(move || {
                    // That the gateway left is what the test judges, not this thread.
                    let _ = serve(&mut link);
                    let _ = link.wire.tcp.shutdown(Shutdown::Both);
                }));
            }
            threads
                .into_iter()
                .for_each(|thread| thread.join().expect("an upstream's script does not panic"));
        });
        Self { address, shared, thread: Some(thread) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// The targets of the requests that came whole.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.shared.requests.lock().expect("nobody panics here").clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        for tcp in self.shared.open.lock().expect("nobody panics here").drain(..) {
            let _ = tcp.shutdown(Shutdown::Both);
        }
        if let Some(thread) = self.thread.take() {
            let joined = thread.join();
            assert!(joined.is_ok() || std::thread::panicking(), "an upstream's script panicked");
        }
    }
}

impl Link {
    /// The next request; `None` when the gateway ended the link instead.
    pub(crate) fn request(&mut self) -> io::Result<Option<Head>> {
        let Some(head) = self.wire.head()? else { return Ok(None) };
        self.wire.body(&head, |_| {})?;
        self.shared.requests.lock().expect("nobody panics here").push(head.word().to_owned());
        Ok(Some(head))
    }

    /// The next request if it comes in time; otherwise `None`, as when the link ended.
    pub(crate) fn request_within(&mut self, time: Duration) -> io::Result<Option<Head>> {
        self.wire.tcp.set_read_timeout(Some(time))?;
        match self.request() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            other => other,
        }
    }

    /// A small whole answer.
    pub(crate) fn answer(&mut self, body: &str) -> io::Result<()> {
        self.answer_with("", body)
    }

    /// A small whole answer with further field lines.
    pub(crate) fn answer_with(&mut self, fields: &str, body: &str) -> io::Result<()> {
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {length}\r\n\r\n{body}");
        self.wire.send(answer.as_bytes())
    }

    pub(crate) fn send(&mut self, text: &str) -> io::Result<()> {
        self.wire.send(text.as_bytes())
    }
}
