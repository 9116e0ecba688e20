//! Upstreams whose idle connections have a story: a box on the way that forgets is played by a packet filter on the
//! upstream's own socket, which needs no right.

use super::scene::{Folder, bad, examine, found, question};
use socket2::{SockFilter, SockRef};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};
use torwart_cause::finding::{Finding, Severity};
use torwart_doctor::checks::time;

/// What happens to a connection that was idle.
#[derive(Clone, Copy)]
enum Story {
    /// Packets do not reach it any more.
    Forgotten,
    /// Packets do not reach it for so long.
    Lossy(Duration),
    /// The next request is answered by a reset.
    Reset,
    /// The next request is read and never answered.
    Hung,
    /// It is closed.
    Closed,
    /// Nothing.
    Well,
}

/// An upstream whose connections become old after this time.
fn upstream(after: Duration, story: Story) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    // Threads of a test end with it; connections are closed by then.
    std::thread::spawn(move || {
        while let Ok((client, _)) = listener.accept() {
            std::thread::spawn(move || serve(client, after, story));
        }
    });
    address
}

fn serve(mut client: TcpStream, after: Duration, story: Story) {
    let mut request = [0; 8192];
    let mut last = None::<Instant>;
    loop {
        let wait = if last.is_some() { after } else { Duration::from_secs(60) };
        let _ = client.set_read_timeout(Some(wait));
        match client.read(&mut request) {
            Ok(0) => return,
            Ok(_) => {}
            Err(_) => match story {
                Story::Forgotten => {
                    drop_packets(&client);
                    std::thread::park_timeout(Duration::from_secs(60));
                    return;
                }
                Story::Lossy(time) => {
                    let _ = client.set_read_timeout(None);
                    drop_packets(&client);
                    // The request is lost, and its first repetitions.
                    std::thread::park_timeout(LONGEST - after + time);
                    let _ = SockRef::from(&client).detach_filter();
                    if client.read(&mut request).is_err() {
                        return;
                    }
                }
                Story::Reset => {
                    let _ = client.set_read_timeout(None);
                    let _ = client.peek(&mut request);
                    let _ = SockRef::from(&client).set_linger(Some(Duration::ZERO));
                    return;
                }
                Story::Hung => {
                    let _ = client.set_read_timeout(Some(Duration::from_secs(60)));
                    while matches!(client.read(&mut request), Ok(1..)) {}
                    return;
                }
                Story::Closed => return,
                Story::Well => continue,
            },
        }
        last = Some(Instant::now());
        if client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err() {
            return;
        }
    }
}

/// From now on the kernel drops what arrives for this socket, as if it had never arrived.
fn drop_packets(client: &TcpStream) {
    const RETURN: u16 = 0x06;
    SockRef::from(client).attach_filter(&[SockFilter::new(RETURN, 0, 0, 0)]).expect("a filter");
}

/// What is found of an upstream with this story behind an nginx with a pool of five seconds.
fn find(name: &str, story: Story) -> Vec<Finding> {
    let folder = Folder::new(name);
    let address = upstream(Duration::from_millis(2600), story);
    let config = super::nginx(&folder, address, address, "keepalive 8; keepalive_timeout 5s;", "");
    examine(question(address, &[address], &config), time::CHECKS)
}

/// How long connections are left alone in these tests.
const LONGEST: Duration = Duration::from_secs(6);

#[test]
fn a_connection_that_is_forgotten_is_found_with_the_line_to_change() {
    let findings = find("forgotten", Story::Forgotten);
    assert_eq!(bad(&findings), ["firewall.idle_state_lost"]);
    let finding = found(&findings, "firewall.idle_state_lost");
    assert_eq!(finding.severity, Severity::Warning);
    let fix = finding.fixes.first().expect("a fix");
    let line = fix.file.as_ref().map(|(_, line)| *line);
    assert_eq!((line, fix.after.as_str()), (Some(5), "keepalive_timeout 1s;"));
    assert!(fix.before.as_ref().is_some_and(|before| before.contains("5s")), "{fix:?}");
}

#[test]
fn a_connection_that_is_reset_without_a_close_is_another_kind() {
    assert_eq!(bad(&find("reset", Story::Reset)), ["firewall.idle_state_reset"]);
}

#[test]
fn an_application_that_hangs_is_not_forgotten() {
    assert!(bad(&find("hung", Story::Hung)).is_empty());
}

#[test]
fn packets_that_are_lost_and_repeated_are_not_forgotten() {
    assert!(bad(&find("lossy", Story::Lossy(Duration::from_millis(500)))).is_empty());
}

#[test]
fn an_upstream_that_closes_is_not_forgotten() {
    assert_eq!(bad(&find("closed", Story::Closed)), ["keepalive.mismatch"]);
}

#[test]
fn a_connection_that_lives_is_well() {
    assert!(find("well", Story::Well).is_empty());
}
