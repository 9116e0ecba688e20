//! Which route a request takes under a written configuration, and what becomes of its path and header there.

use std::path::Path;

use proptest::prelude::*;
use torwart_config::{Lang, Plan, Source, check, plan::PathMatch};
use torwart_policy::{
    header_rules,
    path::{PathFault, normalise},
    rewrite,
    route::{RouteTable, Selection, host_of, takes_path},
    template::Values,
};
use torwart_wire::Head;

fn plan(text: &str) -> Plan {
    with_listen("{ http = \"127.0.0.1:0\" }", text)
}

fn with_listen(listen: &str, text: &str) -> Plan {
    let source = Source::new(Path::new("torwart.toml"), format!("listen = {listen}\n{text}"));
    let checked = check(&source, &|_| true);
    let shown: Vec<_> = checked.complaints.iter().map(|one| one.render(&source, Lang::En, false)).collect();
    checked.plan.unwrap_or_else(|| panic!("{}", shown.join("\n\n")))
}

fn request(method: &str, host: &str, target: &str, fields: &[(&str, &str)]) -> Head {
    let mut head = Head::request(method.as_bytes(), target.as_bytes());
    head.push_field(b"Host", host.as_bytes());
    for (name, value) in fields {
        head.push_field(name.as_bytes(), value.as_bytes());
    }
    head
}

/// Where a request goes, as `site route`.
fn chosen(plan: &Plan, head: &Head) -> String {
    let table = RouteTable::new(plan);
    match table.select(plan, false, head.authority(), head, &mut Vec::new()) {
        Selection::Route { site, route } => format!("{} {}", site.name, route.name),
        Selection::ToHttps { site } => format!("{} https", site.name),
        Selection::NoSite => "no site".to_owned(),
        Selection::NoRoute { site } => format!("{} none", site.name),
        Selection::Refused { site, fault } => format!("{} {fault:?}", site.name),
    }
}

#[test]
fn the_host_chooses_the_site() {
    let plan = plan(
        r#"[site."shop.example"]
        deny = true
        [site."*.shop.example"]
        deny = true
        [site."*.de.shop.example"]
        deny = true
        [site."[::1]"]
        deny = true
        [site."*.org"]
        deny = true"#,
    );
    let check = |host: &str, expected: &str| {
        assert_eq!(chosen(&plan, &request("GET", host, "/", &[])), expected, "{host}")
    };
    check("shop.example", "shop.example *");
    check("SHOP.example:8080", "shop.example *");
    check("shop.example.", "shop.example *");
    check("www.shop.example", "*.shop.example *");
    check("a.b.shop.example:80", "*.shop.example *");
    check("a.de.shop.example", "*.de.shop.example *");
    check("de.shop.example", "*.shop.example *");
    check("[::1]:80", "[::1] *");
    check(".shop.example", "no site");
    check("xshop.example", "no site");
    check("example.org.evil.example", "no site");
    check("", "no site");
    check(&"a".repeat(300), "no site");
}

#[test]
fn the_site_for_every_host_takes_the_rest() {
    let plan = plan("[site.\"*\"]\ndeny = true\n[site.\"a.example\"]\ndeny = true");
    for host in ["b.example", "", "a.example.b", &"a.".repeat(200)] {
        assert_eq!(chosen(&plan, &request("GET", host, "/", &[])), "* *");
    }
    assert_eq!(chosen(&plan, &request("GET", "A.example", "/", &[])), "a.example *");
}

#[test]
fn paths_are_asked_exact_then_patterns_then_long_prefixes() {
    let plan = plan(SHOP);
    let check = |target: &str, expected: &str| {
        let found = chosen(&plan, &request("GET", "shop", target, &[]));
        assert_eq!(found.strip_prefix("shop "), Some(expected), "{target}");
    };
    check("/", "*");
    check("/api", "/api");
    check("/api/", "/api");
    check("/api?x=/admin/", "/api");
    check("/apix", "*");
    check("/api/v2", "/api");
    check("/api/v2/", "/api/v2/");
    check("/api/v2/exact", "=/api/v2/exact");
    check("/api/v2/exact/", "/api/v2/");
    check("/api/v2/x.php", "~\\.php$");
    check("/admin", "/admin");
    check("*", "*");
}

#[test]
fn no_spelling_of_a_path_slips_past_a_route() {
    let plan = plan(SHOP);
    let check = |target: &str, expected: &str| {
        let found = chosen(&plan, &request("GET", "shop", target, &[]));
        assert_eq!(found.strip_prefix("shop "), Some(expected), "{target}");
    };
    for target in [
        "//admin",
        "/./admin",
        "/api/../admin/x",
        "/%61dmin",
        "/api/%2e%2e/admin",
        "/admin//",
        "/api/.%2E/%61dmin",
    ] {
        check(target, "/admin");
    }
    for target in ["/api/..%2fadmin", "/api/..;/admin", "/api/..%5cadmin", "/x%2f..%2fadmin"] {
        check(target, "Ambiguous");
    }
    check("/api/../../admin", "EscapesRoot");
    check("/admin%00", "BadEncoding");
}

#[test]
fn methods_and_header_fields_are_conditions() {
    let plan = plan(
        r#"[site.shop]
        route = [
            { path = "/a", methods = ["POST", "PUT"], deny = true },
            { path = "/a", headers = { x-beta = true }, deny = true },
            { path = "/a", headers = { x-beta = "no", accept = "~json" }, deny = true },
            { path = "/b", headers = { cookie = false }, deny = true },
        ]"#,
    );
    let check = |method: &str, target: &str, fields: &[(&str, &str)], expected: &str| {
        assert_eq!(
            chosen(&plan, &request(method, "shop", target, fields)),
            expected,
            "{method} {target} {fields:?}"
        );
    };
    check("POST", "/a", &[], "shop POST,PUT /a");
    check("post", "/a", &[], "shop none");
    check("GET", "/a", &[("X-Beta", "")], "shop /a #2");
    check(
        "GET",
        "/a",
        &[("X-Beta", "no"), ("Accept", "text/html"), ("ACCEPT", "application/json")],
        "shop /a",
    );
    check("GET", "/b", &[], "shop /b");
    check("GET", "/b", &[("Cookie", "a=b")], "shop none");
}

#[test]
fn plain_requests_are_sent_to_https_where_the_site_says_so() {
    let text =
        "[site.shop]\ndeny = true\nredirect_to_https = true\ncertificate = { chain = \"a\", key = \"b\" }";
    let plan = with_listen("{ http = \"127.0.0.1:80\", https = \"127.0.0.1:8443\" }", text);
    let head = request("GET", "Shop:80", "/a?b", &[]);
    assert_eq!(chosen(&plan, &head), "shop https");
    let table = RouteTable::new(&plan);
    let selected = table.select(&plan, true, head.authority(), &head, &mut Vec::new());
    assert!(matches!(selected, Selection::Route { .. }));
    let mut location = Vec::new();
    rewrite::https_location(&plan, &head, &mut location);
    assert_eq!(String::from_utf8_lossy(&location), "https://Shop:8443/a?b");
}

#[test]
fn a_rewrite_changes_the_normal_form_and_keeps_the_query() {
    let check = |rule: &str, target: &str, expected: &str| {
        let plan = plan(&format!("[site.shop]\nupstreams = \"http://a\"\nrewrite = {rule}"));
        let rule = plan.sites[0].routes[0].rewrite.clone().expect("it was given");
        let mut out = b"GET ".to_vec();
        rewrite::target(&rule, &request("GET", "shop", target, &[]), &mut Vec::new(), &mut out)
            .expect("a safe path");
        assert_eq!(String::from_utf8_lossy(&out), format!("GET {expected}"), "{rule:?} {target}");
    };
    let strip = "{ prefix = \"/api\" }";
    check(strip, "/api/x?y=/api", "/x?y=/api");
    check(strip, "/api", "/");
    check(strip, "/apix", "/apix");
    check(strip, "//api/./x%20y", "/x%20y");
    check(strip, "/api//evil.example", "/evil.example");
    check(strip, "*", "*");
    check("{ prefix = \"/api/\" }", "/api/x?", "/x?");
    check("{ prefix = \"/api\", to = \"/v2/\" }", "/api/x", "/v2/x");
    check("{ prefix = \"/\", to = \"/base/\" }", "/x", "/base/x");
    check("{ prefix = \"/\", to = \"/base\" }", "/", "/base");
    check("{ regex = '^/u/([0-9]+)', to = '/user?id=$1' }", "/u/7?a=b", "/user?id=7&a=b");
    check("{ regex = '^/(?<a>[^/]+)/(?<b>[^/]+)', to = '/${b}/${a}' }", "/x/y/z", "/y/x/z");
    check("{ regex = '^/a', to = '' }", "/abc", "/bc");
    check("{ regex = 'zzz', to = '/q' }", "/abc", "/abc");
}

#[test]
fn header_rules_replace_add_and_remove() {
    let plan = plan(
        r#"[site.shop]
        upstreams = "http://a"
        request_headers = { set = { X-Real-IP = "{client}", X-Id = "{request_id}" }, add = { X-Seen = "{scheme}://{host}{path}{query} {method}", X-None = "{query}" }, remove = "cookie" }"#,
    );
    let rules = &plan.sites[0].routes[0].request_headers;
    for (name, is_dropped) in [("Cookie", true), ("x-real-ip", true), ("X-Seen", false), ("Accept", false)] {
        assert_eq!(header_rules::drops(rules, name.as_bytes()), is_dropped, "{name}");
    }
    let write = |target: &str| {
        let head = request("GET", "Shop:80", target, &[]);
        let values =
            Values { tls: true, head: &head, client: "192.0.2.1".parse().ok(), request_id: "blue-7" };
        let mut out = Vec::new();
        header_rules::append(rules, &values, &mut out);
        String::from_utf8(out).expect("it is text")
    };
    assert_eq!(
        write("/a?b"),
        "X-Real-IP: 192.0.2.1\r\nX-Id: blue-7\r\nX-Seen: https://Shop/a?b GET\r\nX-None: ?b\r\n"
    );
    assert_eq!(write("/a"), "X-Real-IP: 192.0.2.1\r\nX-Id: blue-7\r\nX-Seen: https://Shop/a GET\r\n");
}

#[test]
fn a_host_loses_port_and_final_dot() {
    for (authority, host) in
        [("a:80", "a"), ("a.", "a"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("", ""), (":80", "")]
    {
        assert_eq!(host_of(authority.as_bytes()), host.as_bytes(), "{authority}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_denied_is_denied_in_every_accepted_spelling(
        steps in proptest::collection::vec("(/|//|/\\./|/x/\\.\\./|/%2e/|/y/%2E\\./)", 1..4),
        letters in proptest::collection::vec(any::<bool>(), 5),
    ) {
        let plan = plan(SHOP);
        let name: String = "admin".bytes().zip(letters)
            .map(|(byte, is_encoded)| if is_encoded { format!("%{byte:02x}") } else { char::from(byte).to_string() })
            .collect();
        let target = format!("{}/{name}", steps.concat().trim_end_matches('/'));
        prop_assert_eq!(chosen(&plan, &request("GET", "shop", &target, &[])), "shop /admin");
    }

    #[test]
    fn no_request_panics(host in "\\PC{0,20}", target in "\\PC{0,40}") {
        let plan = plan(SHOP);
        let head = request("GET", &host, &target, &[]);
        let _ = chosen(&plan, &head);
        let mut out = Vec::new();
        rewrite::https_location(&plan, &head, &mut out);
    }

    #[test]
    fn a_prefix_takes_itself_and_what_lies_below(path in "/[ab/]{0,6}") {
        let mut scratch = Vec::new();
        let Ok(path) = normalise(path.as_bytes(), &mut scratch) else { return Ok(()) };
        let takes = takes_path(&PathMatch::Prefix("/a".into()), path);
        prop_assert_eq!(takes, path == b"/a" || path.starts_with(b"/a/"));
    }
}

#[test]
fn a_fault_says_what_is_wrong() {
    assert_eq!(PathFault::EscapesRoot.to_string(), "path leads above the root");
}

const SHOP: &str = r#"[site.shop]
upstreams = "http://a"
route = [
    { path = "/api", upstreams = "http://b" },
    { path = "/api/v2/", upstreams = "http://b" },
    { path = "=/api/v2/exact", upstreams = "http://b" },
    { path = '~\.php$', upstreams = "http://b" },
    { path = "/admin", deny = true },
]"#;
