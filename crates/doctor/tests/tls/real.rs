//! Real gateways before real servers: what nginx answers 502 to is named, by its own configuration file.
//!
//! Each test says so loudly and passes where the program it needs is not installed.

use crate::scene::{Folder, SITE, about, check};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use torwart_doctor::Question;
use torwart_lab::{Certificate, Certificates};

/// A program that ends with its handle.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn is_missing(program: &str) -> bool {
    let is_missing =
        Command::new(program).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err();
    if is_missing {
        // Past the test runner's capture: a skipped test must be seen.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {program} is not installed");
    }
    is_missing
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

fn run(mut command: Command, port: u16) -> Program {
    let child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    let program = Program(child);
    let patience = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < patience, "nothing listens on {port}");
        std::thread::yield_now();
    }
    program
}

/// nginx with these servers; `error_log` and temporary files stay in the folder.
fn nginx(folder: &Path, name: &str, servers: &str, port: u16) -> Program {
    let path = folder.join(name);
    let dir = folder.display();
    let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("  {kind}_temp_path {dir}/{name}.{kind};\n"))
        .concat();
    let text = format!(
        "daemon off;\nmaster_process off;\npid {dir}/{name}.pid;\nerror_log {dir}/{name}.log;\nevents {{}}\n\
         http {{\n  access_log off;\n{temp}{servers}\n}}\n"
    );
    std::fs::write(&path, text).expect("a file");
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(&path).arg("-e").arg(folder.join("start.log"));
    run(command, port)
}

struct Scene {
    folder: Folder,
    certificates: Certificates,
    front: u16,
    back: u16,
}

impl Scene {
    fn new() -> Self {
        let (folder, certificates) = (Folder::new(), Certificates::generate().expect("certificates"));
        folder.write("ca.pem", certificates.authority());
        for (name, kind) in [("good", Certificate::Good), ("expired", Certificate::Expired)] {
            let leaf = certificates.leaf(kind).expect("a leaf");
            folder.write(&format!("{name}.pem"), &leaf.chain);
            folder.write(&format!("{name}.key"), &leaf.key);
        }
        Self { folder, certificates, front: free_port(), back: free_port() }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// `listen` and certificate of a server behind the gateway.
    fn server(&self, certificate: &str, more: &str) -> String {
        let (back, pem, key) =
            (self.back, self.path(&format!("{certificate}.pem")), self.path(&format!("{certificate}.key")));
        format!(
            "server {{ listen 127.0.0.1:{back} ssl {}; ssl_certificate {pem}; ssl_certificate_key {key}; {} \
             location / {{ return 200 fine; }} }}\n",
            if more.contains("default") { "default_server" } else { "" },
            more.replace("default", "")
        )
    }

    /// The gateway, and the question about it. `upstream` is what stands behind `proxy_pass`.
    fn gateway(&self, upstream: &str, directives: &str) -> (Program, Question) {
        let front = self.front;
        let directives = directives.replace("CA", &self.path("ca.pem"));
        let servers = format!(
            "server {{\nlisten 127.0.0.1:{front};\nserver_name {SITE};\nlocation / {{\nproxy_pass {upstream};\n\
             {directives}\n}}\n}}"
        );
        let program = nginx(self.folder.path(), "gateway.conf", &servers, front);
        let address = SocketAddr::from(([127, 0, 0, 1], front));
        (program, Question { config: Some(self.folder.path().join("gateway.conf")), ..about(address) })
    }

    /// What a visitor gets.
    fn status(&self) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.front)).expect("connects");
        write!(stream, "GET / HTTP/1.1\r\nHost: {SITE}\r\nConnection: close\r\n\r\n").expect("sends");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    fn verdict(&self, upstream: &str, directives: &str, status: &str, expected: &str) {
        let (_gateway, question) = self.gateway(upstream, directives);
        assert_eq!(self.status(), status);
        check(question, expected);
    }
}

const VERIFYING: &str =
    "proxy_ssl_verify on;\nproxy_ssl_trusted_certificate CA;\nproxy_ssl_name shop.lab.test;\n";

#[test]
fn nginx_before_an_expired_certificate() {
    if is_missing("nginx") {
        return;
    }
    let scene = Scene::new();
    let _upstream = nginx(scene.folder.path(), "back.conf", &scene.server("expired", ""), scene.back);
    let address = format!("https://127.0.0.1:{}", scene.back);
    scene.verdict(&address, VERIFYING, "502", "tls.upstream_expired");
    // The same certificate harms nobody who does not look at it.
    scene.verdict(&address, "", "200", "");
}

#[test]
fn nginx_before_a_good_certificate_is_healthy() {
    if is_missing("nginx") {
        return;
    }
    let scene = Scene::new();
    let _upstream = nginx(scene.folder.path(), "back.conf", &scene.server("good", ""), scene.back);
    scene.verdict(&format!("https://127.0.0.1:{}", scene.back), VERIFYING, "200", "");
}

#[test]
fn nginx_before_a_server_that_needs_a_name() {
    if is_missing("nginx") {
        return;
    }
    let scene = Scene::new();
    let default = format!(
        "server {{ listen 127.0.0.1:{} ssl default_server; ssl_reject_handshake on; }}\n",
        scene.back
    );
    let named = scene.server("good", &format!("server_name {SITE};"));
    let _upstream = nginx(scene.folder.path(), "back.conf", &(default + &named), scene.back);
    let address = format!("https://127.0.0.1:{}", scene.back);
    scene.verdict(&address, "proxy_ssl_name shop.lab.test;", "502", "tls.sni_required");
    scene.verdict(
        &address,
        "proxy_ssl_name shop.lab.test; proxy_ssl_server_name on; proxy_set_header Host shop.lab.test;",
        "200",
        "",
    );
}

#[test]
fn nginx_before_nginx_that_wants_a_client_certificate() {
    if is_missing("nginx") {
        return;
    }
    let scene = Scene::new();
    let client = scene.certificates.client();
    scene.folder.write("client.pem", &client.chain);
    scene.folder.write("client.key", &client.key);
    let wanting = format!("ssl_verify_client on; ssl_client_certificate {};", scene.path("ca.pem"));
    let _upstream = nginx(scene.folder.path(), "back.conf", &scene.server("good", &wanting), scene.back);
    let address = format!("https://127.0.0.1:{}", scene.back);
    let showing = format!(
        "proxy_ssl_certificate {}; proxy_ssl_certificate_key {};",
        scene.path("client.pem"),
        scene.path("client.key")
    );
    scene.verdict(&address, &showing, "200", "");
    let (_gateway, question) = scene.gateway(&address, "");
    assert_eq!(scene.status(), "400");
    let found = crate::scene::findings(question);
    assert!(found.iter().any(|finding| finding.kind.id == "tls.client_certificate_wanted"), "{found:?}");
}

#[test]
fn nginx_that_offers_only_what_the_upstream_refuses() {
    if is_missing("nginx") {
        return;
    }
    let scene = Scene::new();
    let _upstream =
        nginx(scene.folder.path(), "back.conf", &scene.server("good", "ssl_protocols TLSv1.3;"), scene.back);
    let address = format!("https://127.0.0.1:{}", scene.back);
    scene.verdict(&address, "proxy_ssl_protocols TLSv1.2;", "502", "tls.no_common_version");
    scene.verdict(&address, "proxy_ssl_protocols TLSv1.2 TLSv1.3;", "200", "");
}

#[test]
fn nginx_with_the_wrong_scheme_both_ways() {
    if is_missing("nginx") {
        return;
    }
    let scene = Scene::new();
    let _upstream = nginx(scene.folder.path(), "back.conf", &scene.server("good", ""), scene.back);
    scene.verdict(&format!("http://127.0.0.1:{}", scene.back), "", "400", "tls.upstream_wants_tls");
    let plain = Scene::new();
    let server = format!("server {{ listen 127.0.0.1:{}; location / {{ return 200 fine; }} }}", plain.back);
    let _upstream = nginx(plain.folder.path(), "back.conf", &server, plain.back);
    plain.verdict(&format!("https://127.0.0.1:{}", plain.back), "", "502", "tls.upstream_speaks_plain");
}

#[test]
fn an_openssl_server_that_stops_at_tls_1_1() {
    if is_missing("nginx") || is_missing("openssl") {
        return;
    }
    let scene = Scene::new();
    let mut command = Command::new("openssl");
    command.args(["s_server", "-www", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-accept"]);
    command.arg(format!("127.0.0.1:{}", scene.back));
    command.args(["-cert", &scene.path("good.pem"), "-key", &scene.path("good.key")]);
    let _upstream = run(command, scene.back);
    scene.verdict(&format!("https://127.0.0.1:{}", scene.back), "", "502", "tls.no_common_version");
}

#[test]
fn haproxy_that_knows_no_such_name_before_a_gateway() {
    if is_missing("nginx") || is_missing("haproxy") {
        return;
    }
    let scene = Scene::new();
    let pem = std::fs::read_to_string(scene.path("good.pem")).expect("a file")
        + &std::fs::read_to_string(scene.path("good.key")).expect("a file");
    scene.folder.write("pair.pem", &pem);
    let config = scene.folder.write(
        "haproxy.cfg",
        &format!(
            "defaults\n  mode http\n  timeout connect 2s\n  timeout client 5s\n  timeout server 5s\n\
             frontend back\n  bind 127.0.0.1:{} ssl crt {} strict-sni\n  http-request return status 200\n",
            scene.back,
            scene.path("pair.pem")
        ),
    );
    let mut command = Command::new("haproxy");
    command.arg("-db").arg("-f").arg(config);
    let _upstream = run(command, scene.back);
    scene.verdict(
        &format!("https://127.0.0.1:{}", scene.back),
        "proxy_ssl_name shop.lab.test;",
        "502",
        "tls.sni_required",
    );
}
