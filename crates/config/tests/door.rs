//! What root, site and route say about the door, joined.

use std::{path::Path, sync::Arc, time::Duration};

use torwart_config::{
    Plan, Source, check,
    plan::{AddressFrom, Auth, LimitBy, PerAddress, Route, Secret},
};

fn plan(text: &str) -> Plan {
    let source = Source::new(Path::new("/etc/torwart/torwart.toml"), text.to_owned());
    let checked = check(&source, &|_| true);
    checked.plan.unwrap_or_else(|| panic!("{:?}", checked.complaints))
}

/// A file with these lines at its top and in its site, and three routes: as the site, with lines of its own, and open.
fn doors(top: &str, site: &str, route: &str) -> (Plan, [Route; 3]) {
    let plan = plan(&format!(
        "{top}\n[listen]\nhttp = \"127.0.0.1:0\"\n[site.\"shop.example\"]\nupstreams = \"http://127.0.0.1:1\"\n{site}\n\
         [[site.\"shop.example\".route]]\npath = \"/own\"\n{route}\n\
         [[site.\"shop.example\".route]]\npath = \"/open\"\nlimit = \"off\"\nauth = \"off\"\nallow_addresses = []\nsecure_headers = \"off\"\n"
    ));
    let find = |name: &str| {
        let found = plan.all_routes().find(|(_, route)| &*route.name == name);
        found.unwrap_or_else(|| panic!("no route {name}")).1.clone()
    };
    let routes = [find("*"), find("/own"), find("/open")];
    (plan, routes)
}

#[test]
fn without_a_word_every_door_is_open_and_addresses_hold_so_many_connections() {
    let (plan, routes) = doors("", "", "");
    assert!(routes.iter().all(|route| route.door.is_open() && route.response_headers.is_empty()));
    assert_eq!(plan.per_address, PerAddress { most: 500, counts_loopback: false });
    assert_eq!((plan.address_from, plan.admin_token), (AddressFrom::XForwardedFor, None));
    assert!(plan.pools.iter().flat_map(|pool| &pool.upstreams).all(|upstream| !upstream.may_be_link_local));
}

#[test]
fn refusals_add_up_and_the_nearest_permission_counts() {
    let (_, [site, own, open]) = doors(
        "deny_addresses = \"192.0.2.0/24\"\nallow_addresses = \"10.0.0.0/8\"",
        "deny_addresses = \"bots.txt\"",
        "deny_addresses = \"198.51.100.1\"\nallow_addresses = [\"staff.txt\", \"::1\"]",
    );
    let denied = |route: &Route| (route.door.denied.networks.len(), route.door.denied.files.len());
    assert_eq!([denied(&site), denied(&own), denied(&open)], [(1, 1), (2, 1), (1, 1)]);
    let allowed =
        |route: &Route| route.door.allowed.as_ref().map(|all| (all.networks.len(), all.files.len()));
    assert_eq!([allowed(&site), allowed(&own), allowed(&open)], [Some((1, 0)), Some((1, 1)), None]);
    assert_eq!(own.door.denied.files[0], Path::new("/etc/torwart/bots.txt"));
}

#[test]
fn a_limit_is_shared_by_those_who_have_it_from_the_same_place() {
    let (_, [site, own, open]) =
        doors("limit = \"100/s\"", "", "limit = { concurrent = 5, by = \"header: X-Key\" }");
    let wide = site.door.limit.expect("from the top");
    assert_eq!((&*wide.name, &wide.by), ("gateway", &LimitBy::Address));
    let rate = wide.rate.expect("is given");
    assert_eq!((rate.count.get(), rate.per, rate.burst.get()), (100, Duration::from_secs(1), 100));
    let narrow = own.door.limit.expect("its own");
    assert_eq!((&*narrow.name, narrow.rate), ("shop.example /own", None));
    assert_eq!(
        (narrow.concurrent.map(std::num::NonZeroU32::get), &narrow.by),
        (Some(5), &LimitBy::Header("x-key".into()))
    );
    assert_eq!(open.door.limit, None);
    let (_, [site, own, _]) = doors("", "limit = { rate = \"5/m\", burst = 2 }", "");
    assert!(Arc::ptr_eq(&site.door.limit.expect("the site's"), &own.door.limit.expect("the site's")));
}

#[test]
fn a_proof_is_inherited_replaced_and_taken_back() {
    let (_, [site, own, open]) = doors(
        "",
        "auth = { basic = \"users\" }",
        "auth = { forward = \"https://auth.internal/verify?x=1\", headers = \"Remote-User\", deadline = \"2s\" }",
    );
    match site.door.auth.as_deref() {
        Some(Auth::Basic { users, realm }) => {
            assert_eq!((users.as_path(), &**realm), (Path::new("/etc/torwart/users"), "shop.example"));
        }
        other => panic!("{other:?}"),
    }
    match own.door.auth.as_deref() {
        Some(Auth::Forward(service)) => {
            assert_eq!((&*service.target, &*service.service.authority), ("/verify?x=1", "auth.internal"));
            assert_eq!(
                (&service.headers[..], service.deadline),
                (&["remote-user".into()][..], Duration::from_secs(2))
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(open.door.auth, None);
}

#[test]
fn presets_leave_alone_what_the_operator_says() {
    let (_, [site, own, open]) = doors(
        "secure_headers = \"standard\"",
        "",
        "secure_headers = \"strict\"\nresponse_headers = { set = { x-frame-options = \"SAMEORIGIN\" } }",
    );
    let names = |route: &Route| {
        route.response_headers.fallback.iter().map(|rule| rule.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&site), ["X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"]);
    assert!(names(&own).contains(&"Content-Security-Policy".to_owned()));
    assert!(!names(&own).contains(&"X-Frame-Options".to_owned()));
    assert!(own.response_headers.remove.iter().any(|name| &**name == "Server"));
    assert!(names(&open).is_empty());
}

#[test]
fn a_token_stands_elsewhere() {
    let with = |token: &str| {
        plan(&format!(
            "[listen]\nhttp = \"127.0.0.1:0\"\nadmin = \"0.0.0.0:9180\"\nadmin_token = {token}\n\
             [site.\"*\"]\nupstreams = \"http://127.0.0.1:1\"\n"
        ))
        .admin_token
    };
    assert_eq!(with("{ file = \"secret\" }"), Some(Secret::File("/etc/torwart/secret".into())));
    assert_eq!(with("{ env = \"TOKEN\" }"), Some(Secret::Environment("TOKEN".into())));
}
