//! Requests in early data: what changes nothing goes on at once and says so, everything else waits for the handshake.

use super::Site;
use super::client::{Connection, config, endpoint, get, post};
use crate::PATIENCE;
use crate::conversation::{eventually, run};
use crate::gateway::cause;
use crate::upstream::Upstream;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A way to the gateway that holds what comes back until it is opened, so that no handshake completes.
struct Way {
    address: SocketAddr,
    is_open: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
}

impl Way {
    fn to(gateway: SocketAddr) -> Self {
        let socket = |to| {
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
            socket.set_read_timeout(Some(Duration::from_millis(20))).expect("it can be set");
            if let Some(to) = to {
                socket.connect::<SocketAddr>(to).expect("it is there");
            }
            Arc::new(socket)
        };
        let (front, back) = (socket(None), socket(Some(gateway)));
        let address = front.local_addr().expect("it is bound");
        let client = Arc::new(Mutex::new(None));
        let (is_open, is_over) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let ends = Instant::now() + PATIENCE;
        let goes_on = {
            let is_over = Arc::clone(&is_over);
            move || !is_over.load(Ordering::Relaxed) && Instant::now() < ends
        };
        std::thread::spawn({
            let (front, back, client, goes_on) =
                (Arc::clone(&front), Arc::clone(&back), Arc::clone(&client), goes_on.clone());
            move || {
                let mut datagram = [0; 4096];
                while goes_on() {
                    if let Ok((length, from)) = front.recv_from(&mut datagram) {
                        *client.lock().expect("nobody panics") = Some(from);
                        let _ = back.send(&datagram[..length]);
                    }
                }
            }
        });
        std::thread::spawn({
            let is_open = Arc::clone(&is_open);
            move || {
                let mut datagram = [0; 4096];
                while goes_on() {
                    if !is_open.load(Ordering::Relaxed) {
                        crate::pace(Duration::from_millis(2));
                    } else if let Ok(length) = back.recv(&mut datagram)
                        && let Some(to) = *client.lock().expect("nobody panics")
                    {
                        let _ = front.send_to(&datagram[..length], to);
                    }
                }
            }
        });
        Self { address, is_open, is_over }
    }

    fn set_open(&self, is_open: bool) {
        self.is_open.store(is_open, Ordering::Relaxed);
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// An upstream that says whether it was told of early data, and that `/late` has to come again later.
fn wary() -> Upstream {
    Upstream::start(|link| {
        while let Some(head) = link.request()? {
            let told = head.field("early-data").unwrap_or("no").to_owned();
            let status = if told == "1" && head.word() == "/late" { "425 Too Early" } else { "200 OK" };
            link.send(&format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{told}", told.len()))?;
        }
        Ok(())
    })
}

/// A client that was there before, and the way on which it comes again.
struct Returning {
    way: Way,
    endpoint: quinn::Endpoint,
    config: quinn::ClientConfig,
}

impl Returning {
    async fn to(site: &Site) -> Self {
        let way = Way::to(site.address());
        let mut tls = (*site.trusting).clone();
        tls.enable_early_data = true;
        let (endpoint, config) = (endpoint(), config(tls));
        let connecting =
            endpoint.connect_with(config.clone(), way.address, "shop.example").expect("it can be tried");
        let quic = connecting.await.expect("a connection");
        let mut connection = Connection::over(endpoint.clone(), quic).await;
        for _ in 0..2 {
            assert_eq!(connection.ask(get("/first")).await.expect("it is answered").body, b"no");
        }
        connection.quic.close(0u32.into(), b"");
        Self { way, endpoint, config }
    }

    /// Comes again, without hearing anything of the gateway before the way is opened. `None` where the client knows
    /// that it may not.
    async fn early(&self) -> Option<Connection> {
        self.way.set_open(false);
        let connecting = self
            .endpoint
            .connect_with(self.config.clone(), self.way.address, "shop.example")
            .expect("it can be tried");
        let (quic, _) = connecting.into_0rtt().ok()?;
        Some(Connection::over(self.endpoint.clone(), quic).await)
    }
}

#[test]
fn what_changes_nothing_goes_on_before_the_handshake_and_says_so() {
    let upstream = wary();
    let site = Site::start_at("true\nearly_data = true", &upstream, "", "");
    run(async {
        let client = Returning::to(&site).await;
        let mut connection = client.early().await.expect("it may send early data");
        let mut stream = connection.begin(get("/early")).await.expect("it is taken");
        stream.finish().await;
        eventually("it arrives without a handshake", || upstream.targets().len() == 3).await;
        let mut late = connection.begin(get("/late")).await.expect("it is taken");
        late.finish().await;
        eventually("that, too", || upstream.targets().len() == 4).await;
        client.way.set_open(true);
        assert_eq!(stream.answer().await.expect("it is answered").body, b"1");
        assert_eq!(late.answer().await.expect("it is answered").status, 425, "it is passed on");
        let answer = connection.ask(get("/late")).await.expect("it goes on");
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"no".as_slice()));
    });
}

#[test]
fn what_may_change_something_waits_for_the_handshake() {
    let upstream = wary();
    let site = Site::start_at("true\nearly_data = true", &upstream, "", "");
    run(async {
        let client = Returning::to(&site).await;
        let mut connection = client.early().await.expect("it may send early data");
        let mut order = connection.begin(post("/order")).await.expect("it is taken");
        order.finish().await;
        let mut with_body = get("/with-body");
        with_body.headers_mut().insert("content-length", 4.into());
        let mut with_body = connection.begin(with_body).await.expect("it is taken");
        with_body.data(b"body").await.expect("it is taken");
        with_body.finish().await;
        // What comes after them goes on, so they are not only on their way.
        let mut other = connection.begin(get("/other")).await.expect("it is taken");
        other.finish().await;
        eventually("it arrives", || upstream.targets().len() == 3).await;
        assert_eq!(upstream.targets().last().map(String::as_str), Some("/other"));
        client.way.set_open(true);
        assert_eq!(order.answer().await.expect("it is answered").body, b"no");
        assert_eq!(with_body.answer().await.expect("it is answered").body, b"no");
        assert_eq!(other.answer().await.expect("it is answered").body, b"1");
    });
}

#[test]
fn a_handshake_that_never_ends_is_a_record_and_its_orders_go_nowhere() {
    let upstream = wary();
    let before = "[client]\ndeadline = { handshake = \"300ms\" }";
    let site = Site::start_at("true\nearly_data = true", &upstream, before, "");
    run(async {
        let client = Returning::to(&site).await;
        let mut connection = client.early().await.expect("it may send early data");
        let mut order = connection.begin(post("/order")).await.expect("it is taken");
        order.finish().await;
        let has_failed =
            || site.gateway.records().iter().any(|record| cause(record) == "client_handshake_failed");
        eventually("the gateway gives up", has_failed).await;
    });
    assert_eq!(upstream.targets().len(), 2, "the order went nowhere");
}

#[test]
fn there_is_no_early_data_unless_it_is_switched_on_or_when_limits_have_changed() {
    let upstream = wary();
    let site = Site::start(&upstream);
    run(async {
        let client = Returning::to(&site).await;
        assert!(client.early().await.is_none(), "the client is told that it may not");
    });
    let site = Site::start_at("true\nearly_data = true", &upstream, "", "");
    run(async {
        let client = Returning::to(&site).await;
        let fewer = "workers = 1\n[client]\nlimit = { streams = 7 }\n[listen]\nhttps = \"127.0.0.1:0\"\nhttp3 = true\n\
                     early_data = true\n[site.\"shop.example\"]\n\
                     certificate = { chain = \"chain.pem\", key = \"key.pem\" }\n";
        site.gateway
            .adopt(&format!("{fewer}upstreams = \"{}\"\n", upstream.url()))
            .expect("it is taken over");
        // Whether the gateway takes it shows in what the upstream is told.
        let mut connection = client.early().await.expect("it does not know yet");
        let before = upstream.targets().len();
        let stream = connection.begin(get("/early")).await;
        client.way.set_open(true);
        if let Ok(mut stream) = stream {
            stream.finish().await;
            assert!(stream.answer().await.is_err(), "early data was refused");
        }
        assert_eq!(upstream.targets().len(), before);
    });
}
