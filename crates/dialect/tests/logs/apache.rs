//! Apache: what its numbered messages and its access logs say.

use super::{key, read, short};
use torwart_dialect::Product;
use torwart_dialect::config::LogKind;
use torwart_dialect::log::Reader;

#[track_caller]
fn check(message: &str, verdict: &str, upstream: &str) {
    let line = format!(
        "[Sat Nov 21 16:36:41.123456 2026] [proxy_http:error] [pid 812:tid 139912] {message}, referer: https://a.example/"
    );
    let told = read(&Reader::usual(Product::Apache, LogKind::Error), &line);
    assert_eq!(short(told.verdict()), verdict, "{message}");
    assert_eq!(told.upstream().unwrap_or_default(), upstream, "{message}");
    assert_eq!(told.words.level.as_deref(), Some("error"));
}

#[test]
fn the_number_and_the_error_before_it_tell() {
    check(
        "(111)Connection refused: AH00957: HTTP: attempt to connect to 127.0.0.1:9000 (127.0.0.1:9000) failed",
        "connect_refused",
        "127.0.0.1:9000",
    );
    check(
        "(110)Connection timed out: AH00957: HTTP: attempt to connect to 10.0.0.1:80 (app:80) failed",
        "connect_timed_out",
        "10.0.0.1:80",
    );
    check(
        "(70007)The timeout specified has expired: AH00957: HTTP: attempt to connect to 10.0.0.1:80 (app:80) failed",
        "connect_timed_out",
        "10.0.0.1:80",
    );
    check(
        "(113)No route to host: AH00957: HTTP: attempt to connect to 10.0.0.1:80 (app:80) failed",
        "address_unroutable",
        "10.0.0.1:80",
    );
    check(
        "(2)No such file or directory: AH02454: FCGI: attempt to connect to Unix domain socket /run/php.sock (*:80) failed",
        "socket_missing",
        "/run/php.sock",
    );
    check(
        "[client 10.9.8.7:5021] AH01114: HTTP: failed to make connection to backend: 127.0.0.1",
        "open:resolve",
        "127.0.0.1",
    );
    check(
        "(70007)The timeout specified has expired: [client 10.9.8.7:5021] AH01102: error reading status line from remote server app:80",
        "head_timed_out",
        "app:80",
    );
    check(
        "(104)Connection reset by peer: [client 10.9.8.7:5021] AH01102: error reading status line from remote server app:80",
        "reset_before_head?",
        "app:80",
    );
    check(
        "[client 10.9.8.7:5021] AH01102: error reading status line from remote server app:80",
        "closed_before_head?",
        "app:80",
    );
    check(
        "(70014)End of file found: [client 10.9.8.7:5021] AH01102: error reading status line from remote server app:80",
        "closed_before_head?",
        "app:80",
    );
    check(
        "(20014)Internal error: [client 10.9.8.7:5021] AH01102: error reading status line from remote server app:80",
        "closed_before_head?",
        "app:80",
    );
}

#[test]
fn later_stages_and_the_gateway_s_own_words_tell_too() {
    check(
        "(32)Broken pipe: [client 10.9.8.7:5021] AH01084: pass request body failed to 10.0.0.1:80 (app)",
        "send_cut",
        "",
    );
    check(
        "(104)Connection reset by peer: [client 10.9.8.7:5021] AH01110: Network error reading response",
        "body_cut",
        "",
    );
    check(
        "[client 10.9.8.7:5021] AH02475: Response chunk/line was too large to parse",
        "chunk_malformed",
        "",
    );
    check("AH01170: balancer://app: All workers are in error state", "upstreams_down", "");
    check("AH02411: SSL Proxy: Peer certificate does not match for hostname app", "tls_wrong_name", "");
    check("AH02004: SSL Proxy: Peer certificate is expired", "tls_expired", "");
    check("AH02039: Certificate Verification: Error (18): self-signed certificate", "tls_untrusted", "");
    check(
        "[client 10.9.8.7:5021] AH00898: DNS lookup failure for: app returned by /cart",
        "name_unknown",
        "",
    );
    check(
        "[client 10.9.8.7:5021] AH00898: Error reading from remote server returned by /cart",
        "open:resolve",
        "",
    );
    check(
        "AH00484: server reached MaxRequestWorkers setting, consider raising the MaxRequestWorkers setting",
        "gateway_full",
        "",
    );
}

#[test]
fn what_was_never_switched_on_is_a_fault_of_the_configuration() {
    check(
        "[remote 10.0.0.1:8443] AH01961: SSL Proxy requested for shop.example:80 but not enabled [Hint: SSLProxyEngine]",
        "misconfigured",
        "",
    );
    check(
        "AH00961: https: failed to enable ssl support for 10.0.0.1:8443 (app.internal)",
        "misconfigured",
        "",
    );
    check(
        "AH01144: No protocol handler was valid for the URL / (scheme 'fcgi'). If you are using a DSO version of mod_proxy, make sure the proxy submodules are included in the configuration using LoadModule.",
        "misconfigured",
        "",
    );
}

#[test]
fn remarks_and_unknown_numbers_name_nothing() {
    let reader = Reader::usual(Product::Apache, LogKind::Error);
    let left_out = read(
        &reader,
        "[Sat Nov 21 16:36:41 2026] [proxy:error] [pid 812] AH00959: ap_proxy_connect_backend disabling worker for (app:80) for 60s",
    );
    assert_eq!((left_out.evidence.as_ref(), key(&left_out)), (None, "gateway-said-server-left-out"));
    assert_eq!(left_out.upstream(), Some("app:80"));
    let other = read(
        &reader,
        "[Sat Nov 21 16:36:41.1 2026] [mpm_event:notice] [pid 1:tid 2] AH00489: Apache/2.4.62 configured -- resuming normal operations",
    );
    assert_eq!((other.evidence, other.words.level.as_deref()), (None, Some("notice")));
}

#[test]
fn access_lines_are_read_in_every_usual_format() {
    for line in [
        r#"10.9.8.7 - frank [21/Nov/2026:16:36:41 +0000] "GET /cart HTTP/1.1" 502 341"#,
        r#"10.9.8.7 - - [21/Nov/2026:16:36:41 +0000] "GET /cart HTTP/1.1" 502 341 "-" "curl/8.5""#,
        r#"shop.example:443 10.9.8.7 - - [21/Nov/2026:16:36:41 +0000] "GET /cart HTTP/1.1" 502 341 "-" "curl/8.5""#,
    ] {
        let reader = Reader::guess(line).expect("it is guessed");
        let told = read(&reader, line);
        assert_eq!((told.answer.status, told.request.path.as_deref()), (Some(502), Some("/cart")));
        assert_eq!(short(told.verdict()), "open:resolve");
    }
    let own = Reader::of_pattern(
        Product::Apache,
        r#"%h %t \"%r\" %>s %b %D %{BALANCER_WORKER_NAME}e %{UNIQUE_ID}e"#,
    );
    let told = read(
        &own,
        r#"10.9.8.7 [21/Nov/2026:16:36:41 +0000] "GET /cart HTTP/1.1" 200 341 1500 http://10.0.0.1:80 Zx1"#,
    );
    assert_eq!((told.upstream(), told.request.id.as_deref()), (Some("http://10.0.0.1:80"), Some("Zx1")));
    assert_eq!(told.answer.total.map(|time| time.as_micros()), Some(1500));
}
