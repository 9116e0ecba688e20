//! The timetable as a client meets it.

use super::*;
use std::io::{Read, Write};
use std::sync::mpsc;

#[test]
fn the_demonstration_can_be_read() {
    let timetable = Timetable::demonstration();
    assert!(timetable.acts.len() > 5);
    assert!(timetable.acts.iter().all(|act| act.lasts.0 == Duration::from_secs(6)));
}

fn ask(address: SocketAddr) -> String {
    let Ok(mut client) = std::net::TcpStream::connect(address) else { return "refused".to_owned() };
    client.set_read_timeout(Some(Duration::from_secs(2))).expect("a timeout can be set");
    // The act may end the connection at any moment; what is left to read tells.
    let _ = client.write_all(b"GET /api/whoami HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let _ = client.shutdown(std::net::Shutdown::Write);
    let mut text = Vec::new();
    match client.read_to_end(&mut text) {
        Ok(_) => String::from_utf8_lossy(&text).into_owned(),
        Err(error) => error.kind().to_string(),
    }
}

#[test]
fn each_act_is_announced_and_played() {
    let ground = Ground::start().expect("the lab starts");
    let (sender, acts) = mpsc::channel();
    let timetable = Timetable::demonstration().with_acts_of(Duration::from_millis(700));
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let flaky = Flaky::start(&ground, any, "c", timetable, move |act| {
        // The test may have seen enough.
        let _ = sender.send(act.name.clone());
    })
    .expect("listens");
    for (name, expected) in
        [("well", "{\"origin\":\"c\"}"), ("refused", "refused"), ("reset-before-head", "connection reset")]
    {
        let announced = acts.recv_timeout(Duration::from_secs(5)).expect("the timetable goes on");
        assert_eq!(announced, name);
        let answer = ask(flaky.address());
        assert!(answer.contains(expected), "{name}: {answer}");
    }
}
