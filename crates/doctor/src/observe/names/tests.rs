//! Names asked of the lab's own name servers: who answers, who speaks for the zone, who does not.

use super::*;
use torwart_lab::Ground;
use torwart_lab::dns::{Data, NameServer, Reply as Says, Role, Rule, Zone as LabZone};

/// A name server on an address and port of the test's own.
struct Servers {
    ground: Ground,
    port: u16,
    running: Vec<NameServer>,
}

impl Servers {
    /// The recursive server at 127.0.0.1; those of zones have the same port on other loopback addresses.
    fn start() -> Self {
        let ground = Ground::start().expect("the lab starts");
        let resolver = NameServer::start(&ground, []).expect("listens");
        Self { port: resolver.address().port(), running: vec![resolver], ground }
    }

    fn resolver(&self) -> &NameServer {
        &self.running[0]
    }

    /// A server of a zone at 127.0.0.`last`.
    fn at(&mut self, last: u8) -> &NameServer {
        let address = SocketAddr::from(([127, 0, 0, last], self.port));
        self.running.push(NameServer::start_at(&self.ground, address, []).expect("listens"));
        self.running.last().expect("just put there")
    }
}

fn zone(name: &str, serial: u32, role: Role, records: &[(&str, Data)]) -> LabZone {
    let records = records.iter().map(|(owner, data)| ((*owner).to_owned(), data.clone())).collect();
    LabZone { name: name.to_owned(), serial, ttl: 60, records, role }
}

fn address(last: u8) -> Data {
    Data::Address([127, 0, 0, last].into())
}

fn served_by(name: &str) -> Data {
    Data::NameServer(name.to_owned())
}

/// What is written in all roles: `example` delegates `shop.example` to two servers.
fn records() -> [(&'static str, Data); 7] {
    [
        ("example", served_by("ns.example")),
        ("ns.example", address(10)),
        ("shop.example", served_by("ns1.shop.example")),
        ("shop.example", served_by("ns2.shop.example")),
        ("ns1.shop.example", address(21)),
        ("ns2.shop.example", address(22)),
        ("www.shop.example", address(80)),
    ]
}

fn examine<T>(servers: &Servers, host: &str, look: impl AsyncFn(&Case, &Names) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let url = format!("http://{host}/").parse().expect("a URL");
    let case = Case::new(crate::Question::about(url));
    let given = vec![servers.resolver().address()];
    let names = Names { host: host.to_owned(), given, zone_port: Some(servers.port), ..Names::default() };
    runtime.block_on(look(&case, &names))
}

#[test]
fn the_walk_finds_every_server_of_the_zone_and_who_is_lame() {
    let mut servers = Servers::start();
    servers.resolver().set_zone(zone("", 1, Role::Cache, &records()));
    let shop = [("shop.example", served_by("ns1.shop.example")), ("www.shop.example", address(80))];
    let example = zone("example", 1, Role::Authority, &records());
    servers.at(10).set_zone(example);
    servers.at(21).set_zone(zone("shop.example", 5, Role::Authority, &shop));
    // It has zones, but not this one.
    servers.at(22).set_zone(zone("other.example", 1, Role::Authority, &[]));
    examine(&servers, "www.shop.example", async |case, names| {
        let zone = names.zone(case).await;
        let zone = zone.as_ref().as_ref().expect("a zone");
        assert_eq!((zone.name.as_str(), zone.asked.as_str()), ("shop.example", "www.shop.example"));
        assert_eq!(zone.by_parent, ["ns1.shop.example", "ns2.shop.example"]);
        let good: Vec<_> =
            zone.good().map(|server| (server.name.as_str(), server.serial(), server.addresses())).collect();
        assert_eq!(good, [("ns1.shop.example", Some(5), vec![IpAddr::from([127, 0, 0, 80])])]);
        let lame: Vec<_> = zone.servers.iter().filter(|it| it.is_lame()).map(|it| it.name.as_str()).collect();
        assert_eq!(lame, ["ns2.shop.example"]);
        assert!(!zone.is_intercepted());
    });
}

#[test]
fn a_resolver_that_knows_no_zone_ends_the_walk() {
    let servers = Servers::start();
    servers.resolver().set("shop.corp", Rule::always(Says::Addresses(vec![[127, 0, 0, 80].into()])));
    examine(&servers, "shop.corp", async |case, names| {
        assert!(names.zone(case).await.is_none());
        assert_eq!(names.heard(case).await, [IpAddr::from([127, 0, 0, 80])]);
    });
}

#[test]
fn answers_in_everybodys_name_are_seen() {
    let mut servers = Servers::start();
    for last in [10, 21, 22] {
        servers.at(last).set_zone(zone("", 1, Role::Cache, &records()));
    }
    servers.resolver().set_zone(zone("", 1, Role::Cache, &records()));
    examine(&servers, "www.shop.example", async |case, names| {
        let zone = names.zone(case).await;
        assert!(zone.as_ref().as_ref().expect("a zone").is_intercepted());
    });
}

#[test]
fn what_a_server_says_has_a_name() {
    let check = |reply: Says, told: fn(&ServerSaid) -> bool| {
        let servers = Servers::start();
        let shown = format!("{reply:?}");
        servers.resolver().set("www.shop.example", Rule::always(reply));
        examine(&servers, "www.shop.example", async |case, names| {
            let said = names.servers(case).await;
            assert!(told(&said[0]), "{shown}: {said:?}");
            assert_eq!(said[0].by, By::Argument);
        });
    };
    check(Says::NxDomain, |said| said.is_alive() && said.knows_no_such_name() && !said.failed());
    check(Says::Empty, |said| said.knows_no_address() && !said.knows_no_such_name());
    check(Says::ServFail, |said| said.failed() && said.failure().is_none());
    check(Says::Refused, |said| said.has_code(Reply::REFUSED));
    check(Says::Garbled, |said| said.failure().is_some_and(|it| it.kind == dns::FailureKind::Garbled));
    check(Says::Silence, |said| said.failure().is_some_and(|it| it.kind == dns::FailureKind::TimedOut));
    check(Says::Truncated(vec![[127, 0, 0, 9].into()]), |said| said.addresses().len() == 1);
    check(Says::Bogus(vec![[127, 0, 0, 9].into()]), ServerSaid::failed);
}

#[test]
fn a_literal_asks_nobody() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let case = Case::new(crate::Question::about("http://[::1]:8080/".parse().expect("a URL")));
    let names = runtime.block_on(observe(&case, "::1"));
    assert_eq!(
        (names.addresses.as_slice(), names.literal),
        (&[IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])][..], Some(names.addresses[0]))
    );
    assert!(runtime.block_on(names.servers(&case)).is_empty());
}
