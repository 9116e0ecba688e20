//! Connecting, for real.

use super::race::interleave;
use super::*;
use crate::{Idle, Stream};
use std::os::unix::net::UnixListener as StdUnixListener;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use torwart_kernel::socket::{listen_unix, set_linger_reset};

const DEADLINE: Duration = Duration::from_secs(5);

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A port where nothing listens.
fn closed_port() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A listener whose queue is full: further connections get no answer.
struct BlackHole {
    address: SocketAddr,
    _listener: socket2::Socket,
    _waiting: Vec<socket2::Socket>,
}

impl BlackHole {
    fn new() -> Self {
        let stream = || socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        let listener = stream();
        listener.bind(&address("127.0.0.1:0").into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let fill = || {
            let waiting = stream();
            waiting.set_nonblocking(true).unwrap();
            let _ = waiting.connect(&address.into());
            waiting
        };
        let waiting = (0..4).map(|_| fill()).collect();
        Self { address, _listener: listener, _waiting: waiting }
    }
}

async fn check_failure(plan: &SocketPlan, addresses: &[SocketAddr], expected: Ending) -> ConnectFailure {
    let failure = connect(plan, addresses, DEADLINE).await.unwrap_err();
    assert_eq!(failure.ending, expected);
    failure
}

fn path(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("torwart-dial-{name}-{}.sock", std::process::id()))
}

#[tokio::test]
async fn a_listening_port_is_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap();
    let connected = connect(&SocketPlan::default(), &[target], DEADLINE).await.unwrap();
    assert_eq!(connected.address, target);
    assert!(connected.stream.nodelay().unwrap());
}

#[tokio::test]
async fn every_option_is_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plan = SocketPlan {
        bind: Some("127.0.0.3".parse().unwrap()),
        ttl: Some(9),
        segment_size: Some(1000),
        receives_errors: true,
        nodelay: true,
        keepalive: Some(Keepalive { idle: DEADLINE, interval: DEADLINE, probes: 3 }),
        user_timeout: Some(DEADLINE),
        refuses_link_local: false,
    };
    let connected = connect(&plan, &[listener.local_addr().unwrap()], DEADLINE).await.unwrap();
    assert_eq!(connected.stream.local_addr().unwrap().ip(), plan.bind.unwrap());
    assert_eq!(connected.stream.ttl().unwrap(), 9);
}

#[tokio::test]
async fn a_closed_port_refuses() {
    let closed = closed_port();
    let failure = check_failure(&SocketPlan::default(), &[closed], Ending::Refused).await;
    assert_eq!(failure.address, Some(closed));
}

#[tokio::test]
async fn a_full_queue_is_silence_and_silence_ends_at_the_deadline() {
    let hole = BlackHole::new();
    let short = Duration::from_millis(100);
    let failure = connect(&SocketPlan::default(), &[hole.address], short).await.unwrap_err();
    assert_eq!(failure.ending, Ending::TimedOut(Deadline::Connect));
    assert_eq!(failure.address, Some(hole.address));
    assert!(failure.after >= short);
}

#[tokio::test]
async fn an_address_nobody_can_route_to_is_unroutable() {
    // TCP to a broadcast address: the kernel says ENETUNREACH without asking the network.
    check_failure(&SocketPlan::default(), &[address("255.255.255.255:80")], Ending::Unroutable).await;
}

#[tokio::test]
async fn a_source_address_we_do_not_have_is_a_local_fault() {
    let plan = SocketPlan { bind: Some("192.0.2.1".parse().unwrap()), ..SocketPlan::default() };
    check_failure(&plan, &[closed_port()], Ending::ResourcesSpent).await;
}

#[tokio::test]
async fn a_source_address_leaves_no_way_to_the_other_family() {
    let plan = SocketPlan { bind: Some("127.0.0.1".parse().unwrap()), ..SocketPlan::default() };
    check_failure(&plan, &[address("[::1]:80")], Ending::Unroutable).await;
}

#[tokio::test]
async fn after_a_refusal_the_next_address_is_tried_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let good = listener.local_addr().unwrap();
    let addresses = [closed_port(), closed_port(), good];
    let connected = connect(&SocketPlan::default(), &addresses, DEADLINE).await.unwrap();
    assert_eq!(connected.address, good);
    assert!(connected.took < CONNECTION_ATTEMPT_DELAY, "{:?}", connected.took);
}

#[tokio::test]
async fn a_silent_address_does_not_hold_up_the_next() {
    let hole = BlackHole::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let good = listener.local_addr().unwrap();
    let connected = connect(&SocketPlan::default(), &[hole.address, good], DEADLINE).await.unwrap();
    assert_eq!(connected.address, good);
    assert!(connected.took >= CONNECTION_ATTEMPT_DELAY, "{:?}", connected.took);
    assert!(connected.took < Duration::from_millis(900), "{:?}", connected.took);
}

#[tokio::test]
async fn a_refusal_is_told_rather_than_a_missing_route() {
    let closed = closed_port();
    let nowhere = address("255.255.255.255:80");
    let plan = SocketPlan::default();
    for addresses in [[closed, nowhere], [nowhere, closed]] {
        let failure = check_failure(&plan, &addresses, Ending::Refused).await;
        assert_eq!(failure.address, Some(closed));
    }
}

#[tokio::test]
async fn without_an_address_there_is_no_way() {
    let failure = check_failure(&SocketPlan::default(), &[], Ending::Unroutable).await;
    assert_eq!(failure.address, None);
}

#[test]
fn families_alternate_beginning_with_the_first() {
    let list = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"].map(address);
    let expected = ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"].map(address);
    assert_eq!(interleave(&list, None), expected);
    let four = ["1.1.1.1:1", "2.2.2.2:1"].map(address);
    assert_eq!(interleave(&list, Some("127.0.0.1".parse().unwrap())), four);
}

#[tokio::test]
async fn a_unix_socket_is_connected_to() {
    let path = path("good");
    let listener = UnixListener::bind(&path).unwrap();
    let (stream, _) = connect_unix(&path, DEADLINE).await.unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    let mut stream = Stream::from(stream);
    stream.write_all(b"x").await.unwrap();
    assert_eq!(far.read_u8().await.unwrap(), b'x');
    assert!(stream.as_unix().is_some() && stream.is_quiet());
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_missing_unix_socket_is_missing_and_an_abandoned_one_refuses() {
    let path = path("abandoned");
    assert_eq!(connect_unix(&path, DEADLINE).await.unwrap_err().0, Ending::Missing);
    drop(StdUnixListener::bind(&path).unwrap());
    assert_eq!(connect_unix(&path, DEADLINE).await.unwrap_err().0, Ending::Refused);
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_full_unix_queue_is_waited_for_and_then_told() {
    let path = path("full");
    let listener = listen_unix(&path, 0, 0o600).unwrap();
    let mut waiting = Vec::new();
    let short = Duration::from_millis(50);
    let ending = loop {
        match connect_unix(&path, short).await {
            Ok(stream) => waiting.push(stream),
            Err((ending, _)) => break ending,
        }
    };
    assert_eq!(ending, Ending::QueueFull);
    // Once the queue moves, the next one comes in.
    let listener = UnixListener::from_std(listener).unwrap();
    let (connected, accepted) = tokio::join!(connect_unix(&path, DEADLINE), listener.accept());
    assert!(connected.is_ok() && accepted.is_ok());
    std::fs::remove_file(path).unwrap();
}

async fn pair() -> (Stream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (near.into(), listener.accept().await.unwrap().0)
}

async fn idle_end(stream: &mut Stream) -> Idle {
    tokio::time::timeout(DEADLINE, std::future::poll_fn(|context| stream.poll_idle(context))).await.unwrap()
}

#[tokio::test]
async fn an_idle_connection_is_quiet_until_it_ends() {
    let (mut near, far) = pair().await;
    assert!(near.is_quiet());
    drop(far);
    assert_eq!(idle_end(&mut near).await, Idle::Ended(Ending::Closed));
    assert!(!near.is_quiet());
}

#[tokio::test]
async fn an_idle_connection_that_is_reset_says_so() {
    let (mut near, far) = pair().await;
    set_linger_reset(&far).unwrap();
    drop(far);
    assert_eq!(idle_end(&mut near).await, Idle::Ended(Ending::Reset));
}

#[tokio::test]
async fn an_idle_connection_that_speaks_unasked_is_noticed() {
    let (mut near, mut far) = pair().await;
    far.write_all(b"HTTP/1.1 408 Request Timeout\r\n").await.unwrap();
    assert_eq!(idle_end(&mut near).await, Idle::Spoke(b'H'));
}

#[tokio::test]
async fn a_connection_stays_quiet_after_an_answer_was_read() {
    let (mut near, mut far) = pair().await;
    far.write_all(b"answer").await.unwrap();
    let mut buffer = [0; 64];
    assert_eq!(near.read(&mut buffer).await.unwrap(), 6);
    assert!(near.is_quiet());
}
