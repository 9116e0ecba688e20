//! Configurations of Caddy and Traefik, given as text, read into routes with their file and line.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use torwart_dialect::Product;
use torwart_dialect::config::{
    Fact, Files, GatewayConfig, HttpVersion, PathRule, Route, Sni, guess_product, read,
};

/// Files by path.
struct Host(BTreeMap<PathBuf, String>);

impl Host {
    fn new(files: &[(&str, &str)]) -> Self {
        Host(files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect())
    }
}

impl Files for Host {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.0.get(path).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn glob(&self, pattern: &str) -> Vec<PathBuf> {
        let (begin, end) = pattern.split_once('*').unwrap_or((pattern, ""));
        let fits = |path: &&PathBuf| {
            let path = path.to_string_lossy();
            path.strip_prefix(begin)
                .and_then(|rest| rest.strip_suffix(end))
                .is_some_and(|rest| !rest.contains('/'))
        };
        self.0.keys().filter(fits).cloned().collect()
    }
}

fn upstreams(route: &Route) -> Vec<String> {
    route.upstreams.iter().map(|upstream| upstream.address.to_string()).collect()
}

/// The first route for a request, shown as its upstreams.
fn for_request(config: &GatewayConfig, host: &str, path: &str) -> String {
    config.routes_for(host, path).first().map_or("none".to_owned(), |route| {
        match route.upstreams.is_empty() {
            true => "itself".to_owned(),
            false => upstreams(route).join(" "),
        }
    })
}

fn line<T>(fact: &Option<Fact<T>>) -> u32 {
    fact.as_ref().and_then(|fact| fact.at.as_ref()).map_or(0, |at| at.line)
}

fn value<T: Clone>(fact: &Option<Fact<T>>) -> Option<T> {
    fact.as_ref().map(|fact| fact.value.clone())
}

fn notes(config: &GatewayConfig) -> Vec<(&'static str, u32)> {
    config.notes.iter().map(|note| (note.what.id(), note.at.as_ref().map_or(0, |at| at.line))).collect()
}

const CADDYFILE: &str = r#"{
	email admin@example.org
	log {
		output file /var/log/caddy/caddy.log
	}
	servers {
		timeouts {
			idle 2m
		}
	}
}

(slow) {
	transport http {
		dial_timeout {args[0]}
		response_header_timeout 10s
		keepalive 30s
	}
}

shop.example.org, www.shop.example.org {
	log {
		output file /var/log/caddy/shop.log
		format json
	}
	@api path /api/*
	reverse_proxy @api 10.0.1.1:8080 10.0.1.2:8080 {
		import slow 5s
		lb_try_duration 2s
		health_uri /alive
		fail_duration 10s
	}
	handle /static/* {
		file_server
	}
	handle_path /pay/* {
		reverse_proxy https://pay.internal:8443 {
			header_up Host {upstream_hostport}
			transport http {
				tls_server_name pay.example.org
				tls_trust_pool file /etc/caddy/ca.pem
				versions 1.1
			}
		}
	}
	php_fastcgi unix//run/php/php-fpm.sock
}

import sites/*.caddy

:8080 {
	reverse_proxy {$APP:localhost:9000}
}
"#;

const WIKI: &str = "http://wiki.example.org {\n\treverse_proxy {\n\t\tto wiki:3000 h2c://wiki2\n\t\tdynamic a pool.internal 81\n\t}\n}\n";

fn caddy() -> GatewayConfig {
    let host = Host::new(&[("/etc/caddy/Caddyfile", CADDYFILE), ("/etc/caddy/sites/wiki.caddy", WIKI)]);
    read(Product::Caddy, Path::new("/etc/caddy/Caddyfile"), &host)
}

#[test]
fn a_caddyfile_sends_requests_where_caddy_would() {
    let config = caddy();
    assert_eq!(notes(&config), []);
    assert_eq!(config.files.len(), 2);
    let expect = |host: &str, path: &str, expected: &str| {
        assert_eq!(for_request(&config, host, path), expected, "{host}{path}")
    };
    expect("shop.example.org", "/api/cart", "http://10.0.1.1:8080 http://10.0.1.2:8080");
    expect("www.shop.example.org", "/static/a.css", "itself");
    expect("shop.example.org", "/pay/1", "https://pay.internal:8443");
    expect("shop.example.org", "/", "fastcgi://unix:/run/php/php-fpm.sock");
    expect("wiki.example.org", "/", "http://wiki:3000 h2c://wiki2:80 http://pool.internal:81");
    expect("any.example.net", "/", "http://localhost:9000");
}

#[test]
fn a_caddyfile_s_settings_keep_their_lines() {
    let config = caddy();
    let api = config.routes_for("shop.example.org", "/api/x")[0];
    assert_eq!(
        (value(&api.deadlines.connect), line(&api.deadlines.connect)),
        (Some(Duration::from_secs(5)), 15)
    );
    assert_eq!(
        (value(&api.deadlines.first_byte), line(&api.deadlines.first_byte)),
        (Some(Duration::from_secs(10)), 16)
    );
    assert_eq!(value(&api.deadlines.pool_idle), Some(Duration::from_secs(30)));
    assert_eq!(
        (value(&api.deadlines.client_idle), line(&api.deadlines.client_idle)),
        (Some(Duration::from_secs(120)), 8)
    );
    assert_eq!(value(&api.deadlines.queue), Some(Duration::from_secs(2)));
    let upstream = &api.upstreams[0];
    assert_eq!(upstream.check.as_ref().and_then(|check| check.path.as_deref()), Some("/alive"));
    assert_eq!(
        (value(&upstream.max_fails), value(&upstream.fail_timeout)),
        (Some(1), Some(Duration::from_secs(10)))
    );
    let pay = config.routes_for("shop.example.org", "/pay/x")[0];
    assert_eq!(pay.path, PathRule::Prefix("/pay/".to_owned()));
    assert_eq!(pay.tls.sni.value, Sni::Name("pay.example.org".to_owned()));
    assert_eq!(value(&pay.tls.trust), Some(PathBuf::from("/etc/caddy/ca.pem")));
    assert_eq!(value(&pay.host_header).as_deref(), Some("pay.internal:8443"));
    assert_eq!(pay.http_version.value, HttpVersion::Http11);
    let php = config.routes_for("shop.example.org", "/")[0];
    assert_eq!(value(&php.deadlines.connect), Some(Duration::from_secs(3)));
    assert!(php.deadlines.connect.as_ref().is_some_and(|fact| fact.is_default));
}

#[test]
fn a_caddyfile_s_listeners_and_logs_are_found() {
    let config = caddy();
    let shown: Vec<String> = config
        .listeners
        .iter()
        .map(|one| format!("{}{}", one.address, if one.is_tls { " tls" } else { "" }))
        .collect();
    assert_eq!(shown, ["*:443 tls", "*:80", "*:8080", "*:80"]);
    let logs: Vec<_> = config
        .logs
        .iter()
        .filter_map(|log| log.path.as_deref())
        .map(|path| path.display().to_string())
        .collect();
    assert_eq!(logs, ["/var/log/caddy/shop.log", "/var/log/caddy/caddy.log"]);
    assert_eq!(
        config.routes_at(80, "shop.example.org", "/").first().map(|route| route.upstreams.len()),
        Some(0)
    );
}

#[test]
fn a_caddyfile_s_rarer_words_are_read() {
    let text = "{\n\tdefault_bind tcp4/10.0.0.5 [::1]\n}\na.example {\n\treverse_proxy unix+h2c//run/a.sock\n}\n:81 {\n\tbind 127.0.0.1\n\treverse_proxy * :8001-8002 {\n\t\ttransport http {\n\t\t\tversions h2c\n\t\t\tkeepalive off\n\t\t}\n\t}\n}\n";
    let config = read(Product::Caddy, Path::new("/c/Caddyfile"), &Host::new(&[("/c/Caddyfile", text)]));
    assert_eq!(notes(&config), []);
    let shown: Vec<String> =
        config.listeners.iter().filter(|one| one.at.is_some()).map(|one| one.address.to_string()).collect();
    assert_eq!(shown, ["10.0.0.5:443", "[::1]:443", "127.0.0.1:81"]);
    assert_eq!(for_request(&config, "a.example", "/"), "h2c://unix:/run/a.sock");
    let range = config.routes_for("b.example", "/")[0];
    assert_eq!(upstreams(range), ["h2c://localhost:8001", "h2c://localhost:8002"]);
    assert_eq!((value(&range.deadlines.keeps_idle), value(&range.deadlines.pool_idle)), (Some(0), None));
}

#[test]
fn php_behind_caddy_s_json_takes_every_path() {
    let text = r#"{"apps":{"http":{"servers":{"s":{"listen":[":80"],"routes":[
        {"match":[{"path":["*.php"]}],"handle":[{"handler":"reverse_proxy","transport":{"protocol":"fastcgi"},"upstreams":[{"dial":"unix//run/php.sock"}]}]}
    ]}}}}}"#;
    let config = read(Product::Caddy, Path::new("/c/caddy.json"), &Host::new(&[("/c/caddy.json", text)]));
    assert_eq!(for_request(&config, "a.example", "/shop"), "fastcgi://unix:/run/php.sock");
}

#[test]
fn what_is_wrong_in_a_caddyfile_is_noted() {
    let text = "a.example {\n\timport missing.conf\n\timport nothing/*.conf\n\treverse_proxy\n";
    let host = Host::new(&[("/c/Caddyfile", text)]);
    let config = read(Product::Caddy, Path::new("/c/Caddyfile"), &host);
    assert_eq!(
        notes(&config),
        [("syntax", 1), ("include_matches_nothing", 2), ("include_matches_nothing", 3), ("empty_pool", 4)]
    );
    let looped = Host::new(&[("/c/Caddyfile", "import Caddyfile\na.example {\n}\n")]);
    assert_eq!(notes(&read(Product::Caddy, Path::new("/c/Caddyfile"), &looped)), [("include_loop", 1)]);
    let gone = read(Product::Caddy, Path::new("/c/none"), &looped);
    assert_eq!(notes(&gone), [("unreadable", 0)]);
}

const CADDY_JSON: &str = r#"{
  "logging": {"logs": {"default": {"writer": {"output": "file", "filename": "/var/log/caddy.json"}}}},
  "apps": {"http": {"servers": {"srv0": {
    "listen": [":443"],
    "idle_timeout": 60000000000,
    "routes": [{
      "match": [{"host": ["shop.example.org"]}],
      "handle": [{"handler": "subroute", "routes": [
        {"match": [{"path": ["/api/*"]}],
         "handle": [{
           "handler": "reverse_proxy",
           "transport": {"protocol": "http",
             "dial_timeout": "5s",
             "tls": {"server_name": "api.internal"}},
           "upstreams": [{"dial": "10.0.1.1:8443"}]
         }]},
        {"handle": [{"handler": "static_response", "status_code": 404}]}
      ]}]
    }]
  }}}}
}"#;

#[test]
fn caddy_s_json_gives_the_same_model() {
    let path = "/etc/caddy/caddy.json";
    assert_eq!(guess_product(Path::new(path), CADDY_JSON), Some(Product::Caddy));
    let config = read(Product::Caddy, Path::new(path), &Host::new(&[(path, CADDY_JSON)]));
    assert_eq!(notes(&config), []);
    assert_eq!(for_request(&config, "shop.example.org", "/api/x"), "https://10.0.1.1:8443");
    assert_eq!(for_request(&config, "shop.example.org", "/other"), "itself");
    let api = config.routes_for("shop.example.org", "/api/x")[0];
    assert_eq!(
        (value(&api.deadlines.connect), line(&api.deadlines.connect)),
        (Some(Duration::from_secs(5)), 13)
    );
    assert_eq!(value(&api.deadlines.client_idle), Some(Duration::from_secs(60)));
    assert_eq!(api.tls.sni.value, Sni::Name("api.internal".to_owned()));
    assert!(config.listeners[0].is_tls);
    assert_eq!(config.logs[0].path.as_deref(), Some(Path::new("/var/log/caddy.json")));
}

const STATIC_YAML: &str = "entryPoints:
  web:
    address: \":80\"
    http:
      redirections:
        entryPoint:
          to: websecure
          scheme: https
  websecure:
    address: \":443\"
    transport:
      respondingTimeouts:
        idleTimeout: 75s
    http:
      tls: {}
providers:
  file:
    directory: /etc/traefik/dynamic
serversTransport:
  forwardingTimeouts:
    dialTimeout: 5
accessLog:
  filePath: /var/log/traefik/access.log
  format: json
log:
  filePath: /var/log/traefik/traefik.log
  level: DEBUG
";

const DYNAMIC_YAML: &str = "http:
  routers:
    shop:
      rule: \"(Host(`shop.example.org`) || Host(`www.shop.example.org`)) && PathPrefix(`/api`)\"
      entryPoints: [websecure]
      service: api
      middlewares: [again]
    rest:
      rule: Host(`shop.example.org`)
      service: rest@file
    lost:
      rule: Host(`lost.example.org`)
      service: nowhere
    broken:
      rule: Host(shop)
      service: api
  middlewares:
    again:
      retry:
        attempts: 3
  services:
    api:
      loadBalancer:
        serversTransport: inner
        passHostHeader: false
        healthCheck:
          path: /alive
          interval: 10s
        servers:
          - url: https://10.0.1.1:8443
          - url: https://api.internal:8443/
    rest:
      loadBalancer:
        servers:
          - url: http://app:8080
  serversTransports:
    inner:
      serverName: api.example.org
      rootCAs:
        - /etc/ssl/inner.pem
      forwardingTimeouts:
        responseHeaderTimeout: 20s
        idleConnTimeout: 4s
tls:
  certificates:
    - certFile: /etc/ssl/shop.pem
      keyFile: /etc/ssl/shop.key
";

#[test]
fn traefik_s_files_give_routes_with_their_lines() {
    let host = Host::new(&[
        ("/etc/traefik/traefik.yml", STATIC_YAML),
        ("/etc/traefik/dynamic/shop.yml", DYNAMIC_YAML),
        ("/etc/traefik/dynamic/readme.md", "# no configuration"),
    ]);
    let config = read(Product::Traefik, Path::new("/etc/traefik/traefik.yml"), &host);
    assert_eq!(notes(&config), [("unknown_pool", 13), ("syntax", 15)]);
    let expect = |host: &str, path: &str, expected: &str| {
        assert_eq!(for_request(&config, host, path), expected, "{host}{path}")
    };
    expect("www.shop.example.org", "/api/x", "https://10.0.1.1:8443 https://api.internal:8443");
    expect("shop.example.org", "/", "http://app:8080");
    let api = config.routes_for("shop.example.org", "/api/x")[0];
    assert_eq!(
        (value(&api.deadlines.first_byte), line(&api.deadlines.first_byte)),
        (Some(Duration::from_secs(20)), 42)
    );
    assert_eq!(value(&api.deadlines.pool_idle), Some(Duration::from_secs(4)));
    assert_eq!(value(&api.deadlines.connect), Some(Duration::from_secs(30)));
    assert_eq!(api.tls.sni.value, Sni::Name("api.example.org".to_owned()));
    assert_eq!(value(&api.tls.trust), Some(PathBuf::from("/etc/ssl/inner.pem")));
    assert_eq!(value(&api.host_header).as_deref(), Some("10.0.1.1:8443"));
    assert_eq!(value(&api.retries).and_then(|retries| retries.attempts), Some(3));
    assert_eq!(api.upstreams[1].at.as_ref().map(|at| at.line), Some(31));
    let rest = config.routes_for("shop.example.org", "/")[0];
    assert_eq!(value(&rest.deadlines.connect), Some(Duration::from_secs(5)));
    let secure = &config.listeners[1];
    assert!(secure.is_tls);
    assert_eq!(value(&secure.client_idle), Some(Duration::from_secs(75)));
    assert_eq!(secure.certificates[0].value, Path::new("/etc/ssl/shop.pem"));
    let logs: Vec<_> = config.logs.iter().filter_map(|log| log.path.as_deref()).collect();
    assert_eq!(logs, [Path::new("/var/log/traefik/access.log"), Path::new("/var/log/traefik/traefik.log")]);
}

#[test]
fn traefik_s_toml_gives_the_same() {
    let text = "[entryPoints.web]\naddress = \":80\"\n[providers.file]\nfilename = \"dynamic.toml\"\n";
    let dynamic = "[http.routers.a]\nrule = \"Host(`a.example`)\"\nservice = \"a\"\n[http.services.a.loadBalancer]\n[[http.services.a.loadBalancer.servers]]\nurl = \"http://10.0.0.1:80\"\n";
    let host = Host::new(&[("/t/traefik.toml", text), ("/t/dynamic.toml", dynamic)]);
    let config = read(Product::Traefik, Path::new("/t/traefik.toml"), &host);
    assert_eq!(notes(&config), []);
    let route = config.routes_for("a.example", "/")[0];
    assert_eq!(upstreams(route), ["http://10.0.0.1:80"]);
    assert_eq!(route.upstreams[0].written, "url = \"http://10.0.0.1:80\"");
    assert_eq!(route.upstreams[0].at.as_ref().map(|at| at.line), Some(6));
}

#[test]
fn what_is_wrong_in_traefik_s_files_is_noted() {
    let text = "entryPoints:\n  web:\n    address: \":80\"\nproviders:\n  file:\n    filename: gone.yml\n";
    let host = Host::new(&[("/t/traefik.yml", text)]);
    assert_eq!(
        notes(&read(Product::Traefik, Path::new("/t/traefik.yml"), &host)),
        [("include_matches_nothing", 6)]
    );
    let host = Host::new(&[("/t/traefik.yml", "a: [1, 2\nb: c\n")]);
    let config = read(Product::Traefik, Path::new("/t/traefik.yml"), &host);
    assert_eq!(notes(&config).first().map(|(id, _)| *id), Some("syntax"));
}

#[test]
fn a_template_is_not_called_wrong() {
    let text = "http:\n  services:\n    {{ range $i := until 3 }}\n    s{{ $i }}:\n    {{ end }}\n";
    let config = read(Product::Traefik, Path::new("/t/d.yml"), &Host::new(&[("/t/d.yml", text)]));
    assert!(
        config.notes.iter().all(|note| note.what.id() == "unreadable" && !note.what.is_fatal()),
        "{:?}",
        config.notes
    );
    let text = "[http.routers.a]\nrule = \"Host(`a.example`)\"\nservice = \"a\"\n[[http.services.a.loadBalancer.servers]]\nurl = \"http://app:{{ env `PORT` }}\"\n";
    let config = read(Product::Traefik, Path::new("/t/d.toml"), &Host::new(&[("/t/d.toml", text)]));
    assert_eq!(notes(&config), []);
    assert_eq!(config.routes_for("a.example", "/")[0].upstreams.len(), 1);
}

mod garbage {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_a_configuration(text in "\\PC*", close in "[a-z{}()\\[\\]\"` \n\t:@/*.,#$<=-]*", cut in 0usize..3000) {
            for whole in [CADDYFILE, CADDY_JSON, STATIC_YAML, DYNAMIC_YAML, &text, &close] {
                let end = whole.floor_char_boundary(cut.min(whole.len()));
                for part in [&whole[..end], &whole[end..]] {
                    for (product, path) in [
                        (Product::Caddy, "/a/Caddyfile"),
                        (Product::Caddy, "/a/caddy.json"),
                        (Product::Traefik, "/a/t.yml"),
                        (Product::Traefik, "/a/t.toml"),
                    ] {
                        let host = Host::new(&[(path, part)]);
                        let config = read(product, Path::new(path), &host);
                        let _ = config.routes_for("shop.example.org", "/api/x");
                    }
                }
            }
        }
    }
}
