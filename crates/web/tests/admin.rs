//! The admin address over real sockets on the loopback interface.

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
    use std::sync::Arc;
    use std::thread::JoinHandle;
    use std::time::Duration;
    use tokio::sync::watch;
    use torwart_cause::*;
    use torwart_record::*;
    use torwart_report::Lang;
    use torwart_web::client::{AdminReply, ClientError, Question, ask};
    use torwart_web::{Admin, AdminOptions, AdminState, Token, story};

    /// A running admin server on a thread of its own.
    struct Running {
        address: SocketAddr,
        state: AdminState,
        stop: Option<watch::Sender<bool>>,
        thread: Option<JoinHandle<()>>,
    }

    impl Running {
        fn start(options: AdminOptions) -> Self {
            let status = Arc::new(Status::new("1.2.3", Timestamp::from_micros(1_795_000_000_000_000)));
            let metrics = Arc::new(Metrics::new(1, status.clone()));
            let state = AdminState {
                metrics,
                failures: Arc::new(Failures::new(100)),
                status,
                upstreams: None,
                cache: None,
                upgrades: None,
            };
            let (stop, stopped) = watch::channel(false);
            let (send, address) = std::sync::mpsc::channel();
            let shown = state.clone();
            let thread = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                    let admin = Admin::bind(any, shown, options).await.unwrap();
                    send.send(admin.address().unwrap()).unwrap();
                    admin.run(stopped).await;
                });
            });
            Self { address: address.recv().unwrap(), state, stop: Some(stop), thread: Some(thread) }
        }

        fn ask(&self, path: &str, is_json_wanted: bool, lang: Lang) -> AdminReply {
            let deadline = Duration::from_secs(10);
            ask(Question {
                address: self.address,
                path,
                is_order: false,
                is_json_wanted,
                lang,
                token: None,
                deadline,
            })
            .unwrap()
        }

        fn json(&self, path: &str) -> Value {
            let reply = self.ask(path, true, Lang::En);
            assert_eq!(reply.status, 200, "{path}: {}", reply.body);
            serde_json::from_str(&reply.body).unwrap()
        }

        /// Sends bytes and reads until the server closes.
        fn raw(&self, request: &str) -> String {
            let mut stream = TcpStream::connect(self.address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        }

        fn status_for_host(&self, host: &str) -> String {
            let answer =
                self.raw(&format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
            answer.get(9..12).unwrap().to_owned()
        }

        fn fail(&self, id: &str, refused: bool) -> OwnedRecord {
            let ending = if refused { Ending::Refused } else { Ending::TimedOut(Deadline::Connect) };
            let attempt = Attempt {
                upstream: "http://10.0.0.11:3000".into(),
                address: Some(Address::Ip(SocketAddr::from((Ipv4Addr::new(10, 0, 0, 11), 3000)))),
                connect: Step::Failed { ending, after: Duration::from_micros(250) },
                first_bytes: Some(Box::from(*b"SSH-2.0\r\n")),
                ..Attempt::default()
            };
            let head = Step::Done { took: Duration::from_micros(40) };
            let client = ClientSide { head, ..ClientSide::default() };
            let evidence = Evidence { client, attempts: vec![attempt], ..Evidence::default() };
            let verdict = diagnose(&evidence);
            let pool = PoolLabels { name: "shop".into(), upstreams: vec!["http://10.0.0.11:3000".into()] };
            let route = RouteLabels { site: "shop.example".into(), route: "/".into(), pools: vec![0] };
            let series = self.state.metrics.adopt(&Labels { routes: vec![route], pools: vec![pool] });
            let record = Record {
                at: Timestamp::from_micros(1_795_264_496_789_012),
                id: id.parse().unwrap(),
                client: Client::Ip(SocketAddr::from((Ipv4Addr::new(192, 0, 2, 7), 4711))),
                method: b"GET",
                host: b"shop.example",
                path: b"/cart",
                query: None,
                protocol: Protocol::Http11,
                status: Some(502),
                served_by: ServedBy::Answer,
                is_complete: true,
                series: &series,
                route: Some(0),
                pool: Some(0),
                verdict: &verdict,
                duration: Duration::from_millis(9),
                sent: 1210,
                received: 290,
                user_agent: b"curl/8.0",
                referer: b"",
                trace_id: b"",
                crawler: None,
                evidence: &evidence,
                attempt_causes: &[verdict.cause()],
            };
            let recorder = Recorder::new(self.state.metrics.core(0), None, self.state.failures.clone());
            recorder.record(&record, Duration::ZERO);
            OwnedRecord::from_record(&record)
        }
    }

    impl Drop for Running {
        fn drop(&mut self) {
            drop(self.stop.take());
            let ended = self.thread.take().map(JoinHandle::join);
            assert!(std::thread::panicking() || matches!(ended, None | Some(Ok(()))));
        }
    }

    fn running() -> Running {
        Running::start(AdminOptions { hosts: vec!["gate.internal".into()], ..AdminOptions::default() })
    }

    #[test]
    fn readiness_follows_plan_listeners_and_drain() {
        let admin = running();
        assert_eq!(admin.ask("/healthz", false, Lang::En).status, 200);
        let reply = admin.ask("/readyz", false, Lang::En);
        assert_eq!((reply.status, &*reply.body), (503, "Not ready: no configuration is in force yet.\n"));
        admin.state.status.set_generation(3);
        assert_eq!(admin.ask("/readyz", false, Lang::En).status, 503);
        admin.state.status.set_listeners_up(true);
        assert_eq!(admin.ask("/readyz", false, Lang::En).status, 200);
        admin.state.status.drain();
        let reply = admin.ask("/readyz", false, Lang::De);
        assert_eq!(reply.status, 503);
        assert!(reply.body.starts_with("Nicht bereit"), "{}", reply.body);
        assert_eq!(admin.ask("/healthz", false, Lang::En).status, 200);
    }

    #[test]
    fn status_and_generation_are_json() {
        let admin = running();
        admin.state.status.set_generation(3);
        admin.state.status.set_workers(2);
        let status = admin.json("/status");
        assert_eq!(status["version"], "1.2.3");
        assert_eq!(status["started"], "2026-11-18T11:06:40.000000Z");
        assert_eq!((&status["workers"], &status["draining"]), (&json!(2), &json!(false)));
        assert_eq!(admin.json("/plan/generation"), json!({"generation": 3}));
    }

    #[test]
    fn metrics_come_in_the_format_that_is_accepted() {
        let admin = running();
        admin.fail("bakim-toruf-zalan", true);
        let plain = admin.raw("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert!(plain.contains("content-type: text/plain; version=0.0.4"), "{plain}");
        assert!(plain.contains(
            "torwart_causes_total{site=\"shop.example\",pool=\"shop\",cause=\"connect_refused\"} 1\n"
        ));
        let open = admin.raw(
            "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: application/openmetrics-text;version=1.0.0\r\n\
             Connection: close\r\n\r\n",
        );
        assert!(open.contains("application/openmetrics-text") && open.ends_with("# EOF\n"), "{open}");
    }

    #[test]
    fn failed_exchanges_are_listed_newest_first_and_filtered() {
        let admin = running();
        admin.fail("bakim-toruf-zalan", true);
        admin.fail("bakim-toruf-zalak", false);
        assert_eq!(admin.json("/exchanges")["exchanges"].as_array().unwrap().len(), 2);
        let list = admin.json("/exchanges?cause=connect_refused&limit=5");
        assert_eq!(list["exchanges"][0]["id"], "bakim-toruf-zalan");
        assert_eq!(list["exchanges"][0]["upstream"], "http://10.0.0.11:3000");
        assert_eq!(list["exchanges"].as_array().unwrap().len(), 1);
        assert_eq!(admin.ask("/exchanges?cause=bad_gateway", true, Lang::En).status, 400);
        for limit in ["0", "-1", "1001", "x", ""] {
            assert_eq!(
                admin.ask(&format!("/exchanges?limit={limit}"), true, Lang::En).status,
                400,
                "{limit}"
            );
        }
        let incidents = admin.json("/incidents");
        assert_eq!(incidents["incidents"].as_array().unwrap().len(), 2);
        assert_eq!(incidents["incidents"][0]["count"], 1);
    }

    #[test]
    fn one_exchange_is_told_as_json_or_text() {
        let admin = running();
        let record = admin.fail("bakim-toruf-zalan", true);
        let document = admin.json("/exchanges/BAKIM-toruf-zalan");
        assert_eq!(document["verdict"]["cause"], "connect_refused");
        assert_eq!(document["attempts"][0]["first_bytes"]["hex"], "5353482d322e300d0a");
        for lang in [Lang::En, Lang::De] {
            let reply = admin.ask("/exchanges/bakim-toruf-zalan", false, lang);
            assert_eq!((reply.status, reply.body), (200, story(&record, lang)));
        }
        let german = story(&record, Lang::De);
        for part in [
            "bakim-toruf-zalan",
            "GET shop.example/cart",
            "502",
            "connect_refused",
            "10.0.0.11:3000",
            "SSH-2.0\\r\\n",
        ] {
            assert!(german.contains(part), "{part} is missing in:\n{german}");
        }
    }

    #[test]
    fn what_is_not_there_is_said_in_a_sentence() {
        let admin = running();
        for (path, status, start) in [
            ("/exchanges/zuzuz-zuzuz-zuzuz", 404, "No failed exchange with this id"),
            ("/exchanges/bakim-toruf-zelan", 400, "This is not a request id"),
            ("/admin", 404, "There is no such page"),
        ] {
            let reply = admin.ask(path, false, Lang::En);
            assert_eq!(reply.status, status, "{path}");
            assert!(reply.body.starts_with(start), "{}", reply.body);
        }
    }

    #[test]
    fn off_loopback_nobody_reads_without_the_token() {
        let token = Token::new("correct-horse-battery");
        let admin = Running::start(AdminOptions { token, ..AdminOptions::default() });
        let ask = |path: &str, field: &str| {
            let answer = admin
                .raw(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{field}Connection: close\r\n\r\n"));
            answer.get(9..12).unwrap().to_owned()
                + if answer.contains("www-authenticate: Bearer") { "?" } else { "" }
        };
        for path in ["/metrics", "/status", "/exchanges", "/incidents", "/plan/generation", "/nothing"] {
            assert_eq!(ask(path, ""), "401?", "{path}");
            assert_eq!(ask(path, "Authorization: Bearer correct-horse-batterx\r\n"), "401?", "{path}");
        }
        assert_eq!(ask("/status", "Authorization: Bearer correct-horse-battery\r\n"), "200");
        // Whoever balances load knows no token and learns nothing.
        assert_eq!((ask("/healthz", ""), ask("/readyz", "")), ("200".to_owned(), "503".to_owned()));
        let deadline = Duration::from_secs(10);
        let token = Some("correct-horse-battery");
        let question = Question {
            address: admin.address,
            path: "/status",
            is_order: false,
            is_json_wanted: true,
            lang: Lang::En,
            token,
            deadline,
        };
        assert_eq!(torwart_web::client::ask(question).unwrap().status, 200);
    }

    #[test]
    fn pages_of_other_sites_read_nothing_and_nobody_changes_anything() {
        let admin = Running::start(AdminOptions::default());
        let ask = |method: &str, fields: &str| {
            let request = format!(
                "{method} /status HTTP/1.1\r\nHost: 127.0.0.1:9180\r\n{fields}Connection: close\r\n\r\n"
            );
            admin.raw(&request).get(9..12).unwrap().to_owned()
        };
        for own in [
            "",
            "Origin: http://127.0.0.1:9180\r\n",
            "Sec-Fetch-Site: same-origin\r\n",
            "Sec-Fetch-Site: none\r\n",
        ] {
            assert_eq!(ask("GET", own), "200", "{own}");
        }
        for foreign in [
            "Origin: https://evil.example\r\n",
            "Origin: null\r\n",
            "Origin: http://127.0.0.1:9180.evil.example\r\n",
            "Sec-Fetch-Site: cross-site\r\n",
            "Sec-Fetch-Site: same-site\r\n",
        ] {
            assert_eq!(ask("GET", foreign), "403", "{foreign}");
        }
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            for kind in ["", "Content-Type: application/json\r\n", "Content-Type: text/plain\r\n"] {
                assert_eq!(ask(method, &format!("{kind}Content-Length: 0\r\n")), "405", "{method} {kind}");
            }
        }
    }

    #[test]
    fn what_changes_something_asks_for_post_the_token_and_no_foreign_page() {
        let token = Token::new("correct-horse-battery");
        let admin = Running::start(AdminOptions { token, ..AdminOptions::default() });
        let known = "Authorization: Bearer correct-horse-battery\r\n";
        let ask = |method: &str, path: &str, fields: &str| {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let answer = admin.raw(&request);
            (answer.get(9..12).unwrap().to_owned(), answer.contains("allow: POST"))
        };
        for path in ["/upgrade", "/upstreams/drain?pool=shop&upstream=http://10.0.0.11:3000"] {
            assert_eq!(ask("GET", path, known), ("405".to_owned(), true), "{path}");
            assert_eq!(ask("POST", path, "").0, "401", "{path}");
            let foreign = format!("{known}Origin: https://evil.example\r\n");
            assert_eq!(ask("POST", path, &foreign).0, "403", "{path}");
            // Nothing is behind this address here that could be changed.
            assert_eq!(ask("POST", path, known).0, "404", "{path}");
        }
        assert_eq!(ask("GET", "/upstreams", "").0, "401");
    }

    #[test]
    fn other_peoples_names_are_refused() {
        let admin = running();
        for host in ["localhost", "127.0.0.1:9180", "[::1]", "gate.internal", "GATE.internal:1"] {
            assert_eq!(admin.status_for_host(host), "200", "{host}");
        }
        for host in
            ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "shop.example:9180", ""]
        {
            assert_eq!(admin.status_for_host(host), "421", "{host}");
        }
        for request in [
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
            "GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        ] {
            assert!(admin.raw(request).starts_with("HTTP/1.1 421"), "{request}");
        }
        assert!(admin.raw("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 400"));
        assert!(admin.raw("GET /healthz HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 200"));
    }

    #[test]
    fn nothing_can_be_changed_and_no_page_is_shared_with_other_sites() {
        let admin = running();
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            let answer = admin.raw(&format!(
                "{method} /status HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\
                 Content-Length: 0\r\nConnection: close\r\n\r\n"
            ));
            assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
            assert!(answer.contains("allow: GET, HEAD"), "{answer}");
            assert!(!answer.to_lowercase().contains("access-control-"), "{answer}");
        }
        let answer = admin.raw("HEAD /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
        for field in ["x-content-type-options: nosniff", "cache-control: no-store", "default-src 'none'"] {
            assert!(answer.contains(field), "{field}: {answer}");
        }
    }

    #[test]
    fn slow_large_and_many_clients_are_bounded() {
        let options = AdminOptions {
            connections: 2,
            head: Duration::from_millis(200),
            drain: Duration::from_millis(200),
            ..AdminOptions::default()
        };
        let admin = Running::start(options);
        // Two that never finish their head hold both places until their time is up.
        let mut slow: Vec<_> = (0..2).map(|_| TcpStream::connect(admin.address).unwrap()).collect();
        for stream in &mut slow {
            stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
        }
        assert_eq!(admin.ask("/healthz", false, Lang::En).status, 200);
        let fields = "x: y\r\n".repeat(65);
        let answer = admin.raw(&format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }

    #[test]
    fn stopping_ends_idle_connections_and_frees_the_port() {
        let mut admin = running();
        let mut idle = TcpStream::connect(admin.address).unwrap();
        idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut first = [0; 12];
        idle.read_exact(&mut first).unwrap();
        admin.stop.as_ref().unwrap().send(true).unwrap();
        admin.thread.take().unwrap().join().unwrap();
        let mut rest = Vec::new();
        idle.read_to_end(&mut rest).unwrap();
        assert!(TcpStream::connect(admin.address).is_err());
    }

    #[test]
    fn the_client_gives_up_in_words() {
        let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = silent.local_addr().unwrap();
        let question = Question {
            token: None,
            address,
            path: "/status",
            is_order: false,
            is_json_wanted: true,
            lang: Lang::En,
            deadline: Duration::from_millis(100),
        };
        let error = ask(question).unwrap_err();
        assert!(matches!(error, ClientError::Deadline { .. }), "{error:?}");
        assert_eq!(
            error.sentence(Lang::De),
            format!("die Admin-Adresse {address} hat nicht rechtzeitig geantwortet")
        );
        drop(silent);
        let error = ask(question).unwrap_err();
        assert!(matches!(error, ClientError::Connect { .. }), "{error:?}");
        assert!(error.to_string().contains(&address.to_string()));
    }

    #[test]
    fn an_answer_cut_short_is_no_answer() {
        let peer = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = peer.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = peer.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").unwrap();
            String::from_utf8(request[..length].to_vec()).unwrap()
        });
        let question = Question {
            token: None,
            address,
            path: "/x\r\nEvil: 1",
            is_order: false,
            is_json_wanted: false,
            lang: Lang::De,
            deadline: Duration::from_secs(10),
        };
        assert!(matches!(ask(question), Err(ClientError::Read { .. })));
        let request = thread.join().unwrap();
        assert!(request.starts_with("GET /xEvil:1 HTTP/1.1\r\nHost: 127.0.0.1:"), "{request}");
    }
}
