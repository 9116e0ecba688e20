//! Lines of one request put together.

use super::{read, short};
use torwart_dialect::Product;
use torwart_dialect::config::LogKind;
use torwart_dialect::log::{Joined, LogLine, Reader, join};

fn nginx(errors: &[&str], accesses: &[&str]) -> (Vec<LogLine>, Vec<Joined>) {
    let error = Reader::usual(Product::Nginx, LogKind::Error);
    let access = Reader::usual(Product::Nginx, LogKind::Access);
    let mut lines: Vec<LogLine> = errors.iter().map(|line| read(&error, line)).collect();
    lines.extend(accesses.iter().map(|line| read(&access, line)));
    let joined = join(&lines, 3600);
    (lines, joined)
}

fn error(second: u32, connection: u32, client: &str, path: &str, message: &str) -> String {
    format!(
        "2026/11/21 16:35:{second:02} [error] 9#9: *{connection} {message}, client: {client}, server: shop.example, \
         request: \"GET {path} HTTP/1.1\", upstream: \"http://10.0.0.1:80{path}\", host: \"shop.example\""
    )
}

fn access(second: u32, client: &str, path: &str, status: u16) -> String {
    format!(
        "{client} - - [21/Nov/2026:16:35:{second:02} +0100] \"GET {path} HTTP/1.1\" {status} 157 \"-\" \"-\""
    )
}

const REFUSED: &str = "connect() failed (111: Connection refused) while connecting to upstream";
const SLOW: &str =
    "upstream timed out (110: Connection timed out) while reading response header from upstream";

#[test]
fn an_error_line_gives_the_access_line_its_cause() {
    let (_, joined) =
        nginx(&[&error(45, 1, "10.9.8.7", "/a", REFUSED)], &[&access(45, "10.9.8.7", "/a", 502)]);
    assert_eq!(joined.len(), 1);
    assert_eq!((joined[0].access, joined[0].errors.as_slice()), (Some(1), [0].as_slice()));
    assert_eq!(short(joined[0].verdict()), "connect_refused");
}

#[test]
fn other_clients_paths_and_times_stay_apart() {
    let (_, joined) = nginx(
        &[&error(45, 1, "10.9.8.7", "/a", REFUSED), &error(46, 2, "10.9.8.8", "/a", SLOW)],
        &[
            &access(45, "10.9.8.7", "/b", 502),
            &access(46, "10.9.8.8", "/a", 504),
            &access(45, "10.9.8.7", "/a", 502),
        ],
    );
    let verdicts: Vec<String> = joined.iter().map(|one| short(one.verdict())).collect();
    assert_eq!(verdicts, ["open:resolve", "head_timed_out", "connect_refused"]);
}

#[test]
fn requests_that_fail_alike_keep_their_own_lines() {
    let errors: Vec<String> =
        (1..=3).map(|connection| error(45, connection, "10.9.8.7", "/a", REFUSED)).collect();
    let errors: Vec<&str> = errors.iter().map(String::as_str).collect();
    let line = access(45, "10.9.8.7", "/a", 502);
    let (_, joined) = nginx(&errors, &[&line, &line, &line]);
    let counts: Vec<usize> = joined.iter().map(|one| one.errors.len()).collect();
    assert_eq!(counts, [1, 1, 1]);
}

#[test]
fn an_error_without_an_access_line_stands_alone() {
    let (_, joined) = nginx(&[&error(45, 1, "10.9.8.7", "/a", SLOW)], &[]);
    assert_eq!((joined.len(), joined[0].access), (1, None));
    assert_eq!(short(joined[0].verdict()), "head_timed_out");
}

#[test]
fn each_attempt_gets_its_own_error() {
    let pattern = "$remote_addr [$time_local] \"$request\" $status ua=\"$upstream_addr\" us=\"$upstream_status\" \
                   uct=\"$upstream_connect_time\" uht=\"$upstream_header_time\" end";
    let reader = Reader::of_pattern(Product::Nginx, pattern);
    let access = read(
        &reader,
        r#"10.9.8.7 [21/Nov/2026:16:35:45 +0100] "GET /a HTTP/1.1" 504 ua="10.0.0.1:80, 10.0.0.2:80" us="502, 504" uct="-, 0.001" uht="-, -" end"#,
    );
    let errors = Reader::usual(Product::Nginx, LogKind::Error);
    let slow = error(45, 1, "10.9.8.7", "/a", SLOW).replace("10.0.0.1:80", "10.0.0.2:80");
    let lines = [read(&errors, &error(43, 1, "10.9.8.7", "/a", REFUSED)), read(&errors, &slow), access];
    let joined = join(&lines, 3600);
    assert_eq!(joined.len(), 1);
    let evidence = joined[0].evidence.as_ref().expect("it is about an exchange");
    let causes: Vec<_> = evidence
        .attempts
        .iter()
        .map(|one| torwart_cause::attempt_cause(one).map(|cause| cause.id()))
        .collect();
    assert_eq!(causes, [Some("connect_refused"), Some("head_timed_out")]);
}

#[test]
fn apache_s_lines_of_one_request_come_together() {
    let errors = Reader::usual(Product::Apache, LogKind::Error);
    let accesses = Reader::usual(Product::Apache, LogKind::Access);
    let lines = [
        read(
            &errors,
            "[Sat Nov 21 16:35:45.123400 2026] [proxy:error] [pid 8:tid 1] (111)Connection refused: AH00957: HTTP: attempt to connect to 127.0.0.1:9000 (127.0.0.1:9000) failed",
        ),
        read(
            &errors,
            "[Sat Nov 21 16:35:45.123410 2026] [proxy:error] [pid 8:tid 1] AH00959: ap_proxy_connect_backend disabling worker for (127.0.0.1:9000) for 60s",
        ),
        read(
            &errors,
            "[Sat Nov 21 16:35:45.123500 2026] [proxy_http:error] [pid 8:tid 1] [client 10.9.8.7:5021] AH01114: HTTP: failed to make connection to backend: 127.0.0.1",
        ),
        read(&accesses, r#"10.9.8.7 - - [21/Nov/2026:16:35:45 +0000] "GET /a HTTP/1.1" 503 299 "-" "-""#),
    ];
    let joined = join(&lines, 0);
    assert_eq!(joined.len(), 1);
    assert_eq!(joined[0].errors, [0, 1, 2]);
    assert_eq!(short(joined[0].verdict()), "connect_refused");
}

#[test]
fn a_pool_that_is_down_replaces_the_attempt_nobody_saw() {
    let line = error(45, 1, "10.9.8.7", "/a", "no live upstreams while connecting to upstream")
        .replace("10.0.0.1:80", "app");
    let (_, joined) = nginx(&[&line], &[&access(45, "10.9.8.7", "/a", 502)]);
    assert_eq!(short(joined[0].verdict()), "upstreams_down");
}

#[test]
fn a_failed_attempt_before_a_good_one_is_no_failure() {
    let (_, joined) =
        nginx(&[&error(45, 1, "10.9.8.7", "/a", REFUSED)], &[&access(45, "10.9.8.7", "/a", 200)]);
    assert_eq!((joined[0].errors.len(), short(joined[0].verdict())), (1, "well".to_owned()));
}

#[test]
fn a_group_that_fails_upstream_by_upstream_is_one_request() {
    let first = error(45, 1, "10.9.8.7", "/a", REFUSED);
    let second = first.replace("10.0.0.1:80", "10.0.0.2:80");
    let line = access(45, "10.9.8.7", "/a", 502);
    let (_, joined) = nginx(&[&first, &second, &first, &second], &[&line, &line]);
    let errors: Vec<_> = joined.iter().map(|one| one.errors.clone()).collect();
    assert_eq!(errors, [vec![0, 1], vec![2, 3]]);
}

#[test]
fn a_great_many_lines_are_joined_in_time() {
    let errors: Vec<String> = (0..3000).map(|n| error(n / 100, n, "10.9.8.7", "/a", REFUSED)).collect();
    let accesses: Vec<String> = (0..3000).map(|n| access(n / 100, "10.9.8.7", "/a", 502)).collect();
    let errors: Vec<&str> = errors.iter().map(String::as_str).collect();
    let accesses: Vec<&str> = accesses.iter().map(String::as_str).collect();
    let (_, joined) = nginx(&errors, &accesses);
    assert_eq!(joined.len(), 3000);
    assert!(joined.iter().all(|one| one.errors.len() == 1 && short(one.verdict()) == "connect_refused"));
}
