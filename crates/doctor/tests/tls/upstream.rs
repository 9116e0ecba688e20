//! Upstreams of the lab behind a gateway that is known by its configuration, and behind one that is not.

use crate::scene::{Folder, SITE, about, check, play, site};
use torwart_doctor::Question;
use torwart_lab::{Certificate, Certificates, Ground, Upstream};

/// A site that fails, before an upstream with this script, behind nginx with these directives (`CA` is the lab's).
struct Scene {
    ground: Ground,
    folder: Folder,
    site: Upstream,
    upstream: Upstream,
}

impl Scene {
    fn new(status: u16, script: &str) -> Self {
        let ground = Ground::start().expect("the lab starts");
        let folder = Folder::new();
        folder.write("ca.pem", ground.certificates().authority());
        let (site, upstream) = (site(&ground, status), play(&ground, script));
        Self { ground, folder, site, upstream }
    }

    fn question(&self, scheme: &str, directives: &str) -> Question {
        let port = self.upstream.address().expect("an address").port();
        let listen = self.site.address().expect("an address");
        let directives = directives.replace("CA", &self.folder.path().join("ca.pem").display().to_string());
        let config = self.folder.write(
            "nginx.conf",
            &format!(
                "events {{}}\nhttp {{\n  server {{\n    listen {};\n    server_name {SITE};\n    location / {{\n      \
                 proxy_pass {scheme}://127.0.0.1:{port};\n      {directives}\n    }}\n  }}\n}}\n",
                listen.port()
            ),
        );
        Question { config: Some(config), ..about(listen) }
    }

    /// The same gateway, of which nothing is known but its upstream.
    fn unknown(&self, scheme: &str) -> Question {
        let upstream = format!("{scheme}://{}", self.upstream.address().expect("an address"));
        let upstreams = vec![upstream.parse().expect("an address")];
        Question { upstreams, ..about(self.site.address().expect("an address")) }
    }
}

const VERIFYING: &str = "proxy_ssl_verify on;\n      proxy_ssl_trusted_certificate CA;\n      \
    proxy_ssl_server_name on;\n      proxy_ssl_name shop.lab.test;";

fn shown(certificate: &str) -> String {
    format!(
        "steps = [{{ tls = {{ certificate = \"{certificate}\" }} }}, \"read_head\", {{ answer = 'fine' }}]"
    )
}

fn verified(certificate: &str, expected: &str) {
    let scene = Scene::new(502, &shown(certificate));
    let found = check(scene.question("https", VERIFYING), expected);
    assert!(found.iter().all(|finding| !finding.evidence.is_empty()));
}

#[test]
fn a_good_certificate_that_is_verified_is_no_fault() {
    verified("good", "");
}

#[test]
fn each_fault_of_a_certificate_is_named_where_the_gateway_verifies() {
    verified("expired", "tls.upstream_expired");
    verified("not-yet-valid", "tls.upstream_not_yet_valid");
    verified("wrong-name", "tls.upstream_wrong_name");
    verified("self-signed", "tls.upstream_self_signed");
    verified("unknown-authority", "tls.upstream_unknown_issuer");
    verified("missing-intermediate", "tls.upstream_unknown_issuer");
    verified("client-only", "tls.not_for_servers");
}

#[test]
fn what_the_gateway_does_not_look_at_is_no_fault() {
    for certificate in ["expired", "not-yet-valid", "wrong-name", "self-signed", "unknown-authority"] {
        let scene = Scene::new(502, &shown(certificate));
        check(scene.question("https", ""), "");
    }
}

#[test]
fn a_self_signed_certificate_that_is_trusted_on_purpose_is_no_fault() {
    let scene = Scene::new(502, &shown("self-signed"));
    let own = scene.ground.certificates().leaf(Certificate::SelfSigned).expect("one").chain.clone();
    scene.folder.write("ca.pem", &own);
    check(scene.question("https", VERIFYING), "");
}

#[test]
fn a_trust_file_with_the_old_authority_is_a_rotation_on_one_side() {
    let scene = Scene::new(502, &shown("good"));
    let old = Certificates::generate().expect("certificates");
    scene.folder.write("ca.pem", old.authority());
    let found = check(scene.question("https", VERIFYING), "tls.rotated_one_side");
    let (file, line) = found[0].place.file.clone().expect("a place in the configuration");
    assert!(file.ends_with("nginx.conf") && line == 9, "{file}:{line}");
}

#[test]
fn a_site_that_works_has_no_critical_fault_behind_it() {
    let scene = Scene::new(200, &shown("expired"));
    let found = check(scene.question("https", VERIFYING), "tls.upstream_expired");
    assert_eq!(found[0].severity, torwart_cause::finding::Severity::Warning);
    let scene = Scene::new(200, &shown("self-signed"));
    check(scene.unknown("https"), "");
}

#[test]
fn an_unknown_gateway_that_fails_before_an_upstream_that_answers_points_at_the_certificate() {
    let scene = Scene::new(502, &shown("expired"));
    check(scene.unknown("https"), "tls.upstream_expired");
}

#[test]
fn a_client_certificate_that_is_wanted_is_named() {
    for only_tls12 in [false, true] {
        let scene = Scene::new(
            502,
            &format!(
                "steps = [{{ tls = {{ certificate = \"good\", wants_client_certificate = true, only_tls12 = {only_tls12} }} }}, \
                 \"read_head\", {{ answer = 'fine' }}]"
            ),
        );
        check(scene.question("https", VERIFYING), "tls.client_certificate_wanted");
    }
}

#[test]
fn an_expired_client_certificate_is_named() {
    let scene = Scene::new(
        502,
        "steps = [{ tls = { certificate = \"good\", wants_client_certificate = true } }, \"read_head\", { answer = 'fine' }]",
    );
    let expired = scene.ground.certificates().leaf(Certificate::Expired).expect("one");
    let chain = scene.folder.write("client.pem", &expired.chain);
    let key = scene.folder.write("client.key", &expired.key);
    let shown =
        format!("proxy_ssl_certificate {};\n proxy_ssl_certificate_key {};", chain.display(), key.display());
    check(scene.question("https", &shown), "tls.client_certificate_expired");

    let good = scene.ground.certificates().client();
    scene.folder.write("client.pem", &good.chain);
    scene.folder.write("client.key", &good.key);
    check(scene.question("https", &shown), "");

    scene.folder.write("client.key", &expired.key);
    check(scene.question("https", &shown), "tls.key_mismatch");
}

#[test]
fn what_answers_instead_of_tls_is_named() {
    let plain = "steps = [\"read_record\", { send = 'HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\n\\r\\n' }, \"close\"]";
    check(Scene::new(502, plain).question("https", ""), "tls.upstream_speaks_plain");
    let ssh = "steps = [{ send = 'SSH-2.0-OpenSSH_9.7\\r\\n' }, \"read_record\", \"close\"]";
    check(Scene::new(502, ssh).question("https", ""), "tls.upstream_other_protocol");
}

#[test]
fn a_plain_server_that_only_closes_on_tls_is_named_by_its_plain_answer() {
    // A parser that waits for a line end takes the hello for a head, and a request for what it is.
    let script = "steps = [\"read_head\", { answer = 'fine' }]";
    let scene = Scene::new(502, script);
    let question = scene.question("https", "");
    check(question, "tls.upstream_speaks_plain");
}

#[test]
fn plain_http_to_a_tls_port_is_named() {
    let scene = Scene::new(502, &shown("good"));
    let found = check(scene.question("http", ""), "tls.upstream_wants_tls");
    let fix = found[0].fixes.first().expect("a fix");
    assert!(fix.after.contains("https://"), "{fix:?}");
}

#[test]
fn an_upstream_that_speaks_only_tls_1_0_is_seen_and_not_guessed() {
    let hello = "\\x16\\x03\\x01\\x00\\x2a\\x02\\x00\\x00\\x26\\x03\\x01".to_owned()
        + &"\\x11".repeat(32)
        + "\\x00\\xc0\\x13\\x00";
    let script = format!("steps = [\"read_record\", {{ send = '{hello}' }}, \"hang\"]");
    check(Scene::new(502, &script).question("https", ""), "tls.no_common_version");
}

#[test]
fn alerts_and_cuts_that_nothing_explains_are_told_as_they_are() {
    let alert = "steps = [{ tls_alert = 80 }, \"close\"]";
    check(Scene::new(502, alert).question("https", ""), "tls.alert_received");
    let closed = "steps = [\"read_record\", \"close\"]";
    check(Scene::new(502, closed).question("https", ""), "tls.handshake_cut");
    let reset = "steps = [\"read_record\", \"reset\"]";
    check(Scene::new(502, reset).question("https", ""), "tls.handshake_cut");
}
