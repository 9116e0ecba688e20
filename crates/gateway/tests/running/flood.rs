//! Many addresses that send their heads byte by byte slow nobody else down, and take no more places than they may.

use crate::client::Client;
use crate::eventually;
use crate::gateway::{Gateway, cause};
use crate::upstream::Upstream;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use torwart_record::Exposition;

/// Addresses of this machine that take part, and connections of each.
const ADDRESSES: u8 = 8;
const OF_EACH: usize = 60;
/// What each may hold.
const MOST: usize = 40;

struct Flood {
    is_over: Arc<AtomicBool>,
    open: Arc<AtomicUsize>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Flood {
    fn start(target: SocketAddr) -> Self {
        let (is_over, open) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (over, opened) = (Arc::clone(&is_over), Arc::clone(&open));
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("is made");
            runtime.block_on(async {
                let mut slow = tokio::task::JoinSet::new();
                for number in 0..usize::from(ADDRESSES) * OF_EACH {
                    let last = 2 + u8::try_from(number % usize::from(ADDRESSES)).expect("is small");
                    slow.spawn(drip(target, last, Arc::clone(&over), Arc::clone(&opened)));
                }
                while slow.join_next().await.is_some() {}
            });
        });
        Self { is_over, open, thread: Some(thread) }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let joined = self.thread.take().map(std::thread::JoinHandle::join);
        assert!(joined.is_none_or(|joined| joined.is_ok()) || std::thread::panicking());
    }
}

async fn drip(target: SocketAddr, last: u8, is_over: Arc<AtomicBool>, open: Arc<AtomicUsize>) {
    let socket = TcpSocket::new_v4().expect("a socket is to be had");
    socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0))).expect("every 127 is this machine");
    let Ok(mut stream) = socket.connect(target).await else { return };
    open.fetch_add(1, Ordering::SeqCst);
    if stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX: ").await.is_ok() {
        while !is_over.load(Ordering::SeqCst) && stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    open.fetch_sub(1, Ordering::SeqCst);
}

/// The time that 99 of 100 requests stay below.
fn p99(client: &mut Client) -> Duration {
    let mut times: Vec<Duration> = (0..500)
        .map(|_| {
            let began = Instant::now();
            assert_eq!(client.get("/").expect("it is answered").status, 200);
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

#[test]
fn slow_heads_of_many_addresses_slow_nobody_else_down() {
    let upstream = Upstream::saying("well");
    let url = upstream.url();
    let mut gateway = Gateway::start(&format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[client]\nper_address = {MOST}\ndeadline = {{ head = \"20s\" }}\n\
         [site.\"*\"]\nupstreams = \"{url}\"\n"
    ));
    let mut client = Client::connect(gateway.address());
    let calm = p99(&mut client).min(p99(&mut client));
    let flood = Flood::start(gateway.address());
    let held = usize::from(ADDRESSES) * MOST;
    let clients = |gateway: &Gateway| {
        let page = gateway.running().metrics().scrape(Exposition::Prometheus);
        let lines = page.lines().filter_map(|line| line.strip_prefix("torwart_clients{")?.rsplit_once(' '));
        lines.filter_map(|(_, count)| count.parse::<usize>().ok()).sum::<usize>()
    };
    eventually("every address holds what it may", || clients(&gateway) >= held);
    eventually("the rest is turned away", || {
        flood.open.load(Ordering::SeqCst) <= held + 8 * usize::from(ADDRESSES)
    });
    // The best of several looks: other tests run on the same cores.
    let during = (0..5).map(|_| p99(&mut client)).min().expect("five looks");
    assert!(clients(&gateway) <= held + 8 * usize::from(ADDRESSES) + 1);
    drop(flood);
    assert!(during <= calm * 2 + SCHEDULING, "99 of 100 took {during:?} instead of {calm:?}");
    gateway.stop(Duration::from_millis(100));
    assert!(
        gateway.records().iter().all(|record| cause(record) != "gateway_full"),
        "there was room for all others"
    );
}

/// What a core that two threads share may add by itself.
const SCHEDULING: Duration = Duration::from_millis(2);
