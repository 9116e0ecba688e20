//! Traefik: what its access logs and its own log say.

use super::{read, short};
use torwart_dialect::Product;
use torwart_dialect::config::LogKind;
use torwart_dialect::log::{LogLine, Reader};

fn line(text: &str) -> LogLine {
    read(&Reader::usual(Product::Traefik, LogKind::Access), text)
}

fn json(status: u16, origin: &str, size: u64) -> LogLine {
    line(&format!(
        r#"{{"ClientAddr":"10.9.8.7:5021","ClientHost":"10.9.8.7","DownstreamContentSize":{size},"DownstreamStatus":{status},"Duration":2500000,"OriginContentSize":{size},"OriginDuration":2000000,{origin}"RequestHost":"shop.example","RequestMethod":"GET","RequestPath":"/cart","RetryAttempts":0,"RouterName":"shop@file","ServiceAddr":"10.0.0.1:80","ServiceName":"shop@file","ServiceURL":"http://10.0.0.1:80","StartUTC":"2026-11-21T16:05:12.123456789Z","level":"info","msg":"","time":"2026-11-21T16:05:12Z"}}"#
    ))
}

#[test]
fn traefik_s_own_answers_are_not_taken_for_the_upstream_s() {
    assert_eq!(short(json(200, r#""OriginStatus":200,"#, 512).verdict()), "well");
    assert_eq!(short(json(503, r#""OriginStatus":503,"#, 512).verdict()), "upstream_said_so");
    assert_eq!(short(json(502, r#""OriginStatus":502,"#, 11).verdict()), "open:resolve");
    assert_eq!(short(json(504, r#""OriginStatus":504,"#, 15).verdict()), "open:resolve");
    assert_eq!(short(json(499, r#""OriginStatus":499,"#, 21).verdict()), "client_left");
    let told = json(502, r#""OriginStatus":502,"#, 11);
    assert_eq!((told.upstream(), told.upstream_status()), (Some("http://10.0.0.1:80"), Some(502)));
    assert_eq!(told.answer.total.map(|time| time.as_micros()), Some(2500));
}

#[test]
fn the_common_format_is_read() {
    let told = line(
        r#"10.9.8.7 - - [21/Nov/2026:16:05:12 +0000] "GET /cart HTTP/2.0" 502 11 "-" "-" 42 "shop@file" "http://10.0.0.1:80" 3ms"#,
    );
    assert_eq!((told.upstream(), told.answer.status), (Some("http://10.0.0.1:80"), Some(502)));
    assert_eq!(told.answer.total.map(|time| time.as_millis()), Some(3));
    assert_eq!(short(told.verdict()), "open:resolve");
    let none =
        line(r#"10.9.8.7 - - [21/Nov/2026:16:05:12 +0000] "GET /x HTTP/1.1" 404 19 "-" "-" 43 "-" "-" 0ms"#);
    assert_eq!((none.upstream(), short(none.verdict())), (None, "well".to_owned()));
}

#[test]
fn troubles_are_read_in_all_three_forms() {
    for text in [
        r#"2026-11-21T16:05:12Z DBG github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:121 > 502 Bad Gateway error="dial tcp 10.0.0.1:80: connect: connection refused""#,
        r#"{"level":"debug","error":"dial tcp 10.0.0.1:80: connect: connection refused","time":"2026-11-21T16:05:12Z","caller":"proxy.go:121","message":"502 Bad Gateway"}"#,
        r#"time="2026-11-21T16:05:12Z" level=debug msg="'502 Bad Gateway' caused by: dial tcp 10.0.0.1:80: connect: connection refused""#,
    ] {
        let told = line(text);
        assert_eq!((told.kind, told.answer.status), (LogKind::Error, Some(502)), "{text}");
        assert_eq!(
            (short(told.verdict()), told.upstream()),
            ("connect_refused".to_owned(), Some("10.0.0.1:80"))
        );
    }
    let trust = line(
        r#"2026-11-21T16:05:12Z ERR github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:119 > 500 Internal Server Error error="tls: failed to verify certificate: x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs""#,
    );
    assert_eq!(short(trust.verdict()), "tls_wrong_name");
    let other = line("2026-11-21T16:05:12Z INF Configuration loaded from file: /etc/traefik/traefik.yml");
    assert_eq!(other.evidence, None);
}
