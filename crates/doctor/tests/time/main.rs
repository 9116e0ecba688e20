//! The checks of deadlines and idle connections against upstreams of the lab, and against real ones where installed.

mod forgetful;
mod real;
mod scene;

use scene::{Folder, bad, examine, found, question};
use std::net::SocketAddr;
use std::path::PathBuf;
use torwart_cause::finding::Severity;
use torwart_doctor::checks::{capacity, time};
use torwart_lab::{Ground, Script, Upstream};

/// nginx's configuration of a site with one upstream.
fn nginx(folder: &Folder, site: SocketAddr, upstream: SocketAddr, pool: &str, location: &str) -> PathBuf {
    let text = format!(
        "events {{}}\nhttp {{\n  upstream app {{\n    server {upstream};\n    {pool}\n  }}\n  server {{\n    listen {site};\n    \
         location / {{\n      proxy_http_version 1.1;\n      proxy_set_header Connection \"\";\n      {location}\n      \
         proxy_pass http://app;\n    }}\n  }}\n}}\n"
    );
    folder.write("nginx.conf", &text)
}

fn upstream(ground: &Ground, script: &str) -> Upstream {
    Upstream::start(ground, Script::from_toml(script).expect("a script")).expect("an upstream")
}

const CLOSES_AFTER_A_SECOND: &str = r#"steps = ["read_head", { answer = "ok" }, { wait = "1s" }, "close"]"#;
const KEEPS: &str = r#"steps = [{ loop = { times = 100, steps = ["read_head", { answer = "ok" }] } }]"#;
const SLOW: &str =
    r#"steps = [{ loop = { times = 100, steps = ["read_head", { wait = "1300ms" }, { answer = "ok" }] } }]"#;
const DUMB: &str = r#"steps = ["read_head", "hang"]"#;
const GAVE_UP: &str = r#"steps = ["read_head", { send = "HTTP/1.1 504 Gateway Time-out\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" }, "close"]"#;

#[test]
fn an_upstream_that_closes_before_the_pool_is_a_mismatch() {
    let (ground, folder) = (Ground::start().expect("the lab"), Folder::new("mismatch"));
    let app = upstream(&ground, CLOSES_AFTER_A_SECOND);
    let address = app.address().expect("an address");
    let config = nginx(&folder, address, address, "keepalive 8;", "");
    let findings = examine(question(address, &[address], &config), time::CHECKS);
    let finding = found(&findings, "keepalive.mismatch");
    assert_eq!(finding.severity, Severity::Warning);
    assert!(finding.fixes.iter().any(|fix| fix.after == "keepalive_timeout 1s;"), "{:?}", finding.fixes);
}

#[test]
fn without_a_pool_an_idle_time_hurts_nobody() {
    let (ground, folder) = (Ground::start().expect("the lab"), Folder::new("no-pool"));
    let app = upstream(&ground, CLOSES_AFTER_A_SECOND);
    let address = app.address().expect("an address");
    let config = nginx(&folder, address, address, "", "");
    assert!(bad(&examine(question(address, &[address], &config), time::CHECKS)).is_empty());
}

#[test]
fn an_upstream_that_keeps_connections_longer_is_fine() {
    let (ground, folder) = (Ground::start().expect("the lab"), Folder::new("keeps"));
    let app = upstream(&ground, KEEPS);
    let address = app.address().expect("an address");
    let config = nginx(&folder, address, address, "keepalive 8; keepalive_timeout 1s;", "");
    let findings = examine(question(address, &[address], &config), time::CHECKS);
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn an_upstream_slower_than_the_gateway_is_found_with_the_line() {
    let (ground, folder) = (Ground::start().expect("the lab"), Folder::new("slower"));
    let (app, site) = (upstream(&ground, SLOW), upstream(&ground, GAVE_UP));
    let address = app.address().expect("an address");
    let config = nginx(&folder, site.address().expect("an address"), address, "", "proxy_read_timeout 1s;");
    let findings = examine(question(site.address().expect("an address"), &[address], &config), time::CHECKS);
    let finding = found(&findings, "time.slower_than_gateway");
    assert_eq!(finding.severity, Severity::Critical);
    let line = finding.place.file.as_ref().map(|(_, line)| *line);
    let fix = finding.fixes.first().expect("a fix");
    assert_eq!(
        (line, fix.before.as_deref(), fix.after.as_str()),
        (Some(12), Some("proxy_read_timeout 1s;"), "proxy_read_timeout 4s;")
    );
}

#[test]
fn a_slow_upstream_within_its_deadline_is_healthy() {
    let (ground, folder) = (Ground::start().expect("the lab"), Folder::new("slow"));
    let app = upstream(&ground, SLOW);
    let address = app.address().expect("an address");
    let config = nginx(&folder, address, address, "", "");
    let mut findings = examine(question(address, &[address], &config), time::CHECKS);
    findings.extend(examine(question(address, &[address], &config), capacity::CHECKS));
    assert!(bad(&findings).is_empty(), "{findings:?}");
    // Three equal times are worth telling: a timer runs out.
    found(&findings, "time.constant_delay");
}

#[test]
fn an_upstream_that_never_answers_is_found() {
    let (ground, folder) = (Ground::start().expect("the lab"), Folder::new("dumb"));
    let (app, site) = (upstream(&ground, DUMB), upstream(&ground, GAVE_UP));
    let address = app.address().expect("an address");
    let config = nginx(&folder, site.address().expect("an address"), address, "", "");
    let findings = examine(question(site.address().expect("an address"), &[address], &config), time::CHECKS);
    assert_eq!(bad(&findings), ["capacity.no_answer"]);
}
