//! Active checks: an upstream that says that it is not well gets no requests until it says otherwise, and whoever stays
//! down is told of.

use crate::client::Client;
use crate::eventually;
use crate::gateway::Gateway;
use crate::upstream::Upstream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use torwart_cause::Cause;
use torwart_gateway::{Condition, UpstreamStatus};

/// An upstream that answers `/up` with this status, and everything else with its name.
fn upstream(name: &'static str, status: &Arc<AtomicU16>) -> Upstream {
    let status = Arc::clone(status);
    Upstream::start(move |link| {
        while let Some(request) = link.request()? {
            if request.word() == "/up" {
                let status = status.load(Ordering::SeqCst);
                link.send(&format!(
                    "HTTP/1.1 {status} X\r\nX-Who: {name}\r\nContent-Length: 5\r\n\r\nready"
                ))?;
            } else {
                link.answer(name)?;
            }
        }
        Ok(())
    })
}

fn config(upstreams: &[&Upstream], health: &str) -> String {
    let urls: Vec<_> = upstreams.iter().map(|upstream| format!("{:?}", upstream.url())).collect();
    format!(
        "workers = 2\n[listen]\nhttp = \"127.0.0.1:0\"\n[pool.shop]\nupstreams = [{}]\n\
         health = {{ {health}, every = \"50ms\", every_down = \"50ms\" }}\n[site.\"shop.example\"]\npool = \"shop\"\n",
        urls.join(", ")
    )
}

fn states(gateway: &Gateway) -> Vec<UpstreamStatus> {
    gateway.running().roster().pools().into_iter().flat_map(|pool| pool.upstreams).collect()
}

fn conditions(gateway: &Gateway) -> Vec<Condition> {
    states(gateway).iter().map(|status| status.condition).collect()
}

fn body(gateway: &Gateway) -> String {
    let answer = Client::connect(gateway.address()).get("/page").expect("it is answered");
    answer.body
}

#[test]
fn who_says_that_it_is_not_well_gets_no_requests_until_it_is() {
    let statuses = [200, 200].map(|status| Arc::new(AtomicU16::new(status)));
    let upstreams = [upstream("one", &statuses[0]), upstream("two", &statuses[1])];
    let all = [&upstreams[0], &upstreams[1]];
    let gateway = Gateway::start(&config(&all, "path = \"/up\", fall = 2, rise = 2"));
    eventually("both are well", || states(&gateway).iter().all(|status| status.is_healthy == Some(true)));
    statuses[0].store(503, Ordering::SeqCst);
    let down = Condition::Down(Cause::UpstreamSaidSo);
    eventually("the first is down", || conditions(&gateway)[0] == down);
    for _ in 0..6 {
        assert_eq!(body(&gateway), "two");
    }
    let page = gateway.running().metrics().scrape(torwart_record::Exposition::Prometheus);
    let health = format!("torwart_upstream_health{{pool=\"shop\",upstream=\"{}\"}} 0", upstreams[0].url());
    assert!(page.contains(&health), "{page}");
    assert!(page.contains("cause=\"upstream_said_so\"} 1"), "{page}");
    // A reload changes nothing of it, and the pool's own name is asked for.
    gateway.adopt(&config(&all, "path = \"/up\", fall = 2, rise = 2")).expect("it is adopted");
    assert_eq!(conditions(&gateway)[0], down);
    statuses[0].store(204, Ordering::SeqCst);
    statuses[1].store(404, Ordering::SeqCst);
    eventually("they change places", || conditions(&gateway) == [Condition::Up, down]);
    assert_eq!(body(&gateway), "one");
    // Without checks nothing speaks against it.
    let unchecked = config(&all, "path = \"/up\"");
    let unchecked =
        unchecked.lines().filter(|line| !line.starts_with("health")).collect::<Vec<_>>().join("\n");
    gateway.adopt(&unchecked).expect("it is adopted");
    eventually("nothing is held against it", || conditions(&gateway) == [Condition::Up, Condition::Up]);
}

#[test]
fn what_a_good_answer_is_can_be_said() {
    let status = Arc::new(AtomicU16::new(200));
    let upstream = upstream("one", &status);
    let refused = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = refused.local_addr().expect("it is bound");
    drop(refused);
    let check = |health: &str, expected: Option<bool>| {
        let gateway = Gateway::start(&config(&[&upstream], &format!("{health}, fall = 1")));
        eventually(health, || states(&gateway)[0].is_healthy == expected);
    };
    check("path = \"/up\", status = 200, body = \"ready\", header = \"x-who: one\"", Some(true));
    check("path = \"/up\", method = \"HEAD\", header = \"x-who\"", Some(true));
    check("path = \"/up\", body = \"unready\"", Some(false));
    check("path = \"/up\", header = \"x-who: two\"", Some(false));
    check("path = \"/up\", status = [\"3xx\", 404]", Some(false));
    check("tcp = true", Some(true));
    let config = format!(
        "workers = 1\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"*\"]\nupstreams = \"http://{address}\"\n\
         health = {{ tcp = true, fall = 1 }}\n"
    );
    let gateway = Gateway::start(&config);
    eventually("it is refused", || conditions(&gateway) == [Condition::Down(Cause::ConnectRefused)]);
}

#[test]
fn an_upstream_that_keeps_silent_is_down_in_time() {
    let upstream = Upstream::start(|link| {
        let _ = link.request()?;
        // Until the gateway gives up.
        link.request().map(drop)
    });
    let gateway = Gateway::start(&config(&[&upstream], "path = \"/up\", fall = 1, deadline = \"100ms\""));
    eventually("its silence is noticed", || conditions(&gateway) == [Condition::Down(Cause::HeadTimedOut)]);
}

#[test]
fn who_stays_down_is_told_of_but_not_all_the_time() {
    let status = Arc::new(AtomicU16::new(503));
    let (upstream, hook) = (upstream("one", &status), Upstream::saying("thanks"));
    let folder = crate::gateway::Folder::new();
    let script = "#!/bin/sh\necho \"$1 $TORWART_POOL $TORWART_CAUSE\" >> \"$(dirname \"$0\")/told\"\n";
    folder.write("restart", script);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path("restart"), mode).expect("it is ours");
    let told = folder.path("told");
    let url = hook.url();
    let on_down = format!(
        "path = \"/up\", fall = 1, on_down = {{ command = [\"{{folder}}/restart\", \"now\"], url = \"{url}/down\", after = \"100ms\" }}"
    );
    let _gateway = Gateway::start_in(folder, &config(&[&upstream], &on_down));
    eventually("both are told", || told.exists() && hook.targets() == ["/down"]);
    eventually("it has ended", || std::fs::read_to_string(&told).is_ok_and(|text| text.ends_with('\n')));
    crate::pace(Duration::from_millis(200));
    let lines = std::fs::read_to_string(&told).expect("it was written");
    assert_eq!((lines.as_str(), hook.targets().len()), ("now shop upstream_said_so\n", 1));
}
