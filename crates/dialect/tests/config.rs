//! Whole configurations of other products, read from files as they lie on real hosts, shown as text.

#[path = "config/show.rs"]
mod show;

use std::io;
use std::path::{Path, PathBuf};
use torwart_dialect::Product;
use torwart_dialect::config::{Entry, Files, GatewayConfig, HttpVersion, NoteKind, read, read_entry};

/// A folder of this test that stands for the root of a host.
struct Host {
    root: PathBuf,
}

impl Host {
    fn new(case: &str) -> Self {
        Host { root: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(case) }
    }

    fn real(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }
}

impl Files for Host {
    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(self.real(path)).map_err(|error| io::Error::from(error.kind()))
    }

    fn glob(&self, pattern: &str) -> Vec<PathBuf> {
        let mut found = vec![PathBuf::from("/")];
        for part in pattern.split('/').filter(|part| !part.is_empty()) {
            let mut next = Vec::new();
            for folder in found {
                if !part.contains(['*', '?', '[']) {
                    next.extend(Some(folder.join(part)).filter(|path| self.real(path).exists()));
                    continue;
                }
                let entries = std::fs::read_dir(self.real(&folder)).into_iter().flatten().flatten();
                let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
                let mut names: Vec<String> = names.filter(|name| fits(part, name)).collect();
                names.sort();
                next.extend(names.into_iter().map(|name| folder.join(name)));
            }
            found = next;
        }
        found
    }
}

/// `*` only, as the configurations here need no more.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == name };
    !name.starts_with('.')
        && name.len() >= before.len() + after.len()
        && name.starts_with(before)
        && name.ends_with(after)
}

fn config(product: Product, case: &str, entry: &str) -> GatewayConfig {
    read(product, Path::new(entry), &Host::new(case))
}

fn check(product: Product, case: &str, entry: &str) {
    insta::with_settings!({ snapshot_path => "config", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(case, show::show(&config(product, case, entry)));
    });
}

fn upstream_for(config: &GatewayConfig, host: &str, path: &str) -> String {
    let route = config.routes_for(host, path).into_iter().next();
    route.map_or("no route".to_owned(), |route| {
        route.upstreams.first().map_or("itself".to_owned(), |upstream| upstream.address.to_string())
    })
}

#[test]
fn nginx_as_debian_lays_it_out() {
    check(Product::Nginx, "nginx-debian", "/etc/nginx/nginx.conf");
}

#[test]
fn nginx_with_much_that_is_wrong() {
    check(Product::Nginx, "nginx-troubled", "/etc/nginx/nginx.conf");
}

#[test]
fn nginx_takes_the_location_the_product_would_take() {
    let config = config(Product::Nginx, "nginx-debian", "/etc/nginx/nginx.conf");
    let expect = |host: &str, path: &str, expected: &str| {
        assert_eq!(upstream_for(&config, host, path), expected, "{host}{path}");
    };
    expect("shop.example.org", "/", "http://10.0.3.11:8080");
    expect("SHOP.example.org.", "/pay", "https://pay.internal:443");
    expect("shop.example.org", "/pay/more", "http://10.0.3.11:8080");
    expect("shop.example.org", "/a.PNG", "http://images.internal:9000");
    expect("shop.example.org", "/static/a.png", "itself");
    expect("any.shop.example.org", "/socket/1", "http://10.0.3.11:8080");
    expect("wiki.example.org", "/Start", "fastcgi://unix:/run/php/php8.2-fpm.sock");
    let at = |port: u16, host: &str| config.routes_at(port, host, "/").first().map(|route| route.hosts.len());
    assert_eq!(at(80, "unknown.example.net"), Some(1), "the default server of port 80");
    assert_eq!(at(443, "unknown.example.net"), Some(3), "the only server of port 443");
    assert_eq!(at(81, "shop.example.org"), None);
}

#[test]
fn a_single_site_of_nginx_is_read_without_its_surroundings() {
    let config = config(Product::Nginx, "nginx-fragment", "/etc/nginx/sites-enabled/app");
    assert_eq!(upstream_for(&config, "app.example.org", "/"), "http://app_servers:80");
    assert_eq!(config.notes, []);
}

#[test]
fn a_recent_nginx_keeps_connections_without_being_told() {
    let mut entry = Entry::new(Product::Nginx, Path::new("/etc/nginx/sites-enabled/app"));
    let kept = |entry: &Entry| {
        let config = read_entry(entry, &Host::new("nginx-fragment"));
        config.routes_for("app.example.org", "/").first().and_then(|route| route.deadlines.pool_idle.clone())
    };
    assert_eq!(kept(&entry), None);
    entry.version = Some((1, 29, 7));
    assert_eq!(kept(&entry).map(|idle| (idle.value.as_secs(), idle.is_default)), Some((60, true)));
}

/// A configuration of one file.
struct Text(&'static str);

impl Files for Text {
    fn read(&self, _: &Path) -> io::Result<String> {
        Ok(self.0.to_owned())
    }

    fn glob(&self, _: &str) -> Vec<PathBuf> {
        Vec::new()
    }
}

#[test]
fn a_recent_nginx_speaks_http11_and_still_closes_where_no_upstream_block_is() {
    let text = Text(
        "http { upstream app { server 10.0.0.1:80; }
        server { location /a { proxy_pass http://app; } location /b { proxy_pass http://10.0.0.2:80; } } }",
    );
    let mut entry = Entry::new(Product::Nginx, Path::new("/etc/nginx/nginx.conf"));
    let seen = |entry: &Entry, path: &str| {
        let config = read_entry(entry, &text);
        let routes = config.routes_for("shop.example", path);
        let route = routes.first().expect("a route");
        (route.deadlines.keeps_idle.as_ref().map(|keeps| keeps.value), route.http_version.value)
    };
    assert_eq!(seen(&entry, "/a"), (Some(0), HttpVersion::Http10));
    entry.version = Some((1, 30, 0));
    assert_eq!(seen(&entry, "/a"), (Some(32), HttpVersion::Http11));
    assert_eq!(seen(&entry, "/b"), (Some(0), HttpVersion::Http11));
}

#[test]
fn lines_that_need_a_switch_are_noted_with_what_should_stand_there() {
    let check = |product, file: &str, text: &'static str, expected: &[&str]| {
        let config = read(product, Path::new(file), &Text(text));
        let mended = config.notes.iter().filter_map(|note| match &note.what {
            NoteKind::SwitchMissing { mended, .. } => Some(mended.as_str()),
            _ => None,
        });
        assert_eq!(mended.collect::<Vec<_>>(), expected, "{text}");
    };
    let nginx = |text, expected: &[&str]| check(Product::Nginx, "/etc/nginx/nginx.conf", text, expected);
    nginx("http { server { listen 443; ssl_certificate a.pem; } }", &["listen 443 ssl;"]);
    nginx("http { server { listen 443; listen 80; } }", &[]);
    nginx(
        "http { server { listen 443; ssl_certificate a.pem; } server { listen 443 ssl; ssl_certificate b.pem; } }",
        &[],
    );
    let haproxy =
        |text, expected: &[&str]| check(Product::Haproxy, "/etc/haproxy/haproxy.cfg", text, expected);
    haproxy(
        "defaults\n mode http\nlisten a\n bind :443 crt a.pem\n server s 10.0.0.1:8443 verify required ca-file c.pem\n",
        &["bind :443 crt a.pem ssl", "server s 10.0.0.1:8443 verify required ca-file c.pem ssl"],
    );
    haproxy(
        "defaults\n mode http\nlisten a\n bind :443 ssl crt a.pem\n server s 10.0.0.1:8443 check check-ssl ca-file c.pem\n",
        &[],
    );
    let apache =
        |text, expected: &[&str]| check(Product::Apache, "/etc/apache2/apache2.conf", text, expected);
    apache(
        "Listen 80\nRewriteRule ^/(.*) http://10.0.0.1/$1 [P]\n",
        &["RewriteEngine on\nRewriteRule ^/(.*) http://10.0.0.1/$1 [P]"],
    );
    apache("Listen 80\nRewriteEngine off\nRewriteRule ^/(.*) http://10.0.0.1/$1 [P]\n", &[]);
}

#[test]
fn haproxy_as_debian_lays_it_out() {
    check(Product::Haproxy, "haproxy-debian", "/etc/haproxy/haproxy.cfg");
}

#[test]
fn haproxy_with_much_that_is_wrong() {
    check(Product::Haproxy, "haproxy-troubled", "/etc/haproxy");
}

#[test]
fn haproxy_takes_the_backend_the_product_would_take() {
    let config = config(Product::Haproxy, "haproxy-debian", "/etc/haproxy/haproxy.cfg");
    let expect = |host: &str, path: &str, expected: &str| {
        assert_eq!(upstream_for(&config, host, path), expected, "{host}{path}");
    };
    expect("shop.example.org", "/", "http://10.0.3.11:8080");
    expect("www.shop.example.org", "/api/x", "https://api1.internal:8443");
    expect("shop.example.org", "/a.css", "http://unix:/run/static.sock");
    expect("x.static.example.org", "/", "http://unix:/run/static.sock");
    expect("handbook.example.org", "/", "http://10.0.5.1:80");
    expect("unknown.example.net", "/", "http://127.0.0.1:8000");
    expect("shop.example.org", "/alive", "itself");
}

#[test]
fn apache_as_debian_lays_it_out() {
    check(Product::Apache, "apache-debian", "/etc/apache2/apache2.conf");
}

#[test]
fn apache_with_much_that_is_wrong() {
    check(Product::Apache, "apache-troubled", "/etc/httpd/conf/httpd.conf");
}

#[test]
fn apache_takes_the_route_the_product_would_take() {
    let config = config(Product::Apache, "apache-debian", "/etc/apache2/apache2.conf");
    let expect = |host: &str, path: &str, expected: &str| {
        assert_eq!(upstream_for(&config, host, path), expected, "{host}{path}");
    };
    expect("shop.example.org", "/", "http://10.0.3.11:8080");
    expect("shop.example.org", "/static/a.css", "itself");
    expect("de.shop.example.org", "/pay", "https://pay.internal:8443");
    expect("shop.example.org", "/payment", "http://10.0.3.11:8080");
    expect("shop.example.org", "/pool/x", "http://10.0.4.1:8080");
    expect("wiki.example.org", "/index.php", "fastcgi://unix:/run/php/php8.2-fpm.sock");
    expect("wiki.example.org", "/", "fastcgi://unix:/run/php/php8.2-fpm.sock");
    expect("small.example.org", "/x", "http://127.0.0.1:3000");
    expect("legacy.example.org", "/tomcat/x", "ajp://127.0.0.1:8009");
}
