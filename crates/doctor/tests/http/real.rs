//! Set-ups of real products, broken as people break them, and whole ones that must be left alone.

use crate::products::{Stage, free, program, wait_for};
use crate::scene::{examine, ids, question, run};
use std::net::SocketAddr;
use std::path::PathBuf;
use torwart_doctor::Question;

/// Examines a site at this address and compares the first finding; an empty text expects none.
async fn check(what: &str, asked: Question, expected: &str) {
    let url = asked.url.clone();
    let findings = examine(asked).await;
    let found = ids(&findings);
    let facts: Vec<_> =
        findings.iter().map(|finding| (finding.kind.id, finding.confidence, &finding.evidence)).collect();
    assert_eq!(found.first().copied().unwrap_or_default(), expected, "{what} ({url}): {facts:?}");
}

fn at(address: SocketAddr) -> String {
    format!("http://{address}")
}

fn with_config(mut asked: Question, config: PathBuf) -> Question {
    asked.config = Some(config);
    asked
}

fn has(names: &[&str]) -> bool {
    names.iter().all(|name| program(name).is_some())
}

const PLAIN: &str = "require('http').createServer((q, r) => r.end('well')).listen(PORT, '127.0.0.1')";

#[test]
fn whole_set_ups_are_left_alone() {
    if !has(&["nginx", "haproxy", "node"]) {
        return;
    }
    run(async {
        let mut stage = Stage::new();
        let app = stage.node(PLAIN);
        let slow = stage.node(
            "require('http').createServer((q, r) => setTimeout(() => r.end('late'), 1500)).listen(PORT, '127.0.0.1')",
        );
        // HAProxy takes a server out at its first failed check.
        wait_for(app).await;
        let (nginx, haproxy) = (free(), free());
        let config = stage.nginx(
            "gateway",
            &format!(
                "server {{ listen {nginx}; location / {{ proxy_pass http://{app}; }} location /slow {{ proxy_pass http://{slow}; }} }}"
            ),
        );
        let own = stage.haproxy(&format!(
            "frontend web\n    bind {haproxy}\n    default_backend app\nbackend app\n    option httpchk GET /\n    server one {app} check"
        ));
        for address in [app, slow, nginx, haproxy] {
            wait_for(address).await;
        }
        check("nginx", with_config(question(nginx, &[at(app)]), config.clone()), "").await;
        let mut asked = with_config(question(nginx, &[at(slow)]), config);
        asked.url.target = "/slow".into();
        check("a slow application", asked, "").await;
        check("HAProxy", with_config(question(haproxy, &[at(app)]), own), "").await;
    });
}

#[test]
fn errors_of_applications_are_theirs() {
    if !has(&["nginx", "node"]) {
        return;
    }
    run(async {
        let mut stage = Stage::new();
        let app = stage.node(
            "require('http').createServer((q, r) => {
               if (q.url == '/closed') { r.writeHead(503, {'Retry-After': '120'}); r.end('back soon') }
               else { r.writeHead(500); r.end('database is gone') } }).listen(PORT, '127.0.0.1')",
        );
        let (outer, inner) = (free(), free());
        stage.nginx(
            "inner",
            &format!("server {{ listen {inner}; location / {{ proxy_pass http://{}; }} }}", free()),
        );
        stage.nginx(
            "outer",
            &format!(
                "server {{ listen {outer}; location / {{ proxy_pass http://{app}; }} location /inner {{ proxy_pass http://{inner}; }} }}"
            ),
        );
        for address in [app, outer, inner] {
            wait_for(address).await;
        }
        check("a 500", question(outer, &[at(app)]), "app.error_passed_on").await;
        let mut asked = question(outer, &[at(app)]);
        asked.url.target = "/closed".into();
        check("maintenance", asked, "app.maintenance").await;
        let mut asked = question(outer, &[at(inner)]);
        asked.url.target = "/inner".into();
        check("an inner gateway", asked, "http.inner_gateway_error").await;
    });
}

#[test]
fn upstreams_that_close_are_told_apart() {
    if !has(&["nginx", "node"]) {
        return;
    }
    run(async {
        let mut stage = Stage::new();
        let crash = stage.node(
            "require('http').createServer((q, r) => setTimeout(() => q.socket.destroy(), Math.random() * 300)).listen(PORT, '127.0.0.1')",
        );
        let full = stage
            .node("const s = require('net').createServer(c => c.destroy()); s.listen(PORT, '127.0.0.1')");
        let front = free();
        stage.nginx(
            "gateway",
            &format!(
                "server {{ listen {front}; location / {{ proxy_pass http://{crash}; }} location /full {{ proxy_pass http://{full}; }} }}"
            ),
        );
        for address in [crash, full, front] {
            wait_for(address).await;
        }
        check("a crash", question(front, &[at(crash)]), "http.closed_before_answer").await;
        let mut asked = question(front, &[at(full)]);
        asked.url.target = "/full".into();
        check("no descriptors", asked, "http.closed_at_once").await;
    });
}

#[test]
fn a_workers_timeout_is_a_clock() {
    let (true, Some(gunicorn)) = (has(&["nginx"]), program("gunicorn")) else { return };
    run(async {
        let mut stage = Stage::new();
        let (app, front) = (free(), free());
        stage.file(
            "slow.py",
            "import time\ndef app(environ, start_response):\n    time.sleep(30)\n    start_response('200 OK', [])\n    return [b'late']\n",
        );
        stage.start(&gunicorn, &["--bind", &app.to_string(), "--timeout", "2", "--workers", "3", "slow:app"]);
        stage.nginx(
            "gateway",
            &format!("server {{ listen {front}; location / {{ proxy_pass http://{app}; }} }}"),
        );
        wait_for(app).await;
        wait_for(front).await;
        let findings = examine(question(front, &[at(app)])).await;
        // Newer versions of gunicorn answer 500 instead of closing.
        let first = ids(&findings).first().copied();
        assert!(matches!(first, Some("http.worker_timeout" | "app.error_passed_on")), "{findings:#?}");
    });
}

#[test]
fn other_protocols_are_named() {
    let (true, Some(php)) = (has(&["nginx", "node"]), program("php-fpm")) else { return };
    run(async {
        let mut stage = Stage::new();
        let (pool, front) = (free(), free());
        let root = stage.folder.display().to_string();
        stage.file("index.php", "<?php echo 'well';");
        let conf = stage.file(
            "fpm.conf",
            &format!(
                "[global]\nerror_log={root}/fpm.log\ndaemonize=no\n[www]\nlisten={pool}\npm=static\npm.max_children=2\nuser=nobody\ngroup=nogroup\n"
            ),
        );
        stage.start(&php, &["-F", "-R", "-y", &conf.display().to_string()]);
        let frames =
            stage.node("require('http2').createServer((q, r) => r.end('well')).listen(PORT, '127.0.0.1')");
        let web = stage.node(PLAIN);
        let config = stage.nginx(
            "gateway",
            &format!(
                "server {{ listen {front}; location / {{ proxy_pass http://{pool}; }} location /frames {{ proxy_pass http://{frames}; }}
                 location /web {{ fastcgi_pass {web}; fastcgi_param SCRIPT_FILENAME {root}/index.php; }}
                 location /missing {{ fastcgi_pass {pool}; fastcgi_param SCRIPT_FILENAME {root}/none.php; fastcgi_param REQUEST_METHOD GET; }}
                 location /good {{ fastcgi_pass {pool}; fastcgi_param SCRIPT_FILENAME {root}/index.php; fastcgi_param REQUEST_METHOD GET; }} }}"
            ),
        );
        for address in [pool, frames, web, front] {
            wait_for(address).await;
        }
        check("php-fpm asked in HTTP", question(front, &[at(pool)]), "http.wants_fastcgi").await;
        let about = |path: &str, upstream: String| {
            let mut asked = question(front, &[upstream]);
            asked.url.target = path.into();
            asked
        };
        check("HTTP/2 asked in HTTP/1", about("/frames", at(frames)), "http.wants_http2").await;
        check(
            "a web server asked in FastCGI",
            about("/web", format!("fastcgi://{web}")),
            "http.fastcgi_meets_http",
        )
        .await;
        check(
            "a script that is not there",
            about("/missing", format!("fastcgi://{pool}")),
            "http.fastcgi_script_missing",
        )
        .await;
        check(
            "php-fpm as it should be",
            with_config(about("/good", format!("fastcgi://{pool}")), config),
            "",
        )
        .await;
    });
}

#[test]
fn a_proxy_protocol_header_on_one_side_only() {
    if !has(&["nginx", "haproxy", "node"]) {
        return;
    }
    run(async {
        let mut stage = Stage::new();
        let app = stage.node(PLAIN);
        let (wanting, front, haproxy, closed) = (free(), free(), free(), free());
        stage.nginx(
            "upstream",
            &format!("server {{ listen {wanting} proxy_protocol; location / {{ return 200 well; }} }}"),
        );
        stage.nginx(
            "gateway",
            &format!(
                "server {{ listen {front}; location / {{ proxy_pass http://{wanting}; }} }}
                 server {{ listen {closed} proxy_protocol; location / {{ proxy_pass http://{app}; }} }}"
            ),
        );
        let config = stage.haproxy(&format!(
            "frontend web\n    bind {haproxy}\n    default_backend app\nbackend app\n    server one {app} send-proxy"
        ));
        for address in [app, wanting, front, haproxy, closed] {
            wait_for(address).await;
        }
        check(
            "an upstream that waits for it",
            question(front, &[at(wanting)]),
            "http.proxy_protocol_missing",
        )
        .await;
        check(
            "a gateway that waits for it",
            question(closed, &[at(app)]),
            "http.gateway_wants_proxy_protocol",
        )
        .await;
        let asked = with_config(question(haproxy, &[at(app)]), config);
        check("a gateway that sends it", asked, "http.proxy_protocol_unexpected").await;
    });
}

#[test]
fn a_large_head_meets_a_small_buffer() {
    if !has(&["nginx", "node"]) {
        return;
    }
    run(async {
        let mut stage = Stage::new();
        let app = stage.node(
            "require('http').createServer((q, r) => { r.setHeader('Set-Cookie', 'session=' + 'a'.repeat(9000)); r.end('well') }).listen(PORT, '127.0.0.1')",
        );
        let front = free();
        let config = stage.nginx(
            "gateway",
            &format!("server {{ listen {front}; location / {{ proxy_pass http://{app}; }} }}"),
        );
        wait_for(app).await;
        wait_for(front).await;
        check("without configuration", question(front, &[at(app)]), "http.header_too_big").await;
        let findings = examine(with_config(question(front, &[at(app)]), config)).await;
        assert_eq!(ids(&findings).first(), Some(&"http.header_too_big"), "{findings:#?}");
        let fix = findings.first().and_then(|finding| finding.fixes.first()).expect("the line to change");
        assert!(fix.after.starts_with("proxy_buffer_size 12k"), "{fix:?}");
    });
}

#[test]
fn a_host_the_upstream_does_not_know() {
    if !has(&["nginx", "node"]) {
        return;
    }
    run(async {
        let mut stage = Stage::new();
        let app = stage.node(
            "require('http').createServer((q, r) => { if (q.headers.host.split(':')[0] != 'shop.example') { r.writeHead(404) } r.end('page') }).listen(PORT, '127.0.0.1')",
        );
        let front = free();
        let config = stage.nginx(
            "gateway",
            &format!("server {{ listen {front}; server_name shop.example; location / {{ proxy_pass http://{app}; }} }}"),
        );
        wait_for(app).await;
        wait_for(front).await;
        let mut asked = with_config(question(front, &[at(app)]), config);
        asked.url = format!("http://shop.example:{}/", front.port()).parse().expect("a URL");
        asked.resolve = vec![("shop.example".into(), front.port(), front.ip())];
        check("the name of proxy_pass", asked, "http.wrong_host").await;
    });
}

#[test]
fn a_check_that_asks_something_else() {
    if !has(&["haproxy", "node"]) {
        return;
    }
    run(async {
        let mut stage = Stage::new();
        let app = stage.node(
            "require('http').createServer((q, r) => { if (q.url != '/') { r.writeHead(404) } r.end('page') }).listen(PORT, '127.0.0.1')",
        );
        wait_for(app).await;
        let front = free();
        let config = stage.haproxy(&format!(
            "frontend web\n    bind {front}\n    default_backend app\nbackend app\n    option httpchk GET /healthz\n    server one {app} check inter 100 fall 1"
        ));
        wait_for(front).await;
        // Until the first check has failed the site still works.
        let down = async {
            loop {
                let asked = question(front, &[at(app)]);
                if !ids(&examine(asked).await).is_empty() {
                    break;
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), down)
            .await
            .expect("HAProxy takes the server out");
        let asked = with_config(question(front, &[at(app)]), config);
        check("a path that is not there", asked, "http.health_check_differs").await;
    });
}

#[test]
fn a_handshake_that_is_lost() {
    if !has(&["nginx", "node"]) {
        return;
    }
    run(async {
        let mut stage = Stage::new();
        let app = stage.node(
            "const s = require('http').createServer((q, r) => { r.writeHead(426); r.end('upgrade') });
             s.on('upgrade', (q, c) => c.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n'));
             s.listen(PORT, '127.0.0.1')",
        );
        let (losing, passing) = (free(), free());
        stage.nginx(
            "gateway",
            &format!(
                "server {{ listen {losing}; location / {{ proxy_pass http://{app}; }} }}
                 server {{ listen {passing}; location / {{ proxy_pass http://{app}; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }} }}"
            ),
        );
        for address in [app, losing, passing] {
            wait_for(address).await;
        }
        check("without Upgrade", question(losing, &[at(app)]), "http.upgrade_lost").await;
        check("with Upgrade", question(passing, &[at(app)]), "").await;
    });
}

#[test]
fn streams_and_versions_and_bytes_that_lie() {
    if !has(&["nginx", "node"]) {
        return;
    }
    run(async {
        let mut stage = Stage::new();
        let events = stage.node(
            "require('http').createServer((q, r) => { r.writeHead(200, {'Content-Type': 'text/event-stream'}); r.write('data: 1\\n\\n') }).listen(PORT, '127.0.0.1')",
        );
        let modern = stage.node(
            "require('http').createServer((q, r) => { if (q.httpVersion == '1.0') { r.writeHead(426) } r.end('well') }).listen(PORT, '127.0.0.1')",
        );
        let lying = stage.node(
            "require('http').createServer((q, r) => { r.setHeader('Content-Encoding', 'gzip'); r.end('plain words') }).listen(PORT, '127.0.0.1')",
        );
        let front = free();
        let inside = format!(
            "server {{ listen {front}; location /events {{ proxy_pass http://{events}; }} location /flowing {{ proxy_pass http://{events}; proxy_buffering off; }}
             location /modern {{ proxy_pass http://{modern}; proxy_http_version 1.0; }} location /lying {{ proxy_pass http://{lying}; }} }}"
        );
        let config = stage.nginx("gateway", &inside);
        for address in [events, modern, lying, front] {
            wait_for(address).await;
        }
        let about = |path: &str, upstream: SocketAddr| {
            let mut asked = with_config(question(front, &[at(upstream)]), config.clone());
            asked.url.target = path.into();
            asked
        };
        let (held, flowing, old, lie) = tokio::join!(
            examine(about("/events", events)),
            examine(about("/flowing", events)),
            examine(about("/modern", modern)),
            examine(about("/lying", lying)),
        );
        assert_eq!(ids(&held), ["http.stream_held_back"]);
        assert!(ids(&flowing).is_empty(), "{:?}", ids(&flowing));
        assert_eq!(ids(&old), ["http.wants_http11"]);
        assert_eq!(ids(&lie), ["http.content_coding_broken"]);
    });
}

#[test]
fn a_circle_of_redirects() {
    let (true, Some(openssl)) = (has(&["nginx", "node"]), program("openssl")) else { return };
    run(async {
        let mut stage = Stage::new();
        let app = stage.node(
            "require('http').createServer((q, r) => { if (q.headers['x-forwarded-proto'] != 'https') { r.writeHead(301, {Location: 'https://' + q.headers.host + q.url}) } r.end('page') }).listen(PORT, '127.0.0.1')",
        );
        let made = std::process::Command::new(openssl)
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ])
            .args(["-subj", "/CN=shop.example", "-keyout", "key.pem", "-out", "cert.pem"])
            .current_dir(&stage.folder)
            .output()
            .expect("openssl runs");
        assert!(made.status.success());
        let (front, told) = (free(), free());
        let folder = stage.folder.display().to_string();
        let tls = format!(
            "ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem; server_name shop.example;"
        );
        stage.nginx(
            "gateway",
            &format!(
                "server {{ listen {front} ssl; {tls} location / {{ proxy_pass http://{app}; proxy_set_header Host $http_host; }} }}
                 server {{ listen {told} ssl; {tls} location / {{ proxy_pass http://{app}; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme; }} }}"
            ),
        );
        for address in [app, front, told] {
            wait_for(address).await;
        }
        let about = |address: SocketAddr| {
            let mut asked = question(address, &[at(app)]);
            asked.url = format!("https://shop.example:{}/", address.port()).parse().expect("a URL");
            asked.resolve = vec![("shop.example".into(), address.port(), address.ip())];
            asked
        };
        check("the scheme is not told", about(front), "http.redirect_loop").await;
        check("the scheme is told", about(told), "").await;
    });
}
