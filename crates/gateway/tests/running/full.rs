//! More client connections than the plan allows: the next ones are told so at once, and those that are open go on.

use crate::client::Client;
use crate::eventually;
use crate::gateway::{Gateway, cause};
use crate::upstream::Upstream;

#[test]
fn above_the_limit_of_connections_clients_are_told_to_come_back() {
    let upstream = Upstream::saying("well");
    let url = upstream.url();
    let gateway = Gateway::start(&format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[client]\nconnections = 2\n[site.\"*\"]\nupstreams = \"{url}\"\n"
    ));
    let mut open: Vec<_> = (0..2).map(|_| Client::connect(gateway.address())).collect();
    for client in &mut open {
        assert_eq!(client.get("/").expect("it is answered").status, 200);
    }

    let refused = Client::connect(gateway.address()).get("/late").expect("it is told");
    assert_eq!(refused.status, 503);
    assert!(refused.head.field("retry-after").is_some(), "{:?}", refused.head);
    let records = gateway.wait_for_records(3);
    assert_eq!(cause(&records[2]), "gateway_full");
    assert!(!upstream.targets().contains(&"/late".to_owned()), "it reached no upstream");

    for client in &mut open {
        assert_eq!(client.get("/").expect("open connections go on").status, 200);
    }
    drop(open);
    eventually("there is room again", || {
        Client::connect(gateway.address()).get("/").is_ok_and(|answer| answer.status == 200)
    });
}
