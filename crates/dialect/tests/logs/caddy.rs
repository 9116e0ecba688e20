//! Caddy: what its JSON lines say.

use super::{key, read, short};
use torwart_dialect::Product;
use torwart_dialect::config::LogKind;
use torwart_dialect::log::{LogLine, Reader};

fn error(message: &str, status: u16) -> LogLine {
    let line = format!(
        r#"{{"level":"error","ts":1795277112.25,"logger":"http.log.error","msg":{message:?},"request":{{"remote_ip":"10.9.8.7","remote_port":"5021","client_ip":"10.9.8.7","proto":"HTTP/2.0","method":"GET","host":"Shop.example","uri":"/cart","headers":{{}}}},"duration":0.000412,"status":{status},"err_id":"j5zp1wb7m","err_trace":"reverseproxy.statusError (reverseproxy.go:1390)"}}"#
    );
    read(&Reader::usual(Product::Caddy, LogKind::Error), &line)
}

#[track_caller]
fn check(message: &str, status: u16, verdict: &str) {
    let told = error(message, status);
    assert_eq!(short(told.verdict()), verdict, "{message}");
    assert_eq!((told.kind, told.answer.status), (LogKind::Error, Some(status)));
    assert_eq!(told.request.host.as_deref(), Some("shop.example"));
}

#[test]
fn go_s_errors_are_understood() {
    check("dial tcp 127.0.0.1:9000: connect: connection refused", 502, "connect_refused");
    check("dial tcp 10.0.0.1:80: i/o timeout", 504, "connect_timed_out");
    check("dial tcp 10.0.0.1:80: connect: no route to host", 502, "address_unroutable");
    check("dial tcp [2001:db8::1]:80: connect: network is unreachable", 502, "address_unroutable");
    check("dial unix /run/php/php8.2-fpm.sock: connect: no such file or directory", 502, "socket_missing");
    check("dial tcp: lookup app on 127.0.0.11:53: no such host", 502, "name_unknown");
    check("dial tcp: lookup app on 127.0.0.11:53: server misbehaving", 502, "name_server_failed");
    check("dial tcp: lookup app: i/o timeout", 504, "name_timed_out");
    check("EOF", 502, "closed_before_head?");
    check("read tcp 10.0.0.5:4141->10.0.0.1:80: read: connection reset by peer", 502, "reset_before_head?");
    check("write tcp 10.0.0.5:4141->10.0.0.1:80: write: broken pipe", 502, "send_cut");
    check("http: server closed idle connection", 502, "stale_link");
    check("net/http: timeout awaiting response headers", 504, "head_timed_out");
    check("net/http: TLS handshake timeout", 504, "tls_timed_out");
    check("tls: first record does not look like a TLS handshake", 502, "not_tls");
    check("remote error: tls: handshake failure", 502, "tls_alert");
    check(
        "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        502,
        "tls_untrusted",
    );
    check(
        "tls: failed to verify certificate: x509: certificate is valid for a.example, not app",
        502,
        "tls_wrong_name",
    );
    check(
        "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time \
         2026-11-21T16:05:12Z is after 2026-11-01T00:00:00Z",
        502,
        "tls_expired",
    );
    check(
        "net/http: HTTP/1.x transport connection broken: malformed HTTP response \"SSH-2.0-OpenSSH_9.2\"",
        502,
        "not_http",
    );
    check("net/http: server response headers exceeded 10485760 bytes; aborted", 502, "head_too_large");
    check("no upstreams available", 503, "upstreams_down");
    check("context canceled", 499, "client_left");
    check("some new sentence", 502, "open:resolve");
}

#[test]
fn the_upstream_is_found_in_the_text() {
    assert_eq!(
        error("dial tcp 127.0.0.1:9000: connect: connection refused", 502).upstream(),
        Some("127.0.0.1:9000")
    );
}

#[test]
fn access_and_other_lines_are_told_apart() {
    let reader = Reader::usual(Product::Caddy, LogKind::Access);
    let access = read(
        &reader,
        r#"{"level":"info","ts":"2026-11-21T16:05:12.250Z","logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"10.9.8.7","method":"GET","host":"shop.example","uri":"/cart"},"bytes_read":0,"user_id":"","duration":0.25,"size":512,"status":200,"resp_headers":{}}"#,
    );
    assert_eq!(
        (access.kind, access.answer.bytes, short(access.verdict())),
        (LogKind::Access, Some(512), "well".to_owned())
    );
    let check = read(
        &reader,
        r#"{"level":"info","ts":1795277112.25,"logger":"http.handlers.reverse_proxy.health_checker.active","msg":"HTTP request failed","host":"10.0.0.1:80","error":"Get \"http://10.0.0.1:80/health\": dial tcp 10.0.0.1:80: connect: connection refused"}"#,
    );
    assert_eq!(
        (short(check.verdict()), check.upstream()),
        ("connect_refused".to_owned(), Some("10.0.0.1:80"))
    );
    let cut = read(
        &reader,
        r#"{"level":"warn","ts":1795277112.25,"logger":"http.handlers.reverse_proxy","msg":"aborting with incomplete response","upstream":"10.0.0.1:80","duration":0.1,"request":{"method":"GET","host":"shop.example","uri":"/big"},"error":"unexpected EOF"}"#,
    );
    assert_eq!((short(cut.verdict()), key(&cut)), ("body_cut".to_owned(), "gateway-said-body-cut"));
    let start = read(&reader, r#"{"level":"info","ts":1795277112.25,"msg":"serving initial configuration"}"#);
    assert_eq!(short(start.verdict()), "nothing");
}

#[test]
fn the_form_for_people_is_read_too() {
    let reader = Reader::usual(Product::Caddy, LogKind::Error);
    for level in ["ERROR", "\u{1b}[31mERROR\u{1b}[0m"] {
        let told = read(
            &reader,
            &format!(
                "2026/11/21 16:05:12.250\t{level}\thttp.log.error\tdial tcp 127.0.0.1:9000: connect: connection refused\t{{\"request\": {{\"method\": \"GET\", \"host\": \"shop.example\", \"uri\": \"/a\"}}, \"status\": 502}}"
            ),
        );
        assert_eq!(
            (short(told.verdict()), told.request.path.as_deref()),
            ("connect_refused".to_owned(), Some("/a"))
        );
        assert_eq!(told.words.level.as_deref(), Some("error"));
    }
    let start =
        read(&reader, "2026/11/21 16:05:12.250\tINFO\tusing config from file\t{\"file\": \"Caddyfile\"}");
    assert_eq!(start.words.message.as_deref(), Some("using config from file"));
}
