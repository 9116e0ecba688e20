//! What files mean.

use std::{net::SocketAddr, path::Path, time::Duration};

use torwart_config::{
    ByteSize, Lang, Plan, Source, check,
    plan::{
        Action, Balance, EjectionPlan, HashKey, HeaderMatch, HostPattern, HostPolicy, ListenAddress,
        LogTarget, PathMatch, Rewrite, Roots, Scheme, ServerName, SpreadNames, Target,
    },
};

fn plan(text: &str) -> Plan {
    let source = Source::new(Path::new("/etc/torwart/torwart.toml"), text.to_owned());
    let checked = check(&source, &|_| true);
    let shown: Vec<_> = checked.complaints.iter().map(|one| one.render(&source, Lang::En, false)).collect();
    checked.plan.unwrap_or_else(|| panic!("{}", shown.join("\n\n")))
}

/// A file with one site and these lines in it.
fn site(lines: &str) -> Plan {
    plan(&format!("[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"shop.example\"]\n{lines}"))
}

#[test]
fn five_lines_make_a_gateway_with_the_documented_defaults() {
    let plan = site("upstreams = [\"http://127.0.0.1:3000\"]");
    let [pool] = plan.pools.as_slice() else { panic!("one pool") };
    let [site] = plan.sites.as_slice() else { panic!("one site") };
    let [route] = site.routes.as_slice() else { panic!("one route") };
    assert_eq!(route.path, PathMatch::Any);
    assert_eq!(route.action, Action::Forward(pool.index));
    assert_eq!(&*pool.name, "shop.example");
    assert_eq!((plan.limits.head, plan.limits.fields), (ByteSize::kibibytes(32), 100));
    assert_eq!((plan.limits.target, plan.limits.body), (ByteSize::kibibytes(8), ByteSize::gibibytes(1)));
    assert_eq!(
        (plan.deadlines.head, plan.deadlines.body),
        (Duration::from_secs(10), Duration::from_secs(30))
    );
    assert_eq!(plan.deadlines.keep_alive, Duration::from_secs(75));
    assert_eq!(
        (pool.limits.head, pool.limits.fields, pool.limits.interim),
        (ByteSize::kibibytes(64), 200, 20)
    );
    assert_eq!((pool.idle.links, pool.idle.keep), (64, Duration::from_secs(55)));
    assert_eq!(
        (pool.deadlines.connect, pool.deadlines.handshake),
        (Duration::from_secs(3), Duration::from_secs(5))
    );
    assert_eq!((route.deadlines.first_byte, route.deadlines.between_bytes), (MINUTE, MINUTE));
    assert_eq!(
        (route.buffers.hold, route.buffers.hold_time),
        (ByteSize::kibibytes(16), Duration::from_millis(200))
    );
    assert_eq!(route.buffers.replay, ByteSize::kibibytes(64));
    assert_eq!((route.retry.attempts, pool.retry.percent, pool.retry.per_second), (3, 20, 10));
    assert_eq!((plan.log.failed_exchanges, plan.drain), (1000, Duration::from_secs(30)));
}

#[test]
fn the_example_of_a_whole_site_is_right() {
    let text = r#"
        listen = { http = "0.0.0.0:80", https = "0.0.0.0:443", admin = "127.0.0.1:9180" }
        [pool.shop]
        upstreams = ["http://10.0.0.11:3000", "http://10.0.0.12:3000"]
        health = { path = "/healthz", every = "5s" }
        [site."shop.example"]
        aliases = ["www.shop.example"]
        certificate = { chain = "shop.pem", key = "shop.key" }
        support = "https://status.shop.example"
        pool = "shop"
        [[site."shop.example".route]]
        path = "/api/"
        upstreams = ["https://api.internal:8443"]
        tls = { ca = "internal-ca.pem", name = "api.internal" }
        deadline = { first_byte = "10s" }"#;
    let source = Source::new(Path::new("torwart.toml"), text.to_owned());
    let checked = check(&source, &|_| true);
    assert!(checked.complaints.is_empty());
    let plan = checked.plan.expect("it is right");
    let health = plan.pools[0].health.as_ref().expect("it is asked for");
    assert_eq!((health.every, health.rise, health.fall), (Duration::from_secs(5), 2, 3));
}

#[test]
fn upstreams_on_the_command_line_are_checked_like_a_file() {
    let listen = ListenAddress::Tcp(SocketAddr::from(([127, 0, 0, 1], 0)));
    let plan = Plan::for_upstreams(&listen, &["http://a.internal", "unix:/run/a \"b\".sock"], None)
        .expect("it is right");
    assert_eq!(plan.sites[0].hosts, [HostPattern::Any]);
    assert_eq!(plan.pools[0].upstreams.len(), 2);
    let (source, complaints) = Plan::for_upstreams(&listen, &["127.0.0.1:80"], None).expect_err("no scheme");
    assert_eq!(complaints[0].hint(Lang::De).as_deref(), Some("Meinten Sie \"http://127.0.0.1:80\"?"));
    assert!(complaints[0].render(&source, Lang::En, false).contains("--to:"));
}

#[test]
fn upstreams_are_read_as_urls() {
    let plan = site(
        "upstreams = [\"http://A.internal\", \"https://[::1]:8443/\", \"https://10.0.0.1\", \"unix:run/app.sock\"]",
    );
    let found: Vec<_> =
        plan.pools[0].upstreams.iter().map(|one| (one.scheme, &one.target, &*one.authority)).collect();
    assert_eq!(
        found,
        [
            (Scheme::Http, &Target::Name { name: "a.internal".into(), port: 80 }, "a.internal"),
            (
                Scheme::Https,
                &Target::Address(SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 8443))),
                "[::1]:8443"
            ),
            (Scheme::Https, &Target::Address(SocketAddr::from(([10, 0, 0, 1], 443))), "10.0.0.1"),
            (Scheme::Http, &Target::Unix("/etc/torwart/run/app.sock".into()), "localhost"),
        ]
    );
}

#[test]
fn routes_stand_in_the_order_of_decision() {
    let plan = site(
        r#"pool = "a"
        route = [
            { path = "/a" },
            { path = "~^/x" },
            { path = "/a/b/" },
            { path = "=/a" },
            { path = "/a", methods = "POST" },
            { path = "/a", methods = "POST", headers = { x-beta = true } },
            { path = "~y$", methods = "PUT" },
        ]
        [pool.a]
        upstreams = "http://a""#,
    );
    let names: Vec<_> = plan.sites[0].routes.iter().map(|route| &*route.name).collect();
    // Of two equal names the one asked first keeps the plain one.
    assert_eq!(names, ["=/a", "~^/x", "PUT ~y$", "/a/b/", "POST /a", "POST /a #2", "/a", "*"]);
    let mut indexes: Vec<_> = plan.all_routes().map(|(_, route)| route.index.0).collect();
    indexes.sort_unstable();
    assert_eq!(indexes, (0..plan.routes).collect::<Vec<_>>());
}

#[test]
fn the_narrowest_deadline_holds() {
    let plan = site(
        r#"pool = "a"
        deadline = { first_byte = "20s" }
        hold = { bytes = "0B" }
        route = [{ path = "/slow", deadline = { first_byte = "2m" } }]
        [pool.a]
        upstreams = "http://a"
        deadline = { first_byte = "10s", between_bytes = "5s", connect = "1s" }
        hold = { bytes = "1KiB", time = "1s" }"#,
    );
    let [slow, own] = plan.sites[0].routes.as_slice() else { panic!("two routes") };
    assert_eq!(slow.deadlines.first_byte, Duration::from_secs(120));
    assert_eq!(own.deadlines.first_byte, Duration::from_secs(20));
    assert_eq!(slow.deadlines.between_bytes, Duration::from_secs(5));
    assert_eq!((slow.buffers.hold, slow.buffers.hold_time), (ByteSize::new(0), Duration::from_secs(1)));
    assert_eq!(plan.pools[0].deadlines.connect, Duration::from_secs(1));
}

#[test]
fn a_route_has_from_its_site_what_it_does_not_say() {
    let plan = site(
        r#"upstreams = "http://a"
        host = "upstream"
        body_limit = "1MB"
        request_headers = { set = { X-A = "site", X-B = "site" }, remove = "X-C" }
        route = [
            { path = "/own", upstreams = "http://b", host = "b.example", request_headers = { set = { x-a = "route" } } },
            { path = "/same", body_limit = "2MB", upgrade = false },
        ]"#,
    );
    let [same, own, _] = plan.sites[0].routes.as_slice() else { panic!("three routes") };
    assert_eq!(
        (&same.host, same.body_limit, same.upgrade),
        (&HostPolicy::Upstream, ByteSize::new(2_000_000), false)
    );
    assert_eq!(
        (&own.host, own.body_limit),
        (&HostPolicy::Literal("b.example".into()), ByteSize::new(1_000_000))
    );
    let names: Vec<_> = own.request_headers.set.iter().map(|rule| &*rule.name).collect();
    assert_eq!(names, ["X-B", "x-a"]);
    assert_eq!(own.request_headers.remove, ["x-c".into()]);
    assert_eq!(same.action, Action::Forward(plan.pools[0].index));
    assert_eq!(&*plan.pools[1].name, "shop.example /own");
}

#[test]
fn tls_to_upstreams_is_verified_unless_told_otherwise() {
    let plan = site(
        r#"upstreams = "https://a"
        tls = { ca = "ca.pem", crl = "crl.pem", name = "A.internal", sni = false, certificate = { chain = "c", key = "/k" } }
        resolve = "each""#,
    );
    let pool = &plan.pools[0];
    assert_eq!(pool.tls.roots, Roots::File("/etc/torwart/ca.pem".into()));
    assert_eq!(pool.tls.revoked.as_deref(), Some(Path::new("/etc/torwart/crl.pem")));
    assert_eq!((pool.tls.name.as_deref(), &pool.tls.sni), (Some("a.internal"), &ServerName::Off));
    let files = pool.tls.client_certificate.as_ref().expect("it was given");
    assert_eq!((files.chain.as_path(), files.key.as_path()), (Path::new("/etc/torwart/c"), Path::new("/k")));
    assert!(pool.tls.verify);
    assert_eq!(pool.spread, SpreadNames::Each);
}

#[test]
fn conditions_and_rewrites_are_read() {
    let plan = site(
        r#"route = [
            { path = "/ä/", upstreams = "http://a", headers = { X-A = true, x-b = false, x-c = "1", x-d = "~^2" },
              rewrite = { prefix = "/ä/" } },
            { path = "/old", redirect = "/new{path}{query}" },
        ]"#,
    );
    let [encoded, _] = plan.sites[0].routes.as_slice() else { panic!("two routes") };
    assert_eq!(encoded.path, PathMatch::Prefix("/%C3%A4/".into()));
    assert_eq!(encoded.rewrite, Some(Rewrite::Prefix { from: "/%C3%A4/".into(), to: "".into() }));
    let conditions: Vec<_> =
        encoded.headers.iter().map(|condition| (&*condition.name, &condition.is)).collect();
    assert_eq!(
        conditions[..3],
        [
            ("x-a", &HeaderMatch::Present),
            ("x-b", &HeaderMatch::Absent),
            ("x-c", &HeaderMatch::Equals("1".into())),
        ]
    );
    assert!(matches!(conditions[3], ("x-d", HeaderMatch::Regex(_))));
}

#[test]
fn answers_of_a_site_add_to_those_of_the_gateway() {
    let plan = plan(
        r#"support = "https://help.example"
        templates = { default = "all.html", 502 = "502.html" }
        [listen]
        http = "unix:run.sock"
        [log]
        access = "access.log"
        query = true
        [site."*.shop.example"]
        upstreams = "http://a"
        language = "de"
        templates = { 503 = "503.html" }
        [site."*"]
        redirect = "https://shop.example"
        templates = { default = "own.html" }"#,
    );
    let statuses =
        |at: usize| plan.sites[at].answers.templates.iter().map(|one| one.status).collect::<Vec<_>>();
    assert_eq!(statuses(0), [Some(502), Some(503), None]);
    assert_eq!(statuses(1), [None]);
    assert_eq!(plan.sites[0].answers.language, Lang::De);
    assert_eq!(plan.sites[1].answers.support.as_deref(), Some("https://help.example"));
    assert_eq!(plan.sites[0].hosts, [HostPattern::Below(".shop.example".into())]);
    assert_eq!(plan.listeners[0].address, ListenAddress::Unix("/etc/torwart/run.sock".into()));
    let access = plan.log.access.expect("it is on");
    assert_eq!(access.target, LogTarget::File("/etc/torwart/access.log".into()));
    assert!(access.query);
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn http_3_is_where_https_is_unless_it_has_addresses_of_its_own() {
    let quic = |http3: &str| {
        let plan = plan(&format!(
            "[listen]\nhttps = [\"127.0.0.1:8443\", \"unix:run.sock\", \"[::1]:8443\"]\n{http3}\n\
             [site.\"a.example\"]\ncertificate = {{ chain = \"a.pem\", key = \"a.key\" }}\nupstreams = \"http://b\"\n"
        ));
        let addresses = plan.listeners.iter().filter_map(|listener| match listener.address {
            ListenAddress::Quic(address) => Some(address.to_string()),
            ListenAddress::Tcp(_) | ListenAddress::Unix(_) => None,
        });
        addresses.collect::<Vec<_>>()
    };
    assert!(quic("").is_empty() && quic("http3 = false").is_empty());
    assert_eq!(quic("http3 = true"), ["127.0.0.1:8443", "[::1]:8443"]);
    assert_eq!(quic("http3 = \"0.0.0.0:443\"\nearly_data = true"), ["0.0.0.0:443"]);
    assert_eq!(quic("http3 = [\"0.0.0.0:443\", \"127.0.0.1:0\"]"), ["0.0.0.0:443", "127.0.0.1:0"]);
}

#[test]
fn upstreams_have_weights_zones_and_reserves() {
    let plan = plan(
        "zone = \"a\"\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\n\
         upstreams = [\"http://one\", { url = \"http://two\", weight = 5, zone = \"a\" }, { url = \"http://three\", backup = true }]\n\
         balance = { hash = \"header:X-Shop\" }\neject = { failures = 3 }\n",
    );
    let [pool] = plan.pools.as_slice() else { panic!("one pool") };
    let upstreams: Vec<_> =
        pool.upstreams.iter().map(|one| (one.weight, one.is_backup, one.zone.as_deref())).collect();
    assert_eq!(upstreams, [(1, false, None), (5, false, Some("a")), (1, true, None)]);
    assert_eq!(pool.balance, Balance::Hash(HashKey::Header("x-shop".into())));
    assert_eq!(pool.ejection, Some(EjectionPlan { failures: 3, ..EjectionPlan::default() }));
    assert_eq!((plan.zone.as_deref(), pool.slow_start), (Some("a"), Duration::from_secs(10)));
}
