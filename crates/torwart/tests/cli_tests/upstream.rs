//! A small upstream: answers every request with its name; `/held` only once it is let go.

use crate::program::PATIENCE;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// A listening upstream. Its threads end with the test's process.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    held: Arc<Held>,
}

#[derive(Default)]
struct Held {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    has_come: bool,
    is_let_go: bool,
}

impl Upstream {
    pub(crate) fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        let held = Arc::<Held>::default();
        let shared = Arc::clone(&held);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let held = Arc::clone(&shared);
                std::thread::spawn(move || answer(&stream, name, &held));
            }
        });
        Self { address, held }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until a request for `/held` has come.
    pub(crate) fn wait_for_held(&self) {
        let state = self.held.state.lock().expect("nobody panics with it");
        let (state, _) = self
            .held
            .changed
            .wait_timeout_while(state, PATIENCE, |state| !state.has_come)
            .expect("nobody panics with it");
        assert!(state.has_come, "no request has come");
    }

    /// Lets it be answered.
    pub(crate) fn let_go(&self) {
        self.held.state.lock().expect("nobody panics with it").is_let_go = true;
        self.held.changed.notify_all();
    }
}

/// One request per connection; a client that leaves is no matter.
fn answer(stream: &TcpStream, name: &str, held: &Held) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    while !lines.next()?.ok()?.is_empty() {}
    if first.contains(" /held ") {
        let mut state = held.state.lock().ok()?;
        state.has_come = true;
        held.changed.notify_all();
        drop(held.changed.wait_timeout_while(state, PATIENCE, |state| !state.is_let_go));
    }
    let body = if first.starts_with("HEAD") { "" } else { name };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", name.len());
    (&*stream).write_all((head + body).as_bytes()).ok()
}
