//! HAProxy: what its lines and termination states say.

use super::{key, read, short};
use std::time::Duration;
use torwart_dialect::Product;
use torwart_dialect::config::LogKind;
use torwart_dialect::log::{LogLine, Reader, explain_flags};

fn line(text: &str) -> LogLine {
    read(&Reader::usual(Product::Haproxy, LogKind::Access), text)
}

/// A line with a server, its timers, status and termination state.
#[track_caller]
fn check(target: &str, timers: &str, status: &str, flags: &str, verdict: &str) {
    let text = format!(
        "Nov 21 16:36:41 lb1 haproxy[14389]: 10.9.8.7:59008 [21/Nov/2026:16:36:41.657] web~ {target} {timers} {status} \
         209 - - {flags} 1/1/0/0/0 0/0 {{shop.example|curl}} {{}} \"GET /cart HTTP/1.1\""
    );
    let told = line(&text);
    assert_eq!(short(told.verdict()), verdict, "{flags} {timers}");
    assert_eq!(told.request.client.as_deref(), Some("10.9.8.7"));
    assert_eq!(told.request.path.as_deref(), Some("/cart"));
    assert_eq!(told.words.flags.as_deref(), Some(flags));
}

#[test]
fn every_state_says_who_and_when() {
    check("app/s1", "0/0/1/5/6", "200", "----", "well");
    check("app/s1", "0/0/1/5/6", "503", "----", "upstream_said_so");
    check("app/s1", "0/0/-1/-1/802", "503", "SC--", "open:resolve");
    check("app/s1", "0/0/-1/-1/800", "503", "sC--", "connect_timed_out");
    check("app/s1", "0/0/1/-1/3", "502", "SH--", "closed_before_head?");
    check("app/s1", "0/0/1/-1/2002", "504", "sH--", "head_timed_out");
    check("app/s1", "0/0/1/-1/3", "502", "PH--", "open:resolve");
    check("app/s1", "0/0/1/2/40", "200", "SD--", "body_cut");
    check("app/s1", "0/0/1/2/2001", "200", "sD--", "body_stalled");
    check("app/s1", "0/0/1/2/4", "200", "PD--", "chunk_malformed");
    check("app/s1", "0/0/1/2/4", "200", "CD--", "client_left");
    check("app/s1", "0/0/1/2/4000", "200", "cD--", "client_left");
    check("app/s1", "0/0/1/-1/400", "-1", "CH--", "client_left");
    check("app/s1", "0/0/1/-1/3000", "408", "cH--", "request_timed_out");
    check("app/s1", "0/0/-1/-1/200", "503", "CC--", "client_left");
    check("app/s1", "0/0/-1/-1/2", "503", "RC--", "local_resources_spent");
    check("app/s1", "0/0/-1/-1/2", "503", "PC--", "local_resources_spent");
    check("app/<NOSRV>", "0/1001/-1/-1/1001", "503", "sQ--", "queue_timed_out");
    check("app/<NOSRV>", "0/400/-1/-1/400", "503", "CQ--", "client_left");
    check("app/<NOSRV>", "0/-1/-1/-1/0", "503", "SC--", "upstreams_down");
    check("web/<NOSRV>", "-1/-1/-1/-1/0", "503", "SC--", "no_route");
    check("web/<NOSRV>", "0/-1/-1/-1/0", "200", "LR--", "well");
    check("web/<NOSRV>", "0/-1/-1/-1/0", "403", "PR--", "denied");
    check("web/<NOSRV>", "0/-1/-1/-1/0", "500", "PT--", "denied");
    check("app/s1", "0/0/1/2/4", "200", "IH--", "gateway_bug");
    check("app/s1", "0/0/1/-1/4", "503", "DH--", "upstreams_down");
}

#[test]
fn requests_that_never_came_whole() {
    let text = |timers: &str, status: &str, flags: &str| {
        format!(
            "10.9.8.7:41130 [21/Nov/2026:16:36:50.580] web web/<NOSRV> {timers} {status} 0 - - {flags} 3/3/0/0/0 0/0 \
             \"<BADREQ>\""
        )
    };
    assert_eq!(short(line(&text("-1/-1/-1/-1/0", "400", "CR--")).verdict()), "request_cut");
    assert_eq!(short(line(&text("-1/-1/-1/-1/1000", "408", "cR--")).verdict()), "request_timed_out");
    assert_eq!(short(line(&text("-1/-1/-1/-1/0", "400", "PR--")).verdict()), "request_malformed");
    let handshake =
        line("10.9.8.7:56059 [03/Dec/2026:17:35:10.380] web/f1: Connection error during SSL handshake");
    assert_eq!(short(handshake.verdict()), "client_handshake_failed");
}

#[test]
fn tcp_lines_and_other_heads_of_syslog_are_read() {
    let tcp = line("10.9.8.7:45230 [21/Nov/2026:16:36:49.656] tcp1 tcp1/s1 1/-1/801 0 SC 2/1/0/0/1 0/0");
    assert_eq!((short(tcp.verdict()), tcp.upstream()), ("open:resolve".to_owned(), Some("tcp1/s1")));
    let well = line(
        "<134>1 2026-11-21T16:36:50.466+00:00 lb1 haproxy 14389 - - 10.9.8.7:4 [21/Nov/2026:16:36:50.466] t t/s1 1/0/0 40 -- 2/1/0/0/0 0/0",
    );
    assert_eq!(short(well.verdict()), "well");
}

#[test]
fn timers_become_times() {
    let told = line(
        "10.9.8.7:5 [21/Nov/2026:16:36:41.657] web app/s1 10/20/30/69/+139 200 +2750 - - ---- 1/1/1/1/0 0/0 \"GET https://Shop.example/a?b HTTP/2.0\"",
    );
    let millis = |time: Option<Duration>| time.map(|time| time.as_millis());
    assert_eq!(
        (millis(told.answer.reading), millis(told.answer.queue), millis(told.answer.total)),
        (Some(10), Some(20), Some(139))
    );
    assert_eq!((millis(told.tries[0].connect), millis(told.tries[0].first_byte)), (Some(30), Some(69)));
    assert_eq!(told.answer.bytes, Some(2750));
    assert_eq!(
        (told.request.host.as_deref(), told.request.path.as_deref()),
        (Some("shop.example"), Some("/a?b"))
    );
}

#[test]
fn news_of_servers_is_read() {
    let down = line(
        "Server bdown/s1 is DOWN, reason: Layer4 connection problem, info: \"Connection refused\", check duration: 0ms. 1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.",
    );
    assert_eq!((short(down.verdict()), down.upstream()), ("connect_refused".to_owned(), Some("bdown/s1")));
    assert_eq!(key(&down), "gateway-said-server-down");
    let status = line(
        "[WARNING]  (25095) : Server bdown/s2 is DOWN, reason: Layer7 wrong status, code: 503, info: \"Service Unavailable\", check duration: 0ms. 0 active and 0 backup servers left.",
    );
    assert_eq!(short(status.verdict()), "upstream_said_so");
    let none = line("backend bdown has no server available!");
    assert_eq!(short(none.verdict()), "upstreams_down");
    let slow = line(
        "Health check for server app/s1 failed, reason: Layer7 timeout, check duration: 2001ms, status: 2/3 UP.",
    );
    assert_eq!(short(slow.verdict()), "head_timed_out");
    let up = line(
        "Server app/s1 is UP, reason: Layer7 check passed, code: 200, check duration: 1ms. 1 active and 0 backup servers online.",
    );
    assert_eq!((short(up.verdict()), key(&up)), ("nothing".to_owned(), "gateway-said-server-up"));
}

#[test]
fn states_are_explained() {
    assert_eq!(explain_flags("SH--"), ["gateway-haproxy-server-cut-head"]);
    assert_eq!(explain_flags("sC"), ["gateway-haproxy-connect-timeout"]);
    assert_eq!(
        explain_flags("CDVN"),
        ["gateway-haproxy-client-left-data", "gateway-haproxy-cookie-valid", "gateway-haproxy-set-none"]
    );
    assert_eq!(explain_flags("KD"), ["gateway-haproxy-who-admin", "gateway-haproxy-phase-data"]);
    assert!(explain_flags("??").is_empty());
    assert!(explain_flags("").is_empty());
    assert!(explain_flags("äöü").is_empty());
}
