//! Sites of the lab whose own TLS is broken, or fine.

use crate::scene::{Folder, about_tls, check, play};
use torwart_doctor::Question;
use torwart_lab::{Ground, Upstream};

fn shown(certificate: &str) -> String {
    format!(
        "steps = [{{ tls = {{ certificate = \"{certificate}\" }} }}, \"read_head\", {{ answer = 'fine' }}]"
    )
}

/// A site with this script, asked by somebody who trusts the lab's authority.
fn verdict(script: &str, expected: &str) {
    let ground = Ground::start().expect("the lab starts");
    let folder = Folder::new();
    let site = play(&ground, script);
    check(question(&ground, &folder, &site), expected);
}

fn question(ground: &Ground, folder: &Folder, site: &Upstream) -> Question {
    let ca_file = Some(folder.write("ca.pem", ground.certificates().authority()));
    Question { ca_file, ..about_tls(site.address().expect("an address")) }
}

#[test]
fn a_site_with_a_good_certificate_is_healthy() {
    verdict(&shown("good"), "");
}

#[test]
fn each_fault_of_the_sites_certificate_is_named() {
    verdict(&shown("expired"), "tls.front_expired");
    verdict(&shown("not-yet-valid"), "tls.front_not_yet_valid");
    verdict(&shown("wrong-name"), "tls.front_wrong_name");
    verdict(&shown("self-signed"), "tls.front_self_signed");
    verdict(&shown("unknown-authority"), "tls.front_unknown_issuer");
}

#[test]
fn a_private_authority_that_only_this_machine_lacks_is_no_fault() {
    let ground = Ground::start().expect("the lab starts");
    let site = play(&ground, &shown("unknown-authority"));
    check(about_tls(site.address().expect("an address")), "");
}

#[test]
fn who_does_not_care_about_certificates_hears_nothing_of_them() {
    let ground = Ground::start().expect("the lab starts");
    let site = play(&ground, &shown("expired"));
    let question = about_tls(site.address().expect("an address"));
    check(Question { is_insecure: true, ..question }, "");
}

#[test]
fn plain_http_on_the_https_port_is_named() {
    let plain = "steps = [\"read_record\", { send = 'HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\n\\r\\n' }, \"close\"]";
    verdict(plain, "tls.front_plain_http");
}

#[test]
fn tls_on_a_port_asked_by_http_is_named() {
    let ground = Ground::start().expect("the lab starts");
    let site = play(&ground, &shown("good"));
    let question = crate::scene::about(site.address().expect("an address"));
    check(question, "tls.front_wants_tls");
}

#[test]
fn an_alert_to_visitors_is_named() {
    verdict("steps = [{ tls_alert = 112 }, \"close\"]", "tls.front_handshake_failed");
}

#[test]
fn a_site_that_speaks_only_tls_1_0_is_seen_and_not_guessed() {
    let hello = "\\x16\\x03\\x01\\x00\\x2a\\x02\\x00\\x00\\x26\\x03\\x01".to_owned()
        + &"\\x11".repeat(32)
        + "\\x00\\xc0\\x13\\x00";
    verdict(
        &format!("steps = [\"read_record\", {{ send = '{hello}' }}, \"hang\"]"),
        "tls.front_old_versions",
    );
}

#[test]
fn a_site_that_wants_client_certificates_is_not_broken() {
    verdict(
        "steps = [{ tls = { certificate = \"good\", wants_client_certificate = true } }, \"read_head\", { answer = 'fine' }]",
        "",
    );
}

#[test]
fn one_address_with_an_old_certificate_is_a_forgotten_node() {
    let ground = Ground::start().expect("the lab starts");
    let folder = Folder::new();
    let site = play(&ground, &shown("good"));
    let address = site.address().expect("an address");
    let forgotten = std::net::SocketAddr::from(([127, 0, 0, 2], address.port()));
    let script = torwart_lab::Script::from_toml(&shown("expired")).expect("a script");
    let _forgotten = Upstream::start_at(&ground, forgotten, script).expect("listens");
    let mut question = question(&ground, &folder, &site);
    question.resolve.push((crate::scene::SITE.to_owned(), address.port(), forgotten.ip()));
    let found = check(question, "tls.front_expired");
    assert_eq!(found[0].place.address.as_deref(), Some(forgotten.to_string().as_str()));
    assert!(found.iter().any(|finding| finding.kind.id == "tls.addresses_differ"), "{found:?}");
}

#[test]
fn certificates_of_a_stranger_are_told_from_merely_wrong_names() {
    let ground = Ground::start().expect("the lab starts");
    let folder = Folder::new();
    let site = crate::scene::site(&ground, 502);
    let upstream = play(&ground, &shown("wrong-name"));
    let upstreams =
        vec![format!("https://{}", upstream.address().expect("an address")).parse().expect("an address")];
    let ca_file = Some(folder.write("ca.pem", ground.certificates().authority()));
    let question = crate::scene::about(site.address().expect("an address"));
    check(Question { upstreams, ca_file, ..question }, "tls.stranger");
}
