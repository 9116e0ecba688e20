//! When the process has no descriptor left: connections that are open go on, and new ones are taken in as soon as there
//! is room again.

use crate::client::Client;
use crate::gateway::{Gateway, cause};
use crate::message::Wire;
use crate::process::alone;
use crate::upstream::Upstream;
use crate::{PATIENCE, pace};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const LIMIT: u64 = 128;

/// Takes every descriptor there is but a few.
fn take_all_but(left: usize) -> Vec<File> {
    let mut taken = Vec::new();
    let error = loop {
        match File::open("/dev/null") {
            Ok(file) => taken.push(file),
            Err(error) => break error,
        }
    };
    assert_eq!(error.raw_os_error(), Some(rustix::io::Errno::MFILE.raw_os_error()));
    taken.truncate(taken.len() - left);
    taken
}

#[test]
fn without_descriptors_open_connections_go_on_and_accepting_resumes() {
    alone("descriptors::without_descriptors_open_connections_go_on_and_accepting_resumes", || {
        let limit = Some(LIMIT);
        setrlimit(Resource::Nofile, Rlimit { current: limit, maximum: limit }).expect("it may be lowered");
        let upstream = Upstream::saying("well");
        let url = upstream.url();
        let mut gateway = Gateway::start(&format!(
            "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{url}\"\n\
             retry = {{ attempts = 1 }}\n"
        ));
        let mut open: Vec<_> = (0..2).map(|_| Client::connect(gateway.address())).collect();
        for client in &mut open {
            assert_eq!(client.get("/").expect("it is answered").status, 200);
        }

        // One is enough to connect, none is left to accept.
        let taken = take_all_but(1);
        let mut waiting = TcpStream::connect(gateway.address()).expect("the kernel takes it");
        waiting.write_all(b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n").expect("the kernel takes it");
        for number in 0..20 {
            let client = &mut open[number % 2];
            assert_eq!(client.get("/").expect("open connections go on").status, 200);
            pace(Duration::from_millis(10));
        }
        waiting.set_read_timeout(Some(Duration::from_millis(100))).expect("has this option");
        let early = waiting.read(&mut [0]).expect_err("nobody could accept it");
        assert_eq!(early.kind(), io::ErrorKind::WouldBlock);
        assert!(!upstream.targets().contains(&"/late".to_owned()));

        drop(taken);
        let mut waiting = Client { wire: Wire::plain(waiting) };
        assert_eq!(waiting.answer().expect("it is accepted now").status, 200);
        assert_eq!(Client::connect(gateway.address()).get("/").expect("so are others").status, 200);
        assert!(gateway.stop(PATIENCE));
        assert!(gateway.records().iter().all(|record| record["status"] == 200));
    });
}

#[test]
fn a_link_that_needs_a_descriptor_fails_as_our_own_shortage() {
    alone("descriptors::a_link_that_needs_a_descriptor_fails_as_our_own_shortage", || {
        let limit = Some(LIMIT);
        setrlimit(Resource::Nofile, Rlimit { current: limit, maximum: limit }).expect("it may be lowered");
        let [met, unmet] = [Upstream::saying("well"), Upstream::saying("well")];
        let [url, other] = [met.url(), unmet.url()];
        let gateway = Gateway::start(&format!(
            "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"{url}\"\n\
             [[site.\"*\".route]]\npath = \"/other\"\nupstreams = \"{other}\"\n"
        ));
        let mut client = Client::connect(gateway.address());
        assert_eq!(client.get("/").expect("it is answered").status, 200);
        let taken = take_all_but(0);
        let answer = client.get("/other").expect("it is answered");
        drop(taken);
        assert_eq!(answer.status, 503, "{}", answer.body);
        let again = client.get("/other").expect("it is answered");
        assert_eq!(again.status, 200, "{}", again.body);
        let records = gateway.wait_for_records(3);
        assert_eq!(cause(&records[1]), "local_resources_spent");
    });
}
