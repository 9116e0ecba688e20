//! nginx: what its error log and its access logs say.

use super::{key, read, short};
use torwart_dialect::Product;
use torwart_dialect::config::LogKind;
use torwart_dialect::log::Reader;

/// A line of an error log about a request to the shop.
fn line(message: &str, upstream: &str) -> String {
    let upstream = if upstream.is_empty() { String::new() } else { format!(", upstream: \"{upstream}\"") };
    format!(
        "2026/11/21 16:35:45 [error] 23164#23164: *20 {message}, client: 10.9.8.7, server: shop.example, \
         request: \"GET /cart?id=1 HTTP/1.1\"{upstream}, host: \"shop.example\""
    )
}

#[track_caller]
fn check(message: &str, upstream: &str, verdict: &str) {
    let told = read(&Reader::usual(Product::Nginx, LogKind::Error), &line(message, upstream));
    assert_eq!(short(told.verdict()), verdict, "{message}");
    assert_eq!(told.request.path.as_deref(), Some("/cart?id=1"));
    assert_eq!(told.request.host.as_deref(), Some("shop.example"));
    assert_eq!(told.request.client.as_deref(), Some("10.9.8.7"));
    if verdict != "nothing" {
        assert_ne!(key(&told), "", "{message}");
    }
}

const APP: &str = "http://127.0.0.1:9000/cart";

#[test]
fn connections_that_fail_are_told_apart() {
    let connecting = "while connecting to upstream";
    let failed = |error: &str| format!("connect() failed ({error}) {connecting}");
    check(&failed("111: Connection refused"), APP, "connect_refused");
    check(&failed("113: No route to host"), APP, "address_unroutable");
    check(&failed("101: Network is unreachable"), APP, "address_unroutable");
    check(&failed("110: Connection timed out"), APP, "connect_timed_out");
    check(&format!("upstream timed out (110: Connection timed out) {connecting}"), APP, "connect_timed_out");
    check(
        &format!("connect() to 10.0.0.1:80 failed (13: Permission denied) {connecting}"),
        APP,
        "connect_denied",
    );
    check(
        &format!("connect() to 10.0.0.1:80 failed (99: Cannot assign requested address) {connecting}"),
        APP,
        "local_resources_spent",
    );
    check(&format!("socket() failed (24: Too many open files) {connecting}"), APP, "local_resources_spent");
    check(
        "1024 worker_connections are not enough while connecting to upstream",
        APP,
        "local_resources_spent",
    );
}

#[test]
fn unix_sockets_are_missing_denied_or_full() {
    let socket = "fastcgi://unix:/run/php/php8.2-fpm.sock:";
    let failed = |error: &str| {
        format!("connect() to unix:/run/php/php8.2-fpm.sock failed ({error}) while connecting to upstream")
    };
    check(&failed("2: No such file or directory"), socket, "socket_missing");
    check(&failed("13: Permission denied"), socket, "socket_denied");
    check(&failed("11: Resource temporarily unavailable"), socket, "upstream_full");
    check(&failed("111: Connection refused"), socket, "connect_refused");
}

#[test]
fn tls_with_the_upstream_fails_in_many_ways() {
    let to = "https://10.0.0.1:443/cart";
    let phase = "while SSL handshaking to upstream";
    check(
        &format!(
            "SSL_do_handshake() failed (SSL: error:0A000410:SSL routines::sslv3 alert handshake failure:SSL alert \
             number 40) {phase}"
        ),
        to,
        "tls_alert",
    );
    check(
        &format!(
            "SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) {phase}"
        ),
        to,
        "not_tls",
    );
    check(
        &format!(
            "SSL_do_handshake() failed (SSL: error:0A000102:SSL routines::unsupported protocol) {phase}"
        ),
        to,
        "tls_no_agreement",
    );
    check(
        &format!("peer closed connection in SSL handshake (104: Connection reset by peer) {phase}"),
        to,
        "handshake_cut",
    );
    check(&format!("peer closed connection in SSL handshake {phase}"), to, "handshake_cut");
    check(&format!("upstream timed out (110: Connection timed out) {phase}"), to, "tls_timed_out");
    check(
        &format!("upstream SSL certificate verify error: (10:certificate has expired) {phase}"),
        to,
        "tls_expired",
    );
    check(
        &format!("upstream SSL certificate verify error: (9:certificate is not yet valid) {phase}"),
        to,
        "tls_not_yet_valid",
    );
    check(
        &format!("upstream SSL certificate verify error: (18:self-signed certificate) {phase}"),
        to,
        "tls_untrusted",
    );
    check(&format!("upstream SSL certificate does not match \"app.internal\" {phase}"), to, "tls_wrong_name");
    check(
        "SSL_read() failed (SSL: error:0A00045C:SSL routines::tlsv13 alert certificate required:SSL alert number 116) \
         while reading response header from upstream",
        to,
        "tls_alert",
    );
}

#[test]
fn answers_that_do_not_come_or_are_wrong() {
    let head = "while reading response header from upstream";
    check(&format!("upstream prematurely closed connection {head}"), APP, "closed_before_head?");
    check(&format!("recv() failed (104: Connection reset by peer) {head}"), APP, "reset_before_head?");
    check(&format!("upstream timed out (110: Connection timed out) {head}"), APP, "head_timed_out");
    check(&format!("upstream sent too big header {head}"), APP, "head_too_large");
    check(&format!("upstream sent no valid HTTP/1.0 header {head}"), APP, "not_http");
    check(&format!("upstream sent invalid header: \"Bad\\x20...\" {head}"), APP, "head_malformed");
    check(&format!("upstream sent unsupported FastCGI protocol version: 72 {head}"), APP, "not_http");
    check(
        &format!(
            "upstream sent duplicate header line: \"Transfer-Encoding: chunked\", previous value: \
             \"Transfer-Encoding: chunked\" {head}"
        ),
        APP,
        "coding_unknown",
    );
    check(
        &format!(
            "upstream sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time {head}"
        ),
        APP,
        "length_conflict",
    );
    check("writev() failed (32: Broken pipe) while sending request to upstream", APP, "send_cut");
    check(
        "upstream timed out (110: Connection timed out) while sending request to upstream",
        APP,
        "send_timed_out",
    );
    check("upstream prematurely closed connection while reading upstream", APP, "body_cut");
    check("upstream timed out (110: Connection timed out) while reading upstream", APP, "body_stalled");
    check("upstream sent invalid chunked response while reading upstream", APP, "chunk_malformed");
    check(
        "upstream rejected request with error 7 while reading response header from upstream",
        APP,
        "stream_refused",
    );
}

#[test]
fn names_pools_and_the_gateway_s_own_faults() {
    check("no live upstreams while connecting to upstream", "http://app/cart", "upstreams_down");
    check("app.internal could not be resolved (3: Host not found)", "", "name_unknown");
    check("app.internal could not be resolved (2: Server failure)", "", "name_server_failed");
    check("app.internal could not be resolved (110: Operation timed out)", "", "name_timed_out");
    check("no resolver defined to resolve app.internal", "", "misconfigured");
    check(
        "rewrite or internal redirection cycle while internally redirecting to \"/index.php\"",
        "",
        "misconfigured",
    );
    check(
        "open() \"/var/lib/nginx/proxy/1/00/01\" failed (13: Permission denied) while reading upstream",
        APP,
        "misconfigured",
    );
    check(
        "pwrite() \"/var/lib/nginx/proxy_temp/1/00\" failed (28: No space left on device) while reading upstream",
        APP,
        "local_resources_spent",
    );
    check("open() \"/var/www/html/cart\" failed (2: No such file or directory)", "", "nothing");
    check("limiting requests, excess: 10.300 by zone \"one\"", "", "rate_limited");
    check("access forbidden by rule", "", "denied");
}

#[test]
fn what_clients_do() {
    check(
        "epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too while \
         sending request to upstream",
        APP,
        "client_left",
    );
    check("client intended to send too large body: 1687 bytes", "", "request_body_too_large");
    check("client timed out (110: Connection timed out) while sending response to client", "", "client_left");
    let reader = Reader::usual(Product::Nginx, LogKind::Error);
    let bare = "2026/11/21 16:35:45 [error] 1#1: *7 broken header: \"GET / HTTP/1.1\r\n\" while reading PROXY protocol, \
                client: 10.9.8.7, server: 0.0.0.0:80";
    assert_eq!(short(read(&reader, bare).verdict()), "request_malformed");
}

#[test]
fn lines_about_nothing_that_ended_are_remarks() {
    let reader = Reader::usual(Product::Nginx, LogKind::Error);
    for (text, expected) in [
        (
            "[emerg] 9#9: host not found in upstream \"app\" in /etc/nginx/conf.d/a.conf:3",
            "gateway-said-host-not-found-at-start",
        ),
        (
            "[warn] 9#9: *1 upstream server temporarily disabled while connecting to upstream, client: 10.0.0.1",
            "gateway-said-server-left-out",
        ),
        (
            "[error] 9#9: *1 FastCGI sent in stderr: \"Primary script unknown\" while reading response header from upstream, client: 10.0.0.1",
            "gateway-said-application-wrote",
        ),
        ("[notice] 9#9: signal process started", ""),
        ("[info] 9#9: *20 client 127.0.0.1 closed keepalive connection", ""),
    ] {
        let told = read(&reader, &format!("2026/11/21 16:35:45 {text}"));
        assert_eq!(told.evidence, None, "{text}");
        assert_eq!(key(&told), expected, "{text}");
    }
}

/// The pattern of the operator that the access tests use.
const PATTERN: &str = "$remote_addr [$time_local] \"$request\" $status $body_bytes_sent rt=$request_time \
                       ua=\"$upstream_addr\" us=\"$upstream_status\" uct=\"$upstream_connect_time\" \
                       uht=\"$upstream_header_time\" urt=\"$upstream_response_time\" $host";

#[track_caller]
fn access(text: &str, verdict: &str, upstream: &str) {
    let reader = Reader::of_pattern(Product::Nginx, PATTERN);
    let told = read(&reader, &format!("127.0.0.1 [21/Nov/2026:16:35:46 +0000] {text} shop.example"));
    assert_eq!(short(told.verdict()), verdict, "{text}");
    assert_eq!(told.upstream().unwrap_or_default(), upstream, "{text}");
}

#[test]
fn access_lines_tell_what_their_times_prove() {
    access(
        r#""GET /a HTTP/1.1" 200 2 rt=0.019 ua="127.0.0.1:9110" us="200" uct="0.000" uht="0.018" urt="0.018""#,
        "well",
        "127.0.0.1:9110",
    );
    access(
        r#""GET /a HTTP/1.1" 503 2 rt=0.035 ua="127.0.0.1:9109" us="503" uct="0.000" uht="0.035" urt="0.035""#,
        "upstream_said_so",
        "127.0.0.1:9109",
    );
    access(
        r#""GET /a HTTP/1.1" 502 157 rt=0.000 ua="127.0.0.1:9199" us="502" uct="-" uht="-" urt="0.000""#,
        "open:resolve",
        "127.0.0.1:9199",
    );
    access(
        r#""GET /a HTTP/1.1" 504 167 rt=2.001 ua="127.0.0.1:9103" us="504" uct="0.000" uht="-" urt="2.001""#,
        "head_timed_out",
        "127.0.0.1:9103",
    );
    access(
        r#""GET /a HTTP/1.1" 499 0 rt=1.000 ua="127.0.0.1:9103" us="-" uct="0.000" uht="-" urt="1.000""#,
        "client_left",
        "127.0.0.1:9103",
    );
    access(
        r#""GET /a HTTP/1.1" 009 21 rt=0.041 ua="127.0.0.1:9105" us="200" uct="0.000" uht="0.042" urt="0.042""#,
        "not_http",
        "127.0.0.1:9105",
    );
    access(
        r#""GET /a HTTP/1.1" 200 2 rt=0.001 ua="127.0.0.1:9199, 127.0.0.1:9110" us="502, 200" uct="-, 0.000" uht="-, 0.000" urt="0.000, 0.000""#,
        "well",
        "127.0.0.1:9110",
    );
    access(r#""GET /a HTTP/1.1" 403 153 rt=0.000 ua="-" us="-" uct="-" uht="-" urt="-""#, "well", "");
}

#[test]
fn the_usual_access_line_leaves_a_502_open() {
    let reader = Reader::usual(Product::Nginx, LogKind::Access);
    let told = read(
        &reader,
        r#"10.9.8.7 - - [21/Nov/2026:16:35:45 +0100] "POST /cart HTTP/2.0" 502 157 "-" "curl/8.5.0""#,
    );
    assert_eq!(short(told.verdict()), "open:resolve");
    assert_eq!((told.request.method.as_deref(), told.answer.status), (Some("POST"), Some(502)));
    assert_eq!(told.time.and_then(|time| time.offset), Some(3600));
    assert_eq!(reader.read(b"2026/11/21 16:35:45 [notice] 1#1: start worker process 9"), None);
}

#[test]
fn json_lines_are_read_by_the_operator_s_keys() {
    let pattern = r#"escape=json {"when":"$time_iso8601","client":"$remote_addr","req":"$request","st":"$status","up":"$upstream_addr","up_st":"$upstream_status","c":"$upstream_connect_time","h":"$upstream_header_time","t":"$upstream_response_time","id":"$request_id"}"#;
    let reader = Reader::of_pattern(Product::Nginx, pattern);
    let told = read(
        &reader,
        r#"{"when":"2026-11-21T16:35:47+00:00","client":"10.9.8.7","req":"GET /x HTTP/1.1","st":"504","up":"10.0.0.1:80","up_st":"504","c":"0.002","h":"","t":"60.001","id":"ab12"}"#,
    );
    assert_eq!(told.request.id.as_deref(), Some("ab12"));
    assert_eq!((told.upstream(), told.upstream_status()), (Some("10.0.0.1:80"), Some(504)));
    assert_eq!(short(told.verdict()), "head_timed_out");
}

#[test]
fn what_collectors_put_before_a_line_is_skipped() {
    let error = Reader::usual(Product::Nginx, LogKind::Error);
    let access = Reader::usual(Product::Nginx, LogKind::Access);
    let refused = line("connect() failed (111: Connection refused) while connecting to upstream", APP);
    let got = r#"10.9.8.7 - - [21/Nov/2026:16:35:45 +0000] "GET / HTTP/1.1" 200 157 "-" "-""#;
    for head in [
        "Nov 21 16:35:45 lb1 nginx: ",
        "<190>Nov 21 16:35:45 lb1 nginx[77]: ",
        "2026-11-21T16:35:45.1Z stderr F ",
    ] {
        assert_eq!(short(read(&error, &format!("{head}{refused}")).verdict()), "connect_refused", "{head}");
        assert_eq!(read(&access, &format!("{head}{got}")).answer.status, Some(200), "{head}");
    }
}
